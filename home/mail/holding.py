"""The mails of a batch that is paused or cancelled, or that waits for a text; and mails in doubt, settled by hand.

A batch is stopped by a row (`BatchStop`) that the sender reads in the statement that lets a mail leave, so that a mail
which comes back to the queue after its batch was stopped does not leave either. What is leaving, leaves.

Each function is to be called in a transaction, by whoever holds the lock of what the batch belongs to. What happens
when the process dies:
- before the commit: nothing was stopped, released or settled, and the person is told nothing;
- after it: the stop stands, and mails that come back to the queue later are put in their place by `sweep`, which the
  tick runs; until it did they are queued, and do not leave.
"""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from home import clock
from home.models import BatchStop, Cooperative, HeldFor, MailState, OutgoingMail, Stop
from home.models.mail import UNDER_WAY
from home.tenancy import across_cooperatives

FREE = {"lease_token": None, "lease_until": None}


def of_batch(batch: str) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(batch=batch)


def hold(cooperative: Cooperative, batch: str) -> None:
    """Nothing of the batch leaves until `release`; what waits for a text goes on waiting for it."""
    BatchStop.objects.get_or_create(batch=batch, defaults={"cooperative": cooperative, "how": Stop.HOLD})
    _hold(of_batch(batch))


def release(batch: str) -> None:
    """What `hold` held may leave. A cancelled batch stays cancelled."""
    BatchStop.objects.filter(batch=batch, how=Stop.HOLD).delete()
    held = of_batch(batch).filter(state=MailState.HELD, held_for=HeldFor.DECISION)
    held.update(state=MailState.QUEUED, held_for=HeldFor.NOTHING, **FREE)


def cancel(cooperative: Cooperative, batch: str) -> int:
    """Nothing more of the batch ever leaves. Returns how many mails were cancelled."""
    BatchStop.objects.update_or_create(batch=batch, defaults={"cooperative": cooperative, "how": Stop.CANCEL})
    return _cancel(of_batch(batch).filter(state__in=[MailState.QUEUED, MailState.HELD]))


def waiting_for_text(batch: str, languages: Iterable[str] | None = None) -> QuerySet[OutgoingMail]:
    waiting = of_batch(batch).filter(state=MailState.HELD, held_for=HeldFor.TEXT)
    return waiting if languages is None else waiting.filter(language__in=languages)


def release_text(batch: str, languages: Iterable[str] | None = None) -> int:
    """What waited for a text may leave, or waits for the decision about its batch. Returns how many."""
    waiting = waiting_for_text(batch, languages)
    if BatchStop.objects.filter(batch=batch).exists():
        return waiting.update(held_for=HeldFor.DECISION)
    return waiting.update(state=MailState.QUEUED, held_for=HeldFor.NOTHING, **FREE)


def cancel_waiting(batch: str) -> int:
    """What waited for a text never leaves. Returns how many."""
    return _cancel(waiting_for_text(batch))


def in_doubt(cooperative: Cooperative) -> QuerySet[OutgoingMail]:
    """Mails of no batch of which nobody knows whether they left, oldest first: the worker died too often."""
    return OutgoingMail.objects.filter(cooperative=cooperative, batch="", stage=MailState.IN_DOUBT).order_by("pk")


def settle_doubt(mail: OutgoingMail, *, left: bool) -> bool:
    """What someone found out about a mail in doubt: it left, or it leaves again. False if it was settled already."""
    doubtful = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.IN_DOUBT)
    if left:
        return bool(doubtful.update(state=MailState.SENT, sent_at=clock.now()))
    return bool(doubtful.update(state=MailState.QUEUED, attempts=0, not_before=None, last_error="", **FREE))


def sweep() -> int:
    """Mails that came back to the queue after their batch was stopped. Returns how many were put in their place."""
    with across_cooperatives():
        queued = OutgoingMail.objects.filter(stage=UNDER_WAY, state=MailState.QUEUED)
        held = _hold(queued.filter(batch__in=_stopped(Stop.HOLD)))
        return held + _cancel(queued.filter(batch__in=_stopped(Stop.CANCEL)))


def _stopped(how: Stop) -> QuerySet:
    return BatchStop.objects.filter(how=how).values("batch")


def _hold(mails: QuerySet[OutgoingMail]) -> int:
    waiting = mails.filter(state=MailState.QUEUED)
    return waiting.update(state=MailState.HELD, held_for=HeldFor.DECISION, **FREE)


def _cancel(mails: QuerySet[OutgoingMail]) -> int:
    """None of them left: its occasion becomes its batch, so that another one may bring the same to its reader."""
    return mails.update(state=MailState.CANCELLED, held_for=HeldFor.NOTHING, occasion=F("batch"), **FREE)
