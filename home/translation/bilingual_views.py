"""The admin's pages about the two languages: what is behind in the whole site, and one page with its two acts."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.models import Page
from wagtail.permissions import policy_registry

from home import formats
from home.admin_access import AdminRequest, requires
from home.languages import ENGLISH, FRENCH
from home.models import Cooperative, PublicPage, Role, User
from home.translation import bilingual
from home.translation.bilingual import EnglishIncomplete, NothingPublished
from home.translation.standings import Pair, Standing, pairs_of

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "wagtail-localize-language"


def own_pages(user: User, cooperative: Cooperative) -> "QuerySet[Page]":
    """The pages of a cooperative that someone may edit, in both languages."""
    pages: QuerySet[Page] = policy_registry.get_by_type(Page).instances_user_has_permission_for(user, "change")
    roots = cooperative.site.root_page.get_translations(inclusive=True).values_list("path", flat=True)
    below = Page.objects.none()
    for path in roots:
        below |= Page.objects.filter(path__startswith=path)
    return pages & below


def said_of(pair: Pair, zone: str) -> str:
    """The standing of a page as a sentence of the panel and the report."""
    if pair.standing is Standing.MISSING:
        return _("The English page is missing.") if pair.lacking == ENGLISH else _("The French page is missing.")
    if pair.standing is Standing.BEHIND:
        return _behind(pair, zone)
    return {
        Standing.DRAFT: _("English is complete and still a draft."),
        Standing.TO_PUBLISH: _("English is complete; what changed is not published yet."),
        Standing.UP_TO_DATE: _("Both languages are up to date."),
    }[pair.standing]


def _behind(pair: Pair, zone: str) -> str:
    if pair.since is None:
        words = ngettext(
            "%(n)s passage to translate into English", "%(n)s passages to translate into English", pair.behind
        )
        return words % {"n": formats.number(pair.behind)}
    words = ngettext(
        "English is behind: %(n)s passage changed in French since %(date)s.",
        "English is behind: %(n)s passages changed in French since %(date)s.",
        pair.behind,
    )
    return words % {"n": formats.number(pair.behind), "date": formats.local_day(pair.since, zone)}


@require_safe
@requires(*ROLES)
def report(request: HttpRequest) -> HttpResponse:
    """Every page that one may edit, those that need work first."""
    asked = cast(AdminRequest, request)
    pairs = sorted(pairs_of(own_pages(asked.user, asked.cooperative)), key=lambda pair: not pair.needs_work)
    zone = asked.cooperative.time_zone
    context = {
        "header_title": _("Translations behind"),
        "header_icon": ICON,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("Translations behind")},
        ],
        "rows": [(pair, said_of(pair, zone)) for pair in pairs],
        "all_done": not any(pair.needs_work for pair in pairs),
    }
    return render(request, "home/admin/translations.html", context)


@require_safe
@requires(*ROLES)
def page_languages(request: HttpRequest, page_id: int) -> HttpResponse:
    """Where one page stands, and its two acts."""
    asked = cast(AdminRequest, request)
    page = _own_page(asked, page_id)
    pair = pairs_of(Page.objects.filter(translation_key=page.translation_key))[0]
    title = pair.page.specific_deferred.get_admin_display_title()
    context = {
        "header_title": _("Languages of “%(page)s”") % {"page": title},
        "header_icon": ICON,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("home_translations"), "label": _("Translations behind")},
            {"url": "", "label": title},
        ],
        "pair": pair,
        "said": said_of(pair, asked.cooperative.time_zone),
        "may_publish": may_publish_both(asked.user, pair),
    }
    return render(request, "home/admin/page_languages.html", context)


def may_publish_both(user: User, pair: Pair) -> bool:
    both = [page for page in (pair.french, pair.english) if page is not None]
    return len(both) == 2 and all(page.permissions_for_user(user).can_publish() for page in both)


@require_POST
@requires(*ROLES)
def translate(request: HttpRequest, page_id: int) -> HttpResponse:
    """Bring the English in step with the French draft, and go and write it."""
    asked = cast(AdminRequest, request)
    return to_translation(asked, _own_page(asked, page_id))


def to_translation(request: HttpRequest, page: Page) -> HttpResponse:
    """Lead to where the English of a page is written. Raises PermissionDenied without the right to edit it."""
    french = bilingual.french_of(page)
    if french is None:
        messages.error(request, _("The French page is missing."))
        return redirect("wagtailadmin_pages:edit", page.pk)
    _refuse_others(request, french)
    english = bilingual.open_translation(french, cast(User, request.user))
    _refuse_others(request, english)
    return redirect("wagtailadmin_pages:edit", english.pk)


@require_POST
@requires(*ROLES)
def publish(request: HttpRequest, page_id: int) -> HttpResponse:
    """Publish both languages, or say why nothing was published."""
    asked = cast(AdminRequest, request)
    return to_publication(asked, _own_page(asked, page_id))


def to_publication(request: HttpRequest, page: Page) -> HttpResponse:
    """Publish both and lead back to the page; what is missing is said there."""
    try:
        bilingual.publish_both(page, cast(User, request.user))
    except EnglishIncomplete as error:
        messages.error(request, error.messages[0], buttons=[_to_what_is_missing(error)])
    except NothingPublished as error:
        words = _("Nothing was published. %(why)s") % {"why": " ".join(error.messages)}
        messages.error(request, words, buttons=[_to_edit(error.page)])
    else:
        online = _to_both(page)
        words = _("Both languages are published.") if online else _("Both languages are scheduled.")
        messages.success(request, words, buttons=online)
    return redirect("wagtailadmin_pages:edit", page.pk)


def _to_what_is_missing(error: EnglishIncomplete) -> Any:
    """The English editor; where there is no English page yet, the place to begin one."""
    if error.page.locale.language_code == ENGLISH:
        url = reverse("wagtailadmin_pages:edit", args=[error.page.pk])
    else:
        url = reverse("home_page_languages", args=[error.page.pk])
    return messages.button(url, _("See what is missing"))


def _to_edit(page: Page) -> Any:
    words = _("See the French page") if page.locale.language_code == FRENCH else _("See the English page")
    return messages.button(reverse("wagtailadmin_pages:edit", args=[page.pk]), words)


def _to_both(page: Page) -> list[Any]:
    online = Page.objects.filter(translation_key=page.translation_key, live=True).select_related("locale")
    names = {FRENCH: _("See it in French"), ENGLISH: _("See it in English")}
    return [
        messages.button(one.url, names[one.locale.language_code])
        for one in sorted(online, key=lambda one: one.locale.language_code, reverse=True)
        if one.url
    ]


def _own_page(request: AdminRequest, page_id: int) -> Page:
    page = own_pages(request.user, request.cooperative).filter(pk=page_id).first()
    if page is None or not issubclass(page.specific_class, PublicPage):
        raise PermissionDenied
    return page.specific


def _refuse_others(request: HttpRequest, page: Page) -> None:
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
