"""Delays that concern some only: made before a day, what of a tier has not left, what was not given back."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from home.models import OutgoingMail
from pledges.enums import FulfilmentState, RefundState, RequestState
from pledges.models import DatePromise, DeliveryAddress, Pledge, RefundRequest
from pledges.promises import current_month, tier_month
from tests.factories.pledges import make_pledge, make_refund
from tests.updates.making import make_update, month, notice_block
from updates import syndication
from updates.announcing import announce
from updates.briefing import offers_for
from updates.enums import MissingLanguage
from updates.feed import changes_of
from updates.models import DelayNotice
from updates.sending import Refusal, SendingRefused

pytestmark = pytest.mark.usefixtures("inside")

NONE = MissingLanguage.NONE
OCTOBER = date(2027, 10, 1)
ZONE = ZoneInfo("America/Toronto")
TODAY = date.today()


@pytest.fixture
def flour(campaign):
    return campaign.rewards.order_by("position").first()


def pledged(campaign, at, **fields):
    """A contribution confirmed at that local time."""
    pledge = make_pledge(campaign, **fields)
    Pledge.objects.filter(pk=pledge.pk).update(confirmed_at=at)
    return pledge


def told():
    return sorted(OutgoingMail.objects.values_list("address", flat=True))


def test_only_contributions_of_before_that_day_are_concerned(campaign, flour):
    day = TODAY - timedelta(days=3)
    midnight = datetime.combine(day, time(), ZONE)
    early = pledged(campaign, midnight - timedelta(seconds=1), email="early@x.example").items.get()
    late = pledged(campaign, midnight, email="late@x.example").items.get()
    update = make_update(campaign, notice_block([flour], month="2027-09", pledged_before=day))
    announce(update, by=None, missing_language=NONE)
    notice = DelayNotice.objects.get()
    assert (notice.pledged_before, told()) == (day, ["early@x.example"])
    assert (current_month(early), current_month(late)) == (date(2027, 9, 1), OCTOBER)


def test_a_new_backer_is_not_promised_what_some_were(campaign, flour):
    pledged(campaign, datetime.combine(TODAY - timedelta(days=9), time(), ZONE))
    some = make_update(campaign, notice_block([flour], pledged_before=TODAY - timedelta(days=3)))
    announce(some, by=None, missing_language=NONE)
    assert (tier_month(flour), [one.for_some for one in DatePromise.objects.all()]) == (OCTOBER, [True])
    everyone = make_update(campaign, notice_block([flour], month="2028-05"), title="Tous")
    announce(everyone, by=None, missing_language=NONE)
    assert tier_month(flour) == month("2028-05")


def test_the_month_before_a_notice_is_that_of_all_it_concerns(campaign, flour):
    pledged(campaign, datetime.combine(TODAY - timedelta(days=9), time(), ZONE))
    make_pledge(campaign)
    day = TODAY - timedelta(days=3)
    months = []
    for number, fields in enumerate(
        (
            {"month": "2027-09", "pledged_before": day},
            {"month": "2027-08", "pledged_before": day},
            {"month": "2028-01"},
            {"month": "2027-12", "pledged_before": day},
        )
    ):
        update = make_update(campaign, notice_block([flour], **fields), title=f"Annonce {number}")
        announce(update, by=None, missing_language=NONE)
        months += [(one.old_month, one.month) for one in changes_of(update.delay_notices.get())]
    assert months == [
        (OCTOBER, date(2027, 9, 1)),
        (date(2027, 9, 1), date(2027, 8, 1)),
        (OCTOBER, date(2028, 1, 1)),
        (date(2028, 1, 1), date(2027, 12, 1)),
    ]


def test_the_briefing_says_whom_it_concerns_and_where_they_stand(campaign, flour):
    pledged(campaign, datetime.combine(TODAY - timedelta(days=9), time(), ZONE), language="en")
    make_pledge(campaign)
    day = TODAY - timedelta(days=3)
    first = make_update(campaign, notice_block([flour], month="2027-09", pledged_before=day))
    offer = offers_for(first)[0]
    assert (offer.audience.total, len(offer.limits)) == (1, 1)
    announce(first, by=None, missing_language=NONE)
    [move] = offers_for(make_update(campaign, notice_block([flour]), title="Tous"))[0].moves
    assert (move.first, move.old, move.new) == (OCTOBER, (date(2027, 9, 1), OCTOBER), month())


def test_a_day_to_come_is_refused(campaign, flour):
    make_pledge(campaign)
    update = make_update(campaign, notice_block([flour], pledged_before=TODAY + timedelta(days=2)))
    with pytest.raises(SendingRefused) as refused:
        announce(update, by=None, missing_language=NONE)
    assert (refused.value.refusal, DatePromise.objects.count()) == (Refusal.NOT_YET, 0)


def test_of_a_tier_delivered_in_part_the_rest_is_told(campaign, flour):
    for state in FulfilmentState:
        make_pledge(campaign, email=f"{state}@x.example").items.update(state=state)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    assert told() == [f"{state}@x.example" for state in ("in_production", "not_started", "ready", "returned")]


@pytest.mark.parametrize(
    ("amount", "state", "is_told"),
    [
        (3000, RefundState.DUE, False),
        (3000, RefundState.DONE, False),
        (1000, RefundState.DONE, True),
    ],
)
def test_a_reward_given_back_whole_is_owed_no_more(campaign, flour, amount, state, is_told):
    box = campaign.rewards.order_by("position").last()
    pledge = make_pledge(campaign, rewards=[(flour, 1), (box, 1)], email="a@x.example")
    item = pledge.items.get(reward=flour)
    refund = make_refund(pledge.payment, amount=amount, commission=0, state=state)
    RefundRequest.objects.create(
        cooperative=pledge.cooperative,
        item=item,
        state=RequestState.GRANTED,
        amount=3000,
        currency="CAD",
        asked_at=pledge.created_at,
        answer_by=TODAY,
        refund=refund,
    )
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    assert told() == (["a@x.example"] if is_told else [])


def test_the_addresses_of_those_concerned_open_again(campaign, flour):
    box = campaign.rewards.order_by("position").last()
    concerned, other = make_pledge(campaign), make_pledge(campaign, rewards=[(box, 1)])
    for pledge in (concerned, other):
        DeliveryAddress.objects.create(
            cooperative=pledge.cooperative,
            pledge=pledge,
            recipient="Rosalie",
            line1="4, chemin du Moulin",
            city="Saint-Aurèle",
            country="CA",
            changed_at=pledge.created_at,
            locked_at=pledge.created_at,
            lock_on=TODAY,
        )
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    rows = DeliveryAddress.objects.order_by("pledge_id").values_list("locked_at", "lock_on")
    assert list(rows) == [(None, None), (other.created_at, TODAY)]


def test_feeds_say_the_month_at_which_all_those_it_concerns_stood(campaign, flour):
    """What moved some contributions moved no others: for most of those told now, it is later and not sooner."""
    pledged(campaign, datetime.combine(TODAY - timedelta(days=9), time(), ZONE))
    make_pledge(campaign)
    day = TODAY - timedelta(days=3)
    for number, fields in enumerate(({"month": "2028-05", "pledged_before": day}, {"month": "2028-01"})):
        update = make_update(campaign, notice_block([flour], **fields), title=f"Annonce {number}")
        announce(update, by=None, missing_language=NONE)
    months = [(one.old_month, one.month) for _notice, [one] in syndication.notices_of(campaign)]
    assert months == [(OCTOBER, date(2028, 5, 1)), (OCTOBER, date(2028, 1, 1))]
