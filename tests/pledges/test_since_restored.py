"""After a backup was put back: nothing moves before the release, and nobody is charged for what was charged already."""

import io
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from home import clock
from home.backups import standing
from home.models import Backer, Cooperative, Restoration
from home.tenancy import within
from pledges import charging, checkout, gateway, pledging, refunds, settlement, since_restored, webhooks
from pledges.enums import CheckoutState, PaymentState, PledgeState
from pledges.gateway.client import client, on
from pledges.gateway.payments import OWN_PLEDGE, OWN_ROW
from pledges.models import Checkout, Payment, Pledge, Refund, StrayPayment, StripeEvent
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.requests import pledge_request
from tests.pledges.paying import flexible, paid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scope(in_the_shop):
    """In the scope of our shop."""


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=100, bilingual=False)


def promised(campaign, double, email="a@example.com", extra=2_500):
    row = pledging.begin(campaign.cooperative, pledge_request(campaign, extra=extra, email=email))
    checkout.open_page(row)
    double.pay(row.stripe_session)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    return Pledge.objects.select_related("backer", "cooperative").get(pk=row.pledge_id)


def charged_since(pledge, amount=None, row=987_654):
    """By the settlement whose rows are lost."""
    return gateway.charge(
        pledge.cooperative.stripe_account, f"lost-{row}", amount=amount or pledge.amount, currency="CAD", commission=0,
        customer=pledge.backer.stripe_customer, payment_method=pledge.payment_method,
        metadata={OWN_ROW: str(row), OWN_PLEDGE: str(pledge.pk)},
    )  # fmt: skip


def put_back(**fields):
    now = clock.now()
    defaults = {"backup": "2026-11-28T030000Z", "taken_at": now, "begun_at": now, "completed_at": now}
    return Restoration.objects.create(**defaults | fields)


def released():
    """As an operator does it; what was printed."""
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("reconcile_stripe", stdout=io.StringIO())
    call_command("release", stdout=out)
    return out.getvalue()


def charges(double, shop):
    return Counter(int(line["metadata"][OWN_PLEDGE]) for line in double.journal(shop.stripe_account, "charge"))


def test_who_was_charged_after_the_backup_is_not_charged_again(campaign, shop, stripe_double):
    twice, once = promised(campaign, stripe_double), promised(campaign, stripe_double, "b@example.com")
    lost = charged_since(twice)
    put_back()
    assert "1 payments made of contributions that are here" in released()
    end_now(campaign)
    settlement.settle(campaign)
    assert charges(stripe_double, shop) == {twice.pk: 1, once.pk: 1}
    assert Payment.objects.get(pledge=twice).stripe_intent == lost.id
    assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.PAID}
    call_command("check_ledger")


def test_also_when_its_key_and_customer_are_long_forgotten(campaign, shop, stripe_double):
    pledge = promised(campaign, stripe_double)
    charged_since(pledge)
    Backer.objects.update(stripe_customer="")
    put_back()
    released()
    end_now(campaign)
    settlement.settle(campaign)
    assert (charges(stripe_double, shop), Payment.objects.get().state) == ({pledge.pk: 1}, PaymentState.PAID)


def test_what_was_declined_after_the_backup_is_mended_on_the_same_payment(campaign, shop, stripe_double):
    pledge = promised(campaign, stripe_double)
    stripe_double._post(f"payment_methods/{pledge.payment_method}", decline_code="do_not_honor")
    with pytest.raises(gateway.Declined) as declined:
        charged_since(pledge)
    put_back()
    released()
    end_now(campaign)
    settlement.settle(campaign)
    payment = Payment.objects.get()
    assert (payment.state, payment.stripe_intent) == (PaymentState.MEND, declined.value.intent)


def test_one_of_another_amount_is_left_to_a_person(campaign, shop, stripe_double):
    pledge = promised(campaign, stripe_double)
    charged_since(pledge, amount=pledge.amount + 100)
    put_back()
    released()
    end_now(campaign)
    settlement.settle(campaign)
    assert (charges(stripe_double, shop), Payment.objects.get().state) == ({pledge.pk: 1}, PaymentState.DUE)


def test_a_payment_that_is_another_pledges_row_is_not_taken_for_it(campaign, shop, stripe_double):
    """Rows are given other numbers than those that were lost: the pledge says whose it is."""
    first, second = promised(campaign, stripe_double), promised(campaign, stripe_double, "b@example.com")
    charged_since(second, row=1)
    put_back()
    released()
    end_now(campaign)
    settlement.settle(campaign)
    assert charges(stripe_double, shop) == {first.pk: 1, second.pk: 1}


def test_nothing_moves_while_it_is_held(campaign, shop, stripe_double):
    pledge = promised(campaign, stripe_double)
    end_now(campaign)
    put_back()
    settlement.settle(campaign)
    assert (campaign.state, charges(stripe_double, shop)) == ("live", {})
    payment = Payment(pledge=pledge, amount=pledge.amount, currency="CAD", commission=0, cooperative=shop)
    payment.created_at = clock.now()
    payment.save()
    for act in (
        lambda: charging.charge(payment),
        lambda: gateway.refund(shop.stripe_account, "k", intent="pi", amount=1, with_commission=False, metadata={}),
        lambda: gateway.forget_card(shop.stripe_account, pledge.payment_method),
        lambda: gateway.forget_customer(shop.stripe_account, pledge.backer.stripe_customer),
        lambda: gateway.end_session(shop.stripe_account, "cs"),
        lambda: gateway.cancel_payment(shop.stripe_account, "pi"),
        lambda: gateway.open_account("k", email="a@example.com", name="A", descriptor="A", metadata={}),
    ):
        with pytest.raises(gateway.Held):
            act()
    assert gateway.is_attached(shop.stripe_account, pledge.payment_method)
    with pytest.raises(CommandError, match="put back"):
        call_command("settle_due", write=True)


def test_events_wait_for_the_release(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign))
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    put_back()
    [(payload, signature)] = stripe_double.events(shop.stripe_account, "checkout.session.completed")
    webhooks.receive(payload, signature)
    webhooks.handle_waiting()
    assert StripeEvent.objects.get().handled_at is None
    Restoration.objects.update(released_at=clock.now())
    webhooks.handle_waiting()
    assert Pledge.objects.get().state == PledgeState.CONFIRMED


def test_a_page_that_was_opened_after_the_backup_is_known_by_its_row(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign))
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    customer = Backer.objects.get().stripe_customer
    assert customer
    Checkout.objects.update(state=CheckoutState.OPENING, stripe_session="", url="")
    Backer.objects.update(stripe_customer="")
    put_back()
    assert "1 payment pages whose rows are here" in released()
    Checkout.objects.update(expires_at=clock.now())
    assert checkout.end(Checkout.objects.get()) == CheckoutState.COMPLETE
    assert (Pledge.objects.get().state, Backer.objects.get().stripe_customer) == (PledgeState.CONFIRMED, customer)


def lose(row):
    """Its row is another's by now."""
    Checkout.objects.filter(pk=row.pk).update(stripe_session="cs_before", key="00000000-0000-4000-8000-000000000000")


def test_an_open_page_of_a_lost_contribution_is_ended(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign))
    checkout.open_page(row)
    session = row.stripe_session
    lose(row)
    put_back()
    assert "1 payment pages of lost contributions ended" in released()
    assert stripe_double.session(shop.stripe_account, session).status == "expired"


def test_a_payment_of_a_lost_contribution_never_comes_to_be(campaign, shop, stripe_double):
    pledge = promised(campaign, stripe_double)
    stripe_double._post(f"payment_methods/{pledge.payment_method}", decline_code="do_not_honor")
    pledge.pk = 987_654
    with pytest.raises(gateway.Declined) as declined:
        charged_since(pledge)
    put_back(compared_at=clock.now())
    call_command("release", stdout=io.StringIO())
    assert gateway.read_payment(shop.stripe_account, declined.value.intent).status == "canceled"
    assert not StrayPayment.objects.exists()


def test_a_refund_made_after_the_backup_is_recorded_once(shop, stripe_double):
    payment = paid(flexible(shop), stripe_double)
    client().v1.refunds.create({"payment_intent": payment.stripe_intent, "amount": 3_000}, on(shop.stripe_account))
    put_back()
    assert "1 refunds recorded" in released()
    assert [one.amount for one in Refund.objects.all()] == [3_000]
    with standing.lifted():
        since_restored.take_up(shop, clock.now())
    refunds.follow_all(payment)
    assert Refund.objects.count() == 1
    call_command("check_ledger")


# The release


def test_nothing_is_released_that_was_not_compared(shop):
    put_back()
    with pytest.raises(CommandError, match="reconcile_stripe first"):
        call_command("release")
    with pytest.raises(CommandError, match="differ: 2"):  # what the account may do; and this is not everybody
        call_command("reconcile_stripe", cooperative=shop.slug, stdout=io.StringIO())
    with pytest.raises(CommandError, match="reconcile_stripe first"):
        call_command("release")
    assert standing.is_held()


def test_nor_what_was_not_put_back_to_its_end(shop):
    put_back(completed_at=None, compared_at=clock.now())
    with pytest.raises(CommandError, match="restore it again"):
        call_command("release")


def test_nor_while_stripe_does_not_answer(shop, stripe_double):
    put_back(compared_at=clock.now())
    stripe_double.fault("GET /v1/payment_intents", "500")
    with pytest.raises(CommandError, match="could not be read whole"):
        call_command("release")
    assert standing.is_held()


def test_an_account_that_is_not_reached_stays_held_by_itself(shop, outsider, stripe_double):
    stripe_double.open_account(outsider)
    stripe_double.set_account(outsider.stripe_account, deauthorized=True)
    put_back(compared_at=clock.now())
    with pytest.raises(CommandError, match=outsider.stripe_account):
        call_command("release", stdout=io.StringIO())
    held = [standing.is_held(), standing.is_held(shop.stripe_account), standing.is_held(outsider.stripe_account)]
    assert held == [False, False, True]
    stripe_double.set_account(outsider.stripe_account, deauthorized=False)
    call_command("release", stdout=io.StringIO())
    assert not standing.is_held(outsider.stripe_account)


def test_without_a_restoration_nothing_is_held(shop):
    out = io.StringIO()
    call_command("release", stdout=out)
    assert (out.getvalue(), standing.is_held()) == ("Nothing is held.\n", False)


def test_each_cooperative_takes_up_its_own(campaign, shop, outsider, stripe_double):
    stripe_double.open_account(outsider)
    pledge = promised(campaign, stripe_double)
    charged_since(pledge)
    put_back(compared_at=clock.now())
    with within(Cooperative.objects.get(pk=outsider.pk)), standing.lifted():
        assert since_restored.take_up(outsider, clock.now()).payments == 0
    with standing.lifted():
        assert since_restored.take_up(shop, clock.now()).payments == 1
