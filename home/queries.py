"""Reads that every room shares."""

from django.db.models import Exists, QuerySet
from wagtail.models import Page

from home.models import Cooperative, Membership, Role, User

#: Whose roles in a cooperative open its rehearsal.
REHEARSING = (Role.EDITOR, Role.OWNER)


def cooperative_of(page: Page) -> Cooperative:
    """The cooperative whose tree holds the page, in whichever language. Raises Cooperative.DoesNotExist."""
    root = page.get_ancestors(inclusive=True).filter(depth=2).get()
    return Cooperative.objects.select_related("site").get(site__root_page__translation_key=root.translation_key)


def roles_of(user: User, cooperative: Cooperative) -> set[Role]:
    """What someone may do in a cooperative; a superuser may do everything.

    In a rehearsal, nothing once they no longer write for the cooperative that it rehearses.
    """
    if user.is_superuser:
        return set(Role)
    mine = Membership.objects.filter(user=user, cooperative=cooperative)
    if cooperative.is_rehearsal:
        there = Membership.objects.filter(user=user, cooperative=cooperative.rehearses_id, role__in=REHEARSING)
        mine = mine.filter(Exists(there))
    return {Role(role) for role in mine.values_list("role", flat=True)}


def cooperatives_of(user: User) -> QuerySet[Cooperative]:
    """Those whose team someone belongs to, by name; a superuser belongs to all."""
    everywhere = Cooperative.objects.select_related("site").order_by("name", "pk")
    if user.is_superuser:
        return everywhere
    return everywhere.filter(pk__in=Membership.objects.filter(user=user).values("cooperative"))
