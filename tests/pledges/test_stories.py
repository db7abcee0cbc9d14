"""Any story of a campaign, in any order and with faults on the way: the double's journal and our rows tell the same."""

import itertools
import os
from datetime import timedelta
from typing import ClassVar

import pytest
import requests
from django.conf import settings as django_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, RewardStock
from home import clock
from home.models import OutgoingMail
from home.tenancy import across_cooperatives, within
from pledges import checkout, gateway, ledger_checks, mending, pledging, refunds, settlement, tasks, webhooks
from pledges.choosing import PledgeRefused
from pledges.enums import CheckoutPurpose, PaymentState, PledgeState, RefundReason, RefundState
from pledges.models import (
    Checkout,
    LedgerEntry,
    LedgerGroup,
    Payment,
    PaymentAttempt,
    Pledge,
    PledgeConsent,
    PledgeItem,
    Refund,
    StripeEvent,
)
from pledges.taxes import pro_rata
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.cooperatives import make_cooperative
from tests.factories.requests import pledge_request

#: How many stories are told; a soak asks for more, told otherwise each time.
EXAMPLES = int(os.environ.get("STORIES", "100"))

#: What always goes wrong now and then, with any call but the tests' own reading of events: (kind, how often).
WEATHER = [("timeout_after_commit", 0.02), ("500", 0.01), ("429", 0.01)]
ANY_CALL = r"(?!GET /v1/events)"

CARDS = {
    "accepted": "4242424242424242",
    "saved, then declined": "4000000000000341",
    "always asks": "4000002760003184",
    "declined": "4000000000000002",
}
#: Those that a hosted page takes: a story begins with a few.
SAVED = ["always asks", "saved, then declined", "accepted"]
EVENTS = [
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
]
CALLS = [
    "POST /v1/customers",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "POST /v1/payment_intents",
    r"POST /v1/payment_intents/[^/]+/confirm",
    "GET /v1/payment_intents",
    "POST /v1/refunds",
]
KINDS = ["500", "500_after_commit", "timeout_after_commit", "429"]
RETURN = "http://meule.localhost/fr/retour/"

_slugs = itertools.count(1)


class Story(RuleBasedStateMachine):
    """One cooperative, one campaign, three backers. `double` is the far end; every story has an account of its own."""

    double: ClassVar = None
    pages = Bundle("pages")

    @initialize(
        model=st.sampled_from([*[FundingModel.ALL_OR_NOTHING] * 3, FundingModel.FLEXIBLE]),
        goal=st.sampled_from([100, 100, 100, 90_000]),
        fixed=st.sampled_from([0, 35]),
        capture_delay=st.sampled_from([0, 300]),
        cards=st.lists(st.sampled_from(SAVED), min_size=1, max_size=3),
        removed=st.sampled_from([False, False, True]),
        ended=st.sampled_from([True, True, False]),
        seed=st.integers(0, 2**31),
        bad_weather=st.sampled_from([True, True, True, False]),
    )
    def founded(self, model, goal, fixed, capture_delay, cards, removed, ended, seed, bad_weather):
        self.double.reset()
        self.clear_faults()
        django_settings.CLOCK_FILE.unlink(missing_ok=True)
        self.double.capture_later(capture_delay)
        slug = f"histoire{next(_slugs)}"
        self.shop = make_cooperative(slug, name=slug, commission_fixed=fixed)
        self.double.open_account(self.shop)
        self.scope = within(self.shop)
        self.scope.__enter__()
        tiers = [tier("Le sac", 2000, limit=5), tier("La boîte", 5050, limit=3), tier("La carte", 150)]
        self.campaign = make_campaign(
            self.shop, title=slug, tiers=tiers, bilingual=False, funding_model=model, goal=goal
        )
        self.rewards = list(self.campaign.rewards.order_by("id"))
        if bad_weather:
            self.weather(seed)
        for who, card in enumerate(cards, start=1):
            self.pledged(who, card, removed)
        if ended:
            self.settle()

    def teardown(self):
        if not hasattr(self, "campaign"):
            return
        try:
            self.come_to_rest()
            self.everything_agrees()
            self.old_events_change_nothing()
        finally:
            self.scope.__exit__(None, None, None)

    def pledged(self, who, card, removed):
        request = pledge_request(self.campaign, (self.rewards[who - 1], 1), email=f"b{who}@example.com")
        row = pledging.begin(self.shop, request)
        self.open(row)
        self.pay(row, card, bank=True)
        self.come_back(row)
        if removed:
            self.card_removed(row)

    # What people do

    @rule(
        target=pages,
        order=st.permutations([0, 1, 2]),
        quantities=st.lists(st.integers(1, 2), max_size=3),
        extra=st.sampled_from([0, 100, 999]),
        who=st.integers(1, 3),
        clicks=st.integers(1, 2),
    )
    def begin(self, order, quantities, extra, who, clicks):
        chosen = [(self.rewards[index], quantity) for index, quantity in zip(order, quantities, strict=False)]
        extra = extra if chosen else extra + 100
        request = pledge_request(self.campaign, *chosen, extra=extra, email=f"b{who}@example.com")
        try:
            rows = {pledging.begin(self.shop, request) for _click in range(clicks)}
        except PledgeRefused:
            return multiple()
        assert len(rows) == 1
        return rows.pop()

    @rule(row=pages)
    def open(self, row):
        row.refresh_from_db()
        self.bearing_faults(checkout.open_page, row)

    @rule(row=pages, card=st.sampled_from(sorted(CARDS)), bank=st.booleans())
    def pay(self, row, card, bank):
        self.at_the_page(row, card, "complete" if bank else "fail")

    @rule(row=pages)
    def come_back(self, row):
        self.bearing_faults(checkout.finish, row)

    @rule(row=consumes(pages))
    def leave(self, row):
        """Nobody comes back to this page; events and the sweep are left."""

    @rule(row=pages)
    def cancel(self, row):
        if Refund.objects.filter(payment__pledge=row.pledge_id, reason=RefundReason.AGREED).exists():
            return  # what is left of it goes back by an agreed refund too
        pledging.cancel(Pledge.objects.select_related("backer", "cooperative").get(pk=row.pledge_id))

    # What runs by itself

    @rule(row=pages)
    def end_page(self, row):
        self.bearing_faults(checkout.end, row)

    @rule()
    def sweep(self):
        for row in checkout.overdue():
            self.bearing_faults(tasks.end_checkout.call, row.pk)

    @rule(kind=st.sampled_from(EVENTS), chance=st.randoms(use_true_random=False))
    def events(self, kind, chance):
        """As they may come: some never, some twice, in any order."""
        found = [one for one in self.double.events(self.shop.stripe_account, kind) if chance.random() > 0.2]
        found += [one for one in found if chance.random() < 0.3]
        chance.shuffle(found)
        self.receive(found)

    @rule()
    def old_events_again(self):
        """Whatever was told before is told again, and handled again."""
        self.tell_everything_again()

    @rule()
    def refund(self):
        refunds.make_due()

    @precondition(lambda self: self.refundable())
    @rule(which=st.integers(0, 9), cents=st.sampled_from([1, 99, 700, 5000]))
    def give_some_back(self, which, cents):
        """Part of a payment, its commission pro rata, as a treasurer would; what is left at the most."""
        found = self.refundable()
        payment, left = found[which % len(found)]
        cents = min(cents, left)
        Refund.objects.create(
            cooperative=self.shop,
            payment=payment,
            amount=cents,
            commission=commission_back(payment, cents),
            currency=payment.currency,
            reason=RefundReason.AGREED,
            created_at=clock.now(),
        )

    @rule()
    def learn_fees(self):
        tasks.learn_fees.call()

    @rule(minutes=st.sampled_from([1, 6, 36]))
    def time_passes(self, minutes):
        clock.advance(timedelta(minutes=minutes))
        self.double.advance(minutes=minutes)

    @precondition(lambda self: Pledge.objects.filter(campaign=self.campaign).count() > 1)
    @rule()
    def settle(self):
        if not self.is_over():
            end_now(self.campaign)
        self.bearing_faults(settlement.settle, self.fresh())

    @rule(call=st.sampled_from(CALLS), kind=st.sampled_from(KINDS))
    def fault(self, call, kind):
        self.double.fault(call, kind)

    # What is mended

    @precondition(lambda self: self.mendable().exists())
    @rule(card=st.sampled_from(sorted(CARDS)), comes_back=st.booleans())
    def another_card(self, card, comes_back):
        payment = self.mendable().order_by("id").first()
        self.bearing_faults(mending.open_card_page, payment)
        self.bank_page = None
        row = Checkout.objects.filter(payment=payment).latest("id")
        self.at_the_page(row, card, "complete")
        if comes_back:
            self.bank_page = self.bearing_faults(mending.finish_card, row, RETURN)

    @precondition(lambda self: self.mendable().exists())
    @rule()
    def the_same_card(self):
        payment = self.mendable().order_by("id").first()
        self.bank_page = None
        self.bank_page = self.bearing_faults(mending.pay_with_saved_card, payment, RETURN)

    @precondition(lambda self: getattr(self, "bank_page", None))
    @rule(passes=st.booleans())
    def answer_the_bank(self, passes):
        """Whatever came in the meantime: the page that its reader was sent to is still there."""
        self.double.answer_bank(self.bank_page, "complete" if passes else "fail")
        self.bank_page = None

    @rule(row=pages)
    def card_removed(self, row):
        """At the provider, by its owner or by the cooperative."""
        pledge = Pledge.objects.get(pk=row.pledge_id)
        if pledge.payment_method:
            self.bearing_faults(gateway.forget_card, self.shop.stripe_account, pledge.payment_method)

    @rule(enabled=st.booleans())
    def account(self, enabled):
        """The provider pauses the cooperative's account, or takes it back."""
        address = f"{self.double.url}/_sandbox/accounts/{self.shop.stripe_account}"
        requests.post(address, json={"charges_enabled": enabled}, timeout=20).raise_for_status()

    # What always holds

    @invariant()
    def no_row_is_at_fault(self):
        if not hasattr(self, "campaign"):
            return
        assert [str(finding) for finding in ledger_checks.all_findings()] == []
        for reward in self.rewards:
            stock = RewardStock.objects.filter(reward=reward).first()
            if stock:
                items = PledgeItem.objects.filter(reward=reward)
                held = sum(i.quantity for i in items.filter(pledge__state=PledgeState.PENDING))
                stands = [PledgeState.CONFIRMED, PledgeState.GOAL_MISSED]
                promised = sum(i.quantity for i in items.filter(pledge__state__in=stands))
                assert (stock.held, stock.promised) == (held, promised)

    @invariant()
    def no_pledge_is_charged_twice_or_otherwise(self):
        if not hasattr(self, "campaign"):
            return
        charges = self.double.journal(self.shop.stripe_account, "charge")
        of_pledges = [line["metadata"]["tremplin_pledge"] for line in charges]
        assert len(of_pledges) == len(set(of_pledges))
        for line in charges:
            pledge = Pledge.objects.get(pk=line["metadata"]["tremplin_pledge"])
            assert (line["amount"], line["currency"].upper()) == (pledge.amount, pledge.currency)

    # How a story ends

    def come_to_rest(self):
        """The faults are over; what runs by itself runs until nothing is left to do."""
        self.clear_faults()
        self.account(True)
        for _round in range(6):
            self.time_passes(6)
            for kind in EVENTS:
                self.receive(self.double.events(self.shop.stripe_account, kind))
            self.sweep()
            if self.is_over():
                self.settle()
            for task in (refunds.make_due, tasks.learn_fees.call, tasks.forget_cards.call):
                task()
        self.sweep()

    def everything_agrees(self):
        self.no_row_is_at_fault()
        self.no_pledge_is_charged_twice_or_otherwise()
        assert self.ledger() == self.journal()
        paid = Payment.objects.filter(state=PaymentState.PAID)
        assert paid.filter(processing_fee=None).count() == 0
        assert Refund.objects.exclude(state=RefundState.DONE).count() == 0
        assert Checkout.objects.filter(state__in=checkout.UNFINISHED).exclude(purpose=CheckoutPurpose.MEND).count() == 0
        assert (
            OutgoingMail.objects.filter(kind__in=["goal_met_charged", "contribution_receipt"]).count() == paid.count()
        )
        if self.is_over():
            assert self.fresh().state in {CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED}
            assert Payment.objects.filter(state=PaymentState.DUE).count() == 0

    def old_events_change_nothing(self):
        """Everything that was ever told, latest first, once all is known: no row is other than it was."""
        before = self.rows()
        self.tell_everything_again()
        assert self.rows() == before

    def rows(self):
        models = [Pledge, PledgeItem, Checkout, Payment, PaymentAttempt, Refund, LedgerEntry, LedgerGroup, OutgoingMail]
        stocks = RewardStock.objects.filter(reward__in=self.rewards)
        found = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
        found["PledgeConsent"] = list(PledgeConsent.objects.filter(pledge__campaign=self.campaign).values())
        return found | {"stock": list(stocks.order_by("pk").values()), "campaign": Campaign.objects.values().get()}

    def ledger(self):
        totals = dict.fromkeys(["balance", "commission", "processing_fees", "contributions"], 0)
        for entry in LedgerEntry.objects.all():
            totals[entry.account] += entry.amount
        return totals

    def journal(self):
        lines = self.double.journal(self.shop.stripe_account)

        def moved(*kinds):
            return sum(line["amount"] for line in lines if line["kind"] in kinds)

        return {
            "balance": sum(line["amount"] for line in lines),
            "commission": -moved("application_fee", "application_fee_refund"),
            "processing_fees": -moved("stripe_fee"),
            "contributions": -moved("charge", "refund"),
        }

    # How things are done

    def weather(self, seed):
        orders = [{"match": ANY_CALL, "kind": kind, "rate": rate} for kind, rate in WEATHER]
        answer = requests.post(f"{self.double.url}/_sandbox/faults", json={"next": orders, "seed": seed}, timeout=20)
        answer.raise_for_status()

    def receive(self, events):
        for payload, signature in events:
            webhooks.receive(payload, signature)
        webhooks.handle_waiting()

    def tell_everything_again(self):
        with across_cooperatives():
            StripeEvent.objects.all().delete()
        found = [one for kind in EVENTS for one in self.double.events(self.shop.stripe_account, kind)]
        self.receive(found[::-1])

    def refundable(self):
        """Payments of the provider's, with what of each was not yet asked back."""
        rows = Payment.objects.filter(state=PaymentState.PAID).order_by("id")
        left = [(one, one.amount - sum(one.refunds.values_list("amount", flat=True))) for one in rows]
        busy = set(Refund.objects.exclude(state=RefundState.DONE).values_list("payment_id", flat=True))
        return [(one, cents) for one, cents in left if cents > 0 and one.pk not in busy]

    def clear_faults(self):
        requests.delete(f"{self.double.url}/_sandbox/faults", timeout=20).raise_for_status()

    def bearing_faults(self, function, *args):
        try:
            return function(*args)
        except gateway.GatewayError:
            return None

    def at_the_page(self, row, card, bank):
        """Whoever has the address may pay, as long as the page is open."""
        row.refresh_from_db()
        if row.url:
            answer = requests.post(
                f"{self.double.url}/_sandbox/checkout/{row.stripe_session}/pay",
                json={"card": CARDS[card], "bank": bank},
                timeout=20,
            )
            assert answer.status_code in (200, 400), answer.text

    def fresh(self):
        return Campaign.objects.select_related("cooperative__site").get(pk=self.campaign.pk)

    def is_over(self):
        return self.fresh().deadline <= clock.now()

    def mendable(self):
        rows = Payment.objects.filter(state__in=mending.MENDABLE, pledge__campaign=self.campaign)
        return rows.select_related(
            "pledge__backer", "pledge__campaign__settlement", "pledge__cooperative__site", "pledge__campaign"
        )


def commission_back(payment, cents):
    """What Stripe gives back of the commission for one more refund: its share, and the last one what is left."""
    rows = payment.refunds.all()
    before, left = sum(one.amount for one in rows), payment.commission - sum(one.commission for one in rows)
    is_last = before + cents == payment.amount
    return left if is_last else min(left, pro_rata(payment.commission, cents, payment.amount))


@pytest.mark.django_db
def test_every_story_leaves_journal_ledger_and_stock_in_agreement(stripe_double, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    Story.double = stripe_double
    with across_cooperatives():
        assert Pledge.objects.count() == 0
    run_state_machine_as_test(Story, settings=_bounds())


def _bounds():
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize="STORIES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
