"""The rest of what Stripe has of a cooperative: commissions, payment pages, cards, the balance, transfers. Reads only.

Call within the cooperative's scope; commissions alone are read of all cooperatives at once, each in its own.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from home import clock
from home.models import Backer, Cooperative
from home.tenancy import within
from pledges import gateway, payouts, webhooks
from pledges.enums import CardState, CheckoutState, LedgerAccount, PledgeState, RefundState
from pledges.gateway import audit
from pledges.models import Checkout, LedgerEntry, Payment, Payout, Pledge
from pledges.reconciling import CHUNK, Difference, What, chunks, sides

#: A page is ended a little after its time: only then is it a difference.
LATE = timedelta(minutes=15)

OPEN = (CheckoutState.OPENING, CheckoutState.OPEN)


def check_fees(cooperatives: Mapping[str, Cooperative]) -> Iterator[tuple[Cooperative, Difference]]:
    """Our commissions, of the cooperatives given by their account: kept and returned as at Stripe."""
    for some in chunks(audit.fees()):
        for account in sorted({seen.account for seen in some} & set(cooperatives)):
            with within(cooperatives[account]):
                found = list(_fees([seen for seen in some if seen.account == account]))
            yield from ((cooperatives[account], one) for one in found)


def _fees(some: list[audit.FeeSeen]) -> Iterator[Difference]:
    went_back = Q(refunds__state__in=[RefundState.DONE, RefundState.FAILED])
    rows = Payment.objects.filter(stripe_charge__in=[seen.charge for seen in some])
    counted = rows.annotate(returned=Coalesce(Sum("refunds__commission", filter=went_back), 0))
    ours = {row.stripe_charge: row for row in counted}
    for seen in some:
        row = ours.get(seen.charge)
        if row is None:
            yield Difference(What.COMMISSION, seen.id, sides(seen.amount, f"no payment of {seen.charge}"))
            continue
        if seen.amount != row.commission:
            yield Difference(What.COMMISSION, f"payment:{row.pk}", sides(seen.amount, row.commission))
        if seen.returned != row.returned:
            yield Difference(What.COMMISSION_RETURNED, f"payment:{row.pk}", sides(seen.returned, row.returned))


def check_sessions(cooperative: Cooperative) -> Iterator[Difference]:
    """Payment pages that one side holds open or completed, and the other does not."""
    for some in chunks(audit.sessions(cooperative.stripe_account)):
        rows = Checkout.objects.filter(stripe_session__in=[seen.id for seen in some])
        ours = {row.stripe_session: row for row in rows}
        for seen in some:
            if (row := ours.get(seen.id)) is not None:
                yield from _session(seen, row)
            elif seen.status == "open":
                yield Difference(What.UNKNOWN_SESSION, seen.id)
            elif seen.status == "complete":
                yield Difference(What.UNKNOWN_COMPLETE, seen.id)
    late = Checkout.objects.filter(state__in=OPEN, expires_at__lt=clock.now() - LATE)
    for row in late.order_by("pk").iterator(CHUNK):
        status = "unknown"
        if row.stripe_session:
            status = gateway.read_session(cooperative.stripe_account, row.stripe_session).status
        if status != "open":
            yield Difference(What.SESSION_OVER, f"checkout:{row.pk}", sides(status, row.state))


def _session(seen: audit.SessionSeen, row: Checkout) -> Iterator[Difference]:
    if seen.status == "open" and row.state not in OPEN:
        yield Difference(What.SESSION_LEFT_OPEN, f"checkout:{row.pk}", sides("open", row.state))
    elif seen.status == "complete" and row.state == CheckoutState.EXPIRED:
        yield Difference(What.SESSION_COMPLETE, f"checkout:{row.pk}", sides("complete", row.state))


def check_customers(cooperative: Cooperative) -> Iterator[Difference]:
    """Customers of nobody here; of two that were made at once for one backer, the one without a card is no difference.

    One call for each.
    """
    for some in chunks(audit.customers(cooperative.stripe_account)):
        rows = Backer.objects.filter(stripe_customer__in=[seen.id for seen in some])
        ours = set(rows.values_list("stripe_customer", flat=True))
        for seen in some:
            if seen.id not in ours and audit.cards_of(cooperative.stripe_account, seen.id):
                named = f"made for backer:{seen.backer}" if seen.backer else ""
                yield Difference(What.UNKNOWN_CUSTOMER, seen.id, named)


def check_cards(cooperative: Cooperative) -> Iterator[Difference]:
    """Cards at Stripe are those of contributions that may still be charged; one call for each customer."""
    unsure = Count("pledges", filter=Q(pledges__state=PledgeState.PENDING) | Q(pledges__checkouts__state__in=OPEN))
    customers = Backer.objects.exclude(stripe_customer="").annotate(unsure=unsure)
    for backer in customers.order_by("pk").iterator(CHUNK):
        attached = audit.cards_of(cooperative.stripe_account, backer.stripe_customer)
        held = dict(
            Pledge.objects.filter(backer=backer, card_state__in=[CardState.KEPT, CardState.TO_DETACH]).values_list(
                "payment_method", "card_state"
            )
        )
        kept = {card for card, state in held.items() if state == CardState.KEPT}
        if attached is None:
            if kept:
                yield Difference(What.CUSTOMER_GONE, f"backer:{backer.pk}", backer.stripe_customer)
            continue
        for card in sorted(attached - held.keys()) if not backer.unsure else ():
            yield Difference(What.CARD_LEFT, f"backer:{backer.pk}", card)
        for card in sorted(kept - attached):
            yield Difference(What.CARD_GONE, f"backer:{backer.pk}", card)


def check_events(cooperative: Cooperative) -> Iterator[Difference]:
    """What came from Stripe, and could not be handled so far."""
    for event in webhooks.stubborn(cooperative.stripe_account).iterator(CHUNK):
        error = " ".join(event.last_error.split())[:200]
        yield Difference(What.EVENT_WAITING, event.event_id, f"{event.kind}, {event.attempts} times: {error}")


def check_balance(cooperative: Cooperative) -> Iterator[Difference]:
    """All that moved the balance, against the ledger. What is on its way to the bank has left the balance at Stripe."""
    total = 0
    for some in chunks(gateway.movements(cooperative.stripe_account)):
        subjects = payouts.subjects_of(cooperative, [one.source for one in some])
        for one in some:
            total += one.net
            if one.net and one.source not in subjects:
                yield Difference(What.UNKNOWN_MOVEMENT, one.id, f"{one.kind} {one.source} {one.net}".strip())
    for status in ("pending", "in_transit"):
        total += sum(one.amount for one in gateway.list_payouts(cooperative.stripe_account, status=status))
    entries = LedgerEntry.objects.filter(account=LedgerAccount.BALANCE)
    ours = entries.aggregate(total=Coalesce(Sum("amount"), 0))["total"]
    if total != ours:
        yield Difference(What.BALANCE, cooperative.stripe_account, sides(total, ours))


def check_payouts(cooperative: Cooperative) -> Iterator[Difference]:
    """Each transfer, both ways."""
    met = 0
    for some in chunks(gateway.list_payouts(cooperative.stripe_account)):
        rows = Payout.objects.filter(stripe_payout__in=[one.id for one in some])
        ours = {row.stripe_payout: row for row in rows}
        met += len(ours)
        for facts in some:
            row = ours.get(facts.id)
            if row is None:
                yield Difference(What.UNKNOWN_PAYOUT, facts.id, f"{facts.amount} {facts.status}")
                continue
            if row.state != payouts.STATES[facts.status]:
                yield Difference(What.PAYOUT_STATE, f"payout:{row.pk}", sides(facts.status, row.state))
            if row.amount != facts.amount:
                yield Difference(What.AMOUNT, f"payout:{row.pk}", sides(facts.amount, row.amount))
    if met < Payout.objects.count():
        for row in Payout.objects.order_by("pk").iterator(CHUNK):
            if not audit.has_payout(cooperative.stripe_account, row.stripe_payout):
                yield Difference(What.NOT_AT_STRIPE, f"payout:{row.pk}", row.stripe_payout)
