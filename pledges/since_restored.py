"""After a backup was put back: what Stripe has of the time since, taken over where a row of ours is about it.

Found by what we write on each object, as the rows that asked for them are lost. Call within the cooperative's scope,
once `reconcile_stripe` has named what differs and before anything is charged. Then
- a hosted page whose row is here is known to that row; one of nobody is ended, so that nobody pays for what is lost;
- a payment of a pledge that is here is taken over by whoever is to charge it (pledges.strays); one that is not made
  yet, of a pledge that is lost, never will be;
- a refund of a payment that is here is recorded.
What was paid for lost pledges stays with people: `reconcile_stripe` goes on naming it. Events since the backup are read
from Stripe's list afterwards (pledges.polling).

What happens when the process dies: each step may be run again, and the installation is held until all were.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from home import clock
from home.inserting import insert_once
from home.models import Cooperative
from home.rewriting import rewrite
from pledges import checkout, gateway, refunds
from pledges.enums import CheckoutState
from pledges.gateway import audit
from pledges.gateway.payments import OWN_PLEDGE, OWN_ROW
from pledges.models import Checkout, Payment, Pledge, Refund, StrayPayment
from pledges.payment_finding import payment_for
from pledges.reconciling import chunks

#: How far Stripe's clock may be from ours, and what was begun before the backup and came after it.
BEFORE = timedelta(hours=2)


@dataclass
class TakenUp:
    """How many of each were taken over, or ended."""

    pages: int = 0
    ended_pages: int = 0
    payments: int = 0
    ended_payments: int = 0
    refunds: int = 0

    def add(self, other: "TakenUp") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def take_up(cooperative: Cooperative, taken_at: datetime) -> TakenUp:
    """All that Stripe has of this cooperative since the backup. Raises NoAccess or Unavailable."""
    since, done = taken_at - BEFORE, TakenUp()
    _pages(cooperative, since, done)
    _payments(cooperative, since, done)
    _refunds(cooperative, since, done)
    return done


def _pages(cooperative: Cooperative, since: datetime, done: TakenUp) -> None:
    for some in chunks(audit.sessions(cooperative.stripe_account, since=since)):
        known = set(
            Checkout.objects.filter(stripe_session__in=[seen.id for seen in some]).values_list(
                "stripe_session", flat=True
            )
        )
        for seen in some:
            if seen.id in known:
                continue
            row = checkout.by_reference(seen.id, seen.key)
            if row is not None and row.state == CheckoutState.OPENING:
                _learn(row, seen)
                done.pages += 1
            elif seen.status == "open":
                gateway.end_session(cooperative.stripe_account, seen.id)
                done.ended_pages += 1


def _learn(row: Checkout, seen: audit.SessionSeen) -> None:
    """With its customer, on whom its card is saved; one that is stored here is everybody's already."""
    rewrite(row.pledge.backer, where={"stripe_customer": ""}, stripe_customer=seen.customer)
    checkout.learn(row, seen.id)


def _payments(cooperative: Cooperative, since: datetime, done: TakenUp) -> None:
    for some in chunks(audit.intents(cooperative.stripe_account, since=since)):
        ids = [intent.id for intent in some]
        known = set(Payment.objects.filter(stripe_intent__in=ids).values_list("stripe_intent", flat=True))
        for intent in some:
            if intent.id not in known and intent.status != "canceled" and OWN_ROW in intent.metadata:
                _payment(cooperative, intent, done)


def _payment(cooperative: Cooperative, intent: gateway.Intent, done: TakenUp) -> None:
    """One that we charged to a saved card; what was paid on a hosted page is its page's."""
    named = intent.metadata.get(OWN_PLEDGE, "")
    if named.isdecimal() and Pledge.objects.filter(pk=int(named)).exists():
        stray = StrayPayment(
            cooperative=cooperative, pledge_id=int(named), stripe_intent=intent.id, found_at=clock.now()
        )
        done.payments += insert_once(stray)
    elif not intent.succeeded:
        gateway.cancel_payment(cooperative.stripe_account, intent.id)
        done.ended_payments += 1


def _refunds(cooperative: Cooperative, since: datetime, done: TakenUp) -> None:
    account = cooperative.stripe_account
    for some in chunks(audit.refunds(account, since=since)):
        ids = [seen.id for seen in some]
        known = set(Refund.objects.filter(stripe_refund__in=ids).values_list("stripe_refund", flat=True))
        for seen in some:
            if seen.id not in known and (payment := payment_for(account, seen.intent)):
                refunds.follow(payment, gateway.read_refund(account, seen.id))
                done.refunds += 1
