"""Any story of a campaign, in any order and with faults on the way: the double's journal and our rows tell the same."""

import contextlib
import os
import uuid
from datetime import timedelta

import pytest
import stripe
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import consumes, initialize, multiple, precondition, rule, run_state_machine_as_test

from campaigns import end_dates
from campaigns.enums import FundingModel
from home import clock
from home.tenancy import across_cooperatives
from pledges import cards, checkout, extending, gateway, mending, offline, own_pages, refund_decisions
from pledges.choosing import PledgeRefused
from pledges.enums import (
    DisputeState,
    PaymentMethod,
    PaymentState,
    PledgeState,
    RefundReason,
    RefundState,
)
from pledges.models import Checkout, Payment, Pledge, Refund
from pledges.offline_entry import EnteredLine, Entry, enter
from pledges.refund_decisions import RefundRefused
from tests.pledges import telling
from tests.pledges.aftermath import in_dashboard
from tests.pledges.telling import Story

#: How many stories are told, half by each machine; a soak asks for more, told otherwise each time.
EXAMPLES = int(os.environ.get("STORIES", "16"))

AON, FLEXIBLE = FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE
#: Those that a hosted page takes: a story begins with a few.
SAVED = ["always asks", "saved, then declined", "accepted"]
BEFORE_THE_END = [*SAVED, "declined"]
#: What follows a payment by them differs.
PAID = [
    "accepted",
    "accepted",
    "disputed as fraud",
    "disputed as not received",
    "inquired about",
    "warned of",
    "its refund fails",
    "its refund comes later",
]
RETURN = "http://histoires.localhost/fr/retour/"
QUANTITIES = st.lists(st.integers(0, 2), min_size=3, max_size=3)
EXTRA = st.sampled_from([0, 100, 999])


class ToTheEnd(Story):
    """Around the deadline and the settlement: promises, changes, cards, offline ones, the days of grace, late ones."""

    @initialize(
        model=st.sampled_from([AON, AON, AON, FLEXIBLE]),
        goal=st.sampled_from([100, 100, 100, 90_000]),
        fixed=st.sampled_from([0, 35]),
        capture_delay=st.sampled_from([0, 300]),
        first=st.lists(st.sampled_from(SAVED), min_size=1, max_size=3),
        removed=st.sampled_from([False, False, True]),
        ended=st.sampled_from([True, False]),
        seed=st.integers(0, 2**31),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from([True, True, True, False])),
    )
    def founded(self, model, goal, fixed, capture_delay, first, removed, ended, seed, flags):
        self.hears_by_polling, self.to_the_end, taxed, bad_weather = flags
        self.begin_story(
            model,
            seed,
            goal=goal,
            fixed=fixed,
            capture_delay=capture_delay,
            taxed=taxed,
            bad_weather=bad_weather,
        )
        for who, card in enumerate(first, start=1):
            row = self.contribute(who, [(self.rewards[who - 1], 1)], card)
            if removed:
                self.card_removed(row)
        if ended:
            self.settle()

    # Until the end

    @rule(target=Story.pages, quantities=QUANTITIES, extra=EXTRA, who=st.integers(1, 3), clicks=st.integers(1, 2))
    def begin(self, quantities, extra, who, clicks):
        chosen = [(reward, number) for reward, number in zip(self.rewards, quantities, strict=True) if number]
        try:
            return self.asked(who, chosen, extra=extra if chosen else extra + 100, clicks=clicks)
        except PledgeRefused:
            return multiple()

    @rule(row=Story.pages)
    def open(self, row):
        row.refresh_from_db()
        self.bearing_faults(checkout.open_page, row)

    @rule(row=Story.pages, card=st.sampled_from(BEFORE_THE_END), bank=st.sampled_from(["complete", "fail"]))
    def pay(self, row, card, bank):
        self.at_the_page(row, card, bank)

    @rule(row=Story.pages)
    def come_back(self, row):
        self.bearing_faults(checkout.finish, row)

    @rule(row=consumes(Story.pages))
    def leave(self, row):
        """Nobody comes back to this page; events and the sweep are left."""

    @rule(row=Story.pages)
    def end_page(self, row):
        self.bearing_faults(checkout.end, row)

    @precondition(lambda self: self.pledges(PledgeState.CONFIRMED))
    @rule(which=st.integers(0, 9))
    def cancel_one(self, which):
        self.cancel(self.one_of(self.pledges(PledgeState.CONFIRMED), which))

    @precondition(lambda self: self.pledges(PledgeState.CONFIRMED))
    @rule(target=Story.pages, which=st.integers(0, 9), quantities=QUANTITIES, extra=EXTRA)
    def change_one(self, which, quantities, extra):
        return self.change(self.one_of(self.pledges(PledgeState.CONFIRMED), which), quantities, extra) or multiple()

    @precondition(lambda self: self.cards_to_replace())
    @rule(target=Story.pages, which=st.integers(0, 9), card=st.sampled_from(BEFORE_THE_END))
    def replace_card(self, which, card):
        pledge = self.one_of(self.cards_to_replace(), which)
        self.bearing_faults(own_pages.open_card_page, pledge)
        row = Checkout.objects.filter(pledge=pledge).latest("id")
        self.at_the_page(row, card)
        return row

    @precondition(lambda self: extending.may_extend(self.fresh()))
    @rule()
    def extend(self):
        day = end_dates.day_of(self.fresh().deadline, self.fresh()) + timedelta(days=10)
        extending.extend(self.fresh(), day, by=self.stage.treasurers[0], reason_fr="La pierre.", reason_en="Stone.")

    @precondition(lambda self: Pledge.objects.filter(campaign=self.campaign).count() > 1)
    @rule()
    def settle_now(self):
        self.settle()

    # By other means

    @rule(quantities=QUANTITIES, extra=EXTRA, received=st.booleans())
    def enter_by_hand(self, quantities, extra, received):
        lines = [EnteredLine(one.pk, number) for one, number in zip(self.rewards, quantities, strict=True) if number]
        entry = Entry(
            self.campaign.pk,
            uuid.uuid4(),
            "Aimé Roy",
            "fr",
            "cheque",
            lines=lines,
            extra=extra if lines else extra + 100,
            received_on=timezone.localdate(clock.now()) if received else None,
        )
        try:
            pledge = enter(self.shop, entry, by=None, tell=False)
        except PledgeRefused:
            return
        self.by_hand += pledge.amount if received else 0

    @precondition(lambda self: self.of_hand(PaymentState.DUE))
    @rule(which=st.integers(0, 9), comes=st.sampled_from([True, True, False]))
    def receive_or_withdraw(self, which, comes):
        payment = self.one_of(self.of_hand(PaymentState.DUE), which)
        if not comes:
            offline.withdraw(payment, by=None)
            return
        today = timezone.localdate(clock.now())
        if offline.receive(payment, on=today, method="cash", reference="", by=None, tell=False):
            self.by_hand += payment.amount

    @precondition(lambda self: self.of_hand(PaymentState.PAID))
    @rule(which=st.integers(0, 9))
    def bounce(self, which):
        payment = self.one_of(self.of_hand(PaymentState.PAID), which)
        try:
            if offline.bounce(payment, by=None, tell=False):
                self.by_hand -= payment.amount
        except offline.OfflineRefused:
            pass

    @precondition(lambda self: offline.to_give_back(self.shop).exists())
    @rule()
    def give_back_by_hand(self):
        refund = offline.to_give_back(self.shop).first()
        today = timezone.localdate(clock.now())
        if offline.record_given_back(refund, on=today, reference="", by=None, tell=False):
            self.by_hand -= refund.amount

    # What is mended

    @precondition(lambda self: self.mendable())
    @rule(card=st.sampled_from(BEFORE_THE_END), comes_back=st.booleans())
    def another_card(self, card, comes_back):
        payment = self.mendable()[0]
        self.bearing_faults(mending.open_card_page, payment)
        self.bank_page = None
        row = Checkout.objects.filter(payment=payment).latest("id")
        self.at_the_page(row, card)
        if comes_back:
            self.bank_page = self.bearing_faults(mending.finish_card, row, RETURN)

    @precondition(lambda self: self.mendable())
    @rule()
    def the_same_card(self):
        self.bank_page = None
        self.bank_page = self.bearing_faults(mending.pay_with_saved_card, self.mendable()[0], RETURN)

    @precondition(lambda self: getattr(self, "bank_page", None))
    @rule(passes=st.booleans())
    def answer_the_bank(self, passes):
        """Whatever came in the meantime: the page that its reader was sent to is still there."""
        self.double.answer_bank(self.bank_page, "complete" if passes else "fail")
        self.bank_page = None

    @rule(row=Story.pages)
    def card_removed(self, row):
        """At the provider, by its owner or by the cooperative."""
        pledge = self.pledge(row.pledge_id)
        if pledge.payment_method:
            self.bearing_faults(gateway.forget_card, self.shop.stripe_account, pledge.payment_method)

    @rule(enabled=st.booleans())
    def account(self, enabled):
        """The provider pauses the cooperative's account, or takes it back."""
        self.double.set_account(self.shop.stripe_account, charges_enabled=enabled)

    def of_hand(self, state):
        rows = Payment.objects.filter(state=state, pledge__campaign=self.campaign).exclude(method=PaymentMethod.CARD)
        rows = rows.exclude(pledge__campaign__state="missed") if state == PaymentState.DUE else rows
        return list(rows.select_related("pledge__campaign", "cooperative").order_by("pk"))

    def cards_to_replace(self):
        now = clock.now()
        return [one for one in self.pledges(PledgeState.CONFIRMED) if cards.may_replace(one, now)]

    def mendable(self):
        rows = Payment.objects.filter(state__in=mending.MENDABLE, pledge__campaign=self.campaign).order_by("id")
        rows = rows.select_related("pledge__backer", "pledge__campaign__settlement", "pledge__cooperative__site")
        return [one for one in rows if mending.may_mend(one)]


class Aftermath(Story):
    """What follows a payment: refunds by treasurers and elsewhere, disputes, warnings, changes, transfers."""

    @initialize(
        model=st.sampled_from([FLEXIBLE, FLEXIBLE, AON]),
        fixed=st.sampled_from([0, 35]),
        capture_delay=st.sampled_from([0, 0, 300]),
        first=st.lists(st.sampled_from(PAID), min_size=2, max_size=3),
        extra=EXTRA,
        seed=st.integers(0, 2**31),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from([True, True, True, False])),
    )
    def founded(self, model, fixed, capture_delay, first, extra, seed, flags):
        self.hears_by_polling, self.to_the_end, taxed, bad_weather = flags
        self.begin_story(model, seed, fixed=fixed, capture_delay=capture_delay, taxed=taxed, bad_weather=bad_weather)
        for who, card in enumerate(first, start=1):
            self.contribute(who, [(self.rewards[who - 1], 1)], card, extra=extra)
        if model == AON:
            self.settle()

    @rule(who=st.integers(1, 4), quantities=QUANTITIES, card=st.sampled_from(PAID), comes_back=st.booleans())
    def contribute_more(self, who, quantities, card, comes_back):
        chosen = [(reward, number) for reward, number in zip(self.rewards, quantities, strict=True) if number]
        self.contribute(who, chosen, card, extra=0 if chosen else 1234, comes_back=comes_back)

    @precondition(lambda self: self.pledges(PledgeState.CONFIRMED))
    @rule(which=st.integers(0, 9), quantities=QUANTITIES, extra=EXTRA, card=st.sampled_from(PAID), back=st.booleans())
    def change_one(self, which, quantities, extra, card, back):
        row = self.change(self.one_of(self.pledges(PledgeState.CONFIRMED), which), quantities, extra)
        if row:
            self.at_the_page(row, card)
            if back:
                self.bearing_faults(checkout.finish, row)

    @precondition(lambda self: self.pledges(PledgeState.CONFIRMED))
    @rule(which=st.integers(0, 9))
    def cancel_one(self, which):
        self.cancel(self.one_of(self.pledges(PledgeState.CONFIRMED), which))

    @rule()
    def settle_now(self):
        self.settle()

    # Treasurers

    @precondition(lambda self: self.paid())
    @rule(which=st.integers(0, 9), cents=st.sampled_from([1, 99, 700, 5000, None]), asks=st.integers(0, 1))
    def ask_for_a_refund(self, which, cents, asks):
        payment = self.one_of(self.paid(), which)
        amount = refund_decisions.left_of(payment) if cents is None else cents
        by = self.stage.treasurers[asks]
        try:
            refund_decisions.ask(payment, amount=amount, reason=RefundReason.AGREED, note="", by=by, key=uuid.uuid4())
        except RefundRefused:
            assert refund_decisions.obstacle_of(payment) or not 0 < amount <= refund_decisions.left_of(payment)

    @precondition(lambda self: self.refunds(RefundState.TO_APPROVE))
    @rule(which=st.integers(0, 9), who=st.integers(0, 1), agrees=st.sampled_from([True, True, False]))
    def decide(self, which, who, agrees):
        refund, by = self.one_of(self.refunds(RefundState.TO_APPROVE), which), self.stage.treasurers[who]
        disputed = refund.payment.disputes.filter(state=DisputeState.OPEN).exists()
        try:
            (refund_decisions.approve if agrees else refund_decisions.reject)(refund, by)
        except RefundRefused:
            assert refund.asked_by == by or (agrees and (disputed or refund_decisions.left_of(refund.payment) == 0))
        else:
            assert refund.asked_by != by

    @precondition(lambda self: self.refunds(RefundState.FAILED))
    @rule(which=st.integers(0, 9))
    def settle_otherwise(self, which):
        refund = self.one_of(self.refunds(RefundState.FAILED), which)
        try:
            refund_decisions.settle_otherwise(refund, self.stage.treasurers[0])
        except RefundRefused:
            assert refund.settled_at or not refund.done_at
        else:
            self.settled += refund.amount

    @precondition(lambda self: self.paid())
    @rule(which=st.integers(0, 9), cents=st.sampled_from([1, 450, 2000]), with_commission=st.booleans())
    def refund_elsewhere(self, which, cents, with_commission):
        """In Stripe's dashboard: we hear of it.

        None that its bank would send back: where we give the rest back before we hear of that, both are given, and
        `check_ledger` says so.
        """
        dashboard, options = in_dashboard(self.shop.stripe_account)
        payment = self.one_of(self.paid(), which)
        if payment.pledge.card_last4 == telling.CARDS["its refund fails"][-4:]:
            return
        wanted = {"payment_intent": payment.stripe_intent, "amount": cents}
        if with_commission and payment.commission:
            wanted["refund_application_fee"] = True
        with contextlib.suppress(stripe.StripeError):
            dashboard.refunds.create(wanted, options)

    # Banks

    @precondition(lambda self: self.paid())
    @rule(which=st.integers(0, 9), status=st.sampled_from(["won", "lost"]))
    def close_dispute(self, which, status):
        if open_ones := self.disputed():
            self.double.close_dispute(self.one_of(open_ones, which), status)

    @rule(arrives=st.booleans())
    def pay_out(self, arrives):
        if sum(line["amount"] for line in self.journal_lines()) > 0:
            made = self.double.pay_out(self.shop.stripe_account, arrives=arrives)
            self.sent[made["id"]] = arrives

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 9))
    def payout_fails(self, which):
        """Within days, even of one that had arrived."""
        payout = self.one_of(list(self.sent), which)
        del self.sent[payout]
        self.double.settle_payout(payout, "failed")

    def paid(self):
        rows = Payment.objects.filter(state=PaymentState.PAID, method=PaymentMethod.CARD)
        return list(rows.select_related("cooperative", "pledge").order_by("pk"))

    def refunds(self, state):
        return list(Refund.objects.filter(state=state).select_related("payment", "asked_by").order_by("pk"))

    def disputed(self):
        """Those that the bank has not decided."""
        closed = {one["id"] for one in self.objects_told("charge.dispute.closed")}
        return [one["id"] for one in self.objects_told("charge.dispute.created") if one["id"] not in closed]


@pytest.fixture
def stage(db, stripe_double, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    Story.double, Story.stage = stripe_double, telling.set_stage()


@pytest.mark.long
@pytest.mark.parametrize("machine", [ToTheEnd, Aftermath])
def test_every_story_leaves_journal_ledger_and_stock_in_agreement(machine, stage):
    run_state_machine_as_test(machine, settings=_bounds())
    with across_cooperatives():
        assert Pledge.objects.count() == 0


def _bounds():
    return settings(
        max_examples=EXAMPLES // 2,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize="STORIES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
