"""The twin of a cooperative: a sandbox of its own, in which its team rehearses a campaign.

What happens when the process dies: founding is one transaction, and so is each entry of a person; done again, each
finds what was done. Nothing of the real cooperative is written, ever.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import FileField, ForeignKey
from django.utils import translation
from django.utils.translation import gettext
from wagtail.images import get_image_model
from wagtail.models import Collection, GroupCollectionPermission

from home.cooperatives import founding
from home.file_copies import Shelf
from home.models import Brand, Cooperative, HomePage, Role, User
from home.tenancy import within

#: What someone is in the rehearsal, whatever they are in the cooperative.
ROLES = (Role.EDITOR, Role.TREASURER, Role.OWNER)

#: Of a cooperative, what a rehearsal has of its own; everything else is copied, also what is added later.
OWN = {
    *("id", "site", "name", "slug", "created_at", "archived_at", "rehearses", "rehearsed_by"),
    *("stripe_account", "charges_enabled", "payouts_enabled", "details_submitted", "disconnected_at"),
    *("listed", "self_approval", "second_person_above"),
}

PREFIX = "essai-"
LONGEST_SLUG = 60
LONGEST_NAME = 120
#: Who rehearses is alone there: no refund waits for a second person.
NO_SECOND_PERSON = 2_000_000_000


def twin_of(cooperative: Cooperative) -> Cooperative | None:
    return Cooperative.objects.select_related("site", "rehearsed_by").filter(rehearses=cooperative.pk).first()


def real_of(twin: Cooperative) -> Cooperative:
    """The cooperative that this one rehearses."""
    return Cooperative.objects.select_related("site").get(rehearsal=twin.pk)


def found_twin(cooperative: Cooperative) -> Cooperative:
    """The cooperative's twin, founded if it is not there yet. Raises TypeError for a twin: rehearsals have none."""
    if cooperative.is_rehearsal:
        raise TypeError(f"{cooperative.slug} is a rehearsal.")
    with transaction.atomic():
        real = Cooperative.objects.select_for_update().get(pk=cooperative.pk)
        return twin_of(real) or _found(real)


def _found(real: Cooperative) -> Cooperative:
    fields = {field.name: getattr(real, field.name) for field in real._meta.concrete_fields if field.name not in OWN}
    with translation.override(real.language):
        name = gettext("Trial · %(cooperative)s") % {"cooperative": real.name}
    twin = founding.found(
        founding.Foundation(
            slug=f"{PREFIX}{real.slug}"[:LONGEST_SLUG],
            name=name[:LONGEST_NAME],
            hostname=host_of(real),
            port=real.site.port,
            taglines=_taglines(real),
            fields=fields
            | {"rehearses": real, "self_approval": True, "listed": False, "second_person_above": NO_SECOND_PERSON},
        )
    )
    copy_brand(real, twin)
    return twin


def host_of(real: Cooperative) -> str:
    """Where the twin lives: below the suffix of the settings, else beside the cooperative's own host."""
    suffix = settings.REHEARSAL_HOST_SUFFIX or "." + real.site.hostname.partition(".")[2]
    return f"{PREFIX}{real.slug}{suffix}"


def _taglines(real: Cooperative) -> dict[str, str]:
    homes = HomePage.objects.filter(translation_key=real.site.root_page.translation_key).select_related("locale")
    return {home.locale.language_code: home.tagline for home in homes}


def shelf_of(twin: Cooperative) -> Shelf:
    """Where what is copied into the twin goes."""
    group = founding.group_of(twin, Role.EDITOR)
    rights = GroupCollectionPermission.objects.filter(group=group).values("collection")
    return Shelf(Collection.objects.get(pk__in=rights))


def copy_brand(real: Cooperative, twin: Cooperative) -> None:
    """The twin looks as the cooperative does now."""
    ours, theirs = Brand.for_site(real.site), Brand.for_site(twin.site)
    shelf = shelf_of(twin)
    for field in Brand._meta.concrete_fields:
        if field.name in {"id", "site", "version"} or isinstance(field, FileField):
            continue
        value: Any = getattr(ours, field.attname)
        if isinstance(field, ForeignKey) and field.related_model is get_image_model():
            value = shelf.copy_of(get_image_model(), value)
        setattr(theirs, field.attname, value)
    theirs.save()


def enter(twin: Cooperative, user: User) -> None:
    """From now on this person rehearses: every mail of the twin goes to them, and they may do everything there."""
    with within(twin), transaction.atomic():
        for role in ROLES:
            founding.welcome(user, twin, role)
        Cooperative.objects.filter(pk=twin.pk).exclude(rehearses=None).update(rehearsed_by=user)
    twin.refresh_from_db()


def leave(twin: Cooperative) -> None:
    """Nobody rehearses any more: no mail of the twin goes anywhere."""
    Cooperative.objects.filter(pk=twin.pk).exclude(rehearses=None).update(rehearsed_by=None)
    twin.refresh_from_db()


def dismiss(real: Cooperative, user: User) -> None:
    """They write for the cooperative no longer: nothing of its rehearsal is theirs, and no mail of it goes to them."""
    twin = twin_of(real)
    if twin is None:
        return
    with within(twin), transaction.atomic():
        for role in Role:
            founding.part(user, twin, role)
        Cooperative.objects.filter(pk=twin.pk, rehearsed_by=user).update(rehearsed_by=None)
