"""Raced, crossed and poisoned: no cent, pledge, piece of stock or mail is lost or doubled."""

import signal
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import pytest
import requests
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from campaigns import publishing
from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, CampaignPage, Reward, RewardStock
from home import clock, outbox
from home.mail import claims
from home.mail.registry import kind_of
from home.models import Backer, MailState, OutgoingMail
from home.tenancy import across_cooperatives, within
from pledges import (
    charging,
    checkout,
    gateway,
    ledger_checks,
    mending,
    pledging,
    refunds,
    saved_cards,
    settlement,
    tasks,
    webhooks,
)
from pledges.choosing import PledgeRefused
from pledges.enums import CardState, CheckoutState, PaymentState, PledgeState, RefundState
from pledges.models import Checkout, LedgerEntry, Payment, Pledge, Refund, StripeEvent
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.requests import pledge_request
from tests.killing import killed_at
from tests.threads import in_threads, scoped

SAVES_THEN_DECLINES = "4000000000000341"
ALWAYS_ASKS = "4000002760003184"
RETURN = "http://meule.localhost/fr/retour/"

on_postgres = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def raced(function):
    for mark in on_postgres:
        function = mark(function)
    return function


pytestmark = pytest.mark.usefixtures("in_the_shop")


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=5000)


@pytest.fixture
def flexible(shop):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE, title="Un four", goal=900_000)


def opened(campaign, *chosen, **fields):
    row = pledging.begin(campaign.cooperative, pledge_request(campaign, *chosen, **fields))
    checkout.open_page(row)
    return row


def pledge(campaign, double, *chosen, card="4242424242424242", **fields):
    row = opened(campaign, *chosen, **fields)
    double.pay(row.stripe_session, card)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    return Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=row.pledge_id)


def settle(campaign):
    end_now(campaign)
    return settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))


def full(payment):
    rows = Payment.objects.select_related("pledge__backer", "pledge__campaign__settlement", "pledge__cooperative__site")
    return rows.get(pk=payment.pk)


def to_mend(campaign, double, *, refused=False, email="camille@example.com"):
    """A payment that could not be made; `refused`: its card was gone, so that no PaymentIntent was made."""
    card = "4242424242424242" if refused else SAVES_THEN_DECLINES
    made = pledge(campaign, double, (campaign.rewards.last(), 1), card=card, email=email)
    if refused:
        gateway.forget_card(campaign.cooperative.stripe_account, made.payment_method)
    settle(campaign)
    payment = full(Payment.objects.get(pledge=made))
    assert (payment.state, bool(payment.stripe_intent)) == (PaymentState.MEND, not refused)
    return payment


def new_card(payment, double, card="4242424242424242"):
    """Another card was given on the hosted page, and nobody came back yet."""
    mending.open_card_page(payment)
    row = Checkout.objects.filter(payment=payment).latest("id")
    double.pay(row.stripe_session, card)
    return row


def completed_events(double, shop, session):
    return [
        event for event in double.events(shop.stripe_account, "checkout.session.completed") if session in str(event[0])
    ]


def receive(events):
    for payload, signature in events:
        webhooks.receive(payload, signature)
    webhooks.handle_waiting()


def charged(double, shop):
    return sorted(line["amount"] for line in double.journal(shop.stripe_account, "charge"))


def nothing_at_fault():
    with across_cooperatives():
        assert [str(finding) for finding in ledger_checks.all_findings()] == []


@contextmanager
def held_answers(double, settings):
    """A slow network before the double: each POST is carried out at once, its answer held until `release` is set."""
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), SlowNetwork)
    proxy.double, proxy.asked, proxy.release = double, threading.Event(), threading.Event()
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{proxy.server_port}"
    try:
        yield proxy
    finally:
        settings.STRIPE_API_BASE = double.url
        proxy.release.set()
        proxy.shutdown()
        proxy.server_close()


class SlowNetwork(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = requests.post(self.server.double.url + self.path, data=body, headers=dict(self.headers), timeout=20)
        self.server.asked.set()
        self.server.release.wait(30)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *args):
        pass


# A first page, asked for twice


def test_two_first_pages_of_a_backer_have_one_customer_and_both_are_charged(campaign, shop, stripe_double):
    """Two tabs: both pages are asked for before the backer's customer is known."""
    rows = [pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1))) for _tab in range(2)]
    backers = [Backer.objects.get() for _tab in range(2)]
    pledges = [Pledge.objects.select_related("cooperative").get(pk=row.pledge_id) for row in rows]
    customers = {checkout.customer_of(backer, made) for backer, made in zip(backers, pledges, strict=True)}
    assert customers == {Backer.objects.get().stripe_customer}
    for row in rows:
        checkout.open_page(row)
        stripe_double.pay(row.stripe_session)
        checkout.finish(row)
    settle(campaign)
    assert charged(stripe_double, shop) == [6500, 6500]


@raced
def test_the_last_one_asked_for_twice_by_the_same_form_is_held_once(shop, stripe_double):
    campaign = make_campaign(shop, tiers=[tier("La dernière", 5000, limit=1)])
    for number in range(8):
        reward = make_campaign(
            shop, title=f"Tour {number}", tiers=[tier("La dernière", 5000, limit=1)], bilingual=False
        ).rewards.get()
        request = pledge_request(reward.campaign, (reward, 1))
        assert in_threads(*[scoped(shop, pledging.begin, shop, request) for _click in range(4)]) == []
        assert RewardStock.objects.get(reward=reward).held == 1
        assert Pledge.objects.filter(campaign=reward.campaign).count() == 1
    assert campaign.rewards.get().stock.held == 0


def test_a_page_asked_for_otherwise_the_second_time_stays_as_it_is(flexible, shop, stripe_double):
    """The commission changed between a call whose answer was lost and the next: the page may well exist."""
    row = pledging.begin(shop, pledge_request(flexible, (flexible.rewards.last(), 1)))
    stripe_double.fault("POST /v1/checkout/sessions", "timeout_after_commit")
    with pytest.raises(gateway.Unavailable):
        checkout.open_page(row)
    type(shop).objects.filter(pk=shop.pk).update(commission_fixed=77)
    with pytest.raises(gateway.Unavailable):
        checkout.open_page(row)
    row.refresh_from_db()
    assert (row.state, RewardStock.objects.get(reward=flexible.rewards.last()).held) == (CheckoutState.OPENING, 1)
    clock.advance(timedelta(minutes=36))
    assert checkout.end(row) == CheckoutState.EXPIRED
    nothing_at_fault()


# Another card


@pytest.mark.parametrize("card", ["4242424242424242", ALWAYS_ASKS])
def test_the_event_of_a_card_page_disturbs_nobody_at_the_bank(card, campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double, card)
    bank = mending.finish_card(row, RETURN)
    receive(completed_events(stripe_double, shop, row.stripe_session))
    again = mending.finish_card(row, RETURN)
    assert again == bank
    if bank:
        stripe_double.answer_bank(bank)
        assert mending.refresh(payment) == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]
    nothing_at_fault()


def test_the_event_first_then_the_return_leads_to_the_same_bank_page(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double, ALWAYS_ASKS)
    receive(completed_events(stripe_double, shop, row.stripe_session))
    bank = mending.finish_card(row, RETURN)
    stripe_double.answer_bank(bank)
    assert mending.refresh(payment) == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


def test_a_new_card_that_is_declined_is_tried_once(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double, SAVES_THEN_DECLINES)
    receive(completed_events(stripe_double, shop, row.stripe_session))
    with pytest.raises(gateway.Declined):
        mending.finish_card(row, RETURN)
    assert payment.attempts.count() == 2
    assert full(payment).state == PaymentState.MEND
    other = new_card(full(payment), stripe_double)
    assert mending.finish_card(other, RETURN) == ""
    assert charged(stripe_double, shop) == [6500]


def test_the_bank_says_no_then_yes(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double, ALWAYS_ASKS)
    stripe_double.answer_bank(mending.finish_card(row, RETURN), "fail")
    assert mending.refresh(payment) in mending.MENDABLE
    bank = mending.pay_with_saved_card(full(payment), RETURN)
    stripe_double.answer_bank(bank)
    assert mending.refresh(payment) == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]
    nothing_at_fault()


def test_a_card_given_is_used_though_neither_event_nor_backer_came(campaign, shop, stripe_double):
    """What never came is polled: the sweep reads the page back and pays with the card."""
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double)
    clock.advance(timedelta(minutes=31))
    assert list(checkout.overdue()) == [row]
    tasks.end_checkout.call(row.pk)
    assert full(payment).state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


def test_a_confirmation_whose_answer_is_lost_is_made_once(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double)
    stripe_double.fault(r"POST /v1/payment_intents/[^/]+/confirm", "timeout_after_commit")
    with pytest.raises(gateway.Unavailable):
        mending.finish_card(row, RETURN)
    assert mending.finish_card(row, RETURN) == ""
    assert full(payment).state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


@pytest.mark.parametrize("refused", [False, True])
def test_a_confirmation_that_never_arrived_is_made_again(refused, campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double, refused=refused)
    row = new_card(payment, stripe_double)
    stripe_double.fault("POST /v1/payment_intents", "429")
    with pytest.raises(gateway.Unavailable):
        mending.finish_card(row, RETURN)
    clock.advance(timedelta(minutes=2))
    receive(completed_events(stripe_double, shop, row.stripe_session))
    assert full(payment).state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


def test_a_card_given_whose_use_failed_is_polled_though_its_event_never_comes(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double)
    stripe_double.fault("POST /v1/payment_intents", "429")
    with pytest.raises(gateway.Unavailable):
        mending.finish_card(row, RETURN)
    clock.advance(timedelta(minutes=2))
    assert list(mending.unused_cards()) == [row]
    tasks.end_checkout.call(row.pk)
    assert full(payment).state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]
    assert list(mending.unused_cards()) == []


def test_a_card_given_and_declined_is_not_polled(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double, SAVES_THEN_DECLINES)
    with pytest.raises(gateway.Declined):
        mending.finish_card(row, RETURN)
    clock.advance(timedelta(minutes=2))
    assert list(mending.unused_cards()) == []


@raced
def test_a_refusal_that_comes_late_undoes_no_payment(campaign, shop, stripe_double, settings):
    """A slow worker hears that the first card was gone, after its owner has paid with another."""
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    stripe_double.fault("POST /v1/payment_intents", "429")
    settle(campaign)
    payment = Payment.objects.get(pledge=made)
    gateway.forget_card(shop.stripe_account, made.payment_method)
    slow = full(payment)
    with held_answers(stripe_double, settings) as proxy:
        worker = threading.Thread(target=lambda: errors.extend(in_threads(scoped(shop, charging.charge, slow))))
        errors = []
        worker.start()
        assert proxy.asked.wait(20)
        settings.STRIPE_API_BASE = stripe_double.url
        charging.charge(full(payment))
        assert full(payment).state == PaymentState.MEND
        row = new_card(full(payment), stripe_double)
        mending.finish_card(row, RETURN)
        assert full(payment).state == PaymentState.PAID
        proxy.release.set()
        worker.join(20)
    assert errors == []
    assert full(payment).state == PaymentState.PAID
    assert OutgoingMail.objects.filter(kind="goal_met_charged").count() == 1
    assert charged(stripe_double, shop) == [6500]


@raced
@pytest.mark.parametrize("paid", [True, False])
def test_sweep_return_page_event_and_settlement_at_once(paid, flexible, shop, stripe_double):
    rows = [opened(flexible, (flexible.rewards.last(), 1), email=f"s{number}@example.com") for number in range(8)]
    for row in rows:
        if paid:
            stripe_double.pay(row.stripe_session)
    end_now(flexible)
    fresh = Campaign.objects.select_related("cooperative__site").get(pk=flexible.pk)
    events = stripe_double.events(shop.stripe_account, "checkout.session.completed")

    def each(function):
        for row in rows:
            function(Checkout.objects.get(pk=row.pk))

    errors = in_threads(
        scoped(shop, each, checkout.end),
        scoped(shop, each, checkout.finish),
        lambda: receive(events),
        scoped(shop, settlement.settle, fresh),
        scoped(shop, settlement.settle, fresh),
    )
    assert [error for error in errors if not isinstance(error, gateway.Unavailable)] == []
    assert settlement.settle(fresh) == CampaignState.ENDED
    expected = PledgeState.CONFIRMED if paid else PledgeState.LAPSED
    assert set(Pledge.objects.values_list("state", flat=True)) == {expected}
    assert charged(stripe_double, shop) == ([6500] * 8 if paid else [])
    assert OutgoingMail.objects.filter(kind="contribution_receipt").count() == (8 if paid else 0)
    assert Campaign.objects.get(pk=flexible.pk).pledged_at_deadline == (52_000 if paid else 0)
    agrees_with_journal(stripe_double, shop)


@raced
def test_a_missed_goal_let_go_by_two_at_once_tells_everybody_once(shop, stripe_double):
    campaign = make_campaign(shop, goal=900_000)
    for number in range(6):
        pledge(campaign, stripe_double, (campaign.rewards.first(), 1), email=f"m{number}@example.com")
    end_now(campaign)
    fresh = [Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk) for _ in range(3)]
    assert in_threads(*[scoped(shop, settlement.settle, one) for one in fresh]) == []
    assert in_threads(*[saved_cards.forget_due for _ in range(2)]) == []
    assert OutgoingMail.objects.filter(kind="goal_missed").count() == 6
    assert set(Pledge.objects.values_list("state", "card_state")) == {(PledgeState.GOAL_MISSED, CardState.DETACHED)}
    assert charged(stripe_double, shop) == []
    nothing_at_fault()


@raced
def test_a_backer_who_confirms_and_begins_again_at_once_waits_for_nobody(campaign, shop, stripe_double):
    """Both change the backer's name and the same tier's stock."""
    box = campaign.rewards.last()
    for number in range(4):
        email = f"w{number}@example.com"
        row = opened(campaign, (box, 1), email=email, language="en", name="One")
        stripe_double.pay(row.stripe_session)
        again = pledge_request(campaign, (box, 1), email=email, language="fr", name=f"Two {number}")
        assert in_threads(scoped(shop, checkout.finish, row), scoped(shop, pledging.begin, shop, again)) == []
    stock = RewardStock.objects.get(reward=box)
    assert (stock.held, stock.promised) == (4, 4)
    nothing_at_fault()


def test_a_declined_page_then_paid_is_one_contribution(flexible, shop, stripe_double):
    row = opened(flexible, (flexible.rewards.last(), 1))
    assert stripe_double.pay(row.stripe_session, "4000000000000002")["state"] == "declined"
    assert checkout.finish(row) == CheckoutState.OPEN
    stripe_double.pay(row.stripe_session)
    receive(stripe_double.events(shop.stripe_account, "payment_intent.payment_failed"))
    assert checkout.finish(row) == CheckoutState.COMPLETE
    assert charged(stripe_double, shop) == [6500]
    agrees_with_journal(stripe_double, shop)


def test_what_is_refused_leaves_neither_stock_nor_frozen_terms(shop, stripe_double):
    """The second tier is retired or dearer by now: nothing of the first one is kept."""
    campaign = make_campaign(shop, tiers=[tier("Le sac", 2000, limit=5), tier("La boîte", 5000, limit=5)])
    first, second = campaign.rewards.all()
    dearer = pledge_request(campaign, (first, 1), (second, 1))
    Reward.objects.filter(pk=second.pk).update(amount=6000)
    Backer.objects.all().delete()
    for change, code in [({}, "price"), ({"amount": 5000, "retired_at": clock.now()}, "retired")]:
        if change:
            Reward.objects.filter(pk=second.pk).update(**change)
        with pytest.raises(PledgeRefused) as refused:
            pledging.begin(shop, dearer)
        assert refused.value.code == code
    assert [(stock.held, stock.promised) for stock in RewardStock.objects.all()] == [(0, 0), (0, 0)]
    assert set(Reward.objects.values_list("frozen_at", flat=True)) == {None}
    assert (Pledge.objects.count(), Backer.objects.count()) == (0, 0)


@raced
@pytest.mark.parametrize("refused", [False, True])
def test_return_page_event_and_two_settlements_at_once_charge_a_mended_payment_once(
    refused, campaign, shop, stripe_double
):
    payment = to_mend(campaign, stripe_double, refused=refused)
    fresh = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
    for number in range(6):
        card = SAVES_THEN_DECLINES if number < 5 and not refused else "4242424242424242"
        row = new_card(full(payment), stripe_double, card)
        events = completed_events(stripe_double, shop, row.stripe_session)
        errors = in_threads(
            scoped(shop, mending.finish_card, row, RETURN),
            scoped(shop, mending.finish_card, row, RETURN),
            lambda events=events: receive(events),
            scoped(shop, settlement.settle, fresh),
            scoped(shop, settlement.settle, fresh),
        )
        assert [error for error in errors if not isinstance(error, gateway.GatewayError)] == []
        if refused:
            break
    clock.advance(timedelta(minutes=2))
    webhooks.handle_waiting()
    assert full(payment).state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]
    assert OutgoingMail.objects.filter(kind="goal_met_charged").count() == 1
    nothing_at_fault()


# One that fails does not keep the others waiting


def test_an_event_that_cannot_be_handled_keeps_no_other_waiting(campaign, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double)
    late = opened(make_campaign(shop, title="Une autre", goal=100), email="late@example.com")
    stripe_double.pay(late.stripe_session)
    requests.post(f"{stripe_double.url}/_sandbox/accounts/{shop.stripe_account}", json={"charges_enabled": False})
    receive(stripe_double.events(shop.stripe_account, "checkout.session.completed"))
    late.refresh_from_db()
    assert late.state == CheckoutState.COMPLETE
    requests.post(f"{stripe_double.url}/_sandbox/accounts/{shop.stripe_account}", json={"charges_enabled": True})
    row.refresh_from_db()
    assert (row.state, full(payment).state) == (CheckoutState.COMPLETE, PaymentState.MEND)


def test_a_paid_page_whose_pledge_is_over_keeps_no_other_event_waiting(flexible, shop, stripe_double):
    """It cannot happen by our own hand; where it does, the others go on and somebody can see it."""
    broken, good = opened(flexible, email="a@example.com"), opened(flexible, email="b@example.com")
    for row in (broken, good):
        stripe_double.pay(row.stripe_session)
    Pledge.objects.filter(pk=broken.pledge_id).update(state=PledgeState.LAPSED)
    receive(stripe_double.events(shop.stripe_account, "checkout.session.completed"))
    good.refresh_from_db()
    assert good.state == CheckoutState.COMPLETE
    waiting = StripeEvent.objects.get(handled_at=None)
    assert (waiting.object_id, "no longer pending" in waiting.last_error) == (broken.stripe_session, True)


def test_a_fee_that_cannot_be_learned_keeps_no_other_unknown(flexible, shop, stripe_double):
    stripe_double.capture_later(60)
    made = [pledge(flexible, stripe_double, email=f"x{number}@example.com") for number in range(2)]
    stripe_double.advance(minutes=2)
    Payment.objects.filter(pledge=made[0]).update(stripe_intent="pi_gone")
    tasks.learn_fees.call()
    assert Payment.objects.get(pledge=made[1]).processing_fee is not None


def test_a_payment_that_cannot_be_recorded_keeps_no_other_uncharged(campaign, shop, stripe_double):
    """Its own row is at fault (another amount than was charged): the twenty claimed with it are charged."""
    made = [
        pledge(campaign, stripe_double, (campaign.rewards.first(), 1), email=f"x{number}@example.com")
        for number in range(3)
    ]
    stripe_double.fault("POST /v1/payment_intents", "timeout_after_commit", times=3)
    settle(campaign)
    clock.advance(settlement.LEASE + charging.KEYS_KEPT + timedelta(minutes=1))
    Payment.objects.filter(pledge=made[0]).update(amount=2999)
    for _run in range(2):
        settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
        clock.advance(settlement.LEASE + timedelta(seconds=1))
    states = list(Payment.objects.order_by("id").values_list("state", flat=True))
    assert states == [PaymentState.DUE, PaymentState.PAID, PaymentState.PAID]
    assert charged(stripe_double, shop) == [3000, 3000, 3000]


def test_an_account_that_takes_no_payment_at_the_deadline_blames_no_card(campaign, shop, stripe_double):
    pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    handle = f"{stripe_double.url}/_sandbox/accounts/{shop.stripe_account}"
    requests.post(handle, json={"charges_enabled": False})
    settle(campaign)
    assert Payment.objects.get().state == PaymentState.DUE
    assert OutgoingMail.objects.filter(kind="payment_to_mend").count() == 0
    requests.post(handle, json={"charges_enabled": True})
    clock.advance(timedelta(hours=1))
    settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
    assert Payment.objects.get().state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


# Charged once, whatever was answered before


def made_at_stripe(payment):
    """A charge made for the payment, whose answer was never recorded."""
    payment = full(payment)
    return gateway.charge(
        payment.pledge.cooperative.stripe_account,
        "an-earlier-key",
        amount=payment.amount,
        currency=payment.currency,
        commission=payment.commission,
        customer=payment.pledge.backer.stripe_customer,
        payment_method=payment.pledge.payment_method,
        metadata={"tremplin_payment": str(payment.pk)},
    )


def due_payment(campaign, double):
    pledge(campaign, double, (campaign.rewards.last(), 1))
    double.fault("POST /v1/payment_intents", "429")
    settle(campaign)
    payment = Payment.objects.get()
    payment.attempts.all().delete()
    assert payment.state == PaymentState.DUE
    return payment


def test_a_payment_still_processing_is_read_back_not_made_again(campaign, shop, stripe_double):
    payment = due_payment(campaign, stripe_double)
    attempt = charging.new_attempt(payment, payment.pledge.payment_method)
    charging.record(payment, replace(made_at_stripe(payment), status="processing"), attempt)
    assert Payment.objects.get().state == PaymentState.DUE
    charging.charge(full(payment))
    assert Payment.objects.get().state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


@pytest.mark.parametrize("outcome", ["crashed", "never arrived"])
def test_a_charge_that_shows_up_after_its_attempt_was_given_up_is_found(outcome, campaign, shop, stripe_double):
    """The provider's lists may be late: what they did not show then is looked for once more before a new attempt."""
    payment = due_payment(campaign, stripe_double)
    attempt = charging.new_attempt(payment, payment.pledge.payment_method)
    type(attempt).objects.filter(pk=attempt.pk).update(answered_at=clock.now(), outcome=outcome)
    made_at_stripe(payment)
    charging.charge(full(payment))
    assert Payment.objects.get().state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


def test_a_key_used_with_other_parameters_hides_no_charge(campaign, shop, stripe_double):
    """The provider refuses the repetition; the charge of the first time is looked up."""
    payment = due_payment(campaign, stripe_double)
    stripe_double.fault("POST /v1/payment_intents", "timeout_after_commit")
    with pytest.raises(gateway.Unavailable):
        charging.charge(full(payment))
    Payment.objects.update(commission=1)
    charging.charge(full(payment))
    assert Payment.objects.get().state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]
    nothing_at_fault()


def test_a_worker_that_lost_its_lease_and_the_next_one_charge_once(campaign, shop, stripe_double):
    """Both have the row in hand; the first was too slow."""
    payment = due_payment(campaign, stripe_double)
    slow, quick = full(payment), full(payment)
    charging.charge(quick)
    charging.charge(slow)
    assert charged(stripe_double, shop) == [6500]
    assert payment.attempts.count() == 1


@raced
def test_two_workers_with_the_same_payment_in_hand_charge_once(campaign, shop, stripe_double):
    payment = due_payment(campaign, stripe_double)
    both = [full(payment) for _worker in range(4)]
    errors = in_threads(*[scoped(shop, charging.charge, row) for row in both])
    assert [error for error in errors if not isinstance(error, gateway.Unavailable)] == []
    clock.advance(timedelta(minutes=2))
    charging.charge(full(payment))
    assert Payment.objects.get().state == PaymentState.PAID
    assert charged(stripe_double, shop) == [6500]


# Locks taken in crossing order


def reorder(campaign):
    """The editor moves the last tier to the top, and publishes."""
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale=campaign.source_locale)
    body = page.body.get_prep_value()
    for block in body:
        if block["type"] == "reward_tiers":
            block["value"].reverse()
    page.body = body
    page.save_revision().publish()
    return page.pk


@raced
@pytest.mark.parametrize("model", [FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE])
@pytest.mark.parametrize("paid", [True, False])
def test_publishing_and_pages_that_end_never_wait_for_each_other(model, paid, shop, stripe_double):
    campaign = make_campaign(
        shop, funding_model=model, goal=100, tiers=[tier("Le sac", 2000, limit=500), tier("La boîte", 5000, limit=500)]
    )
    chosen = [(reward, 1) for reward in campaign.rewards.all()]
    rows = [opened(campaign, *chosen, email=f"p{number}@example.com") for number in range(24)]
    page_id = reorder(campaign)
    for row in rows:
        if paid:
            stripe_double.pay(row.stripe_session)
    shares = [rows[number::3] for number in range(3)]

    def finish(share):
        for row in share:
            checkout.end(row)

    def publish():
        for _time in range(40):
            publishing.project(CampaignPage.objects.get(pk=page_id))

    assert in_threads(*[scoped(shop, finish, share) for share in shares], scoped(shop, publish)) == []
    taken = (0, 24) if paid else (0, 0)
    assert [(stock.held, stock.promised) for stock in RewardStock.objects.all()] == [taken, taken]
    nothing_at_fault()


@raced
def test_buyers_in_crossing_order_cancellations_and_publishing_never_wait_for_each_other(shop, stripe_double):
    campaign = make_campaign(
        shop, tiers=[tier("Le sac", 2000, limit=500), tier("La boîte", 5000, limit=500), tier("La carte", 500)]
    )
    rewards = list(campaign.rewards.all())
    made = [pledge(campaign, stripe_double, *[(r, 1) for r in rewards], email=f"c{n}@example.com") for n in range(8)]
    page_id = reorder(campaign)

    def buy(order, prefix):
        for number in range(12):
            chosen = [(reward, 1) for reward in order]
            pledging.begin(shop, pledge_request(campaign, *chosen, email=f"{prefix}{number}@example.com"))

    def cancel():
        for one in made:
            assert pledging.cancel(one)

    def publish():
        for _time in range(20):
            publishing.project(CampaignPage.objects.get(pk=page_id))

    errors = in_threads(
        scoped(shop, buy, rewards, "a"),
        scoped(shop, buy, rewards[::-1], "a"),
        scoped(shop, cancel),
        scoped(shop, publish),
    )
    assert errors == []
    assert [(stock.held, stock.promised) for stock in RewardStock.objects.all()] == [(24, 0), (24, 0)]
    nothing_at_fault()


@raced
def test_a_price_published_while_the_first_pledge_is_written_is_seen_or_comes_too_late(shop, stripe_double):
    for number in range(10):
        campaign = make_campaign(shop, title=f"Prix {number}", tiers=[tier("Le sac", 2000)], bilingual=False)
        reward = campaign.rewards.get()
        page = CampaignPage.objects.get(translation_key=campaign.translation_key)
        body = page.body.get_prep_value()
        body[-1]["value"][0]["value"]["amount"] = 9900
        page.body = body
        page.save()
        refused = []

        def buy(campaign=campaign, reward=reward, refused=refused):
            try:
                pledging.begin(shop, pledge_request(campaign, (reward, 1)))
            except PledgeRefused as error:
                refused.append(error.code)

        fresh = CampaignPage.objects.get(pk=page.pk)
        assert in_threads(scoped(shop, buy), scoped(shop, publishing.project, fresh)) == []
        reward = Reward.objects.get(pk=reward.pk)
        pledges = list(Pledge.objects.filter(campaign=campaign).values_list("amount", flat=True))
        assert (refused, reward.amount, pledges) in [(["price"], 9900, []), ([], 2000, [2000])]
        assert (reward.frozen_at is None) == (not pledges)


@raced
def test_a_cancellation_at_the_deadline_is_counted_or_refused(shop, stripe_double):
    for number in range(6):
        campaign = make_campaign(shop, title=f"Fin {number}", goal=100, bilingual=False)
        made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
        fresh = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
        cancelled = []

        def cancel(made=made, cancelled=cancelled):
            cancelled.append(pledging.cancel(made))

        assert in_threads(scoped(shop, cancel), scoped(shop, settle, fresh)) == []
        settlement.settle(fresh)
        campaign.refresh_from_db()
        made.refresh_from_db()
        outcome = (cancelled, campaign.state, campaign.pledged_at_deadline, made.state)
        assert outcome in [
            ([True], CampaignState.MISSED, 0, PledgeState.CANCELLED),
            ([False], CampaignState.FUNDED, 6500, PledgeState.CONFIRMED),
        ]
    nothing_at_fault()


# Other accounts


def signed(double, **event):
    import json

    body = {"object": "event", "created": 1_800_000_000, "livemode": False, "type": "checkout.session.completed"}
    return double._signed(json.dumps(body | event))


def test_an_account_cannot_speak_for_another_ones_page(campaign, shop, outsider, stripe_double):
    stripe_double.open_account(outsider)
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1)))
    with within(outsider):
        foreign = opened(make_campaign(outsider, title="Le phare", goal=100), email="a@example.com")
        stripe_double.pay(foreign.stripe_session)
    forged = {"id": foreign.stripe_session, "object": "checkout.session", "client_reference_id": str(row.key)}
    receive([signed(stripe_double, id="evt_forged", account=outsider.stripe_account, data={"object": forged})])
    row.refresh_from_db()
    assert (row.state, row.stripe_session, row.pledge.state) == (CheckoutState.OPENING, "", PledgeState.PENDING)
    with across_cooperatives():
        assert StripeEvent.objects.get(event_id="evt_forged").handled_at is not None


def test_a_payment_event_of_another_account_touches_nothing(flexible, shop, outsider, stripe_double):
    stripe_double.open_account(outsider)
    stripe_double.capture_later(60)
    pledge(flexible, stripe_double)
    stripe_double.advance(minutes=2)
    intent = {"id": Payment.objects.get().stripe_intent, "object": "payment_intent"}
    event = {"type": "payment_intent.succeeded", "data": {"object": intent}}
    receive([signed(stripe_double, id="evt_x", account=outsider.stripe_account, **event)])
    assert Payment.objects.get().processing_fee is None
    receive([signed(stripe_double, id="evt_x", account=shop.stripe_account, **event)])
    assert Payment.objects.get().processing_fee is not None


def test_events_in_the_wrong_order_and_twice_change_nothing(campaign, flexible, shop, stripe_double):
    payment = to_mend(campaign, stripe_double)
    row = new_card(payment, stripe_double)
    mending.finish_card(row, RETURN)
    made = pledge(flexible, stripe_double)
    kinds = [
        "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.created",
        "checkout.session.completed",
    ]  # fmt: skip
    events = [event for kind in kinds for event in reversed(stripe_double.events(shop.stripe_account, kind))]
    receive(events + events)
    assert full(payment).state == PaymentState.PAID
    made.refresh_from_db()
    assert made.state == PledgeState.CONFIRMED
    assert charged(stripe_double, shop) == [2500, 6500]
    assert OutgoingMail.objects.filter(kind__in=["goal_met_charged", "contribution_receipt"]).count() == 2
    nothing_at_fault()


# Refunds


@pytest.mark.parametrize("kind", ["500_after_commit", "timeout_after_commit", "500", "429"])
@pytest.mark.parametrize("late", [False, True])
def test_a_refund_whose_answer_is_lost_is_made_once(kind, late, flexible, shop, stripe_double):
    made = pledge(flexible, stripe_double, (flexible.rewards.last(), 1))
    assert pledging.cancel(made)
    if late:
        clock.advance(timedelta(hours=1))
    stripe_double.fault("POST /v1/refunds", kind)
    for _try in range(4):
        refunds.make_due()
        clock.advance(refunds.LEASE + timedelta(seconds=1))
    assert Refund.objects.get().state == RefundState.DONE
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "refund")] == [-6500]
    assert OutgoingMail.objects.filter(kind="refund_made").count() == 1
    nothing_at_fault()


@raced
def test_a_cancellation_and_its_refund_at_once_happen_once(flexible, shop, stripe_double):
    made = pledge(flexible, stripe_double, (flexible.rewards.last(), 1))
    outcomes = []
    assert in_threads(*[scoped(shop, lambda: outcomes.append(pledging.cancel(made))) for _ in range(4)]) == []
    assert sorted(outcomes) == [False, False, False, True]
    assert in_threads(*[refunds.make_due for _ in range(4)]) == []
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "refund")] == [-6500]
    nothing_at_fault()


# Amounts at the edges


@pytest.mark.parametrize(
    ("amount", "basis_points", "fixed", "commission"),
    [(100, 500, 0, 5), (100, 0, 500, 100), (1_000_000, 500, 0, 50_000), (4050, 0, 0, 0), (110, 500, 0, 6)],
)
@pytest.mark.parametrize("model", [FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE])
def test_amounts_at_the_edges(model, amount, basis_points, fixed, commission, shop, stripe_double):
    type(shop).objects.filter(pk=shop.pk).update(commission_basis_points=basis_points, commission_fixed=fixed)
    shop.refresh_from_db()
    campaign = make_campaign(shop, funding_model=model, goal=100)
    made = pledge(campaign, stripe_double, extra=amount)
    if model == FundingModel.FLEXIBLE:
        pledging.cancel(made)
        refunds.make_due()
    else:
        settle(campaign)
    payment = Payment.objects.get(pledge=made)
    assert (payment.state, payment.amount, payment.commission) == (PaymentState.PAID, amount, commission)
    agrees_with_journal(stripe_double, shop)


def agrees_with_journal(double, cooperative):
    """The ledger's four accounts are the sums of the journal's lines."""
    lines = double.journal(cooperative.stripe_account)

    def moved(*kinds):
        return sum(line["amount"] for line in lines if line["kind"] in kinds)

    expected = {
        "balance": moved("charge", "stripe_fee", "application_fee", "application_fee_refund", "refund"),
        "commission": -moved("application_fee", "application_fee_refund"),
        "processing_fees": -moved("stripe_fee"),
        "contributions": -moved("charge", "refund"),
    }
    found = dict.fromkeys(expected, 0)
    for entry in LedgerEntry.objects.all():
        found[entry.account] += entry.amount
    assert found == expected
    nothing_at_fault()


# Killed at a named step


def dies(step, when, function):
    """A process of its own does it, and dies before or after the named step."""
    assert killed_at(f"pledges.{step}", when, function) == -signal.SIGKILL, step


@raced
def test_killed_before_and_after_each_step_of_a_charge(campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    end_now(campaign)

    def settle():
        settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))

    steps = [
        ("settlement._decide", "before"), ("settlement._decide", "after"), ("settlement._prepare_chunk", "after"),
        ("settlement._claim", "after"), ("charging._very_first_attempt", "after"), ("gateway.charge", "before"),
        ("gateway.charge", "after"), ("charging.record", "before"), ("ledger.record_payment", "after"),
        ("charging.record", "after"),
    ]  # fmt: skip
    for step, when in steps:
        dies(step, when, settle)
        clock.advance(settlement.LEASE + timedelta(seconds=1))
    settle()
    assert Payment.objects.get(pledge=made).state == PaymentState.PAID
    assert OutgoingMail.objects.filter(kind="goal_met_charged").count() == 1
    agrees_with_journal(stripe_double, shop)
    call_command("check_ledger")


@raced
def test_killed_before_and_after_each_step_of_a_refund(flexible, shop, stripe_double):
    made = pledge(flexible, stripe_double, (flexible.rewards.last(), 1))
    pledging.cancel(made)
    for step, when in [
        ("refunds._claim", "after"),
        ("gateway.refund", "before"),
        ("gateway.refund", "after"),
        ("refunds.record", "before"),
        ("ledger.record_refund", "after"),
    ]:
        dies(step, when, tasks.make_refunds.call)
        clock.advance(refunds.LEASE + timedelta(seconds=1))
    refunds.make_due()
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "refund")] == [-6500]
    agrees_with_journal(stripe_double, shop)


@raced
@pytest.mark.parametrize("step", [("gateway.open_session", "after"), ("gateway.end_session", "after")])
def test_killed_around_the_end_of_a_page(step, campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 2)))
    dies(*step, lambda: tasks.end_checkout.call(row.pk))
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 2
    assert checkout.end(row) == CheckoutState.EXPIRED
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 0


# Mail


def test_a_service_mail_abandoned_at_that_very_moment_is_not_put_in_doubt(campaign, shop, stripe_double):
    """Between the two decisions on what dead workers left, another lease ends."""
    made = pledge(campaign, stripe_double)
    mail = OutgoingMail.objects.get(kind="pledge_confirmed")
    outbox.queue(kind_of("pledge_cancelled"), cooperative=shop, subject_key=made.key, to=made.backer)
    leases = cycle([timezone.now() - timedelta(seconds=1)])

    def another_dies(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and not seen:
            seen.append(sql)
            OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.LEAVING, lease_until=next(leases))
        return answer

    seen = []
    with connection.execute_wrapper(another_dies):
        claims.free_the_dead()
    assert OutgoingMail.objects.get(pk=mail.pk).state == MailState.LEAVING
    assert claims.free_the_dead() == 1
    assert OutgoingMail.objects.get(pk=mail.pk).state == MailState.QUEUED
