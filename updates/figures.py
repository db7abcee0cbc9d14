"""How far a mailing has got and what became of its mails, counted; and the people in each state."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Q, QuerySet

from home.mail import holding
from home.models import HeldFor, MailState, OutgoingMail
from updates.models import Mailing

#: The address takes no mail: the provider told so later, or refused the address at once.
BOUNCED = Q(bounced_at__isnull=False) | Q(state=MailState.FAILED, last_error__contains="RecipientsRefused")
GONE = Q(state__in=[MailState.SENT, MailState.IN_DOUBT])
WAITING_FOR_TEXT = Q(state=MailState.HELD, held_for=HeldFor.TEXT)


class Group(StrEnum):
    """The people of a mailing, by what became of their mail; someone may be in several."""

    WAITING = "waiting"
    TEXT = "text"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


GROUPS: dict[Group, Q] = {
    Group.WAITING: Q(state__in=[MailState.QUEUED, MailState.LEAVING]) | Q(state=MailState.HELD) & ~WAITING_FOR_TEXT,
    Group.TEXT: WAITING_FOR_TEXT,
    Group.SENT: Q(state=MailState.SENT),
    Group.DELIVERED: Q(delivered_at__isnull=False),
    Group.BOUNCED: BOUNCED,
    Group.COMPLAINED: Q(complained_at__isnull=False),
    Group.IN_DOUBT: Q(state=MailState.IN_DOUBT),
    Group.FAILED: Q(state=MailState.FAILED) & ~BOUNCED,
    Group.SUPPRESSED: Q(state=MailState.SUPPRESSED),
    Group.CANCELLED: Q(state=MailState.CANCELLED),
}


@dataclass(frozen=True)
class Figures:
    """In mails. `waiting` may still leave; `text` waits for its reader's text; `tried` reached the provider."""

    total: int = 0
    waiting: int = 0
    text: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    in_doubt: int = 0
    failed: int = 0
    suppressed: int = 0
    cancelled: int = 0
    tried: int = 0

    @property
    def is_followed(self) -> bool:
        """Whether the provider tells what was delivered."""
        return self.delivered > 0


def figures_of(mailing: Mailing) -> Figures:
    return figures_of_all([mailing])[mailing.pk]


def figures_of_all(mailings: Iterable[Mailing]) -> dict[int, Figures]:
    """By id; one query, however many mailings."""
    by_key = {mailing.key: mailing.pk for mailing in mailings}
    counts = {"total": Count("pk"), "tried": Count("pk", filter=GONE | BOUNCED)}
    counts |= {str(group): Count("pk", filter=condition) for group, condition in GROUPS.items()}
    found = dict.fromkeys(by_key.values(), Figures())
    mails = OutgoingMail.objects.filter(batch__in=by_key).order_by().values("batch").annotate(**counts)
    for batch, *numbers in mails.values_list("batch", *counts):
        found[by_key[batch]] = Figures(**dict(zip(counts, numbers, strict=True)))
    return found


def mails_in(mailing: Mailing, group: Group) -> QuerySet[OutgoingMail]:
    return holding.of_batch(mailing.key).filter(GROUPS[group]).select_related("backer").order_by("pk")
