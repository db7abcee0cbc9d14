"""The end of a campaign: closed, decided once, then charged or let go, in batches that several workers share.

Every step may be repeated, and two runners at once do it once: the campaign's state moves by conditional UPDATE, the
outcome is decided under the campaign's lock, a pledge has one payment (unique), and a payment is claimed with a lease.

What happens when the process dies: the next run finds the campaign where it was. Closing waits until no page by which
a pledge could still be confirmed is open; what was already written stays (see pledges.charging for one payment).
"""

import logging
import math
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from campaigns import lifecycle
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import audit, clock, leases, outbox
from home.backups import standing
from home.mail.registry import kind_of
from home.models import Membership, OutgoingMail, Role, User
from home.ready_queries import Ready
from home.tenancy import within
from pledges import charging, checkout, gateway, money_acts, offline, pacing, recording, taxes
from pledges.commission import commission_on
from pledges.enums import CardState, PaymentMethod, PaymentState, PledgeState
from pledges.models import Payment, Pledge, Settlement
from pledges.totals import units_of

log = logging.getLogger(__name__)

GRACE = recording.GRACE
#: Longer than a call may take (the gateway's time-out), so that only a dead worker loses it.
LEASE = timedelta(seconds=45)
#: How old a lease may be when a call begins: what is left of it is longer than a call still.
FRESH = timedelta(seconds=5)
#: Payments that a worker has at a time, and pledges that are written at a time.
CLAIM = 20
CHUNK = 200
#: For how many seconds a batch goes on; the call that it is in then may take longer.
BATCH_SECONDS = 15
#: How soon a payment is tried again that Stripe asked to be tried later.
THROTTLED = timedelta(seconds=5)
#: A settlement that took longer gives its whole grace from its end on.
LONG = timedelta(days=1)
#: After so many calls in a row without an answer, the rest waits for the next tick.
SILENT = 5


class After(Enum):
    """What follows claimed payments: more are claimed, another batch follows at once, or the tick begins it."""

    CLAIM = "claim"
    FOLLOW = "follow"
    REST = "rest"


def unsettled() -> QuerySet[Campaign]:
    """Campaigns with something left to do now; one that is paused has nothing."""
    ended = Q(state=CampaignState.LIVE, deadline__lte=clock.now())
    unfinished = Q(
        state__in=[CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED], settlement__finished_at=None
    )
    return (
        Campaign.objects.filter(ended | Q(state=CampaignState.CLOSING) | unfinished)
        .exclude(settlement__paused_at__isnull=False)
        .select_related("cooperative__site")
        .order_by("deadline")
    )


def settle(campaign: Campaign) -> CampaignState:
    """Take a campaign as far towards its end as it can go now, at one go; returns the state it has then."""
    while work(campaign):
        pass
    return CampaignState(campaign.state)


def work(campaign: Campaign) -> bool:
    """One batch towards its end. True while another can follow at once; nothing is done while a backup is held."""
    if standing.is_held(campaign.cooperative.stripe_account):
        return False
    end = time.monotonic() + BATCH_SECONDS
    with within(campaign.cooperative):
        lifecycle.close(campaign)
        campaign.refresh_from_db()
        if campaign.state == CampaignState.CLOSING:
            ended = _end_pages(campaign, end)
            if checkout.unfinished(campaign).exists():
                return bool(ended) and time.monotonic() >= end
            _decide(campaign)
            campaign.refresh_from_db()
        return _carry_out(campaign, end)


def _carry_out(campaign: Campaign, end: float) -> bool:
    if campaign.state == CampaignState.FUNDED:
        return _collect(campaign, end)
    if campaign.state == CampaignState.MISSED:
        return _let_go(campaign, end)
    if campaign.state == CampaignState.ENDED:
        _finish(campaign)
    return False


def workers_wanted(campaign: Campaign) -> int:
    """How many may share what there is to do now: one until all payments are written, then as many as have a batch."""
    if not Settlement.objects.filter(campaign=campaign).exclude(prepared_at=None).exists():
        return 1
    most: int = settings.SETTLEMENT_LANES
    waiting = _due(campaign)[: CLAIM * most].count()
    return max(1, min(most, math.ceil(waiting / CLAIM)))


def pause(campaign: Campaign, *, by: User) -> bool:
    """Charge nothing new; a charge being made is finished. False if it is paused or over already."""
    charging_now = Settlement.objects.filter(campaign__state=CampaignState.FUNDED, finished_at=None)
    running = charging_now.filter(campaign=campaign, paused_at=None)
    with transaction.atomic():
        if not running.update(paused_at=clock.now(), paused_by=by):
            return False
        audit.record(money_acts.SETTLEMENT_PAUSED, cooperative=campaign.cooperative, by=by, subject=campaign)
    return True


def resume(campaign: Campaign, *, by: User | None) -> bool:
    """The next tick goes on, and the grace is as long as it would have been. False if it was not paused."""
    paused = Settlement.objects.filter(campaign=campaign).exclude(paused_at=None).first()
    if paused is None or paused.paused_at is None:
        return False
    later = paused.grace_ends_at + (clock.now() - paused.paused_at)
    same = Settlement.objects.filter(pk=paused.pk, paused_at=paused.paused_at)
    with transaction.atomic():
        if not same.update(paused_at=None, paused_by=None, grace_ends_at=later):
            return False
        audit.record(money_acts.SETTLEMENT_RESUMED, cooperative=campaign.cooperative, by=by, subject=campaign)
    return True


def _end_pages(campaign: Campaign, end: float) -> int:
    """End the pages still open, for as long as the batch goes on; how many were ended."""
    ended = 0
    for row in checkout.unfinished(campaign).order_by("id"):
        if time.monotonic() >= end:
            break
        try:
            ended += checkout.end(row) not in checkout.UNFINISHED
        except gateway.Unavailable:
            log.warning("checkout %s could not be ended yet", row.pk)
    return ended


def totals(campaign: Campaign) -> tuple[int, int]:
    """Minor units pledged, and how many backers, by confirmed pledges made before the end."""
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, is_late=False)
    sums = confirmed.aggregate(pledged=Sum("amount"), backers=Count("backer", distinct=True))
    return sums["pledged"] or 0, sums["backers"]


def _decide(campaign: Campaign) -> None:
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if locked.state != CampaignState.CLOSING or checkout.unfinished(campaign).exists():
            return
        pledged, backers = totals(locked)
        units = units_of(locked)
        if lifecycle.decide(locked, pledged=pledged, backers=backers, units=units) is None:
            return
        now = clock.now()
        Settlement.objects.create(
            cooperative_id=locked.cooperative_id, campaign=locked, started_at=now, grace_ends_at=now + GRACE
        )
        outbox.queue_all(_to_members(locked, "campaign_outcome", Role.EDITOR, Role.OWNER))


def _to_members(campaign: Campaign, kind: str, *roles: Role) -> Iterator[OutgoingMail]:
    members = Membership.objects.filter(cooperative_id=campaign.cooperative_id, role__in=roles).select_related("user")
    for user in {member.user for member in members}:
        yield outbox.mail_for(
            kind_of(kind),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            to=user,
        )


def _collect(campaign: Campaign, end: float) -> bool:
    settlement = Settlement.objects.get(campaign=campaign)
    if settlement.paused_at:
        return False
    if settlement.prepared_at is None:
        while _prepare_chunk(campaign):
            if time.monotonic() >= end:
                return True
        Settlement.objects.filter(pk=settlement.pk, prepared_at=None).update(prepared_at=clock.now())
    after = After.CLAIM
    while after == After.CLAIM and (payments := _claim(campaign)):
        after = _charge_all(payments, end)
    if after == After.CLAIM and not _due(campaign).exists():
        _finish(campaign)
    return after == After.FOLLOW


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
    return Payment.objects.filter(pledge__campaign=campaign, state=PaymentState.DUE, method=PaymentMethod.CARD)


def _claim(campaign: Campaign) -> list[Payment]:
    """Some due payments, ours until their lease ends; another worker's are left to it."""
    now, token = clock.now(), uuid.uuid4()
    with transaction.atomic():
        unclaimed = leases.free("lease_until", now, charging.PAUSE)
        free = _due(campaign).filter(unclaimed).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            free = free.select_for_update(skip_locked=True, of=("self",))
        ids = list(free.values_list("id", flat=True)[:CLAIM])
        Payment.objects.filter(unclaimed, id__in=ids).update(lease_token=token, lease_until=now + LEASE)
    payments: list[Payment] = _MINE(token)
    for payment in payments:
        payment.pledge.campaign, payment.pledge.cooperative = campaign, campaign.cooperative
    return payments


_MINE = Ready(
    lambda token: (
        Payment.objects.filter(lease_token=token, state=PaymentState.DUE)
        .select_related("pledge__backer")
        .order_by("id")
    )
)


def _charge_all(payments: Sequence[Payment], end: float) -> After:
    """Charge what was claimed, at the shared pace; what is not begun is given back. Then their mails leave."""
    with outbox.nudged_once():
        return _charge_each(payments, end)


def _charge_each(payments: Sequence[Payment], end: float) -> After:
    pace, silent = pacing.Pace(len(payments)), 0
    for number, payment in enumerate(payments):
        if time.monotonic() >= end:
            return _give_back(payments[number:], After.FOLLOW)
        if not _keep(payment):
            return _give_back(payments[number:], After.REST)
        pace.wait()
        silent = 0 if _charge_one(payment) else silent + 1
        if silent == SILENT:
            return _give_back(payments[number + 1 :], After.REST)
        if payment.state != PaymentState.PAID:
            pace.wait()  # it was read back: that is another call
    return After.CLAIM


def _keep(payment: Payment) -> bool:
    """Renew the lease, some seconds after it began. False if it was lost, or if the settlement was paused."""
    if _PAUSED(payment.pledge.campaign_id):
        return False
    now = clock.now()
    if payment.lease_until is not None and LEASE - FRESH < payment.lease_until - now <= LEASE:
        return True  # nobody else may claim it before its end, which no call outlasts
    payment.lease_until = now + LEASE
    return bool(_mine(payment).update(lease_until=payment.lease_until))


_PAUSED = Ready(
    lambda campaign_id: (
        Settlement.objects.filter(campaign_id=campaign_id).exclude(paused_at=None).values_list("pk", flat=True)
    )
)


def _give_back(payments: Sequence[Payment], after: After) -> After:
    """Let others have what was claimed and not begun."""
    tokens = {one.lease_token for one in payments}
    rows = Payment.objects.filter(pk__in=[one.pk for one in payments], lease_token__in=tokens)
    rows.update(lease_token=None, lease_until=None)
    return after


def _mine(payment: Payment) -> QuerySet[Payment]:
    return Payment.objects.filter(pk=payment.pk, lease_token=payment.lease_token, state=PaymentState.DUE)


def _charge_one(payment: Payment) -> bool:
    """Charge what is ours; whether there was an answer.

    One that fails keeps its lease, so that it is tried again later and the others of its claim are not held up.
    """
    try:
        charging.charge(payment)
    except charging.AccountPaused as error:
        _mine(payment).update(lease_until=clock.now() + charging.PAUSE)
        log.warning("payment %s waits for the account: %s", payment.pk, error)
    except gateway.Throttled:
        pacing.back_off()
        _mine(payment).update(lease_until=clock.now() + THROTTLED)
        log.warning("payment %s waits: Stripe asks to slow down", payment.pk)
    except gateway.Unavailable as error:
        log.warning("payment %s has no answer yet: %s", payment.pk, error)
    except DatabaseError:
        raise
    except Exception:
        log.exception("payment %s could not be charged", payment.pk)
        return True
    else:
        return True
    return False


def _let_go(campaign: Campaign, end: float) -> bool:
    """Nothing is charged: every pledge ends, its card is to be forgotten, its backer is told.

    What was received by other means is owed back; what was still awaited is no longer.
    """
    offline.let_go(campaign)
    while pledges := list(
        Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
        .select_related("backer")
        .order_by("id")[:CHUNK]
    ):
        with transaction.atomic():
            ids = [pledge.pk for pledge in pledges]
            mine = Pledge.objects.filter(pk__in=ids, state=PledgeState.CONFIRMED)
            mine.filter(card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
            offline.owe_back(mine)
            mine.update(state=PledgeState.GOAL_MISSED, ended_at=clock.now())
            outbox.queue_all(
                outbox.mail_for(
                    kind_of("goal_missed"), cooperative=campaign.cooperative, subject_key=pledge.key, to=pledge.backer
                )
                for pledge in pledges
            )
        if time.monotonic() >= end:
            return True
    _finish(campaign)
    return False


def _finish(campaign: Campaign) -> None:
    """No payment is due any more. Where cards were charged, the treasurers are told, once.

    Where that took long (the account could take no payment), the grace begins now.
    """
    with transaction.atomic():
        now = clock.now()
        unfinished = Settlement.objects.filter(campaign=campaign, finished_at=None)
        unfinished.filter(grace_ends_at__lt=now + GRACE - LONG).update(grace_ends_at=now + GRACE)
        finished = unfinished.update(finished_at=now)
        if finished and campaign.state == CampaignState.FUNDED:
            outbox.queue_all(_to_members(campaign, "settlement_report", Role.TREASURER))
