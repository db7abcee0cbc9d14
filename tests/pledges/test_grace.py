"""The days after a settlement: reminders, retries, the last try, then dropped, whatever dies or is open meanwhile."""

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import RewardStock
from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import charging, checkout, completing, gateway, grace, mending, saved_cards, settlement
from pledges.enums import CardState, CheckoutState, PaymentState, PledgeState
from pledges.models import Checkout, Payment, PaymentAttempt, Settlement
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.pledges.aftermath import (
    answer_of_issuer,
    attend,
    book_agrees,
    bring_events,
    contribute,
    in_dashboard,
    is_gone,
    mails,
    pass_days,
    payment_of,
    settle,
)

DECLINES = "4000000000000341"
ASKS = "4000002760003184"
BACK = "http://meule.localhost/fr/retour/"


pytestmark = pytest.mark.usefixtures("in_the_shop")


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=1000)


def to_mend(campaign, double, card=DECLINES, **fields):
    """A contribution to the limited tier whose payment could not be made."""
    made = contribute(campaign, double, (campaign.rewards.get(limit=10), 1), card=card, **fields)
    settle(campaign)
    return made


def days(campaign, double, count):
    for _day in range(count):
        pass_days(double, 1)
        attend(campaign)


def occasions():
    return [occasion for occasion, _to in mails("payment_to_mend")]


def test_what_the_grace_could_not_mend_is_dropped_whole(campaign, shop, stripe_double):
    treasurer = make_user(shop, Role.TREASURER)
    made = to_mend(campaign, stripe_double)
    contribute_ok = payment_of(made)
    card, intent = made.payment_method, contribute_ok.stripe_intent
    days(campaign, stripe_double, 6)
    assert Settlement.objects.get().dropped_at is None
    days(campaign, stripe_double, 1)
    made.refresh_from_db()
    payment = payment_of(made)
    assert (payment.state, made.state, made.card_state) == (
        PaymentState.DROPPED,
        PledgeState.DROPPED,
        CardState.TO_DETACH,
    )
    assert made.ended_at is not None
    assert gateway.read_payment(shop.stripe_account, intent).status == "canceled"
    assert RewardStock.objects.get().promised == 0
    assert occasions() == ["0", "2", "4", "6"]
    assert mails("pledge_dropped") == [("", "camille@example.com")]
    assert mails("grace_ended") == [("", treasurer.email)]
    assert Settlement.objects.get().dropped_at is not None
    saved_cards.forget_due()
    assert is_gone(shop.stripe_account, card)
    attend(campaign)
    assert (len(mails("pledge_dropped")), len(mails("grace_ended"))) == (1, 1)
    book_agrees(stripe_double, shop.stripe_account)


def test_reminders_stop_once_it_is_paid(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double, card=ASKS)
    days(campaign, stripe_double, 2)
    stripe_double.answer_bank(mending.pay_with_saved_card(payment_of(made), BACK))
    assert mending.refresh(payment_of(made)) == PaymentState.PAID
    days(campaign, stripe_double, 5)
    assert occasions() == ["0", "2"]
    assert mails("pledge_dropped") == []
    assert Settlement.objects.get().dropped_at is not None


@pytest.mark.parametrize("count", [1, 3])
def test_a_tick_with_no_reminder_due_writes_nothing_and_costs_the_same(campaign, stripe_double, monkeypatch, count):
    for number in range(count - 1):
        contribute(campaign, stripe_double, card=ASKS, email=f"b{number}@example.com")
    to_mend(campaign, stripe_double, card=ASKS)
    monkeypatch.setattr(grace, "CHUNK", 2)
    running = grace.running().get()
    with CaptureQueriesContext(connection) as before_any:
        grace.attend(running)
    pass_days(stripe_double, 2)
    grace.attend(running)
    assert occasions() == ["0"] * count + ["2"] * count
    with CaptureQueriesContext(connection) as once_written:
        grace.attend(running)
    asked = [query["sql"] for query in [*before_any, *once_written]]
    assert [sql for sql in asked if not sql.startswith("SELECT")] == []
    assert (len(before_any), len(once_written)) == (1, 2)


def test_a_machine_that_slept_sends_the_latest_reminder_only(campaign, stripe_double):
    to_mend(campaign, stripe_double, card=ASKS)
    pass_days(stripe_double, 5)
    attend(campaign)
    assert occasions() == ["0", "4"]


def test_soft_declines_are_charged_again_on_days_1_3_and_5_and_as_the_grace_ends(campaign, stripe_double):
    made = to_mend(campaign, stripe_double)
    tried = []
    for day in range(1, 8):
        pass_days(stripe_double, 1)
        before = PaymentAttempt.objects.count()
        attend(campaign)
        if PaymentAttempt.objects.count() > before:
            tried.append(day)
    assert tried == [1, 3, 5, 7]
    assert len({one.key for one in PaymentAttempt.objects.all()}) == 5
    assert payment_of(made).state == PaymentState.DROPPED


def test_the_last_try_may_succeed(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    days(campaign, stripe_double, 6)
    answer_of_issuer(stripe_double, made.payment_method, None)
    days(campaign, stripe_double, 1)
    made.refresh_from_db()
    assert (payment_of(made).state, made.state) == (PaymentState.PAID, PledgeState.CONFIRMED)
    assert mails("goal_met_charged") == [("", "camille@example.com")]
    book_agrees(stripe_double, shop.stripe_account)


def test_a_hard_decline_gets_no_last_try(campaign, stripe_double):
    made = contribute(campaign, stripe_double)
    answer_of_issuer(stripe_double, made.payment_method, "stolen_card")
    settle(campaign)
    days(campaign, stripe_double, 7)
    assert (payment_of(made).state, PaymentAttempt.objects.count()) == (PaymentState.DROPPED, 1)


def test_a_bank_page_opened_earlier_cannot_pay_once_it_is_dropped(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double, card=ASKS)
    address = mending.pay_with_saved_card(payment_of(made), BACK)
    days(campaign, stripe_double, 7)
    assert payment_of(made).state == PaymentState.DROPPED
    requests.post(address, data={"answer": "complete"}, timeout=20, allow_redirects=False)
    bring_events(stripe_double, shop.stripe_account)
    assert payment_of(made).state == PaymentState.DROPPED
    assert stripe_double.journal(shop.stripe_account) == []
    book_agrees(stripe_double, shop.stripe_account)


def test_one_paid_at_its_bank_at_the_last_moment_is_recorded_as_paid(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double, card=ASKS)
    address = mending.pay_with_saved_card(payment_of(made), BACK)
    pass_days(stripe_double, 7)
    stripe_double.answer_bank(address)
    attend(campaign)
    made.refresh_from_db()
    assert (payment_of(made).state, made.state) == (PaymentState.PAID, PledgeState.CONFIRMED)
    assert mails("pledge_dropped") == []
    book_agrees(stripe_double, shop.stripe_account)


def test_a_page_for_another_card_is_ended_and_a_card_given_there_is_tried(campaign, shop, stripe_double):
    given, left = (to_mend(campaign, stripe_double), None)
    mending.open_card_page(payment_of(given))
    row = Checkout.objects.get(payment=payment_of(given))
    pass_days(stripe_double, 6)
    mending.open_card_page(payment_of(given))
    row = Checkout.objects.filter(payment=payment_of(given)).latest("pk")
    stripe_double.pay(row.stripe_session)
    pass_days(stripe_double, 1)
    attend(campaign)
    row.refresh_from_db()
    assert (row.state, payment_of(given).state, left) == (CheckoutState.COMPLETE, PaymentState.PAID, None)
    book_agrees(stripe_double, shop.stripe_account)


def test_a_page_left_open_is_ended_with_the_grace(campaign, stripe_double, shop):
    made = to_mend(campaign, stripe_double)
    pass_days(stripe_double, 7)
    row = checkout.pledging.mend_checkout(payment_of(made))
    checkout.open_page(row)
    attend(campaign)
    assert Checkout.objects.get(pk=row.pk).state == CheckoutState.EXPIRED
    assert payment_of(made).state == PaymentState.DROPPED


def test_nothing_is_asked_of_a_paused_settlement(campaign, stripe_double):
    made = to_mend(campaign, stripe_double)
    Settlement.objects.update(paused_at=clock.now())
    days(campaign, stripe_double, 8)
    assert (payment_of(made).state, PaymentAttempt.objects.count(), occasions()) == (PaymentState.MEND, 1, ["0"])
    Settlement.objects.update(paused_at=None)
    attend(campaign)
    assert payment_of(made).state == PaymentState.DROPPED


class Died(Exception):
    pass


@pytest.mark.parametrize(
    "step",
    [
        "pledges.charging.refresh",
        "pledges.gateway.charge_again",
        "pledges.gateway.cancel_payment",
        "campaigns.stock.release_promised",
        "home.outbox.queue",
    ],
)
def test_a_process_that_dies_on_the_way_leaves_work_that_resumes(campaign, shop, stripe_double, monkeypatch, step):
    """Dies as the step is reached; half an hour later the next run does it all once."""
    from django.utils.module_loading import import_string

    made = to_mend(campaign, stripe_double)
    pass_days(stripe_double, 7)
    real = import_string(step)

    def dies(*args, **kwargs):
        raise Died

    monkeypatch.setattr(step, dies)
    with pytest.raises(Died):
        grace.attend(grace.running().get())
    monkeypatch.setattr(step, real)
    made.refresh_from_db()
    assert (made.state, RewardStock.objects.get().promised, mails("pledge_dropped")) == (PledgeState.CONFIRMED, 1, [])
    attend(campaign)
    assert payment_of(made).state == PaymentState.MEND
    clock.advance(grace.LEASE * 2)
    attend(campaign)
    made.refresh_from_db()
    assert (payment_of(made).state, made.state) == (PaymentState.DROPPED, PledgeState.DROPPED)
    assert (RewardStock.objects.get().promised, len(mails("pledge_dropped"))) == (0, 1)
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize("kind", ["500", "500_after_commit", "timeout_after_commit", "429"])
@pytest.mark.parametrize("call", ["confirm", "cancel"])
def test_faults_at_the_end_are_found_out_later(campaign, shop, stripe_double, call, kind):
    made = to_mend(campaign, stripe_double)
    answer_of_issuer(stripe_double, made.payment_method, None if call == "confirm" else "do_not_honor")
    pass_days(stripe_double, 7)
    stripe_double.fault(rf"POST /v1/payment_intents/[^/]+/{call}", kind)
    attend(campaign)
    clock.advance(grace.LEASE * 2)
    attend(campaign)
    assert payment_of(made).state == (PaymentState.PAID if call == "confirm" else PaymentState.DROPPED)
    assert len(stripe_double.journal(shop.stripe_account, "charge")) == (1 if call == "confirm" else 0)
    book_agrees(stripe_double, shop.stripe_account)


def test_a_campaign_is_not_closed_while_a_payment_waits(campaign, stripe_double):
    to_mend(campaign, stripe_double)
    pass_days(stripe_double, 8)
    campaign.refresh_from_db()
    assert completing.move_on(_settled(campaign)) == "funded"
    attend(campaign)
    saved_cards.forget_due()
    assert completing.move_on(_settled(campaign)) == "closed"


def _settled(campaign):
    return completing.settled().get(pk=campaign.pk)


def test_what_failed_while_the_settlement_went_on_for_days_is_not_reminded_at_once(campaign, stripe_double):
    to_mend(campaign, stripe_double, card=ASKS)
    PaymentAttempt.objects.update(answered_at=clock.now() + settlement.GRACE * 3 / 7)
    pass_days(stripe_double, 3)
    attend(campaign)
    assert occasions() == ["0"]
    days(campaign, stripe_double, 1)
    assert occasions() == ["0", "4"]


def test_another_cooperative_is_left_alone(campaign, outsider, stripe_double):
    made = to_mend(campaign, stripe_double)
    with within(outsider):
        assert list(grace.running()) == []
        assert Payment.objects.filter(pk=payment_pk(made)).count() == 0
        assert OutgoingMail.objects.count() == 0


def payment_pk(made):
    with within(made.cooperative):
        return payment_of(made).pk


def test_the_last_try_waits_for_an_account_that_is_paused(campaign, stripe_double, monkeypatch):
    made = to_mend(campaign, stripe_double)
    answer_of_issuer(stripe_double, made.payment_method, None)
    pass_days(stripe_double, 7)
    real = gateway.charge_again

    def paused(*args, **kwargs):
        raise gateway.Refused("The account is paused.", charging.PAUSED)

    monkeypatch.setattr(gateway, "charge_again", paused)
    attend(campaign)
    clock.advance(grace.LEASE * 2)
    attend(campaign)
    assert payment_of(made).state == PaymentState.MEND
    monkeypatch.setattr(gateway, "charge_again", real)
    clock.advance(grace.LEASE * 2)
    attend(campaign)
    assert payment_of(made).state == PaymentState.PAID


def test_what_was_read_before_it_was_dropped_changes_nothing(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    old = gateway.read_payment(shop.stripe_account, payment_of(made).stripe_intent)
    days(campaign, stripe_double, 7)
    charging.record(payment_of(made), old)
    assert payment_of(made).state == PaymentState.DROPPED


def test_one_without_customer_any_more_is_dropped(campaign, shop, stripe_double):
    """Its customer was removed before the debit: there is nobody to look payments up by."""
    made = contribute(campaign, stripe_double, (campaign.rewards.get(limit=10), 1))
    client, account = in_dashboard(shop.stripe_account)
    client.customers.delete(made.backer.stripe_customer, options=account)
    bring_events(stripe_double, shop.stripe_account, "customer.deleted")
    settle(campaign)
    assert (payment_of(made).state, payment_of(made).pledge.backer.stripe_customer) == (PaymentState.MEND, "")
    days(campaign, stripe_double, 7)
    assert payment_of(made).state == PaymentState.DROPPED


def test_one_without_customer_that_a_call_may_have_paid_is_let_go_once_it_cannot_be_paid(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    hidden = payment_of(made).stripe_intent
    made.backer.stripe_customer = ""
    made.backer.save()
    Payment.objects.update(stripe_intent="")
    PaymentAttempt.objects.update(outcome=charging.NEVER_ARRIVED)
    pass_days(stripe_double, 7)
    attend(campaign)
    assert payment_of(made).state == PaymentState.DROPPED
    assert gateway.read_payment(shop.stripe_account, hidden).status == "canceled"


def test_a_card_given_too_late_is_forgotten(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    pass_days(stripe_double, 7)
    attend(campaign)
    saved_cards.forget_due()
    row = checkout.pledging.mend_checkout(payment_of(made))
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    mending.use_card(row)
    made.refresh_from_db()
    assert (payment_of(made).state, made.card_state) == (PaymentState.DROPPED, CardState.TO_DETACH)
    saved_cards.forget_due()
    made.refresh_from_db()
    assert made.card_state == CardState.DETACHED


def test_a_card_given_after_the_first_was_removed_is_forgotten_once_it_is_dropped(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    client, account = in_dashboard(shop.stripe_account)
    client.payment_methods.detach(made.payment_method, options=account)
    bring_events(stripe_double, shop.stripe_account, "payment_method.detached")
    mending.open_card_page(payment_of(made))
    row = Checkout.objects.get(payment=payment_of(made))
    stripe_double.pay(row.stripe_session, DECLINES)
    mending.use_card(row)
    made.refresh_from_db()
    assert (payment_of(made).state, made.card_state) == (PaymentState.MEND, CardState.KEPT)
    days(campaign, stripe_double, 7)
    made.refresh_from_db()
    assert (made.state, made.card_state) == (PledgeState.DROPPED, CardState.TO_DETACH)


def test_a_declined_card_is_forgotten_once_another_one_replaced_it(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    first = made.payment_method
    mending.open_card_page(payment_of(made))
    row = Checkout.objects.get(payment=payment_of(made))
    stripe_double.pay(row.stripe_session)
    mending.use_card(row)
    stripe_double.fault("POST /v1/payment_methods/", "500")
    saved_cards.forget_due()
    assert not is_gone(shop.stripe_account, first)
    saved_cards.forget_due()
    made.refresh_from_db()
    assert (is_gone(shop.stripe_account, first), is_gone(shop.stripe_account, made.payment_method)) == (True, False)
    bring_events(stripe_double, shop.stripe_account)
    made.refresh_from_db()
    assert (payment_of(made).state, made.card_state) == (PaymentState.PAID, CardState.KEPT)
    book_agrees(stripe_double, shop.stripe_account)


def test_a_card_given_too_late_hides_no_card_that_is_still_to_be_forgotten(campaign, shop, stripe_double):
    made = to_mend(campaign, stripe_double)
    first = made.payment_method
    pass_days(stripe_double, 7)
    attend(campaign)
    row = checkout.pledging.mend_checkout(payment_of(made))
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    mending.use_card(row)
    made.refresh_from_db()
    second = made.payment_method
    saved_cards.forget_due()
    assert [is_gone(shop.stripe_account, card) for card in (first, second)] == [True, True]


def test_a_pause_takes_no_day_of_the_grace(campaign, shop, stripe_double):
    """Paused for nine days before anyone was charged: who is declined then has seven days still."""
    treasurer = make_user(shop, Role.TREASURER)
    made = contribute(campaign, stripe_double, (campaign.rewards.get(limit=10), 1), card=DECLINES)
    real_claim = settlement._claim
    try:
        settlement._claim = lambda campaign: []
        settle(campaign)
    finally:
        settlement._claim = real_claim
    assert settlement.pause(campaign, by=treasurer)
    pass_days(stripe_double, 9)
    assert settlement.resume(campaign, by=None)
    settlement.settle(_whole(campaign))
    attend(campaign)
    assert (payment_of(made).state, occasions()) == (PaymentState.MEND, ["0"])
    days(campaign, stripe_double, 6)
    assert (payment_of(made).state, occasions()) == (PaymentState.MEND, ["0", "2", "4", "6"])
    days(campaign, stripe_double, 1)
    assert payment_of(made).state == PaymentState.DROPPED


def test_an_account_that_could_not_charge_for_days_takes_no_day_of_the_grace(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, (campaign.rewards.get(limit=10), 1), card=DECLINES)
    real_claim = settlement._claim
    try:
        settlement._claim = lambda campaign: []
        settle(campaign)
    finally:
        settlement._claim = real_claim
    pass_days(stripe_double, 9)
    attend(campaign)
    settlement.settle(_whole(campaign))
    attend(campaign)
    assert payment_of(made).state == PaymentState.MEND
    days(campaign, stripe_double, 7)
    assert payment_of(made).state == PaymentState.DROPPED


def _whole(campaign):
    return type(campaign).objects.select_related("cooperative__site").get(pk=campaign.pk)


def test_a_cheque_that_is_awaited_holds_up_no_end_of_the_grace(campaign, shop, stripe_double):
    make_user(shop, Role.TREASURER)
    by_cheque = make_offline(campaign, extra=2500)
    to_mend(campaign, stripe_double)
    days(campaign, stripe_double, 8)
    assert Settlement.objects.get(campaign=campaign).dropped_at
    assert len(mails("grace_ended")) == 1
    assert by_cheque.payment.state == PaymentState.DUE
