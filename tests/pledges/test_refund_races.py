"""Two treasurers at the same moment, and Stripe's events at the moment of our own call: on PostgreSQL, in threads."""

import uuid

import pytest

from campaigns.enums import FundingModel
from home.models import Role
from home.tenancy import within
from pledges import refund_decisions, refunds
from pledges.models import Refund
from pledges.refund_decisions import RefundRefused
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.pledges.aftermath import book_agrees, bring_events, contribute, payment_of
from tests.threads import in_threads, scoped

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(cooperative, *functions):
    return in_threads(*[scoped(cooperative, function) for function in functions])


@pytest.fixture
def payment(shop, stripe_double):
    with within(shop):
        campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE)
        yield payment_of(contribute(campaign, stripe_double))


def test_eight_people_at_once_never_give_back_more_than_is_left(payment, shop, stripe_double):
    people = [make_user(shop, Role.TREASURER, email=f"t{number}@meule.example") for number in range(8)]

    def asking(person):
        def ask():
            refund_decisions.ask(payment, amount=1000, reason="agreed", note="", by=person, key=uuid.uuid4())

        return ask

    errors = at_once(shop, *[asking(person) for person in people])
    assert [type(error) for error in errors] == [RefundRefused] * 5
    at_once(shop, refunds.make_due, refunds.make_due)
    assert sum(Refund.objects.filter(state="done").values_list("amount", flat=True)) == 3000
    book_agrees(stripe_double, shop.stripe_account)


def test_our_own_call_and_stripe_s_event_record_one_refund_once(payment, shop, stripe_double):
    by = make_user(shop, Role.OWNER)
    refund_decisions.ask(payment, amount=3000, reason="agreed", note="", by=by, key=uuid.uuid4())

    def events():
        for _time in range(5):
            bring_events(stripe_double, shop.stripe_account, "refund.created", "charge.refunded")

    assert at_once(shop, refunds.make_due, events, events) == []
    bring_events(stripe_double, shop.stripe_account)
    assert list(Refund.objects.values_list("state", "amount", "reason")) == [("done", 3000, "agreed")]
    book_agrees(stripe_double, shop.stripe_account)


def test_one_refund_is_claimed_by_one_of_eight(payment, shop):
    """Of what two see at once, the second must see that the first took it: on PostgreSQL, a join hides that."""
    by = make_user(shop, Role.OWNER)
    for number in range(20):
        refund_decisions.ask(payment, amount=100, reason="agreed", note="", by=by, key=uuid.uuid4())
        claimed = []

        def claim(mine=claimed):
            mine.append(refunds._claim())

        assert at_once(shop, *[claim] * 8) == []
        assert len([one for one in claimed if one]) == 1, number
