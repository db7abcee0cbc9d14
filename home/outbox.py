"""The state machine of a mail: queued, claimed, leaving, sent, or in doubt.

What happens when the process dies:
- before the row is committed: there is no mail, and no reason for one either (same transaction);
- after the commit, before the task is enqueued: the tick finds the row;
- claimed, not yet leaving: the lease ends and another worker claims it;
- leaving: the mail may have left. Service and team mail leaves again with the same Message-ID; news is marked
  in doubt and never leaves twice by itself. So it is with each mail of a call that carries many.

home.mail.claims holds what a worker may do with a row.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction

from home import backing, clock
from home.inserting import insert_once
from home.mail import claims, composing, diverting, merging, team_mails
from home.mail.composing import Composer
from home.mail.handover import Verdict, blames_the_message
from home.mail.merging import Dialect
from home.mail.registry import Apart, Category, MailKind, kind_of
from home.models import Backer, Cooperative, HeldFor, MailEvent, MailState, OutgoingMail, User
from home.tenancy import within

log = logging.getLogger(__name__)

Made = TypeVar("Made")
Leaving = list[tuple[OutgoingMail, Apart]]

WRITE_SIZE = 500

#: What waits for the end of `nudged_once`; None outside of it.
_nudges: ContextVar[list[bool] | None] = ContextVar("nudges", default=None)


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
    """A row not yet saved, addressed to a backer or to someone of the team. Raises KeyError outside the registry."""
    backer = to if isinstance(to, Backer) else None
    user = to if isinstance(to, User) else None
    return OutgoingMail(
        cooperative=cooperative,
        kind=kind_of(kind.key).key,
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
    mail = mail_for(kind, **fields)
    if mail.address:
        insert_once(mail)
    transaction.on_commit(nudge)


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
    """Mails to a backer who is erased: what still waits is cancelled, and no row keeps where it went or what came back.

    One that is leaving keeps its address, and so does the kind that is still to leave: call again later.
    """
    mails = OutgoingMail.objects.filter(backer=backer).exclude(address="")
    others = mails.exclude(kind=but.key) if but else mails
    others.filter(state__in=[MailState.QUEUED, MailState.HELD]).update(
        state=MailState.CANCELLED, held_for=HeldFor.NOTHING
    )
    gone = mails.exclude(state__in=[MailState.QUEUED, MailState.LEAVING])
    MailEvent.objects.filter(mail__in=gone).update(detail="")
    gone.update(address="", facts={}, last_error="")


def forget_member(user: User, cooperative: Cooperative) -> None:
    """Team mail that still waits does not leave to someone who works there no longer."""
    waiting = OutgoingMail.objects.filter(cooperative=cooperative, user=user)
    waiting = waiting.filter(state__in=[MailState.QUEUED, MailState.HELD])
    waiting.update(state=MailState.CANCELLED, held_for=HeldFor.NOTHING)


def readdress(backer: Backer) -> None:
    """What still waits to leave goes to the backer's address of now."""
    waiting = OutgoingMail.objects.filter(backer=backer, state__in=[MailState.QUEUED, MailState.HELD])
    waiting.exclude(address="").update(address=backer.email)


def forget_rehearsal(cooperative: Cooperative) -> None:
    """No mail of a rehearsal that is over leaves, and none is kept. Raises TypeError for a real cooperative."""
    if not cooperative.is_rehearsal:
        raise TypeError(f"{cooperative.slug} is no rehearsal.")
    OutgoingMail.objects.filter(cooperative=cooperative).exclude(state=MailState.LEAVING).delete()


@contextmanager
def nudged_once() -> Iterator[None]:
    """However many transactions write mails within, a worker is nudged once, at the end; the tick does it for the dead.

    Within another one, it is that one's end.
    """
    if _nudges.get() is not None:
        yield
        return
    mails = _nudges.set([])
    try:
        yield
    finally:
        waiting = _nudges.get()
        _nudges.reset(mails)
        if waiting:
            transaction.on_commit(nudge)


def nudge() -> None:
    """Have a worker send what is due."""
    if (waiting := _nudges.get()) is not None:
        waiting.append(True)
        return
    from home.tasks import send_mails  # noqa: PLC0415 (tasks import this module)

    send_mails.enqueue()


def has_work() -> bool:
    """Whether a mail is due now, or was left behind by a worker that died."""
    return claims.has_work()


def send_due(limit: int = 100_000) -> int:
    """Send what is due, batch by batch. Returns how many rows were handled; fewer if the provider is not there."""
    handled = 0
    claims.free_the_dead()
    provider = get_connection()
    try:
        while handled < limit and (mails := claims.claim()):
            done = _send_batch(mails, provider)
            handled += done
            if done < len(mails):
                claims.give_back(mails)
                break
    finally:
        _hang_up(provider)
    return handled


def settle_as_told(mail: OutgoingMail, *, refusal: str, left_at: datetime, **told: datetime | None) -> None:
    """Take over what the provider told of a mail (home.mail.tracking), whose row the caller has locked.

    It had the mail, so that a row in doubt, leaving or waiting to leave again is settled and nobody sends it twice.
    `refusal`: why it reaches nobody, if it does not; `told` are the row's fields that follow from the events.
    """
    state = MailState.FAILED if refusal else MailState.SENT
    sent_at = min(mail.sent_at or left_at, left_at)
    own = {"state": state, "held_for": HeldFor.NOTHING, "last_error": refusal, "sent_at": sent_at}
    OutgoingMail.objects.filter(pk=mail.pk).update(**own, **told, lease_token=None, lease_until=None)


def _send_batch(mails: list[OutgoingMail], provider: BaseEmailBackend) -> int:
    """How many were handled: all, or those before the provider could not be reached or went silent.

    A silence ends the run, so that a provider in trouble puts one call's mails in doubt, not a whole mailing.
    """
    composer, handled = Composer(), 0
    for group in _groups(mails, merging.dialect_of(provider)):
        if not _reach(provider):
            return handled
        with within(group[0].cooperative):
            many = len(group) > 1
            verdict = _send_many(group, provider, composer) if many else _send_one(group[0], provider, composer)
        handled += len(group)
        if verdict == Verdict.DOUBTFUL:
            return handled
    return handled


def _groups(mails: list[OutgoingMail], dialect: Dialect | None) -> list[list[OutgoingMail]]:
    """Those that one call to the provider may carry; each alone, where it takes one message a reader."""
    if dialect is None:
        return [[mail] for mail in mails]
    groups: dict[Hashable, list[OutgoingMail]] = {}
    for mail in mails:
        with within(mail.cooperative):
            try:
                together = merging.is_plain(mail.address) and not mail.cooperative.is_rehearsal
                key = composing.group_of(mail, composing.apart_of(mail)) if together else id(mail)
            except DatabaseError:
                raise
            except Exception:  # noqa: BLE001 (it fails again when it is composed, and says so there)
                key = id(mail)
        groups.setdefault(key, []).append(mail)
    return list(groups.values())


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


def _send_one(mail: OutgoingMail, provider: BaseEmailBackend, composer: Composer) -> Verdict | None:
    """Every write checks the lease: a worker that lost it changes nothing. The verdict on what was not taken."""
    message = _ready(mail, partial(composer.compose, mail))
    if message is None or not claims.start_leaving(mail):
        return None
    return _hand_over(mail, message, provider)


def _ready(mail: OutgoingMail, compose: Callable[[], Made]) -> Made | None:
    """What is to leave; None, recorded, where it is not wanted any more or lacks something."""
    try:
        if _still_wanted(mail):
            return compose()
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever one mail lacks, those after it still leave)
        claims.not_composed(mail, error)
        return None
    claims.settle(mail, MailState.QUEUED, state=MailState.SUPPRESSED)
    return None


def _hand_over(mail: OutgoingMail, message: EmailMultiAlternatives, provider: BaseEmailBackend) -> Verdict | None:
    try:
        provider.send_messages([diverting.divert(message, mail)])
    except Exception as error:  # noqa: BLE001 (home.mail.handover says what each means)
        _hang_up(provider)
        return claims.not_sent(mail, error)
    _status, name = merging.answer_for(message, mail)
    claims.sent(mail, name)
    return None


def _send_many(group: list[OutgoingMail], provider: BaseEmailBackend, composer: Composer) -> Verdict | None:
    """One call for all of them. Killed before its answer is written, each is what a mail is that was leaving.

    Where the call is refused for what may be one reader's fault, each is handed over alone: none had left.
    """
    ready = [(mail, apart) for mail in group if (apart := _ready(mail, partial(composing.apart_of, mail)))]
    if not ready:
        return None
    draft, dialect = _ready(ready[0][0], partial(composer.draft_of, *ready[0])), merging.dialect_of(provider)
    if draft is None or dialect is None or not merging.can_carry(dialect, draft, ready):
        return _each_alone([mail for mail, _apart in ready], provider, composer)
    leaving = [(mail, apart) for mail, apart in ready if claims.start_leaving(mail)]
    if not leaving:
        return None
    message = merging.message_for(dialect, draft, leaving)
    try:
        provider.send_messages([diverting.divert(message, leaving[0][0])])
    except Exception as error:  # noqa: BLE001 (home.mail.handover says what each means)
        _hang_up(provider)
        return _not_taken(leaving, error, provider, composer)
    for mail, _apart in leaving:
        _taken(mail, *merging.answer_for(message, mail))
    return None


def _each_alone(mails: list[OutgoingMail], provider: BaseEmailBackend, composer: Composer) -> Verdict | None:
    for mail in mails:
        if _reach(provider) and _send_one(mail, provider, composer) == Verdict.DOUBTFUL:
            return Verdict.DOUBTFUL
    return None


def _not_taken(leaving: Leaving, error: Exception, provider: BaseEmailBackend, composer: Composer) -> Verdict | None:
    if not blames_the_message(error):
        return {claims.not_sent(mail, error) for mail, _apart in leaving}.pop()
    verdict: Verdict | None = None
    for mail, _apart in leaving:
        if verdict == Verdict.DOUBTFUL or not _reach(provider):
            claims.not_sent(mail, error)
        elif claims.keep(mail):
            verdict = _hand_over(mail, composer.compose(mail), provider)
    return verdict


def _taken(mail: OutgoingMail, status: str, name: str) -> None:
    """What the provider answered about one of many."""
    if status in {"invalid", "rejected"}:
        refused = f"RecipientsRefused({status})"
        claims.settle(mail, MailState.LEAVING, state=MailState.FAILED, provider_id=name, last_error=refused)
    elif status == "failed":
        later = clock.now() + claims.wait(mail)
        claims.settle(mail, MailState.LEAVING, state=MailState.QUEUED, not_before=later, last_error=status)
    else:
        claims.sent(mail, name)


def _still_wanted(mail: OutgoingMail) -> bool:
    """Who was erased while a mail was in doubt has no address any more, should someone say that it leaves again."""
    if not mail.address or diverting.goes_nowhere(mail.cooperative):
        return False
    if kind_of(mail.kind).category != Category.NEWS:
        return team_mails.is_wanted(mail)
    if mail.backer is None or backing.is_suppressed(mail.cooperative, mail.address):
        return False
    return backing.wants_news(mail.backer, mail.facts["topic"])
