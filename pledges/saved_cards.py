"""The card of a promise that ended without a debit is forgotten at the provider."""

import logging

from home.tenancy import across_cooperatives
from pledges import gateway
from pledges.enums import CardState
from pledges.models import Pledge

log = logging.getLogger(__name__)


def forget_due() -> int:
    """Detach every card that is to be forgotten; one that cannot be now stays due. Returns how many were."""
    forgotten = 0
    with across_cooperatives():
        due = Pledge.objects.filter(card_state=CardState.TO_DETACH).select_related("cooperative").order_by("id")
        for pledge in due.iterator(chunk_size=200):
            forgotten += _forget(pledge)
    return forgotten


def _forget(pledge: Pledge) -> bool:
    try:
        gateway.forget_card(pledge.cooperative.stripe_account, pledge.payment_method)
    except gateway.GatewayError as error:
        log.warning("the card of pledge %s is still to be forgotten: %s", pledge.pk, error)
        return False
    Pledge.objects.filter(pk=pledge.pk).update(card_state=CardState.DETACHED, payment_method="")
    return True
