"""Campaign by campaign: the totals as the ledger has them, and as they were frozen at the deadline."""

from collections.abc import Iterator

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from campaigns.enums import RewardKind
from campaigns.models import Campaign
from pledges.enums import DisputeState, LedgerAccount, PaymentState, PledgeState, RefundState
from pledges.ledger_checks.findings import CHUNK, Fault, Finding, total
from pledges.models import Dispute, LedgerEntry, Payment, Pledge, PledgeItem, Refund

#: What people gave, with the taxes in it.
INCOME = [LedgerAccount.CONTRIBUTIONS, LedgerAccount.TAXES]


def check_campaigns() -> Iterator[Finding]:
    for campaign in Campaign.objects.order_by("pk").iterator(CHUNK):
        yield from _collected(campaign)
        yield from _frozen(campaign)


def _collected(campaign: Campaign) -> Iterator[Finding]:
    ledger = -total(LedgerEntry.objects.filter(group__campaign=campaign, account__in=INCOME))
    paid = total(Payment.objects.filter(pledge__campaign=campaign, state=PaymentState.PAID))
    left = Q(state=RefundState.DONE) | Q(state=RefundState.FAILED, done_at__isnull=False)
    back = total(Refund.objects.filter(left, payment__pledge__campaign=campaign))
    lost = total(Dispute.objects.filter(payment__pledge__campaign=campaign, state=DisputeState.LOST))
    if ledger != paid - back - lost:
        found = f"{ledger} in the ledger, {paid - back - lost} by payments"
        yield Finding(Fault.COLLECTED, f"campaign:{campaign.pk}", found)


def _frozen(campaign: Campaign) -> Iterator[Finding]:
    """Pledges that stood at the deadline stand still, or ended after it; later ones count in no total.

    One that was still awaited then, and let go since, stood never.
    """
    if campaign.pledged_at_deadline is None:
        return
    subject, pledges = f"campaign:{campaign.pk}", _stood(campaign)
    found = pledges.aggregate(total=Coalesce(Sum("amount"), 0), backers=Count("backer", distinct=True))
    frozen = {"total": campaign.pledged_at_deadline, "backers": campaign.backers_at_deadline}
    if found != frozen:
        yield Finding(Fault.PLEDGED, subject, f"frozen {frozen}, found {found}")
    if campaign.units_at_deadline is None:
        return
    items = PledgeItem.objects.filter(pledge__in=pledges).exclude(reward__kind=RewardKind.ADDON)
    units = total(items, "quantity")
    if units != campaign.units_at_deadline:
        yield Finding(Fault.UNITS, subject, f"frozen {campaign.units_at_deadline}, found {units}")


def _stood(campaign: Campaign) -> QuerySet[Pledge]:
    """One that was only awaited then, and was withdrawn later, never stood."""
    stood = Q(state__in=[PledgeState.CONFIRMED, PledgeState.GOAL_MISSED, PledgeState.DROPPED])
    if campaign.decided_at is not None:
        stood |= Q(state=PledgeState.CANCELLED, ended_at__gt=campaign.decided_at, confirmed_at__isnull=False)
    return Pledge.objects.filter(stood, campaign=campaign, is_late=False)
