"""Pick-up day: found by a name, handed over by one press without script, taken back for some minutes."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from home.models import OutgoingMail
from home.tenancy import across_cooperatives, within
from pledges import fulfilment
from pledges.enums import FulfilmentState
from pledges.models import PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.pledges.test_admin import english, login, text_of  # noqa: F401 (a fixture)

DAY = "pledges_pick_up_day"


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, tiers=[tier("Chandail", 3000), tier("Pain", 2000, handover="pickup")])


@pytest.fixture
def bread(campaign):
    with within(campaign.cooperative):
        return campaign.rewards.order_by("position")[1]


@pytest.fixture
def editor(login):  # noqa: F811 (the fixture)
    return english(login("editor"))


def found(client, text):
    return text_of(client.get(reverse(DAY), {"q": text}))


def state_of(pledge):
    with within(pledge.cooperative):
        item = pledge.items.get()
        return item.state, item.left_at is not None


@pytest.mark.parametrize("typed", ["elo", "ÉLODIE", "pèlerin elo", "  Pelerin  "])
def test_a_name_is_found_whatever_its_accents(editor, campaign, bread, typed):
    make_pledge(campaign, rewards=[(bread, 3)], backer_name="Élodie Pèlerin")
    make_pledge(campaign, rewards=[(bread, 1)], backer_name="Owen Reid")
    make_pledge(campaign, backer_name="Élodie Pèlerin par la poste")
    make_pledge(campaign, rewards=[(bread, 1)], backer_name="Élodie Pèlerin sans payer", paid=False)
    page = found(editor, typed)
    assert "Élodie Pèlerin" in page and "3 ×" in page
    assert ("Owen" in page, "poste" in page, "sans payer" in page) == (False, False, False)


def test_nothing_is_listed_before_a_search_and_nobody_under_another_name(editor, campaign, bread):
    make_pledge(campaign, rewards=[(bread, 1)], backer_name="Élodie")
    assert "1 reward waits to be picked up." in found(editor, "") and "Élodie" not in found(editor, " ")
    assert "Nothing waits under that name." in found(editor, "zzz")


def test_one_press_hands_over_once_and_may_be_taken_back(editor, campaign, bread):
    pledge = make_pledge(campaign, rewards=[(bread, 1)], backer_name="Élodie")
    with within(campaign.cooperative):
        item = pledge.items.get()
        fulfilment.mark([item.pk], FulfilmentState.READY, by=None)
    url = reverse("pledges_pick_up_hand_over", args=[item.pk])
    assert editor.get(url).status_code == 405
    response = editor.post(url, {"q": "elo"})
    assert response["Location"] == f"{reverse(DAY)}?q=elo&done={item.pk}&was=ready"
    assert state_of(pledge) == ("delivered", True)
    assert editor.post(url, {"q": "elo"})["Location"] == f"{reverse(DAY)}?q=elo"
    page = text_of(editor.get(response["Location"]))
    assert "is handed over to Élodie. Undo" in page
    undo = reverse("pledges_pick_up_undo", args=[item.pk])
    assert editor.get(undo).status_code == 405
    assert editor.post(undo, {"q": "elo", "was": "ready"})["Location"] == f"{reverse(DAY)}?q=elo&undone=1"
    assert state_of(pledge) == ("ready", False)
    editor.post(url, {"q": "elo"})
    with time_machine.travel(timedelta(minutes=11), tick=True):
        assert "Undo" not in text_of(editor.get(response["Location"]))
        editor.post(undo, {"was": "ready"})
    assert state_of(pledge) == ("delivered", True)
    with within(campaign.cooperative):
        assert [mail.kind for mail in OutgoingMail.objects.all()] == ["reward_ready"]


@pytest.mark.parametrize("was", ["", "sent", "delivered", "not_applicable", "x"])
def test_it_is_taken_back_to_what_may_precede_only(editor, campaign, bread, was):
    pledge = make_pledge(campaign, rewards=[(bread, 1)])
    with within(campaign.cooperative):
        item = pledge.items.get()
        fulfilment.mark([item.pk], FulfilmentState.DELIVERED, by=None)
    editor.post(reverse("pledges_pick_up_undo", args=[item.pk]), {"was": was})
    assert state_of(pledge) == ("delivered", True)


def test_a_search_takes_as_many_queries_with_more_people(editor, campaign, bread, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as queries:
            found(editor, "elo")
        return len(queries)

    make_pledge(campaign, rewards=[(bread, 1)], backer_name="Élodie A")
    count()
    few = count()
    for name in "BC":
        make_pledge(campaign, rewards=[(bread, 1)], backer_name=f"Élodie {name}")
    assert count() == few


@pytest.mark.parametrize("role", ["adviser", "treasurer", "nobody", "outsider"])
def test_others_open_and_change_nothing(login, role, campaign, bread):  # noqa: F811
    pledge, client = make_pledge(campaign, rewards=[(bread, 1)]), login(role)
    item = PledgeItem.objects.none()
    with within(campaign.cooperative):
        item = pledge.items.get()
    assert client.get(reverse(DAY), {"q": "rosalie"}).status_code == 302
    assert client.post(reverse("pledges_pick_up_hand_over", args=[item.pk])).status_code == 302
    assert state_of(pledge) == ("not_started", False)


def test_nothing_of_another_cooperative_is_found_or_moved(editor, outsider):
    with across_cooperatives():
        theirs = make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000, handover="pickup")])
        pledge = make_pledge(theirs, backer_name="Secrète Voisine")
        item = pledge.items.get()
    assert "Voisine" not in found(editor, "secrete")
    for name in ("hand_over", "undo"):
        url = reverse(f"pledges_pick_up_{name}", args=[item.pk])
        assert editor.post(url, {"was": "ready"}, follow=True).status_code in (404, 405)
    assert state_of(pledge) == ("not_started", False)
