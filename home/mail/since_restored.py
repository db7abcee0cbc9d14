"""News after a backup was put back: what may have left already is in doubt, and leaves by a person's decision alone.

Service and team mail leaves, once more perhaps: rather twice than never. What happens when the process dies: each is
one statement, which may be run again.
"""

from django.db.models import Q, QuerySet

from home import clock
from home.backups import standing
from home.mail.claims import FREE
from home.mail.registry import Category, all_kinds
from home.models import HeldFor, MailState, OutgoingMail
from home.tenancy import across_cooperatives

#: Of a mailing that somebody sends now, nothing left before.
ON_THEIR_OWN = Q(batch="")


def doubt_news() -> int:
    """Before anything leaves: news that waited as the backup was taken, but for what was to leave only later."""
    due = Q(not_before=None) | Q(not_before__lte=clock.now())
    with across_cooperatives():
        return _doubt(_news().filter(due, state__in=[MailState.QUEUED, MailState.HELD, MailState.LEAVING]))


def doubt_what_comes_again() -> int:
    """Shortly after the release: news that the clock writes by itself, as it may have done after the backup."""
    if not standing.has_just_been_released():
        return 0
    with across_cooperatives():
        return _doubt(_news().filter(ON_THEIR_OWN, state=MailState.QUEUED))


def _news() -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(kind__in=[kind.key for kind in all_kinds() if kind.category == Category.NEWS])


def _doubt(mails: QuerySet[OutgoingMail]) -> int:
    return mails.update(state=MailState.IN_DOUBT, held_for=HeldFor.NOTHING, **FREE)
