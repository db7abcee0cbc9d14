"""The state machine of a mail: queued, claimed, leaving, sent, or in doubt.

What happens when the process dies:
- before the row is committed: there is no mail, and no reason for one either (same transaction);
- after the commit, before the task is enqueued: the tick finds the row;
- claimed, not yet leaving: the lease ends and another worker claims it;
- leaving: the mail may have left, be on its way or be next. Service and team mail leaves again with the same
  Message-ID; news is marked in doubt and never leaves twice by itself. So it is with each mail of a call that carries
  many. How many that may be: home.mail.departures.

home.mail.claims holds what a worker may do with a row.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, F, Func, QuerySet, UUIDField, Value
from django.db.models.constants import OnConflict
from django.db.models.functions import Cast, Concat

from home import clock
from home.backups import standing
from home.inserting import insert_once, insert_taking
from home.mail import claims, since_restored
from home.mail.departures import Run
from home.mail.registry import MailKind, kind_of
from home.models import Backer, Cooperative, HeldFor, MailEvent, MailState, OutgoingMail, User

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


def queue(kind: MailKind, *, as_of_now: bool = False, **fields: Any) -> None:
    """Write the row of one mail (arguments of `mail_for`) and nudge a worker once it is committed.

    `as_of_now`: to the address that its backer has at this moment, in the language of this moment.
    """
    mail = mail_for(kind, **fields)
    if as_of_now and mail.backer:
        insert_taking(mail, mail.backer, address="email", language="language")
    elif mail.address:
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


class _NewToken(Func):
    """A random UUID for each row, made by the database."""

    function, arity, output_field = "gen_random_uuid", 0, UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return "lower(hex(randomblob(16)))", []


def write_selected(kind: MailKind, backers: QuerySet[Backer], *, cooperative: Cooperative, **fields: Any) -> None:
    """Write the rows of mails to all these backers by one statement, whatever their number: nothing is read here.

    `fields` are those of the row, as values or expressions on the backer. A mail already written for its occasion and
    reader is left as it is.
    """
    given = {
        "cooperative_id": cooperative.pk,
        "kind": kind_of(kind.key).key,
        "reader_key": Concat(Value("backer:"), Cast("pk", CharField())),
        "backer_id": F("pk"),
        "address": F("email"),
        "language": F("language"),
        "token": _NewToken(),
        "created_at": clock.now(),
    } | fields
    columns = [field for field in OutgoingMail._meta.concrete_fields if not (field.primary_key or field.generated)]
    written: dict[str, Any] = {}
    for one in columns:
        value = given.get(one.attname, one.get_default())
        is_expression = hasattr(value, "resolve_expression")
        written[f"of_{one.attname}"] = value if is_expression else Value(value, output_field=one)
    chosen = backers.exclude(email="").order_by("pk").annotate(**written).values_list(*written)
    sql, params = chosen.query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(one.column)) for one in columns)
    verb = connection.ops.insert_statement(on_conflict=OnConflict.IGNORE)
    ignore = connection.ops.on_conflict_suffix_sql(None, OnConflict.IGNORE, [], [])
    with connection.cursor() as cursor:
        cursor.execute(f"{verb} {quote(OutgoingMail._meta.db_table)} ({names}) {sql} {ignore}", params)


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
    """Whether a mail is due now, or was left behind by a worker that died; none is while a backup is held."""
    return claims.has_work() and not standing.is_held()


def send_due(limit: int = 100_000) -> int:
    """Send what is due, some at a time. Returns how many rows were handled; fewer if the provider is not there.

    Where that is much, a worker calls the next one, so that all that are free share it. One that comes too late finds
    nothing. Nothing leaves after a backup was put back, before it is released (home.backups).
    """
    if standing.is_held():
        return 0
    since_restored.doubt_what_comes_again()
    return Run().send_due(limit, call_another=nudge)


def settle_as_told(mail: OutgoingMail, *, refusal: str, left_at: datetime, **told: datetime | None) -> None:
    """Take over what the provider told of a mail (home.mail.tracking), whose row the caller has locked.

    It had the mail, so that a row in doubt, leaving or waiting to leave again is settled and nobody sends it twice.
    `refusal`: why it reaches nobody, if it does not; `told` are the row's fields that follow from the events.
    """
    state = MailState.FAILED if refusal else MailState.SENT
    sent_at = min(mail.sent_at or left_at, left_at)
    own = {"state": state, "held_for": HeldFor.NOTHING, "last_error": refusal, "sent_at": sent_at}
    OutgoingMail.objects.filter(pk=mail.pk).update(**own, **told, lease_token=None, lease_until=None)
