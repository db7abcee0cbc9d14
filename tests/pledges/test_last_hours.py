"""The second and last mail to those who asked to be told: 48 hours before the end, unless they contribute."""

from datetime import timedelta

import pytest
import time_machine

from campaigns import following
from campaigns.models import Campaign
from home import backing, clock
from home.mail import unsubscribing
from home.models import Backer, OutgoingMail
from home.tenancy import within
from pledges import last_hours, tasks
from pledges.enums import PledgeState
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def followed(campaign):
    """Three who asked; one of them contributes, another did and cancelled."""
    for name in ("a", "b", "c"):
        following.follow(campaign, email=f"{name}@x.example", language="en")
    make_pledge(campaign, backer=Backer.objects.get(email="b@x.example"))
    make_pledge(campaign, backer=Backer.objects.get(email="c@x.example"), state=PledgeState.CANCELLED)
    Campaign.objects.update(launched_at=clock.now() - timedelta(days=1))
    return Campaign.objects.select_related("cooperative__site").get()


def at(campaign, *, hours_left):
    return time_machine.travel(campaign.deadline - timedelta(hours=hours_left), tick=False)


def told():
    return sorted(OutgoingMail.objects.filter(kind="campaign_last_hours").values_list("address", "language"))


@pytest.mark.parametrize(("hours_left", "due"), [(49, False), (47.9, True), (36.1, True), (35, False), (-1, False)])
def test_it_is_due_in_its_hours_only(followed, hours_left, due):
    with at(followed, hours_left=hours_left):
        assert last_hours.near_their_end().exists() is due


def test_it_goes_once_to_those_who_have_not_contributed(followed):
    with at(followed, hours_left=47):
        for _time in range(2):
            tasks.tell_last_hours.func(followed.pk)
    assert told() == [("a@x.example", "en"), ("c@x.example", "en")]


def test_a_campaign_that_opened_within_them_tells_nobody_twice(followed):
    Campaign.objects.update(launched_at=followed.deadline - timedelta(hours=40))
    with at(followed, hours_left=39):
        assert not last_hours.near_their_end().exists()


def test_unsubscribing_from_the_opening_stops_it(followed):
    backing.withdraw_news(Backer.objects.get(email="a@x.example"), following.opening_topic(followed))
    with at(followed, hours_left=47):
        last_hours.tell(followed)
    assert told() == [("c@x.example", "en")]


def test_the_link_in_it_ends_both_mails_and_no_other_news(followed):
    with at(followed, hours_left=47):
        last_hours.tell(followed)
        mail = OutgoingMail.objects.select_related("backer", "cooperative__site").get(address="a@x.example")
        backing.grant_news(mail.backer, followed.translation_key, text="Oui", language="fr")
        unsubscribing.unsubscribe(unsubscribing.url_for(mail).rstrip("/").rpartition("/")[2])
    assert not backing.wants_news(mail.backer, following.opening_topic(followed))
    assert backing.wants_news(mail.backer, followed.translation_key)


def test_a_name_is_taken_over_at_the_first_contribution(campaign, cooperative):
    following.follow(campaign, email="a@x.example", language="en")
    backer = Backer.objects.get()
    assert str(backer) == "a@x.example"
    with within(cooperative):
        from pledges import pledging
        from tests.factories.requests import pledge_request

        pledging.begin(
            cooperative, pledge_request(campaign, (campaign.rewards.first(), 1), email="A@x.example", name="Ana Roy")
        )
    backer.refresh_from_db()
    assert backer.name == "Ana Roy"
