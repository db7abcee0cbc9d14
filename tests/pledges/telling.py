"""What every story told against the double has in common: its stage, what always holds, how it ends.

A story is a Hypothesis state machine (tests/pledges/test_stories.py). The stage is set once; each story begins on it
as it was, with an account of its own, and is undone at its end.
"""

import itertools
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import requests
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, RewardStock
from home import clock
from home.models import Cooperative, OutgoingMail, Role, User
from home.tenancy import across_cooperatives, within
from pledges import (
    changing,
    checkout,
    event_routes,
    gateway,
    grace,
    ledger_checks,
    own_pages,
    payout_checks,
    payouts,
    pledging,
    polling,
    refunds,
    settlement,
    tasks,
    webhooks,
)
from pledges.change_plans import Wanted, plan_of
from pledges.changing import ChangeRequest
from pledges.choosing import PledgeRefused
from pledges.enums import (
    CardState,
    ChangeState,
    CheckoutPurpose,
    Origin,
    PaymentMethod,
    PaymentState,
    PledgeState,
    RefundReason,
    RefundState,
)
from pledges.models import (
    CardToForget,
    Checkout,
    Dispute,
    FraudWarning,
    LedgerEntry,
    LedgerGroup,
    Payment,
    PaymentAttempt,
    Payout,
    PayoutLine,
    Pledge,
    PledgeChange,
    PledgeChangeItem,
    PledgeConsent,
    PledgeItem,
    Refund,
    Settlement,
    StripeEvent,
    TaxRegistration,
)
from pledges.recording import TO_MEND
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.requests import pledge_request

#: What always goes wrong now and then, with any call but the reading of events: (kind, how often).
WEATHER = [("timeout_after_commit", 0.02), ("500", 0.01), ("429", 0.01)]
ANY_CALL = r"(?!GET /v1/events)"

CALLS = [
    "POST /v1/customers",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "POST /v1/payment_intents",
    r"POST /v1/payment_intents/[^/]+/confirm",
    r"POST /v1/payment_intents/[^/]+/cancel",
    "GET /v1/payment_intents",
    "POST /v1/refunds",
    "GET /v1/refunds",
    "GET /v1/disputes",
    "GET /v1/payouts",
    "GET /v1/balance_transactions",
]
#: In minutes: less than the 30 days for which Stripe lists its events, by more than one rule lets pass.
LONGEST_AWAY = 21 * 24 * 60
KINDS = ["500", "500_after_commit", "timeout_after_commit", "429"]

CARDS = {
    "accepted": "4242424242424242",
    "saved, then declined": "4000000000000341",
    "always asks": "4000002760003184",
    "declined": "4000000000000002",
    "disputed as fraud": "4000000000000259",
    "disputed as not received": "4000000000002685",
    "inquired about": "4000000000001976",
    "warned of": "4000000000005423",
    "its refund fails": "4000000000005126",
    "its refund comes later": "4000000000007726",
}

MODELS = [
    Pledge,
    PledgeItem,
    PledgeChange,
    Checkout,
    Payment,
    Refund,
    Dispute,
    FraudWarning,
    Payout,
    CardToForget,
    Settlement,
    LedgerEntry,
    LedgerGroup,
    OutgoingMail,
]

_attempts = itertools.count(1)


@dataclass(frozen=True)
class Stage:
    """One cooperative, a campaign of each funding model, and who decides about money there."""

    shop: Cooperative
    campaigns: dict[FundingModel, Campaign]
    treasurers: list[User]


def set_stage():
    shop = make_cooperative("histoires", name="Les histoires")
    tiers = [
        tier("Le sac", 2000, limit=5, sold_late=True, taxable=2000),
        tier("La boîte", 5050, limit=3, sold_late=True, taxable=1333),
        tier("La carte", 150),
    ]
    models = (FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE)
    campaigns = {
        model: make_campaign(shop, title=model.label, tiers=tiers, bilingual=False, funding_model=model, goal=100)
        for model in models
    }
    return Stage(shop, campaigns, [make_user(shop, role) for role in (Role.TREASURER, Role.OWNER)])


class Story(RuleBasedStateMachine):
    """`double` is the far end, `stage` what was there before."""

    double: ClassVar = None
    stage: ClassVar = None
    pages = Bundle("pages")

    def begin_story(self, model, seed, *, bad_weather, goal=100, fixed=0, capture_delay=0, taxed=False):
        self.double.reset()
        self.clear_faults()
        django_settings.CLOCK_FILE.unlink(missing_ok=True)
        cache.clear()
        self.double.capture_later(capture_delay)
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        Cooperative.objects.filter(pk=self.stage.shop.pk).update(commission_fixed=fixed, second_person_above=600)
        self.shop = Cooperative.objects.select_related("site").get(pk=self.stage.shop.pk)
        self.double.open_account(self.shop)
        self.scope = within(self.shop)
        self.scope.__enter__()
        for code in ("gst", "qst") if taxed else ():
            TaxRegistration.objects.create(cooperative=self.shop, code=code, number="1", starts_on="2020-01-01")
        Campaign.objects.filter(pk=self.stage.campaigns[model].pk).update(goal=goal)
        self.campaign = Campaign.objects.get(pk=self.stage.campaigns[model].pk)
        self.rewards = list(self.campaign.rewards.order_by("id"))
        self.by_hand = self.settled = self.unheard = 0
        self.sent = {}
        if bad_weather:
            self.weather(seed)

    def teardown(self):
        if not hasattr(self, "campaign"):
            return
        try:
            if sys.exc_info()[0] is None:
                self.come_to_rest()
                self.everything_agrees()
                self.old_events_change_nothing()
        finally:
            self.scope.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    # What people do

    def contribute(self, who, chosen, card, *, extra=0, comes_back=True):
        """The whole way of a contribution, or None where it was refused."""
        try:
            row = self.asked(who, chosen, extra=extra)
        except PledgeRefused:
            return None
        self.bearing_faults(checkout.open_page, row)
        self.at_the_page(row, card)
        if comes_back:
            self.bearing_faults(checkout.finish, row)
        return row

    def asked(self, who, chosen, *, extra=0, clicks=1):
        request = pledge_request(
            self.campaign, *chosen, extra=extra, email=f"b{who}@example.com", is_late=self.is_over()
        )
        rows = {pledging.begin(self.shop, request) for _click in range(clicks)}
        assert len(rows) == 1
        return rows.pop()

    def change(self, pledge, quantities, extra):
        """As the pages do: an earlier page is ended, what it costs is seen, then agreed to. The page to pay at."""
        wanted = [Wanted(reward.pk, number) for reward, number in zip(self.rewards, quantities, strict=False)]
        if self.bearing_faults(lambda: own_pages.end_pending(pledge) or True) is None:
            return None
        try:
            amount = plan_of(pledge, wanted, extra, "", clock.now()).amount
            asked = changing.ask(pledge, ChangeRequest(wanted, extra, amount=amount, consent_text="J’autorise…"))
        except PledgeRefused:
            return None
        if asked.checkout:
            self.bearing_faults(own_pages.open_change_page, asked)
        return asked.checkout

    def cancel(self, pledge):
        if self.bearing_faults(lambda: own_pages.end_pending(pledge) or True):
            pledging.cancel(self.pledge(pledge.pk))

    # What runs by itself

    def sweep(self):
        for row in checkout.overdue():
            self.bearing_faults(tasks.end_checkout.call, row.pk)

    @rule(chance=st.randoms(use_true_random=False), kept=st.sampled_from([0.3, 0.8]))
    def events(self, chance, kept):
        """As they may come: some never, some twice, in any order."""
        found = [one for one in self.told() if chance.random() < kept]
        found += [one for one in found if chance.random() < 0.3]
        chance.shuffle(found)
        self.receive(found)

    @rule()
    def poll(self):
        self.unheard = 0
        self.bearing_faults(tasks.poll_cooperative.call, self.shop.pk)
        webhooks.handle_waiting()

    @rule()
    def old_events_again(self):
        """Whatever was told before is told again, and handled again."""
        self.tell_everything_again()

    @rule()
    def small_work(self):
        """Refunds are made, cards forgotten, fees learned, pages that nobody came back from ended."""
        refunds.make_due()
        tasks.forget_cards.call()
        tasks.learn_fees.call()
        self.sweep()

    @rule(minutes=st.sampled_from([1, 6, 36]))
    def time_passes(self, minutes):
        """Nobody is away for longer than Stripe keeps its events: that gap is one for reconcile_stripe."""
        clock.advance(timedelta(minutes=minutes))
        self.double.advance(minutes=minutes)
        self.unheard += minutes
        if self.unheard > LONGEST_AWAY:
            self.poll()

    @rule(days=st.integers(1, 8), attended=st.booleans())
    def days_pass(self, days, attended):
        """A day at a time where the tick is there; else nobody was, until now."""
        for step in [1] * days if attended else [days]:
            self.time_passes(24 * 60 * step)
            self.tick()
            if attended:
                self.poll()

    def tick(self):
        if self.is_over():
            self.bearing_faults(settlement.settle, self.fresh())
        self.attend()

    def attend(self):
        for one in grace.running().filter(campaign=self.campaign):
            grace.attend(one)

    def settle(self):
        if not self.is_over():
            end_now(self.campaign)
        self.bearing_faults(settlement.settle, self.fresh())

    @rule(call=st.sampled_from(CALLS), kind=st.sampled_from(KINDS))
    def fault(self, call, kind):
        self.double.fault(call, kind)

    # What always holds

    @invariant()
    def no_row_is_at_fault(self):
        if not hasattr(self, "campaign"):
            return
        found = [str(finding) for finding in ledger_checks.all_findings()]
        assert found == [], found
        held, promised = Counter(), Counter()
        for item in PledgeItem.objects.filter(pledge__campaign=self.campaign).select_related("pledge"):
            if item.pledge.state == PledgeState.PENDING:
                held[item.reward_id] += item.quantity
            elif item.pledge.state in (PledgeState.CONFIRMED, PledgeState.GOAL_MISSED):
                promised[item.reward_id] += item.quantity
        for line in PledgeChangeItem.objects.filter(change__state=ChangeState.PENDING):
            held[line.reward_id] += line.held
        for stock in RewardStock.objects.filter(reward__campaign=self.campaign):
            assert (stock.held, stock.promised) == (held[stock.pk], promised[stock.pk])
            assert stock.held + stock.promised <= stock.limit

    @invariant()
    def no_pledge_is_charged_twice(self):
        """A promise once; what is paid at once, once, and once for the difference of each change."""
        if not hasattr(self, "campaign"):
            return
        charges = [line for line in self.journal_lines() if line["kind"] == "charge"]
        intents = [line["payment_intent"] for line in charges]
        assert len(intents) == len(set(intents))
        of_pledges = Counter(int(line["metadata"]["tremplin_pledge"]) for line in charges)
        for pk, times in of_pledges.items():
            changes = Checkout.objects.filter(pledge=pk, purpose=CheckoutPurpose.CHANGE).count()
            assert times <= 1 + changes

    # How a story ends

    def come_to_rest(self):
        """The faults are over; what runs by itself runs until nothing is left to do."""
        self.clear_faults()
        self.double.set_account(self.shop.stripe_account, charges_enabled=True)
        self.rest()
        if self.to_the_end and self.is_over():
            for _week in range(2):  # what was let go on the last day was charged then for the first time
                self.time_passes(8 * 24 * 60)
                self.rest()

    def rest(self):
        self.heard = 0
        for _round in range(12):
            before = StripeEvent.objects.count()
            was_at_rest = self.is_at_rest()
            self.run_everything()
            if was_at_rest and self.is_at_rest() and StripeEvent.objects.count() == before:
                return
        assert self.is_at_rest()

    def run_everything(self):
        self.time_passes(6)
        if self.hears_by_polling:
            polling.poll_cooperative(self.shop)
        else:
            told = self.told()
            self.receive(told[self.heard :])
            self.heard = len(told)
        webhooks.handle_waiting()
        payouts.name_lines(self.shop)
        self.sweep()
        self.tick()
        for task in (refunds.make_due, tasks.learn_fees.call, tasks.forget_cards.call):
            task()

    def is_at_rest(self):
        by_card = Payment.objects.filter(method=PaymentMethod.CARD)
        return not any(
            rows.exists()
            for rows in (
                StripeEvent.objects.filter(handled_at=None),
                self.unfinished(),
                by_card.filter(state=PaymentState.DUE),
                by_card.filter(state=PaymentState.PAID, processing_fee=None),
                Refund.objects.filter(state=RefundState.DUE, payment__method=PaymentMethod.CARD),
                Pledge.objects.filter(card_state=CardState.TO_DETACH),
                CardToForget.objects.filter(forgotten_at=None),
            )
        )

    def unfinished(self):
        """A page for another card of a payment may stay open: the end of the grace ends it."""
        rows = Checkout.objects.filter(state__in=checkout.UNFINISHED)
        return rows.exclude(purpose=CheckoutPurpose.MEND)

    def everything_agrees(self):
        self.no_row_is_at_fault()
        self.no_pledge_is_charged_twice()
        found = [str(finding) for finding in payout_checks.payout_findings()]
        assert found == [], found
        ours, theirs = self.ledger(), self.journal()
        assert ours == theirs, (ours, theirs)
        self.rows_are_what_the_double_has()
        self.everyone_was_told()
        self.paid_is_what_was_agreed_to()
        if self.is_over():
            self.everything_is_settled()

    def rows_are_what_the_double_has(self):
        """One by one: each charge a payment, each refund a row."""
        lines = self.journal_lines()
        charged = {line["payment_intent"]: line["amount"] for line in lines if line["kind"] == "charge"}
        paid = Payment.objects.filter(state=PaymentState.PAID, method=PaymentMethod.CARD)
        assert {one.stripe_intent: one.amount for one in paid} == charged
        went_back = {line["object"]: -line["amount"] for line in lines if line["kind"] == "refund"}
        assert dict(Refund.objects.exclude(stripe_refund="").values_list("stripe_refund", "amount")) == went_back
        never_made = Refund.objects.filter(state=RefundState.FAILED, stripe_refund="")
        assert set(never_made.values_list("failure", flat=True)) <= self.refusals

    #: Why the provider may refuse a refund in a story: money that is disputed, or went back already.
    refusals: ClassVar = {"charge_disputed", "charge_already_refunded", "refused"}

    def everyone_was_told(self):
        """One receipt for each first payment by card, and no reminder once it is paid."""
        paid = Payment.objects.filter(state=PaymentState.PAID, part=0, method=PaymentMethod.CARD)
        receipts = OutgoingMail.objects.filter(kind__in=["goal_met_charged", "contribution_receipt"])
        assert receipts.count() == paid.count()
        for payment in paid.select_related("pledge"):
            reminders = OutgoingMail.objects.filter(kind="payment_to_mend", subject_key=payment.pledge.key)
            assert not reminders.filter(created_at__gt=payment.paid_at).exists()

    def paid_is_what_was_agreed_to(self):
        """What stands paid at once is paid to the cent; what was cancelled is given back, if it could be."""
        online = Pledge.objects.filter(campaign=self.campaign, origin=Origin.ONLINE)
        for pledge in online.prefetch_related("payments__refunds", "payments__disputes"):
            paid = [one for one in pledge.payments.all() if one.state == PaymentState.PAID]
            others = [one for payment in paid for one in payment.refunds.all()]
            if any(one.reason in (RefundReason.AGREED, RefundReason.OUTSIDE) for one in others):
                continue
            if any(one.disputes.all() for one in paid):
                continue
            kept = sum(one.amount for one in paid) - sum(one.amount for one in others)
            if pledge.state == PledgeState.CONFIRMED and (pledge.is_paid_at_once or paid):
                assert kept == pledge.amount
            elif pledge.state != PledgeState.CONFIRMED:
                assert kept == 0

    def everything_is_settled(self):
        campaign = self.fresh()
        assert campaign.state in {CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED}
        assert Payment.objects.filter(state=PaymentState.DUE, method=PaymentMethod.CARD).count() == 0
        if self.to_the_end and campaign.state == CampaignState.FUNDED:
            assert Payment.objects.filter(state__in=TO_MEND).count() == 0
            assert Settlement.objects.get(campaign=campaign).dropped_at

    def old_events_change_nothing(self):
        """Everything that was ever told, latest first, once all is known: no row is other than it was."""
        before = self.rows()
        self.tell_everything_again()
        after = self.rows()
        assert after == before, [(name, before[name], after[name]) for name in before if before[name] != after[name]]

    def rows(self):
        found = {model.__name__: list(model.objects.order_by("pk").values()) for model in MODELS}
        mine = {"pledge__campaign": self.campaign}
        found["PledgeConsent"] = list(PledgeConsent.objects.filter(**mine).order_by("pk").values())
        found["PaymentAttempt"] = list(
            PaymentAttempt.objects.filter(payment__pledge__campaign=self.campaign).order_by("pk").values()
        )
        found["PayoutLine"] = list(PayoutLine.objects.order_by("pk").values())
        stocks = RewardStock.objects.filter(reward__campaign=self.campaign)
        found["stock"] = list(stocks.order_by("pk").values())
        return found | {"campaign": Campaign.objects.filter(pk=self.campaign.pk).values().get()}

    # The books, ours and the double's

    def ledger(self):
        totals = Counter()
        for entry in LedgerEntry.objects.all():
            account = "income" if entry.account in ("contributions", "taxes") else entry.account
            totals[account] += entry.amount
        return {account: amount for account, amount in totals.items() if amount}

    def journal(self):
        """What our accounts should say, by the double's journal and by what was handed over in the story."""
        lines = self.journal_lines()

        def moved(*kinds):
            return sum(line["amount"] for line in lines if line["kind"] in kinds)

        travelling, lost = self.travelling(), self.lost()
        expected = {
            "balance": sum(line["amount"] for line in lines) + travelling,
            "commission": -moved("application_fee", "application_fee_refund"),
            "processing_fees": -moved("stripe_fee"),
            "dispute_fees": -moved("dispute_fee"),
            "disputed": -moved("dispute", "dispute_reversal") - lost,
            "income": -moved("charge", "refund") + lost - self.by_hand,
            "refunds_owed": -moved("refund_failure") + self.settled,
            "bank": -moved("payout", "payout_failure") - travelling + self.by_hand - self.settled,
        }
        return {account: amount for account, amount in expected.items() if amount}

    def journal_lines(self):
        return self.double.journal(self.shop.stripe_account)

    def travelling(self):
        """What left for the bank, and of which the bank has not said anything yet."""
        made = {one["id"]: one["amount"] for one in self.objects_told("payout.created")}
        for kind in ("payout.paid", "payout.failed"):
            for one in self.objects_told(kind):
                made.pop(one["id"], None)
        return sum(made.values())

    def lost(self):
        """What banks decided to keep."""
        closed = self.objects_told("charge.dispute.closed")
        return sum(one["amount"] for one in closed if one["status"] == "lost")

    # How things are done

    def told(self):
        """Every event of a kind that is followed, oldest first."""
        found = self.double.events(self.shop.stripe_account)
        return [one for one in found if json.loads(one[0])["type"] in event_routes.ROUTES]

    def objects_told(self, kind):
        return [json.loads(payload)["data"]["object"] for payload, _ in self.told_of(kind)]

    def told_of(self, kind):
        return [one for one in self.told() if json.loads(one[0])["type"] == kind]

    def receive(self, events):
        for payload, signature in events:
            webhooks.receive(payload, signature)
        webhooks.handle_waiting()

    def tell_everything_again(self):
        with across_cooperatives():
            StripeEvent.objects.all().delete()
        self.receive(self.told()[::-1])

    def weather(self, seed):
        orders = [{"match": ANY_CALL, "kind": kind, "rate": rate} for kind, rate in WEATHER]
        answer = requests.post(f"{self.double.url}/_sandbox/faults", json={"next": orders, "seed": seed}, timeout=20)
        answer.raise_for_status()

    def clear_faults(self):
        requests.delete(f"{self.double.url}/_sandbox/faults", timeout=20).raise_for_status()

    def bearing_faults(self, function, *args):
        try:
            return function(*args)
        except gateway.GatewayError:
            return None

    def at_the_page(self, row, card, bank="complete"):
        """Whoever has the address may pay, as long as the page is open."""
        row.refresh_from_db()
        if row.url:
            answer = requests.post(
                f"{self.double.url}/_sandbox/checkout/{row.stripe_session}/pay",
                json={"card": CARDS[card], "bank": bank},
                timeout=20,
            )
            assert answer.status_code in (200, 400), answer.text

    def pledge(self, pk):
        return Pledge.objects.select_related("backer", "cooperative__site", "campaign").get(pk=pk)

    def pledges(self, *states):
        rows = Pledge.objects.filter(campaign=self.campaign, state__in=states)
        return list(rows.select_related("backer", "cooperative__site", "campaign").order_by("pk"))

    def fresh(self):
        return Campaign.objects.select_related("cooperative__site").get(pk=self.campaign.pk)

    def is_over(self):
        return self.fresh().deadline <= clock.now()

    def one_of(self, rows, which):
        return rows[which % len(rows)]
