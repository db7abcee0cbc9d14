"""The state machine of a mail: queued, claimed, leaving, sent, or in doubt.

What happens when the process dies:
- before the row is committed: there is no mail, and no reason for one either (same transaction);
- after the commit, before the task is enqueued: the tick finds the row;
- claimed, not yet leaving: the lease ends and another worker claims it;
- leaving: the mail may have left. Service and team mail leaves again with the same Message-ID; news is marked
  in doubt and never leaves twice by itself.

Leases are counted by the machine's clock: they are about processes, and a product's clock set forward must not
take a mail from the worker that has it.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from home import backing, clock, composing
from home.handover import Verdict, verdict_on
from home.models import Backer, BatchStop, Cooperative, HeldFor, MailState, OutgoingMail, User
from home.registry import Category, MailKind, all_kinds, kind_of
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
CLAIM_SIZE = 50
WRITE_SIZE = 500

#: About a day of trying, first every few seconds, then hourly.
MAX_ATTEMPTS = 30
LONGEST_WAIT = timedelta(hours=1)

#: How often a mail that may have left is sent again before a person must look.
MAX_DOUBTS = 5

#: How often a mail that cannot be composed is tried again.
MAX_COMPOSITIONS = 3


def mail_for(
    kind: MailKind,
    *,
    cooperative: Cooperative,
    subject_key: str,
    to: Backer | User,
    occasion: str = "",
    batch: str = "",
    facts: dict[str, Any] | None = None,
    language: str | None = None,
) -> OutgoingMail:
    """A row not yet saved, addressed to a backer or to someone of the team."""
    backer = to if isinstance(to, Backer) else None
    user = to if isinstance(to, User) else None
    return OutgoingMail(
        cooperative=cooperative,
        kind=kind.key,
        subject_key=subject_key,
        occasion=occasion,
        reader_key=f"backer:{to.pk}" if backer else f"user:{to.pk}",
        backer=backer,
        user=user,
        address=to.email,
        language=language or (backer.language if backer else cooperative.language),
        batch=batch,
        facts=facts or {},
        created_at=clock.now(),
    )


def queue(kind: MailKind, **fields: Any) -> None:
    """Write the row of one mail (arguments of `mail_for`) and nudge a worker once it is committed."""
    queue_all([mail_for(kind, **fields)])


def queue_all(mails: Iterable[OutgoingMail]) -> None:
    """Write many rows and nudge a worker once they are committed."""
    write_all(mails)
    transaction.on_commit(nudge)


def write_all(mails: Iterable[OutgoingMail]) -> None:
    """Write many rows, some at a time; a mail already written for its occasion and reader is left as it is.

    Who has no address is not written to.
    """
    addressed = (mail for mail in mails if mail.address)
    for some in _in_chunks(addressed, WRITE_SIZE):
        OutgoingMail.objects.bulk_create(some, ignore_conflicts=True)


def _in_chunks(mails: Iterable[OutgoingMail], size: int) -> Iterator[list[OutgoingMail]]:
    remaining = iter(mails)
    while some := list(islice(remaining, size)):
        yield some


def forget_reader(backer: Backer, *, but: MailKind | None = None) -> None:
    """Mails to a backer who is erased: what still waits is cancelled, and no row keeps where it went.

    One that is leaving keeps its address, and so does the kind that is still to leave: call again later.
    """
    mails = OutgoingMail.objects.filter(backer=backer).exclude(address="")
    others = mails.exclude(kind=but.key) if but else mails
    others.filter(state__in=[MailState.QUEUED, MailState.HELD]).update(
        state=MailState.CANCELLED, held_for=HeldFor.NOTHING
    )
    mails.exclude(state__in=[MailState.QUEUED, MailState.LEAVING]).update(address="", facts={})


def nudge() -> None:
    from home.tasks import send_mails  # noqa: PLC0415 (tasks import this module)

    send_mails.enqueue()


def send_due(limit: int = 100_000) -> int:
    """Send what is due, batch by batch. Returns how many rows were handled; fewer if the provider is not there."""
    handled = 0
    free_the_dead()
    provider = get_connection()
    try:
        while handled < limit and (mails := _claim()):
            done = _send_batch(mails, provider)
            handled += done
            if done < len(mails):
                _give_back(mails)
                break
    finally:
        _hang_up(provider)
    return handled


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
    """Mails whose batch is neither paused nor cancelled (home.holding)."""
    return mails.exclude(batch__in=BatchStop.objects.values("batch"))


def _claim() -> list[OutgoingMail]:
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


def _give_back(mails: list[OutgoingMail]) -> None:
    token = mails[0].lease_token
    with across_cooperatives():
        mine = OutgoingMail.objects.filter(id__in=[mail.pk for mail in mails], lease_token=token)
        mine.filter(state=MailState.QUEUED).update(lease_token=None, lease_until=None)


def _send_batch(mails: list[OutgoingMail], provider: BaseEmailBackend) -> int:
    """How many were handled: all, or those before the provider could not be reached or went silent.

    A silence ends the run, so that a provider in trouble puts one mail in doubt, not a whole mailing.
    """
    for count, mail in enumerate(mails, start=1):
        if not _reach(provider):
            return count - 1
        with within(mail.cooperative):
            if _send_one(mail, provider) == Verdict.DOUBTFUL:
                return count
    return len(mails)


def _reach(provider: BaseEmailBackend) -> bool:
    """Connected before a mail is marked as leaving: what cannot be reached has certainly not taken it."""
    try:
        provider.open()
    except OSError as error:
        log.warning("the mail provider cannot be reached: %r", error)
        return False
    return True


def _hang_up(provider: BaseEmailBackend) -> None:
    with suppress(OSError):
        provider.close()


def _send_one(mail: OutgoingMail, provider: BaseEmailBackend) -> Verdict | None:
    """Every write checks the lease: a worker that lost it changes nothing. The verdict on what was not taken."""
    if not _still_wanted(mail):
        _settle(mail, MailState.QUEUED, state=MailState.SUPPRESSED)
        return None
    try:
        message = composing.compose(mail)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever one mail lacks, those after it still leave)
        _not_composed(mail, error)
        return None
    if not _start_leaving(mail):
        return None
    try:
        provider.send_messages([message])
    except Exception as error:  # noqa: BLE001 (home.handover says what each means)
        _hang_up(provider)
        return _not_sent(mail, error)
    _settle(mail, MailState.LEAVING, state=MailState.SENT, sent_at=clock.now(), last_error="")
    return None


def _still_wanted(mail: OutgoingMail) -> bool:
    if kind_of(mail.kind).category != Category.NEWS:
        return True
    if mail.backer is None or backing.is_suppressed(mail.cooperative, mail.address):
        return False
    return backing.wants_news(mail.backer, mail.facts["topic"])


def _start_leaving(mail: OutgoingMail) -> bool:
    """In one statement with the question whether its batch was stopped: after that, nothing of it leaves."""
    mail.attempts += 1
    mine = _not_stopped(OutgoingMail.objects).filter(pk=mail.pk, state=MailState.QUEUED, lease_token=mail.lease_token)
    return bool(mine.update(state=MailState.LEAVING, lease_until=timezone.now() + LEASE, attempts=mail.attempts))


def _settle(mail: OutgoingMail, was: MailState, **fields: Any) -> bool:
    mine = OutgoingMail.objects.filter(pk=mail.pk, state=was, lease_token=mail.lease_token)
    return bool(mine.update(**fields, lease_token=None, lease_until=None))


def _not_composed(mail: OutgoingMail, error: Exception) -> None:
    log.exception("mail %s could not be composed", mail.pk)
    mail.attempts += 1
    fields: dict[str, Any] = {"attempts": mail.attempts, "last_error": repr(error)}
    if mail.attempts >= MAX_COMPOSITIONS:
        _settle(mail, MailState.QUEUED, state=MailState.FAILED, **fields)
    else:
        _settle(mail, MailState.QUEUED, not_before=clock.now() + _wait(mail), **fields)


def _not_sent(mail: OutgoingMail, error: Exception) -> Verdict:
    verdict = verdict_on(error)
    log.warning("mail %s: %s", mail.pk, verdict)
    if verdict == Verdict.DOUBTFUL:
        is_news = kind_of(mail.kind).category == Category.NEWS
        last, ends_as = is_news or mail.attempts >= MAX_DOUBTS, MailState.IN_DOUBT
    else:
        last, ends_as = verdict == Verdict.REFUSED_FOR_GOOD or mail.attempts >= MAX_ATTEMPTS, MailState.FAILED
    if last:
        _settle(mail, MailState.LEAVING, state=ends_as, last_error=repr(error))
    else:
        later = clock.now() + _wait(mail)
        _settle(mail, MailState.LEAVING, state=MailState.QUEUED, not_before=later, last_error=repr(error))
    return verdict


def _wait(mail: OutgoingMail) -> timedelta:
    return min(timedelta(seconds=15 * 2 ** min(mail.attempts - 1, 10)), LONGEST_WAIT)
