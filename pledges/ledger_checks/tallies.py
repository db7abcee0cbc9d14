"""Campaign by campaign: what was tallied as it happened is what the rows say, asked here in words of their own."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from campaigns.enums import RewardKind
from campaigns.models import Campaign
from pledges.enums import DisputeState, PaymentState, PledgeState, RefundState
from pledges.gone_back import gone_back
from pledges.ledger_checks.findings import CHUNK, Fault, Finding, total
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund, Tally, TallyPerson
from pledges.models.payments import GIVEN_BACK
from pledges.tallies.kinds import Kind
from pledges.walls import SHOWING

#: By kind, reward, and hour where it is counted by time: how much, or how many people.
Counted = dict[tuple[str, int, Any], int]

BY_TIME = (Kind.STOOD, Kind.PAID, Kind.UNITS_STOOD)


def check_tallies() -> Iterator[Finding]:
    for campaign in Campaign.objects.order_by("pk").iterator(CHUNK):
        yield from differences(campaign)


def differences(campaign: Campaign) -> Iterator[Finding]:
    """Of one campaign. `pledges.tallies.recounting.mend` puts it right."""
    expected, found = counted(campaign), tallied(campaign)
    for key in sorted(expected.keys() | found.keys(), key=str):
        said, is_so = found.get(key, 0), expected.get(key, 0)
        if said != is_so:
            named = " ".join(str(one) for one in key if one)
            yield Finding(Fault.TALLY, f"campaign:{campaign.pk}", f"{named}: {said}, not {is_so}")


def tallied(campaign: Campaign) -> Counted:
    rows = Tally.objects.filter(campaign_id=campaign.pk).order_by()
    whole = rows.exclude(kind__in=BY_TIME).values_list("kind", "key").annotate(both=Sum(F("amount") + F("people")))
    timed = rows.filter(kind__in=BY_TIME).annotate(hour=TruncHour("at", tzinfo=UTC)).values_list("kind", "hour")
    people = TallyPerson.objects.filter(campaign_id=campaign.pk)
    flags = {Kind.PEOPLE: "counts", Kind.STANDING: "stands", Kind.SHOWN: "shows"}
    found: Counted = {(kind, key, None): both for kind, key, both in whole}
    found |= {(kind, 0, hour): amount for kind, hour, amount in timed.annotate(all=Sum("amount"))}
    found |= {(f"{kind} by name", 0, None): people.filter(**{flag: True}).count() for kind, flag in flags.items()}
    return found


def counted(campaign: Campaign) -> Counted:
    """From pledges, items, payments, refunds and disputes."""
    timely = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, is_late=False)
    paid = Payment.objects.filter(pledge__campaign=campaign, pledge__is_late=False, state=PaymentState.PAID)
    of = {"payment__pledge__campaign": campaign, "payment__pledge__is_late": False}
    standing = _standing(campaign)
    people: dict[str, int] = {
        Kind.PEOPLE: _people(timely),
        Kind.STANDING: _people(standing),
        Kind.SHOWN: _people(standing.filter(wall__in=SHOWING)),
    }
    sums: dict[str, int] = {
        Kind.PLEDGED: total(timely),
        Kind.COLLECTED: total(paid),
        Kind.REFUNDED: total(Refund.objects.filter(GIVEN_BACK, **of)),
        Kind.LOST: total(Dispute.objects.filter(state=DisputeState.LOST, **of)),
        Kind.UNITS: total(_units(campaign, pledge__in=timely), "quantity"),
        **people,
        **{f"{kind} by name": number for kind, number in people.items()},
    }
    stood = _stood(campaign)
    found: Counted = {(kind, 0, None): number for kind, number in sums.items()}
    found |= {(Kind.PROMISED, reward, None): number for reward, number in _promised(campaign)}
    found |= _by_hour(Kind.STOOD, stood, "confirmed_at", "amount")
    found |= _by_hour(Kind.PAID, paid.exclude(paid_at=None), "paid_at", "amount")
    return found | _by_hour(Kind.UNITS_STOOD, _units(campaign, pledge__in=stood), "pledge__confirmed_at", "quantity")


def _people(pledges: QuerySet[Pledge]) -> int:
    return pledges.aggregate(people=Count("backer_id", distinct=True))["people"]


def _standing(campaign: Campaign) -> QuerySet[Pledge]:
    """Confirmed, late ones too, and not given back whole by one refund."""
    refunds = Refund.objects.filter(payment__pledge__campaign=campaign, amount__gte=F("payment__amount"))
    returned = refunds.exclude(state=RefundState.FAILED)
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
    return confirmed.exclude(pk__in=returned.values("payment__pledge_id"))


def _stood(campaign: Campaign) -> QuerySet[Pledge]:
    """What stands, or stood when the outcome was decided."""
    stood = Q(state=PledgeState.CONFIRMED)
    if campaign.decided_at is not None:
        stood |= Q(ended_at__gte=campaign.decided_at)
    return Pledge.objects.filter(stood, campaign=campaign, is_late=False, confirmed_at__isnull=False)


def _units(campaign: Campaign, **of: Any) -> QuerySet[PledgeItem]:
    rewards = PledgeItem.objects.filter(reward__kind=RewardKind.REWARD, **of)
    return rewards if campaign.counts_units else rewards.none()


def _promised(campaign: Campaign) -> QuerySet[Any, Any]:
    """(reward, people) who are promised it, or hold it while they pay; not those who got all of it back."""
    held = [PledgeState.PENDING, PledgeState.CONFIRMED]
    items = PledgeItem.objects.filter(quantity__gt=0, pledge__state__in=held, pledge__campaign=campaign)
    waiting = items.exclude(pledge__in=gone_back()).order_by().values("reward_id")
    return waiting.annotate(people=Count("pledge__backer_id", distinct=True)).values_list("reward_id", "people")


def _by_hour(kind: Kind, rows: QuerySet[Any], at: str, what: str) -> Counted:
    hours = rows.order_by().annotate(hour=TruncHour(at, tzinfo=UTC)).values("hour").annotate(all=Sum(what))
    return {(kind, 0, hour): amount for hour, amount in hours.values_list("hour", "all")}
