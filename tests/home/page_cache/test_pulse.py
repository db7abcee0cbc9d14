"""A contribution shows within a second, however many read and give: one reads figures, one makes the page."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import caches
from django.db import connections
from django.test import Client

from campaigns.models import CampaignPage, RewardStock
from home.page_cache import middleware, pulse
from home.page_cache.shelves import shelf
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from tests.home.page_cache.test_kept_pages import path_of
from tests.threads import in_threads
from tests.updates.making import make_update, text_block

START = datetime(2026, 10, 1, 15, tzinfo=UTC)


def after(seconds):
    return START + timedelta(seconds=seconds)


def counted(name, count):
    """The readers of one kind of figures, counted."""
    read = pulse._readers[name]

    def reading(facts):
        count.append(name)
        return read(facts)

    return reading


@pytest.fixture
def readings(monkeypatch):
    """Each time that figures were read again."""
    count = []
    for name in ("progress", "offers", "fulfilment"):
        monkeypatch.setitem(pulse._readers, name, counted(name, count))
    return count


def test_a_contribution_shows_within_a_second(campaign, visit, time_machine):
    path, cooperative = path_of(campaign), campaign.cooperative
    time_machine.move_to(START, tick=False)
    visit(cooperative, path)
    make_pledge(campaign, paid=False)
    time_machine.move_to(after(0.5), tick=False)
    assert visit(cooperative, path).how == "kept"
    time_machine.move_to(after(1), tick=False)
    new = visit(cooperative, path)
    assert (new.how, "45" in new.content.decode()) == ("made", True)
    assert "<b>1</b> personne a contribué" in new.content.decode()


def test_a_lone_contribution_shows_at_once_and_one_in_a_crowd_waits_its_turn(
    campaign, visit, time_machine, committed, readings
):
    path, cooperative = path_of(campaign), campaign.cooperative
    time_machine.move_to(START, tick=False)
    visit(cooperative, path)
    time_machine.move_to(after(0.2), tick=False)
    with committed(), within(cooperative):
        make_pledge(campaign, paid=False)
    time_machine.move_to(after(0.3), tick=False)
    assert visit(cooperative, path).how == "made"
    time_machine.move_to(after(0.4), tick=False)
    with committed(), within(cooperative):
        make_pledge(campaign, paid=False)
    time_machine.move_to(after(0.5), tick=False)
    assert visit(cooperative, path).how == "kept"
    time_machine.move_to(after(1.1), tick=False)
    assert visit(cooperative, path).how == "made"
    assert readings == ["offers", "progress"] * 2


def test_a_process_says_once_a_moment_that_figures_moved(cooperative, monkeypatch, time_machine):
    said = []
    monkeypatch.setattr(pulse.store, "write", lambda key, value, *, seconds: said.append(value - START.timestamp()))
    for second in (0, 0.1, 0.6, 0.8, 0.9, 1.6):
        time_machine.move_to(after(second), tick=False)
        pulse.stir(cooperative.pk)
    assert said == pytest.approx([0, 0.8, 1.6])


def test_what_others_hold_while_they_pay_shows_within_a_second_too(campaign, visit, time_machine):
    time_machine.move_to(START, tick=False)
    visit(campaign.cooperative, path_of(campaign))
    RewardStock.objects.update(held=1)
    time_machine.move_to(after(1), tick=False)
    assert visit(campaign.cooperative, path_of(campaign)).how == "made"


def test_pages_of_every_kind_that_show_progress_follow_it(campaign, visit, time_machine, client, settings):
    with within(campaign.cooperative):
        CampaignPage.objects.update(theme="food")
    paths = ["/fr/", "/fr/campagnes/", "/en/campaigns/", f"/fr/campagnes/{campaign.pk}/widget/"]
    time_machine.move_to(START, tick=False)
    for path in paths:
        visit(campaign.cooperative, path)
    make_pledge(campaign)
    time_machine.move_to(after(1), tick=False)
    assert [visit(campaign.cooperative, path).how for path in paths] == ["made", "made", "made", "made"]


def test_where_nothing_moved_figures_are_read_once_a_second_and_the_page_stays(campaign, visit, time_machine, readings):
    path, cooperative = path_of(campaign), campaign.cooperative
    time_machine.move_to(START, tick=False)
    visit(cooperative, path)
    for second in (1, 1.2, 1.4, 2, 2.1):
        time_machine.move_to(after(second), tick=False)
        assert visit(cooperative, path).how == "kept"
    assert readings == ["offers", "progress"] * 2


def test_another_campaign_s_contributions_do_not_concern_the_page(campaign, visit, time_machine):
    other = make_campaign(campaign.cooperative, title="Un four")
    time_machine.move_to(START, tick=False)
    visit(campaign.cooperative, path_of(campaign))
    make_pledge(other, paid=False)
    time_machine.move_to(after(1), tick=False)
    assert visit(campaign.cooperative, path_of(campaign)).how == "kept"


def test_one_reading_serves_every_address_of_the_same_figures(campaign, visit, time_machine, readings):
    paths = [path_of(campaign), f"{path_of(campaign)}?via=rosalie", f"{path_of(campaign)}?via=mireille"]
    time_machine.move_to(START, tick=False)
    for path in paths:
        visit(campaign.cooperative, path)
    time_machine.move_to(after(1), tick=False)
    assert {visit(campaign.cooperative, path).how for path in paths} == {"kept"}
    assert readings == ["offers", "progress"]


def test_pages_without_figures_are_not_asked_about(campaign, visit, time_machine, readings):
    with within(campaign.cooperative):
        make_update(campaign, text_block(), title="Le moulin tourne")
    path = f"{path_of(campaign)}le-moulin-tourne/"
    time_machine.move_to(START, tick=False)
    visit(campaign.cooperative, path)
    time_machine.move_to(after(2), tick=False)
    assert (visit(campaign.cooperative, path).how, "offers" in readings) == ("kept", False)


def test_who_reads_and_dies_is_followed_by_another(campaign, visit, time_machine):
    path, cooperative = path_of(campaign), campaign.cooperative
    time_machine.move_to(START, tick=False)
    visit(cooperative, path)
    make_pledge(campaign, paid=False)
    time_machine.move_to(after(1), tick=False)
    caches["pages"].add(f"{next(iter(shelf._entries.values())).pulse}:lease", 1, pulse.LEASE)  # and is killed
    assert visit(cooperative, path).how == "kept"
    time_machine.move_to(after(1 + pulse.LEASE + 0.1), tick=False)
    assert visit(cooperative, path).how == "made"


def test_who_makes_and_dies_leaves_the_page_before_until_the_lease_is_over(campaign, visit, time_machine):
    path, cooperative = path_of(campaign), campaign.cooperative
    time_machine.move_to(START, tick=False)
    visit(cooperative, path)
    make_pledge(campaign, paid=False)
    time_machine.move_to(after(1), tick=False)
    key = next(iter(shelf._entries))
    caches["pages"].add(f"{key.name}:lease", 1, middleware.LEASE)  # and is killed
    assert visit(cooperative, path).how == "behind"
    time_machine.move_to(after(1 + middleware.LEASE + 0.1), tick=False)
    assert visit(cooperative, path).how == "made"


def test_where_nothing_is_kept_yet_others_wait_for_a_maker_that_is_alive(campaign, visit, monkeypatch):
    monkeypatch.setattr(middleware, "LEASE", 0.2)  # seconds: the maker has died
    path = path_of(campaign)
    visit(campaign.cooperative, path)
    key = next(iter(shelf._entries))
    shelf.clear()
    caches["pages"].clear()
    caches["pages"].add(f"{key.name}:lease", 1, 0.1)
    began = time.monotonic()
    assert visit(campaign.cooperative, path).how == "made"
    assert time.monotonic() - began >= 0.1


def test_another_process_takes_what_was_made(campaign, visit):
    made = visit(campaign.cooperative, path_of(campaign))
    shelf.clear()
    taken = visit(campaign.cooperative, path_of(campaign))
    assert (taken.how, taken.content) == ("shared", made.content)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_makes_the_page(campaign, monkeypatch):
    made, lock = [], threading.Lock()
    serve = CampaignPage.serve

    def counting(self, request, *args, **kwargs):
        with lock:
            made.append(request.path)
        time.sleep(0.05)
        return serve(self, request, *args, **kwargs)

    monkeypatch.setattr(CampaignPage, "serve", counting)
    path, host = path_of(campaign), campaign.cooperative.site.hostname
    answers = []

    def ask():
        answers.append(Client(headers={"host": host}).get(path).status_code)
        connections.close_all()

    assert in_threads(*[ask] * 12) == []
    assert (answers, made) == ([200] * 12, [path])
