"""Another card for a promise, before its debit.

What happens when the process dies: before the page is asked for, the sweep ends it; after the card was given, return
page, event and sweep read the page back, and `replace` is one transaction, once. The card it replaces is a row
(CardToForget) written with it, which the tick has forgotten at the provider however often that takes.
"""

from datetime import datetime

from django.db import transaction

from campaigns import lifecycle
from home import clock
from pledges import pledging, saved_cards
from pledges.enums import CardState, CheckoutPurpose, CheckoutState, PledgeState
from pledges.gateway import Card
from pledges.models import Checkout, Pledge


def may_replace(pledge: Pledge, at: datetime) -> bool:
    """A promise whose card is kept, until the deadline."""
    kept = pledge.state == PledgeState.CONFIRMED and pledge.card_state == CardState.KEPT
    return kept and pledge.campaign.is_all_or_nothing and lifecycle.takes_pledges(pledge.campaign, at)


def new_checkout(pledge: Pledge) -> Checkout:
    """The page about to be opened (pledges.own_pages)."""
    now = clock.now()
    return Checkout.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        purpose=CheckoutPurpose.CARD,
        created_at=now,
        expires_at=now + pledging.PAGE_LASTS,
    )


def replace(row: Checkout, card: Card) -> bool:
    """A card was given: it is the promise's, and the other is to be forgotten. False if that was known already.

    One given for a promise that ended meanwhile, or is being charged, is itself to be forgotten.
    """
    with transaction.atomic():
        unfinished = Checkout.objects.filter(pk=row.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
        if not unfinished.update(state=CheckoutState.COMPLETE, ended_at=clock.now()):
            return False
        lifecycle.keep_open(row.pledge.campaign_id)
        pledge = Pledge.objects.select_for_update().get(pk=row.pledge_id)
        stands = pledge.state == PledgeState.CONFIRMED and pledge.card_state == CardState.KEPT
        used = stands and not pledge.payments.exists()
        if used:
            Pledge.objects.filter(pk=pledge.pk).update(
                payment_method=card.payment_method, card_last4=card.last4, card_expires=card.expires
            )
        over = pledge.payment_method if used else card.payment_method
        if over and not (used and over == card.payment_method):
            saved_cards.replaced(pledge, over)
    return True
