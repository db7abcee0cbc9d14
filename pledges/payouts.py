"""Transfers to the bank, as Stripe tells of them: each with all its lines, and its place in the ledger.

Nothing here moves money: what Stripe says is read back and recorded, in any order and any number of times. A process
that dies leaves a transfer whose lines are not all read (`read_at` empty) or whose ledger group is not written: the
next event about it goes on from there, and `reconcile_stripe` names it.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from home import clock
from home.models import Cooperative
from pledges import account_emails, gateway, ledger
from pledges.enums import PayoutState
from pledges.models import Dispute, Payment, Payout, PayoutLine, Refund

log = logging.getLogger(__name__)

CHUNK = 100

#: For how long a line without a row is looked at again.
REACH = timedelta(days=30)

STATES = {
    "pending": PayoutState.PENDING,
    "in_transit": PayoutState.PENDING,
    "paid": PayoutState.PAID,
    "failed": PayoutState.FAILED,
    "canceled": PayoutState.CANCELED,
}

#: From which states each is reached: one that was paid may still fail, and nothing goes back.
BEFORE = {
    PayoutState.PENDING: [PayoutState.PENDING],
    PayoutState.PAID: [PayoutState.PENDING],
    PayoutState.CANCELED: [PayoutState.PENDING],
    PayoutState.FAILED: [PayoutState.PENDING, PayoutState.PAID],
}


def follow(cooperative: Cooperative, stripe_payout: str) -> None:
    """Record a transfer as it stands now. Raises Refused or Unavailable: the same call may be made again."""
    facts = gateway.read_payout(cooperative.stripe_account, stripe_payout)
    payout = _written(cooperative, facts)
    if facts.is_listed and payout.read_at is None:
        _read_lines(payout)
    elif payout.read_at:
        match_again(payout)
    _settle(payout, explained=payout.read_at is not None or facts.by_hand)


@transaction.atomic
def _written(cooperative: Cooperative, facts: gateway.PayoutFacts) -> Payout:
    state = STATES[facts.status]
    payout, _created = Payout.objects.get_or_create(
        stripe_payout=facts.id,
        defaults={
            "cooperative": cooperative,
            "state": PayoutState.PENDING,
            "amount": facts.amount,
            "currency": facts.currency,
            "arrives_on": facts.arrives_on,
            "bank_last4": facts.bank_last4,
            "created_at": facts.created_at,
        },
    )
    Payout.objects.filter(pk=payout.pk, state__in=BEFORE[state]).update(
        state=state, arrives_on=facts.arrives_on, failure=facts.failure
    )
    payout.refresh_from_db()
    return payout


def _read_lines(payout: Payout) -> None:
    """All of them, some at a time; those read before stay."""
    moved = gateway.movements_of(payout.cooperative.stripe_account, payout.stripe_payout)
    for some in _in_chunks(moved):
        subjects = subjects_of(payout.cooperative, [one.source for one in some])
        PayoutLine.objects.bulk_create([_line(payout, one, subjects) for one in some], ignore_conflicts=True)
    total = payout.lines.aggregate(total=Sum("net"))["total"] or 0
    if total != payout.amount:
        log.error("the lines of payout %s make %s, not %s", payout.stripe_payout, total, payout.amount)
        return
    payout.read_at = clock.now()
    payout.save(update_fields=["read_at"])


def _in_chunks(moved: Iterable[gateway.Movement]) -> Iterator[list[gateway.Movement]]:
    remaining = iter(moved)
    while some := list(islice(remaining, CHUNK)):
        yield some


#: What Stripe names, as ours: our row's key, and its campaign.
Subjects = dict[str, tuple[str, int | None]]


def subjects_of(cooperative: Cooperative, sources: Iterable[str]) -> Subjects:
    """Our rows by Stripe's names of them; four queries."""
    names = {one for one in sources if one}
    payments = Payment.objects.filter(cooperative=cooperative, stripe_charge__in=names)
    refunds = Refund.objects.filter(cooperative=cooperative, stripe_refund__in=names)
    disputes = Dispute.objects.filter(cooperative=cooperative, stripe_dispute__in=names)
    payouts = Payout.objects.filter(cooperative=cooperative, stripe_payout__in=names)
    found: Subjects = {name: (f"payout:{pk}", None) for name, pk in payouts.values_list("stripe_payout", "pk")}
    for prefix, rows in (
        ("payment", payments.values_list("stripe_charge", "pk", "pledge__campaign")),
        ("refund", refunds.values_list("stripe_refund", "pk", "payment__pledge__campaign")),
        ("dispute", disputes.values_list("stripe_dispute", "pk", "payment__pledge__campaign")),
    ):
        found |= {name: (f"{prefix}:{pk}", campaign) for name, pk, campaign in rows}
    return found


def _line(payout: Payout, one: gateway.Movement, subjects: Subjects) -> PayoutLine:
    subject, campaign = subjects.get(one.source, ("", None))
    return PayoutLine(
        payout=payout,
        stripe_transaction=one.id,
        kind=one.kind,
        source=one.source,
        subject_key=subject,
        campaign_id=campaign,
        amount=one.amount,
        fee=one.fee,
        commission=one.commission,
        net=one.net,
        happened_at=one.happened_at,
    )


def match_again(payout: Payout) -> int:
    """Lines that were of none of our rows, and are now that we know of them. Returns how many."""
    unknown = list(payout.lines.filter(subject_key="").exclude(source="")[:CHUNK])
    subjects = subjects_of(payout.cooperative, [line.source for line in unknown])
    known = [line for line in unknown if line.source in subjects]
    for line in known:
        line.subject_key, line.campaign_id = subjects[line.source]
    PayoutLine.objects.bulk_update(known, ["subject_key", "campaign"])
    return len(known)


def name_lines(cooperative: Cooperative) -> int:
    """Lines of recent transfers whose rows came to be known after their transfer was read. Returns how many."""
    unnamed = Payout.objects.filter(
        cooperative=cooperative,
        created_at__gt=clock.now() - REACH,
        lines__subject_key="",
        lines__source__gt="",
    )
    return sum(match_again(payout) for payout in unnamed.distinct())


@transaction.atomic
def _settle(payout: Payout, *, explained: bool) -> None:
    """The ledger as the state says. One that came back was on its way first: both groups are written."""
    locked = Payout.objects.select_for_update().select_related("cooperative").get(pk=payout.pk)
    at = _noon(locked)
    if locked.state in (PayoutState.PAID, PayoutState.FAILED):
        ledger.record_payout(locked, at)
    if locked.state == PayoutState.FAILED:
        ledger.record_payout_failed(locked, at)
    if locked.state == PayoutState.PAID and explained:
        account_emails.tell_arrived(locked)


def _noon(payout: Payout) -> datetime:
    """Stripe names a day: it is that day in the cooperative's books too."""
    return datetime.combine(payout.arrives_on, time(12), ZoneInfo(payout.cooperative.time_zone))
