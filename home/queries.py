"""Reads that every room shares."""

from django.db.models import QuerySet
from wagtail.models import Page

from home.models import Cooperative, Membership, Role, User


def cooperative_of(page: Page) -> Cooperative:
    """The cooperative whose tree holds the page, in whichever language. Raises Cooperative.DoesNotExist."""
    root = page.get_ancestors(inclusive=True).filter(depth=2).get()
    return Cooperative.objects.select_related("site").get(site__root_page__translation_key=root.translation_key)


def roles_of(user: User, cooperative: Cooperative) -> set[Role]:
    """What someone may do in a cooperative; a superuser may do everything."""
    if user.is_superuser:
        return set(Role)
    return {
        Role(role)
        for role in Membership.objects.filter(user=user, cooperative=cooperative).values_list("role", flat=True)
    }


def cooperatives_of(user: User) -> QuerySet[Cooperative]:
    """Those whose team someone belongs to, by name; a superuser belongs to all."""
    everywhere = Cooperative.objects.select_related("site").order_by("name", "pk")
    if user.is_superuser:
        return everywhere
    return everywhere.filter(pk__in=Membership.objects.filter(user=user).values("cooperative"))
