"""Cards to forget at the provider: of promises that ended without a debit, and those that another one replaced."""

import logging

from home import clock
from home.tenancy import across_cooperatives
from pledges import gateway
from pledges.enums import CardState
from pledges.models import CardToForget, Pledge

log = logging.getLogger(__name__)


def forget_due() -> int:
    """Detach every card that is to be forgotten; one that cannot be now stays due. Returns how many were."""
    forgotten = 0
    with across_cooperatives():
        due = Pledge.objects.filter(card_state=CardState.TO_DETACH).select_related("cooperative").order_by("id")
        for pledge in due.iterator(chunk_size=200):
            forgotten += _forget(pledge)
        replaced = CardToForget.objects.filter(forgotten_at=None).select_related("cooperative").order_by("id")
        for card in replaced.iterator(chunk_size=200):
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
