"""One worker's hold on a mail: claimed with a lease, leaving, then sent or not. Every write checks the lease.

Leases are counted by the machine's clock: they are about processes, and a product's clock set forward must not take a
mail from the worker that has it. What happens when the process dies: see home.outbox.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from home import clock
from home.mail.handover import Verdict, verdict_on
from home.mail.registry import Category, all_kinds, kind_of
from home.models import BatchStop, MailState, OutgoingMail
from home.tenancy import across_cooperatives

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
FREE: dict[str, Any] = {"lease_token": None, "lease_until": None}

#: What a worker that dies keeps from the others until its lease ends.
CLAIM_SIZE = 500

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
        again = _abandoned().filter(may_leave_again).update(state=MailState.QUEUED, **FREE)
        others = _abandoned().exclude(may_leave_again)
        doubtful = others.update(state=MailState.IN_DOUBT, **FREE)
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


def claim(most: int = CLAIM_SIZE) -> list[OutgoingMail]:
    """Rows that nobody else has, oldest first, each with its cooperative, backer and user."""
    token = uuid.uuid4()
    with across_cooperatives(), transaction.atomic():
        due = _due().order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.values_list("id", flat=True)[:most])
        mine = OutgoingMail.objects.filter(id__in=ids, state=MailState.QUEUED)
        mine.update(lease_token=token, lease_until=timezone.now() + LEASE)
        claimed = OutgoingMail.objects.filter(id__in=ids, lease_token=token).order_by("id")
        return list(claimed.prefetch_related("cooperative__site", "cooperative__rehearsed_by", "backer", "user"))


def give_back(mails: Sequence[OutgoingMail]) -> None:
    """Those that are not leaving: another worker may have them at once."""
    if mails:
        with across_cooperatives():
            _mine(mails, MailState.QUEUED).update(**FREE)


def renew(mails: Sequence[OutgoingMail]) -> None:
    """Those that wait or are leaving stay with this worker, whose provider is slow."""
    if mails:
        with across_cooperatives():
            _mine(mails, MailState.QUEUED, MailState.LEAVING).update(lease_until=timezone.now() + LEASE)


def move(gone: Sequence[tuple[OutgoingMail, str]], next_ones: Sequence[OutgoingMail]) -> set[int]:
    """What the provider has taken is sent, under its name for it; then those that come next start leaving.

    Returns the ids of those that may leave: not where the lease was lost, nor where its batch was stopped, which is
    asked in the statement that lets them leave. Rows that somebody else holds are waited for one by one, so that
    nobody waits for us while we wait for them.
    """
    with across_cooperatives(), transaction.atomic():
        free = _locked([*(mail for mail, _name in gone), *next_ones])
        _mark_sent([(mail, name) for mail, name in gone if mail.pk in free])
        leaving = _start_leaving([mail for mail in next_ones if mail.pk in free])
    with across_cooperatives():
        for mail, name in gone:
            if mail.pk not in free:
                _mark_sent([(mail, name)])
        for mail in next_ones:
            if mail.pk not in free:
                leaving |= _start_leaving([mail])
    for mail in next_ones:
        mail.attempts += mail.pk in leaving
    return leaving


def take_back(mails: Sequence[OutgoingMail]) -> None:
    """They were marked as leaving, and no connection was given them: as if they had not been."""
    if mails:
        with across_cooperatives():
            _mine(mails, MailState.LEAVING).update(state=MailState.QUEUED, attempts=F("attempts") - 1, **FREE)


def _mine(mails: Sequence[OutgoingMail], *states: MailState) -> QuerySet[OutgoingMail]:
    """Of rows claimed together, those that this worker still has."""
    ids = [mail.pk for mail in mails]
    return OutgoingMail.objects.filter(pk__in=ids, state__in=states, lease_token=mails[0].lease_token)


def _locked(mails: Sequence[OutgoingMail]) -> set[int]:
    """Ids of rows that nobody else holds, held from now on."""
    ids = [mail.pk for mail in mails]
    if not connection.features.has_select_for_update_skip_locked:
        return set(ids)
    rows = OutgoingMail.objects.filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True)
    return set(rows.values_list("pk", flat=True))


def _start_leaving(mails: Sequence[OutgoingMail]) -> set[int]:
    if not mails:
        return set()
    mine = _not_stopped(_mine(mails, MailState.QUEUED))
    until = timezone.now() + LEASE
    moved = mine.update(state=MailState.LEAVING, lease_until=until, attempts=F("attempts") + 1)
    if moved == len(mails):
        return {mail.pk for mail in mails}
    return set(_mine(mails, MailState.LEAVING).values_list("pk", flat=True)) if moved else set()


def _mark_sent(gone: Sequence[tuple[OutgoingMail, str]]) -> None:
    """In a statement for each name the provider gave: usually one, of many or of none."""
    of_name: dict[str, list[OutgoingMail]] = {}
    for mail, name in gone:
        of_name.setdefault(name[:160], []).append(mail)
    for name, mails in of_name.items():
        mine = _mine(mails, MailState.LEAVING)
        mine.update(state=MailState.SENT, sent_at=clock.now(), last_error="", provider_id=name, **FREE)


def keep(mail: OutgoingMail) -> bool:
    """Renew the lease of one that is leaving. False if it was lost meanwhile."""
    return bool(_mine([mail], MailState.LEAVING).update(lease_until=timezone.now() + LEASE))


def settle(mail: OutgoingMail, was: MailState, **fields: Any) -> bool:
    mine = OutgoingMail.objects.filter(pk=mail.pk, state=was, lease_token=mail.lease_token)
    return bool(mine.update(**fields, **FREE))


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
