"""One worker's hold on a mail: claimed with a lease, leaving, then sent or not. Every write checks the lease.

Leases are counted by the machine's clock: they are about processes, and a product's clock set forward must not take a
mail from the worker that has it. What happens when the process dies: see home.outbox.
"""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from home import clock
from home.mail.handover import Verdict, verdict_on
from home.mail.registry import Category, all_kinds, kind_of
from home.models import BatchStop, MailState, OutgoingMail
from home.tenancy import across_cooperatives

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
CLAIM_SIZE = 50

#: About a day of trying, first every few seconds, then hourly.
MAX_ATTEMPTS = 30
LONGEST_WAIT = timedelta(hours=1)

#: How often a mail that may have left is sent again before a person must look.
MAX_DOUBTS = 5

#: How often a mail that cannot be composed is tried again.
MAX_COMPOSITIONS = 3


def has_work() -> bool:
    """Whether a mail is due now, or was left behind by a worker that died."""
    with across_cooperatives():
        return _due().exists() or _abandoned().exists()


def free_the_dead() -> int:
    """Decide for rows whose worker died while they were leaving."""
    news = [kind.key for kind in all_kinds() if kind.category == Category.NEWS]
    with across_cooperatives():
        may_leave_again = ~Q(kind__in=news) & Q(attempts__lt=MAX_DOUBTS)
        again = _abandoned().filter(may_leave_again).update(state=MailState.QUEUED, lease_token=None, lease_until=None)
        others = _abandoned().exclude(may_leave_again)
        doubtful = others.update(state=MailState.IN_DOUBT, lease_token=None, lease_until=None)
    return again + doubtful


def _abandoned() -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(state=MailState.LEAVING, lease_until__lt=timezone.now())


def _due() -> QuerySet[OutgoingMail]:
    return _not_stopped(OutgoingMail.objects).filter(
        Q(not_before=None) | Q(not_before__lte=clock.now()),
        Q(lease_token=None) | Q(lease_until__lt=timezone.now()),
        state=MailState.QUEUED,
    )


def _not_stopped(mails: Any) -> QuerySet[OutgoingMail]:
    """Mails whose batch is neither paused nor cancelled (home.mail.holding)."""
    return mails.exclude(batch__in=BatchStop.objects.values("batch"))


def claim() -> list[OutgoingMail]:
    token = uuid.uuid4()
    with across_cooperatives(), transaction.atomic():
        due = _due().order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.values_list("id", flat=True)[:CLAIM_SIZE])
        mine = OutgoingMail.objects.filter(id__in=ids, state=MailState.QUEUED)
        mine.update(lease_token=token, lease_until=timezone.now() + LEASE)
        claimed = OutgoingMail.objects.filter(id__in=ids, lease_token=token).order_by("id")
        return list(claimed.select_related("cooperative__site", "backer", "user"))


def give_back(mails: list[OutgoingMail]) -> None:
    token = mails[0].lease_token
    with across_cooperatives():
        mine = OutgoingMail.objects.filter(id__in=[mail.pk for mail in mails], lease_token=token)
        mine.filter(state=MailState.QUEUED).update(lease_token=None, lease_until=None)


def start_leaving(mail: OutgoingMail) -> bool:
    """In one statement with the question whether its batch was stopped: after that, nothing of it leaves."""
    mail.attempts += 1
    mine = _not_stopped(OutgoingMail.objects).filter(pk=mail.pk, state=MailState.QUEUED, lease_token=mail.lease_token)
    return bool(mine.update(state=MailState.LEAVING, lease_until=timezone.now() + LEASE, attempts=mail.attempts))


def keep(mail: OutgoingMail) -> bool:
    """Renew the lease of one that is leaving. False if it was lost meanwhile."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.LEAVING, lease_token=mail.lease_token)
    return bool(mine.update(lease_until=timezone.now() + LEASE))


def sent(mail: OutgoingMail, name: str) -> None:
    now = clock.now()
    settle(mail, MailState.LEAVING, state=MailState.SENT, sent_at=now, last_error="", provider_id=name[:160])


def settle(mail: OutgoingMail, was: MailState, **fields: Any) -> bool:
    mine = OutgoingMail.objects.filter(pk=mail.pk, state=was, lease_token=mail.lease_token)
    return bool(mine.update(**fields, lease_token=None, lease_until=None))


def not_composed(mail: OutgoingMail, error: Exception) -> None:
    log.exception("mail %s could not be composed", mail.pk)
    mail.attempts += 1
    fields: dict[str, Any] = {"attempts": mail.attempts, "last_error": repr(error)}
    if mail.attempts >= MAX_COMPOSITIONS:
        settle(mail, MailState.QUEUED, state=MailState.FAILED, **fields)
    else:
        settle(mail, MailState.QUEUED, not_before=clock.now() + wait(mail), **fields)


def not_sent(mail: OutgoingMail, error: Exception) -> Verdict:
    verdict = verdict_on(error)
    log.warning("mail %s: %s", mail.pk, verdict)
    if verdict == Verdict.DOUBTFUL:
        is_news = kind_of(mail.kind).category == Category.NEWS
        last, ends_as = is_news or mail.attempts >= MAX_DOUBTS, MailState.IN_DOUBT
    else:
        last, ends_as = verdict == Verdict.REFUSED_FOR_GOOD or mail.attempts >= MAX_ATTEMPTS, MailState.FAILED
    if last:
        settle(mail, MailState.LEAVING, state=ends_as, last_error=repr(error))
    else:
        later = clock.now() + wait(mail)
        settle(mail, MailState.LEAVING, state=MailState.QUEUED, not_before=later, last_error=repr(error))
    return verdict


def wait(mail: OutgoingMail) -> timedelta:
    return min(timedelta(seconds=15 * 2 ** min(mail.attempts - 1, 10)), LONGEST_WAIT)
