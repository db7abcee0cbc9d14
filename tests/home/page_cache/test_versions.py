"""What is published shows at once, in both languages; what is only a draft, and a contribution, empties nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from campaigns import lifecycle
from campaigns.models import Campaign, CampaignPage
from home import clock
from home.models import Brand, Cooperative
from home.page_cache import store, versions
from home.tenancy import within
from pledges import pledging
from pledges.gateway.types import Card
from tests.factories.books import make_matching
from tests.factories.campaigns import make_campaign_page, translate
from tests.factories.requests import pledge_request
from tests.home.page_cache.test_kept_pages import path_of
from tests.updates.making import make_update, text_block


@pytest.fixture
def both(cooperative):
    page = make_campaign_page(cooperative, title="Le four")
    return page, translate(page, title="The oven")


def tokens(*cooperatives):
    return store.read([versions.ANY, versions.ALL, *(versions.of(one.pk) for one in cooperatives)])


def test_publishing_shows_at_once_in_each_language(both, visit, committed):
    cooperative = Cooperative.objects.get()
    for page, language in zip(both, ("fr", "en"), strict=True):
        path = f"/{language}/{page.slug}/"
        visit(cooperative, path)
        with committed(), within(cooperative):
            page.refresh_from_db()
            page.search_description = f"Nouveau, {language}"
            page.save_revision().publish()
        new = visit(cooperative, path)
        assert (new.how, f"Nouveau, {language}" in new.content.decode()) == ("made", True)
        assert visit(cooperative, path).how == "kept"


def test_both_languages_of_a_campaign_hear_of_its_terms(both, visit, committed):
    cooperative = Cooperative.objects.get()
    paths = [f"/fr/{both[0].slug}/", f"/en/{both[1].slug}/"]
    for path in paths:
        visit(cooperative, path)
    with committed(), within(cooperative):
        Campaign.objects.update(title_fr="Saint-Camille")
    assert [visit(cooperative, path).how for path in paths] == ["made", "made"]


def test_a_page_that_is_unpublished_is_gone_at_once(both, visit, committed):
    cooperative = Cooperative.objects.get()
    visit(cooperative, f"/fr/{both[0].slug}/")
    visit(cooperative, "/fr/")
    with committed(), within(cooperative):
        both[0].unpublish()
    assert visit(cooperative, f"/fr/{both[0].slug}/").status_code == 404
    assert visit(cooperative, "/fr/").how == "made"


def test_brand_and_settings_show_at_once(campaign, visit, committed):
    cooperative = campaign.cooperative
    visit(cooperative, path_of(campaign))
    with committed(), within(cooperative):
        brand = Brand.for_site(cooperative.site)
        brand.line_fr = "Depuis 1912"
        brand.save()
    assert visit(cooperative, path_of(campaign)).how == "made"
    with committed():
        cooperative.phone = "418 555-0199"
        cooperative.save()
    assert "418 555-0199" in visit(cooperative, path_of(campaign)).content.decode()


def test_a_step_of_the_campaign_s_life_an_update_and_a_partner_show_at_once(campaign, visit, committed):
    cooperative = campaign.cooperative

    def change_place():
        Campaign.objects.filter(pk=campaign.pk).update(deadline=clock.now() + timedelta(days=3))

    acts = [
        change_place,
        lambda: make_update(campaign, text_block(), title="Le moulin tourne"),
        lambda: make_matching(campaign),
        lambda: campaign.rewards.update(retired_at=clock.now()),
        lambda: lifecycle.bring_forward(campaign, clock.now() + timedelta(hours=1)),
    ]
    for act in acts[:4]:
        visit(cooperative, path_of(campaign))
        with committed(), within(cooperative):
            act()
        assert visit(cooperative, path_of(campaign)).how == "made", act


def test_one_cooperative_s_publishing_leaves_the_others_pages(campaign, outsider, visit, committed):
    visit(outsider, "/fr/")
    visit(campaign.cooperative, "/fr/")
    with committed(), within(campaign.cooperative):
        Campaign.objects.update(title_fr="Ham-Nord")
    assert (visit(outsider, "/fr/").how, visit(campaign.cooperative, "/fr/").how) == ("kept", "made")


def test_what_is_written_outside_of_a_scope_concerns_everyone(campaign, outsider, visit, committed):
    visit(outsider, "/fr/")
    with committed():
        page = CampaignPage.objects.get(locale__language_code="fr")
        page.title = "Autrement"
        page.save()
    assert visit(outsider, "/fr/").how == "made"


def test_a_draft_empties_nothing(campaign, committed):
    before = tokens(campaign.cooperative)
    with committed(), within(campaign.cooperative):
        page = CampaignPage.objects.get(locale__language_code="fr")
        page.title = "Un titre qu’on cherche encore"
        page.save_revision()
        page.save_revision()
    assert tokens(campaign.cooperative) == before


def test_contributions_empty_nothing(campaign, committed):
    before = tokens(campaign.cooperative)
    with committed(), within(campaign.cooperative):
        checkout = pledging.begin(campaign.cooperative, pledge_request(campaign, (campaign.rewards.first(), 1)))
        pledging.confirm_promise(checkout, Card("pm_1", "4242", date(2031, 1, 1)))
    assert tokens(campaign.cooperative) == before


def test_what_is_rolled_back_never_was(campaign, committed):
    before = tokens(campaign.cooperative)
    with committed(), within(campaign.cooperative):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Campaign.objects.update(title_fr="Nulle part")
            raise ZeroDivisionError
        assert not connection.run_on_commit
        Campaign.objects.update(title_fr="Quelque part")
    assert tokens(campaign.cooperative) != before


def test_a_transaction_gives_one_new_version_however_much_it_writes(campaign, committed):
    told = []
    versions.on_bump(told.append)
    try:
        with committed(), within(campaign.cooperative):
            for place in ("Ici", "Là"):
                Campaign.objects.update(title_fr=place)
            make_update(campaign, text_block(), title="Une nouvelle")
    finally:
        versions._listeners.remove(told.append)
    assert told == [campaign.cooperative.pk]


def test_what_is_published_while_a_page_is_made_is_not_missed(campaign, visit, committed, monkeypatch):
    """The page was read before, the version after: it is sent once and not kept."""
    from campaigns.models.pages import CampaignPage as Page

    serve = Page.serve

    def slow_serve(self, request, *args, **kwargs):
        response = serve(self, request, *args, **kwargs).render()
        versions.bump(campaign.cooperative.pk)
        return response

    monkeypatch.setattr(Page, "serve", slow_serve)
    visit(campaign.cooperative, path_of(campaign))
    monkeypatch.undo()
    assert visit(campaign.cooperative, path_of(campaign)).how == "made"


def test_the_platform_s_page_hears_of_every_cooperative(campaign, outsider, client, committed, settings):
    def ask():
        return client.get("/fr/", headers={"host": settings.PLATFORM_HOST}).headers["Server-Timing"]

    assert ["made" in ask(), "kept" in ask()] == [True, True]
    with committed(), within(outsider):
        Brand.for_site(outsider.site).save()
    assert "made" in ask()


def test_a_page_ends_with_what_it_says(campaign, visit, time_machine, committed):
    """The number of days left, then the deadline itself, without anybody writing anything."""
    start = datetime(2026, 10, 1, 15, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    with committed(), within(campaign.cooperative):
        Campaign.objects.update(deadline=start + timedelta(days=2, minutes=2), launched_at=start)
    path, cooperative = path_of(campaign), campaign.cooperative
    seen = {}
    for minutes in (0, 1, 3, 4, 24 * 60 + 3, 48 * 60 + 1, 48 * 60 + 3):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        answer = visit(cooperative, path)
        seen[minutes] = answer.how
    assert seen == {
        0: "made",
        1: "kept",
        3: "made",
        4: "kept",
        24 * 60 + 3: "made",
        48 * 60 + 1: "made",
        48 * 60 + 3: "made",
    }


def test_nothing_is_kept_longer_than_some_minutes(campaign, visit, time_machine):
    start = datetime(2026, 10, 1, 15, tzinfo=UTC)
    time_machine.move_to(start, tick=False)
    visit(campaign.cooperative, path_of(campaign))
    time_machine.move_to(start + timedelta(seconds=299), tick=False)
    assert visit(campaign.cooperative, path_of(campaign)).how == "kept"
    time_machine.move_to(start + timedelta(seconds=301), tick=False)
    assert visit(campaign.cooperative, path_of(campaign)).how == "made"
