"""The state machine of a mail: queued, claimed, leaving, sent, or in doubt.

What happens when the process dies:
- before the row is committed: there is no mail, and no reason for one either (same transaction);
- after the commit, before the task is enqueued: the tick finds the row;
- claimed, not yet leaving: the lease ends and another worker claims it;
- leaving: the mail may have left. Service and team mail leaves again with the same Message-ID; news is marked
  in doubt and never leaves twice by itself.
"""

import logging
import smtplib
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from anymail.exceptions import AnymailAPIError
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from home import backing, clock, composing
from home.models import Backer, Cooperative, MailState, OutgoingMail, User
from home.registry import Category, MailKind, kind_of
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
CLAIM_SIZE = 50

#: The provider answered, or was never reached: the mail has certainly not left.
NOT_SENT = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
    ConnectionRefusedError,
    AnymailAPIError,
)
DOUBTFUL = (smtplib.SMTPException, OSError)


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
    """Write many rows; a mail already written for its occasion and reader is left as it is."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=500)
    transaction.on_commit(nudge)


def nudge() -> None:
    from home.tasks import send_mails  # noqa: PLC0415 (tasks import this module)

    send_mails.enqueue()


def send_due(limit: int = 100_000) -> int:
    """Send what is due, batch by batch. Returns how many rows were handled."""
    handled = 0
    with across_cooperatives():
        free_the_dead()
    with get_connection() as provider:
        while handled < limit and (mails := _claim()):
            for mail in mails:
                with within(mail.cooperative):
                    _send_one(mail, provider)
            handled += len(mails)
    return handled


def has_work() -> bool:
    """Whether a mail waits, or was left behind by a worker that died."""
    with across_cooperatives():
        return OutgoingMail.objects.filter(state__in=[MailState.QUEUED, MailState.LEAVING]).exists()


def free_the_dead() -> int:
    """Decide for rows whose worker died while they were leaving."""
    dead = OutgoingMail.objects.filter(state=MailState.LEAVING, lease_until__lt=clock.now())
    news = [kind for kind in set(dead.values_list("kind", flat=True)) if kind_of(kind).category == Category.NEWS]
    doubtful = dead.filter(kind__in=news).update(state=MailState.IN_DOUBT, lease_token=None)
    return doubtful + dead.exclude(kind__in=news).update(state=MailState.QUEUED, lease_token=None)


def _claim() -> list[OutgoingMail]:
    now, token = clock.now(), uuid.uuid4()
    with across_cooperatives(), transaction.atomic():
        due = OutgoingMail.objects.filter(
            Q(not_before=None) | Q(not_before__lte=now),
            Q(lease_token=None) | Q(lease_until__lt=now),
            state=MailState.QUEUED,
        ).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.values_list("id", flat=True)[:CLAIM_SIZE])
        OutgoingMail.objects.filter(id__in=ids, state=MailState.QUEUED).update(
            lease_token=token, lease_until=now + LEASE
        )
        claimed = OutgoingMail.objects.filter(lease_token=token).order_by("id")
        return list(claimed.select_related("cooperative__site", "backer", "user"))


def _send_one(mail: OutgoingMail, provider: BaseEmailBackend) -> None:
    """Every write checks the lease: a worker that lost it changes nothing."""
    if not _still_wanted(mail):
        _settle(mail, MailState.QUEUED, state=MailState.SUPPRESSED)
        return
    try:
        message = composing.compose(mail)
    except (KeyError, LookupError, TypeError, AttributeError, TemplateDoesNotExist, TemplateSyntaxError) as error:
        log.exception("mail %s could not be composed", mail.pk)
        _settle(mail, MailState.QUEUED, state=MailState.FAILED, last_error=repr(error))
        return
    if not _start_leaving(mail):
        return
    try:
        provider.send_messages([message])
    except NOT_SENT as error:
        _refused(mail, error)
    except DOUBTFUL as error:
        _doubtful(mail, error)
    else:
        _settle(mail, MailState.LEAVING, state=MailState.SENT, sent_at=clock.now(), last_error="")


def _still_wanted(mail: OutgoingMail) -> bool:
    if kind_of(mail.kind).category != Category.NEWS:
        return True
    if mail.backer is None or backing.is_suppressed(mail.cooperative, mail.address):
        return False
    return backing.wants_news(mail.backer, mail.facts["topic"])


def _start_leaving(mail: OutgoingMail) -> bool:
    renewed = {"lease_until": clock.now() + LEASE, "attempts": mail.attempts + 1}
    return _settle(mail, MailState.QUEUED, keep_lease=True, state=MailState.LEAVING, **renewed)


def _settle(mail: OutgoingMail, was: MailState, *, keep_lease: bool = False, **fields: Any) -> bool:
    mine = OutgoingMail.objects.filter(pk=mail.pk, state=was, lease_token=mail.lease_token)
    if not keep_lease:
        fields |= {"lease_token": None, "lease_until": None}
    return bool(mine.update(**fields))


def _refused(mail: OutgoingMail, error: Exception) -> None:
    for_good = _is_permanent(error) or mail.attempts + 1 >= MAX_ATTEMPTS
    log.warning("mail %s was refused%s", mail.pk, " for good" if for_good else "")
    if for_good:
        _settle(mail, MailState.LEAVING, state=MailState.FAILED, last_error=repr(error))
    else:
        _retry_later(mail, error)


def _doubtful(mail: OutgoingMail, error: Exception) -> None:
    log.warning("mail %s: the provider went silent", mail.pk)
    if kind_of(mail.kind).category == Category.NEWS:
        _settle(mail, MailState.LEAVING, state=MailState.IN_DOUBT, last_error=repr(error))
    else:
        _retry_later(mail, error)


def _retry_later(mail: OutgoingMail, error: Exception) -> None:
    wait = timedelta(seconds=15 * 2**mail.attempts)
    _settle(mail, MailState.LEAVING, state=MailState.QUEUED, not_before=clock.now() + wait, last_error=repr(error))


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
