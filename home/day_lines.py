"""What waits in this room, on « Ma journée »: translations behind, and a sending address that nothing proves."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from home.admin_access import AdminRequest, has_role
from home.models import Cooperative, Role
from home.my_day import Line, Urgency, at_most, contributes
from home.translation import bilingual_views
from home.translation.standings import Pair, Standing, pairs_of

TO_TRANSLATE = (Standing.MISSING, Standing.BEHIND)


@contributes
def sender(request: AdminRequest) -> Iterator[Line]:
    """Not in a rehearsal, whose emails go to its own person."""
    line = None if request.cooperative.is_rehearsal else sender_line(request.cooperative)
    if line and has_role(request, Role.OWNER, Role.EDITOR):
        yield line


def sender_line(cooperative: Cooperative) -> Line | None:
    """None where the sending address is verified."""
    if cooperative.sender_verified_at is not None:
        return None
    words = _("%(sender)s is not verified yet; emails may be filtered.") % {"sender": cooperative.sender_email}
    return Line(Urgency.CALM, words, reverse("sender_verification"), _("Verify the sending address"))


@contributes
def translations(request: AdminRequest) -> Iterator[Line]:
    if has_role(request, *bilingual_views.ROLES):
        pairs = pairs_of(bilingual_views.own_pages(request.user, request.cooperative))
        lines = [_behind(pair, request.cooperative.time_zone) for pair in pairs if _is_behind(pair)]
        yield from at_most(lines, reverse("home_translations"), _("See all translations"))


def _is_behind(pair: Pair) -> bool:
    """Not a page that is written in both languages and online in neither: nobody reads it yet."""
    is_quiet = pair.standing is Standing.DRAFT and pair.french is not None and not pair.french.live
    return pair.needs_work and not is_quiet


def _behind(pair: Pair, zone: str) -> Line:
    said = {"page": pair.page.draft_title, "standing": bilingual_views.said_of(pair, zone)}
    words = _("“%(page)s” · %(standing)s") % said
    action = _("Translate") if pair.standing in TO_TRANSLATE else _("Publish both languages")
    return Line(Urgency.CALM, words, reverse("home_page_languages", args=[pair.page.pk]), action)
