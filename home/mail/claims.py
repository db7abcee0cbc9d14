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
from django.db.models import F, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from home import clock, leases
from home.mail.handover import Verdict, verdict_on
from home.mail.registry import Category, all_kinds, kind_of
from home.models import BatchStop, Cooperative, MailState, OutgoingMail
from home.models.mail import UNDER_WAY
from home.tenancy import across_cooperatives

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MAILS = OutgoingMail._meta.db_table
NOT_STOPPED = f"NOT EXISTS (SELECT 1 FROM {BatchStop._meta.db_table} stop WHERE stop.batch = mail.batch)"  # noqa: S608 (our own names)
MAY_TURN = f"(mail.state = '{MailState.LEAVING}' OR mail.state = '{MailState.QUEUED}' AND {NOT_STOPPED})"
FREE: dict[str, Any] = {"lease_token": None, "lease_until": None}
#: What becomes of a row that leaves: of one that was leaving, and of one that waited.
TURNS = f"""
    state = CASE mail.state WHEN '{MailState.LEAVING}' THEN '{MailState.SENT}' ELSE '{MailState.LEAVING}' END,
    attempts = CASE mail.state WHEN '{MailState.LEAVING}' THEN mail.attempts ELSE mail.attempts + 1 END,
    lease_token = CASE mail.state WHEN '{MailState.LEAVING}' THEN NULL ELSE mail.lease_token END,
    lease_until = CASE mail.state WHEN '{MailState.LEAVING}' THEN NULL ELSE %s END,
    sent_at = CASE mail.state WHEN '{MailState.LEAVING}' THEN %s ELSE mail.sent_at END,
    last_error = CASE mail.state WHEN '{MailState.LEAVING}' THEN '' ELSE mail.last_error END,
    provider_id = CASE mail.state WHEN '{MailState.LEAVING}' THEN {{named}} ELSE mail.provider_id END
"""

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
    return OutgoingMail.objects.filter(stage=UNDER_WAY, state=MailState.LEAVING).filter(
        leases.over("lease_until", timezone.now(), LEASE)
    )


def _due() -> QuerySet[OutgoingMail]:
    return _not_stopped(OutgoingMail.objects).filter(
        Q(not_before=None) | Q(not_before__lte=clock.now()) | _never_waits_so_long(),
        Q(lease_token=None) | leases.over("lease_until", timezone.now(), LEASE),
        stage=UNDER_WAY,
        state=MailState.QUEUED,
    )


def _never_waits_so_long() -> Q:
    """It is to leave again, at a time that a clock gave which was far ahead. A day that somebody chose is not that."""
    return Q(attempts__gt=0) & leases.never_given("not_before", clock.now(), LONGEST_WAIT)


def _not_stopped(mails: Any) -> QuerySet[OutgoingMail]:
    """Mails whose batch is neither paused nor cancelled (home.mail.holding)."""
    return mails.exclude(batch__in=BatchStop.objects.values("batch"))


def claim(most: int = CLAIM_SIZE, after: int = 0) -> list[OutgoingMail]:
    """Rows that nobody else has, oldest first, each with its cooperative, backer and user.

    `after`: the id from which to look on. Who has just claimed those before it need not read past them again.
    """
    token = uuid.uuid4()
    with across_cooperatives(), transaction.atomic():
        due = _due().filter(id__gt=after).select_related("backer").order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
        claimed = list(due[:most])
        if claimed:
            lease = _prepared({"lease_token": token, "lease_until": timezone.now() + LEASE})
            with connection.cursor() as cursor:
                sql = f"UPDATE {MAILS} SET lease_token = %s, lease_until = %s WHERE id IN ({_ids(claimed)})"  # noqa: S608 (our own names and ids)
                cursor.execute(sql, lease)
        for mail in claimed:
            mail.lease_token = token
        _with_what_they_need(claimed)
        return claimed


def _with_what_they_need(mails: Sequence[OutgoingMail]) -> None:
    """Many mails share a cooperative, and hardly any has a user: each row is read once."""
    rows = Cooperative.objects.select_related("site", "rehearsed_by")
    cooperatives = rows.in_bulk({mail.cooperative_id for mail in mails}) if mails else {}
    for mail in mails:
        OutgoingMail.cooperative.field.set_cached_value(mail, cooperatives[mail.cooperative_id])
    prefetch_related_objects([mail for mail in mails if mail.user_id is not None], "user")


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


def turn(gone: Sequence[tuple[OutgoingMail, str]], following: Sequence[OutgoingMail]) -> set[int]:
    """By one statement: what was taken is sent, with the provider's name for each, and what follows begins to leave.

    The ids of those that may leave: not where the lease was lost, nor where the batch was stopped. That is asked in the
    statement that lets them leave: after a stop, nothing of its batch does. This is most of what a mailing writes.

    Nobody waits for us while we wait for them: rows that somebody else holds are left out, and waited for one by one.
    """
    turned = _turned(gone, following, wait=len(gone) + len(following) == 1)
    if len(gone) + len(following) > 1:
        for one in gone:
            turned |= _turned([one], [], wait=True) if one[0].pk not in turned else set()
        for mail in following:
            turned |= _turned([], [mail], wait=True) if mail.pk not in turned else set()
    left = {mail.pk for mail in following} & turned
    for mail in following:
        mail.attempts += mail.pk in left
    return left


def _turned(gone: Sequence[tuple[OutgoingMail, str]], following: Sequence[OutgoingMail], *, wait: bool) -> set[int]:
    """The ids of the rows that were changed. Of each row it is its state that says which of the two it is."""
    if not gone and not following:
        return set()
    mails = [mail for mail, _name in gone]
    token = (mails or following)[0].lease_token
    names, named = _names_of(gone)
    skips = connection.features.has_select_for_update_skip_locked and not wait
    ours = f"mail.id IN ({_ids([*mails, *following])}) AND mail.lease_token = %s AND {MAY_TURN}"
    lock = "FOR NO KEY UPDATE OF mail SKIP LOCKED" if skips else ""
    where = f"mail.id IN (SELECT mail.id FROM {MAILS} mail WHERE {ours} {lock})" if skips else ours  # noqa: S608 (our own names and ids)
    sql = f"UPDATE {MAILS} AS mail SET {TURNS.format(named=named)} WHERE {where} RETURNING id"  # noqa: S608 (our own names and ids)
    until, now, token = _prepared({"lease_until": timezone.now() + LEASE, "sent_at": clock.now(), "lease_token": token})
    with connection.cursor() as cursor:
        cursor.execute(sql, [until, now, *names, token])
        return {pk for (pk,) in cursor.fetchall()}


def _names_of(gone: Sequence[tuple[OutgoingMail, str]]) -> tuple[list[str], str]:
    """What the provider calls each: one name of a whole call, or one of each reader."""
    names = {mail.pk: name[:160] for mail, name in gone}
    if len(set(names.values())) <= 1:
        return [next(iter(names.values()), "")], "%s"
    return list(names.values()), f"CASE mail.id {' '.join(f'WHEN {int(pk)} THEN %s' for pk in names)} END"


def _ids(mails: Sequence[OutgoingMail]) -> str:
    return ", ".join(str(int(mail.pk)) for mail in mails)


def _prepared(values: dict[str, Any]) -> list[Any]:
    """As the database takes them."""
    fields = {field.name: field for field in OutgoingMail._meta.concrete_fields}
    return [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]


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
