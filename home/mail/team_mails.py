"""What people of a team choose to be written about. Kinds that the registry gives no `choice` are always sent."""

from django.db.models import QuerySet

from home.mail.registry import Category, MailKind, all_kinds, kind_of
from home.models import Cooperative, OutgoingMail, TeamMailChoice, User


def optional_kinds() -> list[MailKind]:
    """Team mail that its reader may switch off."""
    return [kind for kind in all_kinds() if kind.category == Category.TEAM and kind.choice]


def unwanted_by(user: User, cooperative: Cooperative) -> set[str]:
    """Keys of the kinds that someone switched off in this cooperative."""
    choices = TeamMailChoice.objects.filter(cooperative=cooperative, user=user, wanted=False)
    return set(choices.values_list("kind", flat=True)) & {kind.key for kind in optional_kinds()}


def wanting(kind: MailKind, people: QuerySet[User], cooperative: Cooperative) -> QuerySet[User]:
    """Those of them who have not switched this kind off in this cooperative."""
    if not kind.choice:
        return people
    off = TeamMailChoice.objects.filter(cooperative=cooperative, kind=kind.key, wanted=False)
    return people.exclude(pk__in=off.values("user"))


def choose(user: User, cooperative: Cooperative, wanted: set[str]) -> None:
    """Keep exactly these of the optional kinds; asked again, the same."""
    for kind in optional_kinds():
        TeamMailChoice.objects.update_or_create(
            cooperative=cooperative, user=user, kind=kind.key, defaults={"wanted": kind.key in wanted}
        )


def is_wanted(mail: OutgoingMail) -> bool:
    """Whether its reader has not switched this kind off."""
    if mail.user is None or not kind_of(mail.kind).choice:
        return True
    return mail.kind not in unwanted_by(mail.user, mail.cooperative)
