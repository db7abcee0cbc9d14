"""Cards to forget at the provider: of promises that ended without a debit, and those that another one replaced.

What is to be forgotten is a row, or a state of the pledge, before the provider is asked; the tick asks however often
that takes.
"""

import logging

from django.db import transaction
from django.db.models import QuerySet

from home import clock
from home.tenancy import across_cooperatives
from pledges import gateway
from pledges.enums import CardState
from pledges.models import CardToForget, Pledge

log = logging.getLogger(__name__)


def replaced(pledge: Pledge, payment_method: str) -> None:
    """Another card took its place, or it came too late: it is to be forgotten. In the caller's transaction."""
    CardToForget.objects.create(
        cooperative_id=pledge.cooperative_id, pledge=pledge, payment_method=payment_method, replaced_at=clock.now()
    )
    transaction.on_commit(_nudge)


def _nudge() -> None:
    from pledges.tasks import forget_cards  # noqa: PLC0415 (tasks import this module)

    forget_cards.enqueue()


def due_pledges() -> QuerySet[Pledge]:
    """Promises that ended, with a card to forget; of an account that we do not reach any more, they wait."""
    return Pledge.objects.filter(card_state=CardState.TO_DETACH, cooperative__disconnected_at=None)


def due_cards() -> QuerySet[CardToForget]:
    """Cards that another one replaced: as `due_pledges`."""
    return CardToForget.objects.filter(forgotten_at=None, cooperative__disconnected_at=None)


def forget_due() -> int:
    """Detach every card that is to be forgotten; one that cannot be now stays due. Returns how many were."""
    forgotten = 0
    with across_cooperatives():
        for pledge in due_pledges().select_related("cooperative").order_by("id").iterator(chunk_size=200):
            forgotten += _forget(pledge)
        for card in due_cards().select_related("cooperative").order_by("id").iterator(chunk_size=200):
            forgotten += _forget_replaced(card)
    return forgotten


def _forget(pledge: Pledge) -> bool:
    try:
        gateway.forget_card(pledge.cooperative.stripe_account, pledge.payment_method)
    except gateway.GatewayError as error:
        log.warning("the card of pledge %s is still to be forgotten: %s", pledge.pk, error)
        return False
    Pledge.objects.filter(pk=pledge.pk).update(card_state=CardState.DETACHED, payment_method="")
    return True


def _forget_replaced(card: CardToForget) -> bool:
    try:
        gateway.forget_card(card.cooperative.stripe_account, card.payment_method)
    except gateway.GatewayError as error:
        log.warning("the card replaced by row %s is still to be forgotten: %s", card.pk, error)
        return False
    CardToForget.objects.filter(pk=card.pk).update(forgotten_at=clock.now(), payment_method="")
    return True
