"""Payments that Stripe has and the database lost: made after a backup that was put back (pledges.since_restored).

A payment is known by the pledge that was written on it, since the row that asked for it may be lost too, and another
have been written for the same pledge. No number is given twice (home.backups), so that it is this pledge's.
"""

from pledges import gateway
from pledges.gateway import Intent
from pledges.models import Payment, StrayPayment


def made_for(payment: Payment) -> Intent | None:
    """What an attempt that is lost here made of a payment, else None. Raises Unavailable.

    One of another amount or currency is for a person to decide: until then the payment is not charged.
    """
    strays = StrayPayment.objects.filter(pledge_id=payment.pledge_id).order_by("pk")
    ids = list(strays.values_list("stripe_intent", flat=True))
    if not ids:
        return None
    taken = set(Payment.objects.filter(stripe_intent__in=ids).values_list("stripe_intent", flat=True))
    account = payment.pledge.cooperative.stripe_account
    found = [gateway.read_payment(account, one) for one in ids if one not in taken]
    standing = [one for one in found if one.status != "canceled"]
    standing.sort(key=lambda intent: not intent.succeeded)
    chosen = next(iter(standing), None)
    if chosen and (chosen.amount, chosen.currency) != (payment.amount, payment.currency):
        raise gateway.Unavailable(f"Payment {payment.pk} is of {payment.amount}, and {chosen.id} of {chosen.amount}.")
    return chosen
