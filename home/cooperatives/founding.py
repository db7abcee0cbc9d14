"""Founding a cooperative in one act: site, home pages in both languages, brand, groups, collection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import QuerySet
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    GroupSitePermission,
    Locale,
    Page,
    Site,
)

from home.languages import ENGLISH, FRENCH
from home.models import Brand, Cooperative, HomePage, Membership, Role, User

PAGE_RIGHTS = {
    Role.EDITOR: ["add_page", "change_page", "publish_page"],
    Role.ADVISER: [],
    Role.TREASURER: [],
    Role.OWNER: ["add_page", "change_page", "publish_page", "lock_page", "unlock_page"],
}
BRAND_RIGHTS = {Role.EDITOR, Role.OWNER}
COLLECTION_RIGHTS = [
    *("add_image", "change_image", "choose_image"),
    *("add_document", "change_document", "choose_document"),
    *("add_media", "change_media"),
]


@dataclass(frozen=True)
class Foundation:
    """What must be known of a cooperative to found it; `fields` go to Cooperative, `brand` to Brand."""

    slug: str
    name: str
    hostname: str
    port: int
    taglines: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    brand: dict[str, Any] = field(default_factory=dict)


Step = Callable[[Cooperative], object]

_later_steps: list[Step] = []


def also_on_founding(step: Step) -> Step:
    """Register what another room founds with a cooperative; it must bear to be done again."""
    if step not in _later_steps:
        _later_steps.append(step)
    return step


@transaction.atomic
def found(foundation: Foundation) -> Cooperative:
    """Create everything a cooperative needs to work. Raises IntegrityError for a slug or host already taken."""
    home = _home_pages(foundation)
    site = Site.objects.create(
        hostname=foundation.hostname, port=foundation.port, site_name=foundation.name, root_page=home
    )
    cooperative = Cooperative.objects.create(site=site, slug=foundation.slug, name=foundation.name, **foundation.fields)
    Brand.objects.create(site=site, **foundation.brand)
    _groups(cooperative)
    for step in _later_steps:
        step(cooperative)
    return cooperative


def _home_pages(foundation: Foundation) -> HomePage:
    root = Page.get_first_root_node()
    locales = {locale.language_code: locale for locale in Locale.objects.all()}
    french = root.add_child(
        instance=HomePage(
            title=foundation.name,
            slug=foundation.slug,
            locale=locales[FRENCH],
            tagline=foundation.taglines.get(FRENCH, ""),
        )
    )
    english = french.copy_for_translation(locales[ENGLISH])
    english.tagline = foundation.taglines.get(ENGLISH, "")
    english.save_revision().publish()
    return french


def group_of(cooperative: Cooperative, role: Role) -> Group:
    """The group whose members may do in the admin what the role allows."""
    return Group.objects.get(name=_group_name(cooperative, role))


def groups_of(cooperative: Cooperative) -> QuerySet[Group]:
    return Group.objects.filter(name__in=[_group_name(cooperative, role) for role in Role])


def _group_name(cooperative: Cooperative, role: Role) -> str:
    return f"{cooperative.slug} · {role.value}"


def _groups(cooperative: Cooperative) -> None:
    collection = Collection.get_first_root_node().add_child(name=cooperative.name)
    for role in Role:
        group = Group.objects.create(name=_group_name(cooperative, role))
        group.permissions.add(Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin"))
        _grant_pages(group, cooperative, PAGE_RIGHTS[role])
        if PAGE_RIGHTS[role]:
            _grant_collection(group, collection)
        if role in BRAND_RIGHTS:
            _grant_brand(group, cooperative.site)


def _grant_pages(group: Group, cooperative: Cooperative, codenames: list[str]) -> None:
    if codenames:
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="wagtail_localize", codename="submit_translation")
        )
    for page in cooperative.site.root_page.get_translations(inclusive=True):
        for codename in codenames:
            permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
            GroupPagePermission.objects.create(group=group, page=page, permission=permission)


def _grant_collection(group: Group, collection: Collection) -> None:
    for permission in Permission.objects.filter(
        codename__in=COLLECTION_RIGHTS, content_type__app_label__in=["wagtailimages", "wagtaildocs", "wagtailmedia"]
    ):
        GroupCollectionPermission.objects.create(group=group, collection=collection, permission=permission)


def _grant_brand(group: Group, site: Site) -> None:
    """For this site alone: the model's own permission would open every cooperative's brand."""
    permission = Permission.objects.get(content_type__app_label="home", codename="change_brand")
    GroupSitePermission.objects.create(group=group, site=site, permission=permission)


def welcome(user: User, cooperative: Cooperative, role: Role) -> None:
    """Give someone a role: the membership, and the group that the admin reads."""
    Membership.objects.get_or_create(user=user, cooperative=cooperative, role=role)
    user.groups.add(group_of(cooperative, role))


def part(user: User, cooperative: Cooperative, role: Role) -> None:
    """Take a role away: the membership, and the group that the admin reads."""
    Membership.objects.filter(user=user, cooperative=cooperative, role=role).delete()
    user.groups.remove(group_of(cooperative, role))
