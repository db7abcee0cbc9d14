"""Events: stored once by id and account, then handled by reading the object back; any order, any number of times."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from home import clock, leases
from home.backups import standing
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from pledges import event_routes, gateway
from pledges.models import StripeEvent

log = logging.getLogger(__name__)

#: How many are handled in one go.
AT_ONCE = 500
#: After so many failures an event is tried more rarely: after PATIENCE, then twice that, up to AT_MOST.
STUBBORN = 5
PATIENCE = timedelta(minutes=1)
AT_MOST = timedelta(hours=1)


def receive(payload: bytes, signature: str) -> None:
    """Store an event and have it handled. Raises Refused for a signature that is not Stripe's."""
    store(gateway.read_event(payload, signature))


def store(head: gateway.EventHead) -> bool:
    """Store an event, delivered or found in a list, and have it handled; False for one that was stored before."""
    with transaction.atomic():
        event, created = StripeEvent.objects.get_or_create(
            event_id=head.id,
            account=head.account,
            defaults={
                "kind": head.kind,
                "object_id": head.object_id,
                "reference": head.reference,
                "created_at": head.created_at,
                "received_at": clock.now(),
            },
        )
        if created:
            transaction.on_commit(lambda: _nudge(event.pk))
    return created


def _nudge(event_id: int) -> None:
    from pledges.tasks import handle_event  # noqa: PLC0415 (tasks import this module)

    handle_event.enqueue(event_id)


def handle(event_id: int) -> None:
    """Do what follows from an event. One that cannot be handled now stays, and the tick tries again.

    So does every one after a backup was put back, until what Stripe has was compared (home.backups).
    """
    event = StripeEvent.objects.get(pk=event_id)
    if event.handled_at or standing.is_held(event.account):
        return
    cooperative = Cooperative.objects.select_related("site").filter(stripe_account=event.account).first()
    try:
        if cooperative is not None and event.account:
            with within(cooperative):
                event_routes.follow(event, cooperative)
    except gateway.Unavailable as error:
        _keep(event, str(error))
        return
    except gateway.Refused as error:
        log.error("event %s can change nothing: %s", event.event_id, error)
        StripeEvent.objects.filter(pk=event_id).update(handled_at=clock.now(), last_error=str(error))
        return
    except Exception as error:
        _keep(event, repr(error))
        raise
    StripeEvent.objects.filter(pk=event_id).update(handled_at=clock.now(), last_error="")


def _keep(event: StripeEvent, error: str) -> None:
    """It is tried again: at each tick at first, then ever more rarely, and never given up."""
    attempts = event.attempts + 1
    wait = min(PATIENCE * 2 ** min(attempts - STUBBORN, 20), AT_MOST) if attempts >= STUBBORN else timedelta(0)
    if attempts >= STUBBORN:
        log.error("event %s could not be handled %s times: %s", event.event_id, attempts, error)
    rows = StripeEvent.objects.filter(pk=event.pk, handled_at=None)
    rows.update(attempts=attempts, retry_at=clock.now() + wait, last_error=error)


def waiting() -> QuerySet[StripeEvent]:
    """Stored, not handled, and due. Those that failed least come first: no number of others keeps a new one waiting."""
    now = clock.now()
    due = Q(retry_at=None) | Q(retry_at__lte=now) | leases.never_given("retry_at", now, AT_MOST)
    return StripeEvent.objects.filter(due, handled_at=None).order_by("attempts", "id")


def stubborn(account: str) -> QuerySet[StripeEvent]:
    """Those of an account that somebody has to look at: they failed time and again."""
    return StripeEvent.objects.filter(account=account, handled_at=None, attempts__gte=STUBBORN).order_by("id")


def handle_waiting() -> int:
    """Handle what was stored and not handled; one that fails stays. Returns how many were looked at."""
    with across_cooperatives():
        due = list(waiting().values_list("id", flat=True)[:AT_ONCE])
    for event_id in due:
        try:
            handle(event_id)
        except Exception:
            log.exception("event row %s could not be handled", event_id)
    return len(due)
