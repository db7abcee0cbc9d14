"""Whether what was sent arrived: asked once for each sending, said on a page; what went wrong reaches the editors.

What happens when the process dies: each call is one transaction, with its mails; the tick finds again who is to be
asked. Nobody is asked long after: whoever was silent for a month has it, or has written.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from campaigns.emails import members
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import Cooperative, OutgoingMail, Role, User
from home.tenancy import within
from pledges.enums import FulfilmentState
from pledges.fulfilment import LEAVES, paid_for
from pledges.models import PledgeItem, Problem

CHECK, REPORTED, ANSWERED = "delivery_check", "problem_reported", "problem_answered"

#: How long after the sending one is asked, and until when that makes sense.
AFTER, AT_MOST = timedelta(days=14), timedelta(days=28)


def to_ask() -> QuerySet[PledgeItem]:
    """Sent two weeks ago, neither confirmed nor complained of, and not asked about since it was sent."""
    now = clock.now()
    about = Concat(Value("item:"), Cast(OuterRef("pk"), CharField()))
    asked = OutgoingMail.objects.filter(kind=CHECK, subject_key=about, created_at__gte=OuterRef("state_since"))
    waiting = Problem.objects.filter(item=OuterRef("pk"), answered_at=None)
    sent = PledgeItem.objects.filter(
        paid_for(),
        state=FulfilmentState.SENT,
        received_at=None,
        quantity__gt=0,
        state_since__lte=now - AFTER,
        state_since__gt=now - AT_MOST,
    )
    return sent.exclude(Exists(asked)).exclude(Exists(waiting)).exclude(pledge__backer__email="")


def ask(cooperative: Cooperative) -> None:
    """Write to whom it concerns. May be run again at any time."""
    with within(cooperative):
        outbox.queue_all(_mails(to_ask().filter(cooperative=cooperative)))


def _mails(items: QuerySet[PledgeItem]) -> Iterator[OutgoingMail]:
    """The occasion is the instant of the sending: what is sent again is asked about again."""
    for item in items.select_related("pledge__backer", "cooperative").order_by("pk").iterator(500):
        yield outbox.mail_for(
            kind_of(CHECK),
            cooperative=item.cooperative,
            subject_key=f"item:{item.pk}",
            occasion=item.state_since.isoformat() if item.state_since else "",
            to=item.pledge.backer,
        )


def may_answer(item: PledgeItem) -> bool:
    """It has left: its backer may say that it came, or what is wrong with it."""
    return item.state in LEAVES


def open_problem(item: PledgeItem) -> Problem | None:
    """One that waits for an answer."""
    return Problem.objects.filter(item=item, answered_at=None).first()


def report(item: PledgeItem, *, kind: str, text: str) -> bool:
    """Keep what is wrong and tell the editors. False where an earlier word still waits, or nothing has left."""
    with transaction.atomic():
        row = PledgeItem.objects.select_for_update().select_related("cooperative").get(pk=item.pk)
        if not may_answer(row) or open_problem(row):
            return False
        problem = Problem.objects.create(
            cooperative=row.cooperative, item=row, kind=kind, text=text, reported_at=clock.now()
        )
        readers = list(members(row.cooperative, Role.EDITOR)) or list(members(row.cooperative, Role.OWNER))
        outbox.queue_all(
            outbox.mail_for(
                kind_of(REPORTED), cooperative=row.cooperative, subject_key=f"problem:{problem.pk}", to=reader
            )
            for reader in readers
        )
    return True


def answer(problem: Problem, *, text: str, by: User | None) -> bool:
    """Keep the team's words and send them. False if someone answered before."""
    with transaction.atomic():
        waiting = Problem.objects.filter(pk=problem.pk, answered_at=None)
        if not waiting.update(answer=text, answered_at=clock.now(), answered_by=by):
            return False
        outbox.queue(
            kind_of(ANSWERED),
            cooperative=problem.cooperative,
            subject_key=f"item:{problem.item_id}",
            occasion=f"problem:{problem.pk}",
            to=problem.item.pledge.backer,
        )
    return True


def waiting_count(cooperative: Cooperative) -> int:
    """How many problems wait for an answer."""
    return Problem.objects.filter(cooperative=cooperative, answered_at=None).count()
