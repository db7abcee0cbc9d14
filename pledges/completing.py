"""What follows a decided campaign: its rewards on their way, then closed.

The rule, which may be asked again at any time with the same answer:
- nothing moves before the settlement is finished (no payment is due any more);
- funded or ended, and something paid for is to be handed over: fulfilling;
- closed once nothing can happen any more: every pledge was let go or its payment is settled (pledges.grace drops what
  its end could not mend), no refund is under way or owed, no dispute is open, and every item paid for has reached its
  backer. An item that was mailed counts as arrived a month after it left, if it has not come back.

While a tier is still offered after the end the campaign stays open, and a late pledge holds it open from its first row
until its reward has reached its backer. Retiring the last of these tiers, or selling it out, lets the campaign close;
a closed one takes nothing.

Nothing here is asked by money: refunds, delays and fulfilment work in every state after the outcome.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns import lifecycle
from campaigns.enums import OUTCOMES, CampaignState
from campaigns.models import Campaign
from home import clock
from home.tenancy import within
from pledges import late_pledges
from pledges.disputes import STANDING
from pledges.enums import CardState, FulfilmentState, PaymentState, PledgeState, RefundState
from pledges.fulfilment import WAITING, paid_for
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund
from pledges.recording import TO_MEND

#: After so long, a parcel that has not come back has arrived.
ARRIVED_AFTER = timedelta(days=30)


def settled() -> QuerySet[Campaign]:
    """Decided campaigns that are not closed and whose settlement is finished."""
    moving = OUTCOMES | {CampaignState.FULFILLING}
    return (
        Campaign.objects.filter(state__in=moving)
        .exclude(settlement__finished_at=None)
        .select_related("cooperative__site", "settlement")
        .order_by("decided_at")
    )


def move_on(campaign: Campaign) -> CampaignState:
    """Take a settled campaign as far as it can go now; returns the state it has then."""
    with within(campaign.cooperative):
        if not campaign.is_missed and _to_hand_over(campaign):
            lifecycle.start_fulfilling(campaign)
        else:
            _close(campaign)
        campaign.refresh_from_db()
    return CampaignState(campaign.state)


def _close(campaign: Campaign) -> None:
    """Under the campaign's lock, which a late pledge being written holds: one of the two comes first."""
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if late_pledges.are_offered(locked):
            return
        if _nothing_is_open(campaign) and (campaign.is_missed or not _to_hand_over(campaign)):
            lifecycle.complete(locked)


def _to_hand_over(campaign: Campaign) -> bool:
    """Something that was paid for has not reached its backer."""
    on_the_way = Q(state=FulfilmentState.SENT, state_since__gt=clock.now() - ARRIVED_AFTER)
    items = PledgeItem.objects.filter(paid_for(), pledge__campaign=campaign)
    return items.filter(Q(state__in=WAITING) | on_the_way).exists()


def _nothing_is_open(campaign: Campaign) -> bool:
    payments = Payment.objects.filter(pledge__campaign=campaign, state__in=[PaymentState.DUE, *TO_MEND])
    owed = Q(state=RefundState.FAILED, settled_at=None) & ~Q(done_at=None)
    under_way = Q(state__in=[RefundState.TO_APPROVE, RefundState.DUE])
    refunds = Refund.objects.filter(owed | under_way, payment__pledge__campaign=campaign)
    disputes = Dispute.objects.filter(payment__pledge__campaign=campaign, state__in=STANDING)
    cards = Pledge.objects.filter(campaign=campaign, card_state=CardState.TO_DETACH)
    waiting = Pledge.objects.filter(campaign=campaign, state=PledgeState.PENDING)
    if campaign.is_missed:
        waiting = waiting | Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
    return not any(rows.exists() for rows in (payments, refunds, disputes, cards, waiting))
