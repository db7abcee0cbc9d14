"""A charge that was made and never answered, whose customer was removed since: found, and never made again."""

from datetime import timedelta

import pytest

from home import clock
from home.tenancy import within
from pledges import charging, mending, webhooks
from pledges.enums import PaymentState
from pledges.models import Checkout, Payment, PaymentAttempt, StripeEvent
from tests.factories.campaigns import make_campaign
from tests.pledges.aftermath import (
    attend,
    book_agrees,
    bring_events,
    contribute,
    in_dashboard,
    pass_days,
    payment_of,
    settle,
)

BACK = "http://meule.localhost/fr/retour/"


pytestmark = pytest.mark.usefixtures("in_the_shop")


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=1000)


def charged_unheard(campaign, double):
    """Charged at the provider; the answer was lost, then the customer was removed there."""
    made = contribute(campaign, double)
    double.fault("POST /v1/payment_intents", "timeout_after_commit")
    settle(campaign)
    api, on = in_dashboard(campaign.cooperative.stripe_account)
    api.customers.delete(made.backer.stripe_customer, options=on)
    bring_events(double, campaign.cooperative.stripe_account, "customer.deleted")
    assert (payment_of(made).state, payment_of(made).stripe_intent) == (PaymentState.DUE, "")
    return made


def minutes(campaign, double, count):
    for _time in range(count):
        clock.advance(timedelta(minutes=2))
        double.advance(minutes=2)
        settle(campaign)


def charges_of(made, double):
    lines = double.journal(made.cooperative.stripe_account, "charge")
    return [line["amount"] for line in lines if line["metadata"]["tremplin_pledge"] == str(made.pk)]


def test_one_whose_backer_has_another_customer_by_now_is_found(campaign, shop, stripe_double):
    made = charged_unheard(campaign, stripe_double)
    contribute(make_campaign(shop, title="Une roue"), stripe_double)
    assert payment_of(made).pledge.backer.stripe_customer
    minutes(campaign, stripe_double, 4)
    if payment_of(made).state == PaymentState.MEND:
        mending.open_card_page(payment_of(made))
        page = Checkout.objects.get(payment=payment_of(made))
        stripe_double.pay(page.stripe_session)
        mending.finish_card(page, BACK)
    assert payment_of(made).state == PaymentState.PAID
    assert charges_of(made, stripe_double) == [made.amount]
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize("hours", [0, 30])
def test_one_whose_backer_has_no_customer_any_more_is_found(campaign, shop, stripe_double, hours):
    made = charged_unheard(campaign, stripe_double)
    clock.advance(timedelta(hours=hours))
    stripe_double.advance(hours=hours)
    minutes(campaign, stripe_double, 1)
    assert payment_of(made).state == PaymentState.PAID
    assert charges_of(made, stripe_double) == [made.amount]
    book_agrees(stripe_double, shop.stripe_account)


def test_one_that_was_never_made_is_paid_once_by_another_card(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double)
    stripe_double.fault("POST /v1/payment_intents", "429")
    settle(campaign)
    api, on = in_dashboard(shop.stripe_account)
    api.customers.delete(made.backer.stripe_customer, options=on)
    bring_events(stripe_double, shop.stripe_account, "customer.deleted")
    minutes(campaign, stripe_double, 4)
    assert payment_of(made).state == PaymentState.MEND
    mending.open_card_page(payment_of(made))
    page = Checkout.objects.get(payment=payment_of(made))
    stripe_double.pay(page.stripe_session)
    mending.finish_card(page, BACK)
    assert charges_of(made, stripe_double) == [made.amount]
    book_agrees(stripe_double, shop.stripe_account)


def test_the_event_of_a_payment_that_we_never_heard_of_records_it(campaign, shop, stripe_double):
    made = charged_unheard(campaign, stripe_double)
    bring_events(stripe_double, shop.stripe_account, "payment_intent.succeeded")
    assert payment_of(made).state == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_one_found_paid_as_the_grace_ends_is_not_let_go(campaign, shop, stripe_double):
    made = charged_unheard(campaign, stripe_double)
    Payment.objects.update(state=PaymentState.MEND)
    PaymentAttempt.objects.update(outcome=charging.NEVER_ARRIVED, answered_at=clock.now())
    settle(campaign)
    pass_days(stripe_double, 8)
    attend(campaign)
    assert payment_of(made).state == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_a_payment_of_another_account_that_names_our_row_changes_nothing(campaign, shop, stripe_double, outsider):
    made = charged_unheard(campaign, stripe_double)
    stripe_double.open_account(outsider)
    api, on = in_dashboard(outsider.stripe_account)
    method = api.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}, on)
    intent = api.payment_intents.create(
        {
            "amount": made.amount, "currency": "cad", "confirm": True, "payment_method": method.id,
            "allowed_payment_method_types": ["card"], "metadata": {"tremplin_payment": str(payment_of(made).pk)},
        },
        on,
    )  # fmt: skip
    assert intent.status == "succeeded"
    with within(outsider):
        bring_events(stripe_double, outsider.stripe_account, "payment_intent.succeeded")
    webhooks.handle_waiting()
    assert (payment_of(made).state, payment_of(made).stripe_intent) == (PaymentState.DUE, "")
    assert StripeEvent.objects.get(account=outsider.stripe_account, object_id=intent.id).handled_at is not None
