"""What Stripe has of a cooperative, held against our rows and the ledger. Reads only.

Call within the cooperative's scope. Each side is read a page at a time, and memory does not grow with either: what is
at Stripe is looked up among our rows, and only where fewer of ours were met than there are is each of them asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from home.models import Cooperative
from pledges import gateway
from pledges.enums import DisputeState, PaymentMethod, PaymentState, RefundState
from pledges.gateway import audit
from pledges.models import Dispute, Payment, Refund

CHUNK = 100

Seen = TypeVar("Seen")


class What(StrEnum):
    """What can differ."""

    UNREACHABLE = "the account cannot be reached"
    ACCOUNT = "the account may do other things than is recorded"
    UNKNOWN_PAYMENT = "paid at Stripe, and no payment of ours"
    PAYMENT_STATE = "the payment stands otherwise at Stripe"
    AMOUNT = "the amounts differ"
    COMMISSION = "the commissions differ"
    FEE = "the processing fees differ"
    NOT_AT_STRIPE = "not to be found at Stripe"
    UNKNOWN_REFUND = "refunded at Stripe, and no refund of ours"
    REFUND_STATE = "the refund stands otherwise at Stripe"
    COMMISSION_RETURNED = "another part of the commission went back at Stripe"
    UNKNOWN_DISPUTE = "disputed at Stripe, and no dispute of ours"
    DISPUTE_STATE = "the dispute stands otherwise at Stripe"
    UNKNOWN_SESSION = "a payment page is open at Stripe that is none of ours"
    UNKNOWN_COMPLETE = "a payment page was completed at Stripe that is none of ours"
    SESSION_COMPLETE = "the payment page was completed at Stripe, and is over here"
    SESSION_LEFT_OPEN = "the payment page is over here, and still open at Stripe"
    SESSION_OVER = "the payment page is over at Stripe, and still open here"
    CARD_LEFT = "a card can still be charged that should have been forgotten"
    CARD_GONE = "the card of a contribution cannot be charged any more"
    CUSTOMER_GONE = "the customer was removed at Stripe"
    UNKNOWN_CUSTOMER = "a customer at Stripe whose card can be charged is none of ours"
    UNKNOWN_MOVEMENT = "the balance moved for something that is not ours"
    BALANCE = "the balance is not the ledger's"
    UNKNOWN_PAYOUT = "a transfer at Stripe that is not recorded"
    PAYOUT_STATE = "the transfer stands otherwise at Stripe"
    EVENT_WAITING = "an event could not be handled, time and again"


@dataclass(frozen=True)
class Difference:
    """`subject` names our row (`payment:12`) or Stripe's object; `detail` says what each side has."""

    what: What
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.what.value}" + (f" ({self.detail})" if self.detail else "")


def chunks(seen: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Some at a time."""
    remaining = iter(seen)
    while some := list(islice(remaining, CHUNK)):
        yield some


def sides(stripe: object, ours: object) -> str:
    return f"Stripe {stripe}, here {ours}"


def check_account(cooperative: Cooperative) -> Iterator[Difference]:
    """What it may do. Raises NoAccess."""
    found = gateway.read_account(cooperative.stripe_account)
    there = {
        "charges": found.charges_enabled,
        "payouts": found.payouts_enabled,
        "details": found.details_submitted,
        "reachable": True,
    }
    here = {
        "charges": cooperative.charges_enabled,
        "payouts": cooperative.payouts_enabled,
        "details": cooperative.details_submitted,
        "reachable": cooperative.disconnected_at is None,
    }
    for name, value in there.items():
        if here[name] != value:
            yield Difference(What.ACCOUNT, cooperative.stripe_account, f"{name}: {sides(value, here[name])}")


def check_payments(cooperative: Cooperative) -> Iterator[Difference]:
    """Each payment, both ways."""
    met = 0
    for some in chunks(audit.intents(cooperative.stripe_account)):
        ours = {row.stripe_intent: row for row in Payment.objects.filter(stripe_intent__in=[one.id for one in some])}
        for intent in some:
            row = ours.get(intent.id)
            met += row is not None and row.state == PaymentState.PAID
            yield from _payment(intent, row)
    paid = Payment.objects.filter(state=PaymentState.PAID, method=PaymentMethod.CARD)
    if met < paid.count():
        for row in paid.order_by("pk").iterator(CHUNK):
            if not audit.has_payment(cooperative.stripe_account, row.stripe_intent):
                yield Difference(What.NOT_AT_STRIPE, f"payment:{row.pk}", row.stripe_intent)


def _payment(intent: gateway.Intent, row: Payment | None) -> Iterator[Difference]:
    if row is None:
        if intent.succeeded:
            named = intent.metadata.get("tremplin_payment", "")
            detail = f"{intent.amount} {intent.currency}" + (f", made for payment:{named}" if named else "")
            yield Difference(What.UNKNOWN_PAYMENT, intent.id, detail)
        return
    subject = f"payment:{row.pk}"
    if intent.succeeded != (row.state == PaymentState.PAID):
        yield Difference(What.PAYMENT_STATE, subject, sides(intent.status, row.state))
    if (intent.amount, intent.currency) != (row.amount, row.currency):
        there = f"{intent.amount} {intent.currency}"
        yield Difference(What.AMOUNT, subject, sides(there, f"{row.amount} {row.currency}"))
    if intent.commission != row.commission:
        yield Difference(What.COMMISSION, subject, sides(intent.commission, row.commission))
    if intent.succeeded and intent.fee is not None and intent.fee != row.processing_fee:
        yield Difference(What.FEE, subject, sides(intent.fee, row.processing_fee))


#: What our refund may be while Stripe's stands so.
REFUND_STATES = {
    "pending": {RefundState.DONE, RefundState.DUE},
    "requires_action": {RefundState.DONE, RefundState.DUE},
    "succeeded": {RefundState.DONE},
    "failed": {RefundState.FAILED},
    "canceled": {RefundState.FAILED},
}


def check_refunds(cooperative: Cooperative) -> Iterator[Difference]:
    """Each refund, both ways."""
    met = 0
    for some in chunks(audit.refunds(cooperative.stripe_account)):
        ours = {row.stripe_refund: row for row in Refund.objects.filter(stripe_refund__in=[one.id for one in some])}
        met += len(ours)
        for seen in some:
            yield from _refund(seen, ours.get(seen.id))
    known = Refund.objects.exclude(stripe_refund="")
    done_without = Refund.objects.filter(state=RefundState.DONE, payment__method=PaymentMethod.CARD, stripe_refund="")
    for row in done_without.order_by("pk").iterator(CHUNK):
        yield Difference(What.NOT_AT_STRIPE, f"refund:{row.pk}")
    if met < known.count():
        for row in known.order_by("pk").iterator(CHUNK):
            if not audit.has_refund(cooperative.stripe_account, row.stripe_refund):
                yield Difference(What.NOT_AT_STRIPE, f"refund:{row.pk}", row.stripe_refund)


def _refund(seen: audit.RefundSeen, row: Refund | None) -> Iterator[Difference]:
    if row is None:
        if seen.status not in ("failed", "canceled"):
            yield Difference(What.UNKNOWN_REFUND, seen.id, f"{seen.amount} of {seen.intent}")
        return
    subject = f"refund:{row.pk}"
    if row.state not in REFUND_STATES.get(seen.status, set()):
        yield Difference(What.REFUND_STATE, subject, sides(seen.status, row.state))
    if seen.amount != row.amount:
        yield Difference(What.AMOUNT, subject, sides(seen.amount, row.amount))


DISPUTE_STATES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.INQUIRY_CLOSED,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def check_disputes(cooperative: Cooperative) -> Iterator[Difference]:
    """Each dispute, both ways."""
    met = 0
    for some in chunks(audit.disputes(cooperative.stripe_account)):
        ours = {row.stripe_dispute: row for row in Dispute.objects.filter(stripe_dispute__in=[one.id for one in some])}
        met += len(ours)
        for seen in some:
            yield from _dispute(seen, ours.get(seen.id))
    if met < Dispute.objects.count():
        for row in Dispute.objects.order_by("pk").iterator(CHUNK):
            if not audit.has_dispute(cooperative.stripe_account, row.stripe_dispute):
                yield Difference(What.NOT_AT_STRIPE, f"dispute:{row.pk}", row.stripe_dispute)


def _dispute(seen: audit.DisputeSeen, row: Dispute | None) -> Iterator[Difference]:
    if row is None:
        yield Difference(What.UNKNOWN_DISPUTE, seen.id, f"{seen.amount} of {seen.charge}, {seen.status}")
        return
    subject = f"dispute:{row.pk}"
    if DISPUTE_STATES.get(seen.status) != row.state:
        yield Difference(What.DISPUTE_STATE, subject, sides(seen.status, row.state))
    if seen.amount != row.amount:
        yield Difference(What.AMOUNT, subject, sides(seen.amount, row.amount))
