"""Handing over what was promised: who is owed what, what may move, and exactly who is told."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from home import clock
from home.models import OutgoingMail
from home.tenancy import within
from pledges import fulfilment
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.fulfilment import Obstacle, Sought
from pledges.models import DatePromise, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge

SENT, READY, DELIVERED, RETURNED = (
    FulfilmentState.SENT,
    FulfilmentState.READY,
    FulfilmentState.DELIVERED,
    FulfilmentState.RETURNED,
)


@pytest.fixture
def campaign(cooperative):
    return make_campaign(
        cooperative,
        tiers=[
            tier("Farine", 3000, estimated_delivery="2020-03"),
            tier("Pain", 2000, estimated_delivery="2099-05", handover="pickup"),
            tier("Merci", 500, handover="nothing"),
        ],
    )


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def items_of(*pledges):
    return list(PledgeItem.objects.filter(pledge__in=pledges).order_by("pk"))


def mails():
    rows = OutgoingMail.objects.order_by("pk")
    return [(mail.kind, mail.subject_key, mail.address, mail.language) for mail in rows]


@pytest.mark.usefixtures("inside")
def test_sending_records_who_when_and_how_and_tells_each_backer_in_their_language(campaign, cooperative):
    editor = make_user(cooperative)
    first = make_pledge(campaign, email="rosalie@courriel.example")
    second = make_pledge(campaign, email="owen@courriel.example", language="en")
    make_pledge(campaign, email="autre@courriel.example")
    items = items_of(first, second)
    moved = fulfilment.mark(
        [item.pk for item in items],
        SENT,
        by=editor,
        carrier="Postes Canada",
        tracking_url="https://p.example/1",
        note="Merci!",
    )
    assert moved == 2
    for item in items_of(first, second):
        assert (item.state, item.state_by, item.carrier, item.tracking_url) == (
            SENT,
            editor,
            "Postes Canada",
            "https://p.example/1",
        )
        assert abs(clock.now() - item.state_since) < timedelta(minutes=1)
    assert mails() == [
        ("reward_sent", f"item:{items[0].pk}", "rosalie@courriel.example", "fr"),
        ("reward_sent", f"item:{items[1].pk}", "owen@courriel.example", "en"),
    ]
    assert OutgoingMail.objects.first().facts == {
        "carrier": "Postes Canada",
        "tracking_url": "https://p.example/1",
        "note": "Merci!",
        "date": fulfilment.today_in(cooperative).isoformat(),
    }


@pytest.mark.usefixtures("inside")
def test_marking_twice_changes_and_sends_nothing(campaign):
    (item,) = items_of(make_pledge(campaign))
    assert fulfilment.mark([item.pk, item.pk], SENT, by=None, carrier="Postes Canada") == 1
    since = items_of(item.pledge)[0].state_since
    assert fulfilment.mark([item.pk], SENT, by=None, carrier="Autre") == 0
    again = items_of(item.pledge)[0]
    assert (again.state_since, again.carrier) == (since, "Postes Canada")
    assert len(mails()) == 1


@pytest.mark.usefixtures("inside")
def test_what_came_back_is_sent_and_told_again(campaign):
    (item,) = items_of(make_pledge(campaign))
    steps = [SENT, RETURNED, SENT, DELIVERED]
    assert [fulfilment.mark([item.pk], state, by=None, carrier="Postes") for state in steps] == [1, 1, 1, 1]
    assert [mail[0] for mail in mails()] == ["reward_sent", "reward_sent"]


@pytest.mark.usefixtures("inside")
def test_ready_is_for_what_is_picked_up_and_sent_for_what_is_posted(campaign, rewards):
    pledge = make_pledge(campaign, rewards=[(reward, 1) for reward in rewards])
    ids = [item.pk for item in items_of(pledge)]
    assert fulfilment.mark(ids, READY, by=None, note="Samedi") == 1
    assert [item.state for item in items_of(pledge)] == ["not_started", "ready", "not_applicable"]
    assert fulfilment.mark(ids, SENT, by=None, carrier="Postes") == 1
    assert [item.state for item in items_of(pledge)] == ["sent", "ready", "not_applicable"]
    assert fulfilment.mark(ids, DELIVERED, by=None) == 2
    assert [item.state for item in items_of(pledge)] == ["delivered", "delivered", "not_applicable"]
    assert sorted(mail[0] for mail in mails()) == ["reward_ready", "reward_sent"]


EARLIER = {
    FulfilmentState.IN_PRODUCTION: {"not_started"},
    READY: {"not_started", "in_production", "returned"},
    SENT: {"not_started", "in_production", "returned"},
    DELIVERED: {"not_started", "in_production", "returned", "ready", "sent"},
    RETURNED: {"sent"},
}


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("target", EARLIER)
def test_only_the_allowed_steps_move(campaign, rewards, target):
    pledge = make_pledge(campaign, rewards=[(rewards[1 if target == READY else 0], 1)])
    (item,) = items_of(pledge)
    moved = set()
    for earlier in FulfilmentState:
        PledgeItem.objects.update(state=earlier)
        if fulfilment.mark([item.pk], target, by=None, carrier="Postes"):
            moved.add(earlier.value)
    assert moved == EARLIER[target]


@pytest.mark.usefixtures("inside")
def test_a_reward_given_up_keeps_its_reason_and_may_be_owed_again(campaign):
    (item,) = items_of(make_pledge(campaign))
    assert fulfilment.mark([item.pk], FulfilmentState.NOT_STARTED, by=None) == 0
    assert fulfilment.mark([item.pk], FulfilmentState.NOT_APPLICABLE, by=None, reason="Renonce") == 1
    item.refresh_from_db()
    assert (item.state, item.state_reason) == ("not_applicable", "Renonce")
    assert fulfilment.mark([item.pk], SENT, by=None) == 0
    assert fulfilment.mark([item.pk], FulfilmentState.NOT_STARTED, by=None) == 1
    item.refresh_from_db()
    assert (item.state, item.state_reason) == ("not_started", "")
    assert mails() == []


@pytest.mark.usefixtures("inside")
def test_what_there_is_never_anything_to_deliver_of_is_not_owed(campaign, rewards):
    (item,) = items_of(make_pledge(campaign, rewards=[(rewards[2], 1)]))
    assert [fulfilment.mark([item.pk], state, by=None) for state in fulfilment.STEPS] == [0] * 7


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    "how",
    [
        {"paid": False},
        {"payment_state": PaymentState.DUE},
        {"payment_state": PaymentState.MEND},
        {"state": PledgeState.PENDING},
        {"state": PledgeState.CANCELLED, "payment_state": PaymentState.PAID},
        {"state": PledgeState.GOAL_MISSED},
    ],
)
def test_what_is_not_owed_is_not_listed_and_does_not_move(campaign, cooperative, how):
    due = make_pledge(campaign)
    (item,) = items_of(make_pledge(campaign, **how))
    assert [row.pledge for row in fulfilment.owed(cooperative)] == [due]
    assert fulfilment.mark([item.pk], SENT, by=None, carrier="Postes") == 0
    weighing = fulfilment.weigh(PledgeItem.objects.filter(pk=item.pk), SENT)
    assert (weighing.movable, dict(weighing.obstacles)) == (0, {Obstacle.NOT_OWED: 1})
    assert mails() == []


def test_items_of_another_cooperative_stay_where_they_are(campaign, cooperative, outsider):
    foreign = make_pledge(make_campaign(outsider))
    with within(outsider):
        (item,) = items_of(foreign)
    with within(cooperative):
        make_pledge(campaign)
        assert fulfilment.mark([item.pk], SENT, by=None, carrier="Postes") == 0
        assert [row.pk for row in fulfilment.owed(cooperative)] == [row.pk for row in PledgeItem.objects.all()]
    with within(outsider):
        assert items_of(foreign)[0].state == FulfilmentState.NOT_STARTED
        assert mails() == []


@pytest.mark.usefixtures("inside")
def test_weighing_says_who_will_be_written_to_and_what_stands_in_the_way(campaign, rewards):
    rosalie = make_backer(campaign.cooperative)
    make_pledge(campaign, backer=rosalie, rewards=[(rewards[0], 1), (rewards[1], 1)])
    make_pledge(campaign, backer=rosalie)
    make_pledge(campaign, language="en")
    sent = make_pledge(campaign)
    delivered = make_pledge(campaign)
    fulfilment.mark([items_of(sent)[0].pk, items_of(delivered)[0].pk], SENT, by=None, carrier="Postes")
    fulfilment.mark([items_of(delivered)[0].pk], DELIVERED, by=None)
    weighing = fulfilment.weigh(PledgeItem.objects.all(), SENT)
    assert (weighing.movable, weighing.people, weighing.readers) == (3, {"fr": 1, "en": 1}, 2)
    assert dict(weighing.obstacles) == {Obstacle.HANDOVER: 1, Obstacle.ALREADY: 1, Obstacle.STATE: 1}
    assert fulfilment.weigh(PledgeItem.objects.all(), DELIVERED).people == {}


def _promise(item, month):
    PledgeItem.objects.filter(pk=item.pk).update(moved_to=month)
    DatePromise.objects.create(cooperative_id=item.cooperative_id, item=item, month=month, made_at=clock.now())


@pytest.mark.usefixtures("inside")
def test_late_comes_first_then_by_the_latest_promise(campaign, cooperative, rewards):
    this_month = fulfilment.this_month(cooperative)
    soon, silent, announced, now = (
        make_pledge(campaign, rewards=[(rewards[1], 1)]),
        make_pledge(campaign),
        make_pledge(campaign),
        make_pledge(campaign),
    )
    _promise(items_of(announced)[0], date(2021, 1, 1))
    _promise(items_of(announced)[0], date(2098, 1, 1))
    _promise(items_of(now)[0], this_month)
    assert [(row.pledge_id, row.month_now, row.late) for row in fulfilment.owed(cooperative)] == [
        (silent.pk, date(2020, 3, 1), True),
        (now.pk, this_month, False),
        (announced.pk, date(2098, 1, 1), False),
        (soon.pk, date(2099, 5, 1), False),
    ]
    assert fulfilment.late_count(cooperative) == 1


@pytest.mark.usefixtures("inside")
def test_the_list_is_narrowed(campaign, cooperative, rewards):
    other = make_campaign(cooperative, title="Autre", tiers=[tier("Sel", 1000)])
    posted = make_pledge(campaign, backer_name="Zoé Gagnon", email="zoe@courriel.example")
    picked = make_pledge(campaign, rewards=[(rewards[1], 1)], backer_name="Marc Roy", email="marc@courriel.example")
    third = make_pledge(other, backer_name="Ana", email="ana@courriel.example")
    sent = make_pledge(campaign, backer_name="Luc")
    fulfilment.mark([items_of(sent)[0].pk], SENT, by=None, carrier="Postes")

    def found(**sought):
        return {row.pledge_id for row in fulfilment.owed(cooperative, Sought(**sought))}

    assert found() == {posted.pk, picked.pk, third.pk}
    assert found(campaign_id=other.pk) == {third.pk}
    assert found(reward_id=rewards[1].pk) == {picked.pk}
    assert found(late_only=True) == {posted.pk}
    assert found(state="sent") == {sent.pk}
    assert found(state="sent", late_only=True) == set()
    assert found(text="GAGNON") == {posted.pk}
    assert found(text="marc@") == {picked.pk}


@pytest.mark.usefixtures("inside")
def test_marking_many_takes_as_many_queries_as_marking_one(campaign):
    def queries(count):
        ids = [item.pk for _n in range(count) for item in items_of(make_pledge(campaign))]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert fulfilment.mark(ids, SENT, by=None, carrier="Postes") == count
        return len(captured)

    assert queries(1) == queries(3)
