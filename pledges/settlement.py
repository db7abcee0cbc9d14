"""The end of a campaign: closed, decided once, then charged or let go.

Every step may be repeated, and two runners at once do it once: the campaign's state moves by conditional UPDATE, the
outcome is decided under the campaign's lock, a pledge has one payment (unique), and a payment is claimed with a lease.

What happens when the process dies: the next run finds the campaign where it was. Closing waits until no page by which
a pledge could still be confirmed is open; what was already written stays (see pledges.charging for one payment).
"""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from campaigns import lifecycle
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock, outbox
from home.models import Membership, OutgoingMail, Role
from home.registry import kind_of
from home.tenancy import within
from pledges import charging, checkout, gateway, taxes
from pledges.commission import commission_on
from pledges.enums import CardState, PaymentState, PledgeState
from pledges.models import Payment, Pledge, Settlement

log = logging.getLogger(__name__)

GRACE = timedelta(days=7)
#: Longer than a call may take (the gateway's time-out), so that only a dead worker loses it.
LEASE = timedelta(seconds=45)
CLAIM = 20
CHUNK = 200


def unsettled() -> QuerySet[Campaign]:
    """Campaigns with something left to do now."""
    ended = Q(state=CampaignState.LIVE, deadline__lte=clock.now())
    unfinished = Q(
        state__in=[CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED], settlement__finished_at=None
    )
    return (
        Campaign.objects.filter(ended | Q(state=CampaignState.CLOSING) | unfinished)
        .select_related("cooperative__site")
        .order_by("deadline")
    )


def settle(campaign: Campaign) -> CampaignState:
    """Take a campaign as far towards its end as it can go now; returns the state it has then."""
    with within(campaign.cooperative):
        lifecycle.close(campaign)
        campaign.refresh_from_db()
        if campaign.state == CampaignState.CLOSING and _pages_over(campaign):
            _decide(campaign)
            campaign.refresh_from_db()
        if campaign.state == CampaignState.FUNDED:
            _collect(campaign)
        elif campaign.state == CampaignState.MISSED:
            _let_go(campaign)
        elif campaign.state == CampaignState.ENDED:
            _finish(campaign)
    return CampaignState(campaign.state)


def _pages_over(campaign: Campaign) -> bool:
    """End every page still open. False while one may still be paid."""
    for row in checkout.unfinished(campaign).order_by("id"):
        try:
            checkout.end(row)
        except gateway.Unavailable:
            log.warning("checkout %s could not be ended yet", row.pk)
    return not checkout.unfinished(campaign).exists()


def totals(campaign: Campaign) -> tuple[int, int]:
    """Minor units pledged, and how many backers, by confirmed pledges."""
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, is_late=False)
    sums = confirmed.aggregate(pledged=Sum("amount"), backers=Count("backer", distinct=True))
    return sums["pledged"] or 0, sums["backers"]


def _decide(campaign: Campaign) -> None:
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if locked.state != CampaignState.CLOSING or checkout.unfinished(campaign).exists():
            return
        pledged, backers = totals(locked)
        if lifecycle.decide(locked, pledged=pledged, backers=backers) is None:
            return
        now = clock.now()
        Settlement.objects.create(
            cooperative_id=locked.cooperative_id, campaign=locked, started_at=now, grace_ends_at=now + GRACE
        )
        outbox.queue_all(_to_team(locked))


def _to_team(campaign: Campaign) -> Iterator[OutgoingMail]:
    members = Membership.objects.filter(
        cooperative_id=campaign.cooperative_id, role__in=[Role.EDITOR, Role.OWNER]
    ).select_related("user")
    for user in {member.user for member in members}:
        yield outbox.mail_for(
            kind_of("campaign_outcome"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            to=user,
        )


def _collect(campaign: Campaign) -> None:
    settlement = Settlement.objects.get(campaign=campaign)
    if settlement.prepared_at is None:
        while _prepare_chunk(campaign):
            pass
        Settlement.objects.filter(pk=settlement.pk, prepared_at=None).update(prepared_at=clock.now())
    while payments := _claim(campaign):
        for payment in payments:
            _charge_one(payment)
    if not _due(campaign).exists():
        _finish(campaign)


def _prepare_chunk(campaign: Campaign) -> int:
    """Write the payments of some pledges that have none; a pledge never gets a second one."""
    promised = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, is_late=False)
    confirmed = promised.filter(payments=None)
    pledges = list(confirmed.prefetch_related("items").order_by("id")[:CHUNK])
    Payment.objects.bulk_create(
        (
            Payment(
                cooperative_id=pledge.cooperative_id,
                pledge=pledge,
                currency=pledge.currency,
                amount=pledge.amount,
                taxable=taxes.taxable_part(pledge.items.all()),
                commission=commission_on(pledge.amount, campaign.cooperative),
                created_at=clock.now(),
            )
            for pledge in pledges
        ),
        ignore_conflicts=True,
    )
    return len(pledges)


def _due(campaign: Campaign) -> QuerySet[Payment]:
    return Payment.objects.filter(pledge__campaign=campaign, state=PaymentState.DUE)


def _claim(campaign: Campaign) -> list[Payment]:
    """Some due payments, ours until their lease ends; another worker's are left to it."""
    now, token = clock.now(), uuid.uuid4()
    with transaction.atomic():
        free = _due(campaign).filter(Q(lease_until=None) | Q(lease_until__lt=now)).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            free = free.select_for_update(skip_locked=True, of=("self",))
        ids = list(free.values_list("id", flat=True)[:CLAIM])
        Payment.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), id__in=ids).update(
            lease_token=token, lease_until=now + LEASE
        )
    mine = Payment.objects.filter(lease_token=token, state=PaymentState.DUE).order_by("id")
    return list(mine.select_related("pledge__backer", "pledge__campaign", "pledge__cooperative__site"))


def _charge_one(payment: Payment) -> None:
    """Charge under a renewed lease; a worker that lost it leaves the payment to the one that has it.

    One that fails keeps its lease, so that it is tried again later and the others of its claim are not held up.
    """
    mine = Payment.objects.filter(pk=payment.pk, lease_token=payment.lease_token, state=PaymentState.DUE)
    if not mine.update(lease_until=clock.now() + LEASE):
        return
    try:
        charging.charge(payment)
    except charging.AccountPaused as error:
        mine.update(lease_until=clock.now() + charging.PAUSE)
        log.warning("payment %s waits for the account: %s", payment.pk, error)
    except gateway.Unavailable as error:
        log.warning("payment %s has no answer yet: %s", payment.pk, error)
    except DatabaseError:
        raise
    except Exception:
        log.exception("payment %s could not be charged", payment.pk)


def _let_go(campaign: Campaign) -> None:
    """Nothing is charged: every pledge ends, its card is to be forgotten, its backer is told."""
    while pledges := list(
        Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
        .select_related("backer")
        .order_by("id")[:CHUNK]
    ):
        with transaction.atomic():
            ids = [pledge.pk for pledge in pledges]
            mine = Pledge.objects.filter(pk__in=ids, state=PledgeState.CONFIRMED)
            mine.filter(card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
            mine.update(state=PledgeState.GOAL_MISSED, ended_at=clock.now())
            outbox.queue_all(
                outbox.mail_for(
                    kind_of("goal_missed"), cooperative=campaign.cooperative, subject_key=pledge.key, to=pledge.backer
                )
                for pledge in pledges
            )
    _finish(campaign)


def _finish(campaign: Campaign) -> None:
    Settlement.objects.filter(campaign=campaign, finished_at=None).update(finished_at=clock.now())


@dataclass(frozen=True)
class Forecast:
    """What settling a campaign now would do. Amounts in minor units."""

    campaign: Campaign
    pledged: int
    backers: int
    outcome: CampaignState
    to_charge: int
    commission: int


def forecast(campaign: Campaign) -> Forecast:
    """Nothing is written and nobody is called."""
    pledged, backers = totals(campaign)
    outcome = lifecycle.outcome_of(campaign, pledged)
    charges = outcome == CampaignState.FUNDED
    amounts = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, payments=None).values_list(
        "amount", flat=True
    )
    return Forecast(
        campaign=campaign,
        pledged=pledged,
        backers=backers,
        outcome=outcome,
        to_charge=sum(amounts) if charges else 0,
        commission=sum(commission_on(amount, campaign.cooperative) for amount in amounts) if charges else 0,
    )
