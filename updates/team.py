"""Who of a team is written to, and when it is morning there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from home import clock, outbox
from home.mail import team_mails
from home.mail.registry import MailKind
from home.models import Cooperative, OutgoingMail, Role, User

#: Mails about a day leave from this hour on, where the cooperative is.
MORNING = 7


def local_now(cooperative: Cooperative) -> datetime:
    return clock.now().astimezone(ZoneInfo(cooperative.time_zone))


def has_begun(cooperative: Cooperative) -> bool:
    """Whether the day has begun for the team: from the morning until midnight."""
    return local_now(cooperative).hour >= MORNING


def readers(cooperative: Cooperative, kind: MailKind, *roles: Role) -> QuerySet[User]:
    """Everyone with one of these roles, once each, but for those who switched this mail off."""
    members = cooperative.memberships.filter(role__in=roles).values("user")
    people = User.objects.filter(pk__in=members, is_active=True).order_by("pk")
    return team_mails.wanting(kind, people, cooperative)


def mails(
    kind: MailKind,
    people: QuerySet[User],
    *,
    cooperative: Cooperative,
    subject_key: str,
    occasion: str,
    facts: dict[str, Any],
) -> Iterator[OutgoingMail]:
    """One for each of them."""
    for user in people:
        yield outbox.mail_for(
            kind, cooperative=cooperative, subject_key=subject_key, occasion=occasion, to=user, facts=facts
        )
