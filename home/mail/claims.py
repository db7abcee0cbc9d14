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
MAILS = OutgoingMail._meta.db_table
NOT_STOPPED = f"NOT EXISTS (SELECT 1 FROM {BatchStop._meta.db_table} stop WHERE stop.batch = mail.batch)"  # noqa: S608
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


def start_leaving(mails: Sequence[OutgoingMail]) -> set[int]:
    """The ids of those that may leave: not where the lease was lost, nor where the batch was stopped.

    That is asked in the statement that lets them leave: after a stop, nothing of its batch does.
    """
    going = {"state": MailState.LEAVING, "lease_until": timezone.now() + LEASE}
    left = _move(mails, MailState.QUEUED, going, NOT_STOPPED, "attempts = attempts + 1")
    for mail in mails:
        mail.attempts += mail.pk in left
    return left


def sent(gone: Sequence[tuple[OutgoingMail, str]]) -> None:
    """With the provider's name for each: a statement for every name, of which there is mostly one."""
    of_name: dict[str, list[OutgoingMail]] = {}
    for mail, name in gone:
        of_name.setdefault(name[:160], []).append(mail)
    for name, mails in of_name.items():
        fields = {"state": MailState.SENT, "sent_at": clock.now(), "last_error": "", "provider_id": name, **FREE}
        _move(mails, MailState.LEAVING, fields)


def _move(
    mails: Sequence[OutgoingMail], was: MailState, fields: dict[str, Any], condition: str = "", also: str = ""
) -> set[int]:
    """Rows of ours, by one statement; the ids of those that it changed. This is most of what a mailing writes.

    Nobody waits for us while we wait for them: rows that somebody else holds are left out, and waited for one by one.
    """
    moved = _moved(mails, was, fields, condition, also, wait=len(mails) == 1)
    rest = [mail for mail in mails if mail.pk not in moved] if len(mails) > 1 else []
    for mail in rest:
        moved |= _moved([mail], was, fields, condition, also, wait=True)
    return moved


def _moved(
    mails: Sequence[OutgoingMail], was: MailState, fields: dict[str, Any], condition: str, also: str, *, wait: bool
) -> set[int]:
    if not mails:
        return set()
    set_to = ", ".join([*(f"{name} = %s" for name in fields), *([also] if also else [])])
    ids = ", ".join(str(int(mail.pk)) for mail in mails)
    skips = connection.features.has_select_for_update_skip_locked and not wait
    lock = "FOR NO KEY UPDATE OF mail SKIP LOCKED" if skips else ""
    ours = f"mail.id IN ({ids}) AND mail.state = %s AND mail.lease_token = %s" + (condition and f" AND {condition}")
    table = MAILS if skips else f"{MAILS} AS mail"
    where = f"id IN (SELECT mail.id FROM {MAILS} mail WHERE {ours} {lock})" if skips else ours  # noqa: S608 (as below)
    values = {**fields, "state ": was, "lease_token ": mails[0].lease_token}
    types = {field.name: field for field in OutgoingMail._meta.concrete_fields}
    prepared = [types[name.strip()].get_db_prep_save(value, connection) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {set_to} WHERE {where} RETURNING id", prepared)  # noqa: S608 (names of ours)
        return {pk for (pk,) in cursor.fetchall()}


def take_back(mails: Sequence[OutgoingMail]) -> None:
    """They were marked as leaving, and no connection was given them: as if they had not been."""
    if mails:
        with across_cooperatives():
            _mine(mails, MailState.LEAVING).update(state=MailState.QUEUED, attempts=F("attempts") - 1, **FREE)


def _mine(mails: Sequence[OutgoingMail], *states: MailState) -> QuerySet[OutgoingMail]:
    """Of rows claimed together, those that this worker still has."""
    ids = [mail.pk for mail in mails]
    return OutgoingMail.objects.filter(pk__in=ids, state__in=states, lease_token=mails[0].lease_token)


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
