"""What the admin's lists and pages of money read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from home.models import Cooperative, OutgoingMail
from pledges.enums import LedgerAccount, PaymentState, PledgeState, RefundState
from pledges.models import DatePromise, Payment, Pledge, PledgeItem
from pledges.money_counts import Counts, Rows
from pledges.promises import Promised, promised_by

#: Payments that their backer can mend: another card, or the bank's confirmation. WAITING asks for both.
WAITS_FOR_BACKER = (PaymentState.ACTION, PaymentState.MEND)
WAITING = "waiting"


@dataclass(frozen=True)
class Contributions:
    """What a list of pledges is narrowed to."""

    campaign_id: int | None = None
    state: str = ""
    payment: str = ""
    text: str = ""


def contributions_of(cooperative: Cooperative, sought: Contributions) -> QuerySet[Pledge]:
    """Pledges, latest first, each with its backer, campaign and payment."""
    pledges = Pledge.objects.filter(cooperative=cooperative).select_related("backer", "campaign")
    if sought.campaign_id:
        pledges = pledges.filter(campaign_id=sought.campaign_id)
    if sought.state:
        pledges = pledges.filter(state=sought.state)
    if sought.payment:
        states = WAITS_FOR_BACKER if sought.payment == WAITING else [sought.payment]
        pledges = pledges.filter(payments__part=0, payments__state__in=states)
    if sought.text:
        pledges = pledges.filter(Q(backer__name__icontains=sought.text) | Q(backer__email__icontains=sought.text))
    return pledges.prefetch_related("payments").order_by("-created_at", "-pk")


MAIL_LABELS = {
    "pledge_confirmed": _("Pledge recorded"),
    "contribution_receipt": _("Contribution paid"),
    "pledge_cancelled": _("Contribution cancelled"),
    "link_renewed": _("New link"),
    "goal_met_charged": _("Goal reached: receipt"),
    "payment_to_mend": _("Payment to mend"),
    "pledge_dropped": _("Contribution not completed"),
    "goal_missed": _("Goal not reached"),
    "refund_made": _("Refund made"),
    "reward_sent": _("Reward sent"),
    "reward_ready": _("Reward ready"),
    "offline_recorded": _("Recorded, payment expected"),
    "cheque_bounced": _("Payment not honoured"),
}


@dataclass(frozen=True)
class WrittenMail:
    """A mail about a pledge, under a name that a person reads."""

    row: OutgoingMail
    label: str


def histories(items: Iterable[PledgeItem]) -> list[tuple[PledgeItem, list[Promised]]]:
    """Each item with every month it was promised for, first to latest; one query."""
    shown = list(items)
    later: dict[int, list[Promised]] = {item.pk: [] for item in shown}
    for promise in DatePromise.objects.filter(item__in=shown).select_related("acceptance").order_by("pk"):
        later[promise.item_id].append(promised_by(promise))
    return [(item, [Promised(item.first_month), *later[item.pk]]) for item in shown]


def mails_about(pledge: Pledge, items: Iterable[PledgeItem]) -> list[WrittenMail]:
    """Mails written to the backer about this pledge or one of its items, latest first."""
    keys = [pledge.key, *(f"item:{item.pk}" for item in items)]
    rows = OutgoingMail.objects.filter(backer_id=pledge.backer_id, subject_key__in=keys).order_by("-pk")
    return [WrittenMail(row, str(MAIL_LABELS.get(row.kind, row.kind))) for row in rows]


@dataclass(frozen=True)
class Line:
    """How many of something, and how much in all (minor units)."""

    label: str
    count: int
    amount: int


@dataclass(frozen=True)
class Accounts:
    """What the ledger says of a campaign. Minor units, each as a person reads it: nothing is negative."""

    contributions: int
    commission: int
    processing_fees: int
    balance: int


def pledges_by_state(counts: Counts) -> list[Line]:
    return _lines(counts.rows("pledges"), PledgeState)


def payments_by_state(counts: Counts) -> list[Line]:
    return _lines(counts.rows("payments"), PaymentState)


def refunds_by_state(counts: Counts) -> list[Line]:
    return _lines(counts.rows("refunds"), RefundState)


def _lines(rows: Rows, states: type[PledgeState | PaymentState | RefundState]) -> list[Line]:
    """In the order of the states; those that no row has are left out."""
    found = {state: (count, amount) for state, count, amount in rows}
    return [Line(str(state.label), *found[state]) for state in states if state in found]


def accounts_of(counts: Counts) -> Accounts:
    totals: Counter[str] = Counter()
    for _kind, account, total in counts.rows("ledger"):
        totals[account] += total
    return Accounts(
        contributions=-totals[LedgerAccount.CONTRIBUTIONS],
        commission=totals[LedgerAccount.COMMISSION],
        processing_fees=totals[LedgerAccount.PROCESSING_FEES],
        balance=totals[LedgerAccount.BALANCE],
    )


def to_mend_count(cooperative: Cooperative) -> int:
    """How many payments wait for their backer."""
    return Payment.objects.filter(cooperative=cooperative, state__in=WAITS_FOR_BACKER).count()
