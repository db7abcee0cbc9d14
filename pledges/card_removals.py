"""Cards and customers that were removed at the provider, by their owner's bank or by hand: another card is needed.

What the promise shows then is `CardState.NONE`; a charge of it asks for another card without calling anyone, and the
next hosted page makes a new customer. What was paid already is left as it is.
"""

from django.db import transaction

from home.models import Backer
from pledges import gateway
from pledges.charging import NO_CARD
from pledges.enums import CardState, PaymentState, PledgeState
from pledges.models import Payment, Pledge
from pledges.recording import TO_MEND


def card_removed(account: str, payment_method: str) -> None:
    """A card was detached. One that still stands, or that we let go ourselves, changes nothing. Raises Unavailable."""
    kept = Pledge.objects.filter(payment_method=payment_method, card_state=CardState.KEPT)
    if kept.exists() and not gateway.is_attached(account, payment_method):
        _forget(list(kept.values_list("pk", flat=True)), payment_method)


def customer_removed(account: str, customer: str) -> None:
    """A customer was deleted, and all its cards with it. Raises Unavailable."""
    backers = Backer.objects.filter(stripe_customer=customer)
    if not backers.exists() or gateway.is_customer(account, customer):
        return
    with transaction.atomic():
        ids = list(backers.values_list("pk", flat=True))
        backers.update(stripe_customer="")
        for pledge in Pledge.objects.filter(backer__in=ids, card_state=CardState.KEPT):
            _forget([pledge.pk], pledge.payment_method)


def _forget(pledges: list[int], payment_method: str) -> None:
    """Unless another card was given meanwhile."""
    unpaid = Pledge.objects.filter(pk__in=pledges, state=PledgeState.CONFIRMED, payment_method=payment_method)
    paid = Payment.objects.filter(pledge__in=pledges, state=PaymentState.PAID)
    unpaid = unpaid.exclude(pk__in=paid.values("pledge"))
    with transaction.atomic():
        ids = list(unpaid.values_list("pk", flat=True))
        unpaid.filter(pk__in=ids).update(card_state=CardState.NONE, payment_method="", card_last4="", card_expires=None)
        waiting = Payment.objects.filter(pledge__in=ids, part=0, state__in=TO_MEND)
        waiting.update(state=PaymentState.MEND, decline_code=NO_CARD, retry_at=None)
