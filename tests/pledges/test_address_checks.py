"""Before mailing: who is asked for their address, until when it may be corrected, and who sees what."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from home import clock
from home.models import OutgoingMail
from home.tenancy import across_cooperatives, within
from pledges import address_checks, address_locks, fulfilment, fulfilment_tasks, own_settings
from pledges.enums import FulfilmentState
from pledges.fulfilment import today_in
from pledges.links import contribution_token
from pledges.models import AddressCheck, DeliveryAddress
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.pledges.fulfilment_mails import give_address, latest
from tests.pledges.test_admin import english, login, said, text_of  # noqa: F401 (a fixture)

NEW = {
    "recipient": "R. T.",
    "line1": "9, rang 3",
    "city": "Ham",
    "region": "",
    "postal_code": "G0L 0X0",
    "country": "CA",
}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-10-05 16:00+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def campaign(cooperative):
    return make_campaign(
        cooperative, tiers=[tier("Chandail", 3000), tier("Pain", 2000, handover="pickup"), tier("Affiche", 1000)]
    )


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def ask(campaign, tiers, lock_days=10):
    today = today_in(campaign.cooperative)
    days = {"ship_on": today + timedelta(days=20), "lock_on": today + timedelta(days=lock_days)}
    return address_checks.ask(campaign, tiers, by=None, **days)


def own(pledge, name="contribution_address"):
    with translation.override("en"):
        return reverse(name, args=[contribution_token(pledge)])


@pytest.mark.usefixtures("inside")
def test_who_waits_for_a_parcel_of_these_tiers_is_asked_once(campaign, rewards):
    shirt, bread, poster = rewards
    with_address = make_pledge(campaign, rewards=[(shirt, 1)], email="une@c.example")
    make_pledge(campaign, rewards=[(shirt, 1), (bread, 1)], email="sans@c.example", language="en")
    make_pledge(campaign, rewards=[(bread, 1)], email="pain@c.example")
    make_pledge(campaign, rewards=[(poster, 1)], email="affiche@c.example")
    make_pledge(campaign, rewards=[(shirt, 1)], email="promise@c.example", paid=False)
    sent = make_pledge(campaign, rewards=[(shirt, 1)], email="sent@c.example")
    fulfilment.mark([sent.items.get().pk], FulfilmentState.SENT, by=None)
    give_address(with_address, locked_at=clock.now())
    untouched = give_address(sent, locked_at=clock.now())
    OutgoingMail.objects.all().delete()
    assert ask(campaign, [shirt])
    assert not ask(campaign, [shirt])
    assert [(one.kind, one.address) for one in OutgoingMail.objects.order_by("pk")] == [
        ("address_check", "une@c.example"),
        ("address_check", "sans@c.example"),
    ]
    address = DeliveryAddress.objects.get(pledge=with_address)
    assert (address.lock_on, address.locked_at) == (today_in(campaign.cooperative) + timedelta(days=10), None)
    untouched.refresh_from_db()
    assert untouched.locked_at == clock.now()
    message = latest("address_check")
    assert message.subject == "Where should “The bag of flour” be mailed?"
    assert "Give my delivery address" in message.body


def test_it_may_be_corrected_until_the_end_of_the_last_day_and_is_then_locked(on_host, campaign, rewards, noon):
    client = on_host(campaign.cooperative)
    with across_cooperatives():
        pledge, late = make_pledge(campaign), make_pledge(campaign)
        give_address(pledge)
        assert ask(campaign, [rewards[0]])
    assert "Possible until October 15, 2026." in text_of(client.get(own(pledge)))
    assert "Possible until October 15, 2026." in text_of(client.get(own(pledge, "contribution")))
    noon.move_to("2026-10-16 03:59+00:00")
    with across_cooperatives():
        fulfilment_tasks.lock_addresses.call()
    assert client.post(own(pledge), NEW).status_code == 303
    noon.move_to("2026-10-16 04:00+00:00")
    assert client.post(own(pledge), NEW | {"line1": "Trop tard"}).status_code == 200
    words = "The address was locked on October 16, 2026; write to us to change it."
    assert words in text_of(client.get(own(pledge)))
    with across_cooperatives():
        fulfilment_tasks.nudge_surveys_and_addresses()
        fulfilment_tasks.lock_addresses.call()
        fulfilment_tasks.lock_addresses.call()
        address = DeliveryAddress.objects.get()
    assert (address.line1, address.locked_at) == ("9, rang 3", clock.now())
    assert words in text_of(client.get(own(pledge, "contribution")))
    assert client.post(own(late), NEW).status_code == 303, "who gave none may still give one"
    with across_cooperatives():
        assert DeliveryAddress.objects.get(pledge=late).lock_on is None


@pytest.mark.usefixtures("inside")
def test_an_address_given_while_it_is_asked_for_is_locked_with_the_others(campaign, rewards):
    pledge = make_pledge(campaign)
    ask(campaign, [rewards[0]])
    assert own_settings.set_address(pledge, NEW)
    assert DeliveryAddress.objects.get().lock_on == today_in(campaign.cooperative) + timedelta(days=10)


@pytest.mark.usefixtures("inside")
def test_what_came_back_opens_its_address_again(campaign):
    pledge = make_pledge(campaign)
    give_address(pledge)
    ids = [pledge.items.get().pk]
    fulfilment.mark(ids, FulfilmentState.SENT, by=None)
    DeliveryAddress.objects.update(locked_at=clock.now(), lock_on=today_in(campaign.cooperative))
    fulfilment.mark(ids, FulfilmentState.RETURNED, by=None)
    assert not address_locks.is_locked(DeliveryAddress.objects.get())


# The team


@pytest.fixture
def editor(login):  # noqa: F811 (the fixture)
    return english(login("editor"))


def posted(*tiers, **fields):
    return {"tiers": [one.pk for one in tiers], "ship_on": "2026-10-25", "lock_on": "2026-10-15"} | fields


def test_an_editor_sees_who_gets_it_then_asks(editor, campaign, rewards, cooperative):
    make_pledge(campaign, backer_name="Rosalie Tremblay")
    make_pledge(campaign, backer_name="Owen Reid", language="en")
    url = reverse("pledges_address_check")
    page = text_of(editor.post(url, posted(rewards[0])))
    assert "2 people will get it: 1 in French, 1 in English." in page
    assert "Owen Reid, Rosalie Tremblay" in page and "2 parcels have no address" in page
    with within(cooperative):
        assert not OutgoingMail.objects.exists() and not AddressCheck.objects.exists()
    page = text_of(editor.post(url, posted(rewards[0], act="ask", expected=1)))
    assert "The list has changed in the meantime." in page
    for _again in range(2):
        assert editor.post(url, posted(rewards[0], act="ask", expected=2)).status_code == 302
    with within(cooperative):
        assert OutgoingMail.objects.count() == 2
        assert [list(one.tiers.all()) for one in AddressCheck.objects.all()] == [[rewards[0]]]
    assert "corrections until October 15, 2026" in text_of(editor.get(url))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tiers": []}, "Choose at least one reward."),
        ({"lock_on": "2026-10-05"}, "Choose a day after today."),
        ({"ship_on": "2026-10-14"}, "Nothing is mailed before the last day for corrections."),
        ({"ship_on": "hier"}, "Enter a valid date."),
    ],
)
def test_what_cannot_be_asked_is_said(editor, rewards, fields, words):
    response = editor.post(reverse("pledges_address_check"), posted(rewards[0]) | fields)
    assert response.status_code == 200 and words in text_of(response)


def test_the_team_corrects_a_locked_address(editor, campaign, cooperative):
    pledge = make_pledge(campaign)
    with within(cooperative):
        give_address(pledge, locked_at=clock.now())
    url = reverse("pledges_address_correct", args=[pledge.pk])
    assert "Enter a postal code such as A1A 1A1." in text_of(editor.post(url, NEW | {"postal_code": "?"}))
    assert editor.post(url, NEW).status_code == 302
    with within(cooperative):
        address = DeliveryAddress.objects.get()
        assert (address.line1, address.locked_at) == ("9, rang 3", clock.now())


@pytest.mark.parametrize("role", ["adviser", "treasurer", "nobody", "outsider"])
def test_others_open_and_change_nothing(login, role, campaign, rewards):  # noqa: F811
    pledge, client = make_pledge(campaign), login(role)
    for url in (reverse("pledges_address_check"), reverse("pledges_address_correct", args=[pledge.pk])):
        assert client.get(url).status_code == 302
        assert client.post(url, posted(rewards[0], act="ask", expected=1) | NEW).status_code == 302
    with within(campaign.cooperative):
        assert not AddressCheck.objects.exists() and not DeliveryAddress.objects.exists()


def test_tiers_and_contributions_of_another_cooperative_are_not_found(editor, outsider):
    with across_cooperatives():
        theirs = make_campaign(outsider, title="Phare", tiers=[tier("Secret du phare", 1000)])
        pledge, reward = make_pledge(theirs), theirs.rewards.get()
    assert "Secret" not in text_of(editor.get(reverse("pledges_address_check")))
    assert editor.post(reverse("pledges_address_check"), posted(reward, act="ask", expected=1)).status_code == 200
    url = reverse("pledges_address_correct", args=[pledge.pk])
    assert editor.post(url, NEW, follow=True).status_code == 404
    with across_cooperatives():
        assert not AddressCheck.objects.exists() and not DeliveryAddress.objects.exists()
