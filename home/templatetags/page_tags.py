"""What every public page shows around its content: the other language, its addresses, the legal pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models.functions import Left
from django.http import HttpRequest
from django.urls import translate_url
from wagtail.models import Page, Site

from home.hosts.wayfinding import HOME_PATH
from home.languages import CHOICES, ENGLISH, FRENCH, TAGS, current
from home.models import Cooperative, HomePage, TextPage
from home.referral import via_of, with_via

register = template.Library()

#: Of a telephone number, what a `tel:` address keeps.
DIALLED = frozenset("+0123456789")


@dataclass(frozen=True)
class OtherLanguage:
    """Where the reader goes to read on in the other language; `name` is in that language."""

    tag: str
    name: str
    url: str


@dataclass(frozen=True)
class Twin:
    """One language's address of the page shown; `leads` in the cooperative's main language."""

    tag: str
    url: str
    leads: bool


@register.simple_tag(takes_context=True)
def other_language(context: dict[str, Any]) -> OtherLanguage:
    """`translated_url` of the context, else the page's live translation, else the same view, else the home page."""
    language = ENGLISH if current() == FRENCH else FRENCH
    url = context.get("translated_url") or _translated(context, language) or _home(language)
    via = via_of(context.get("request"))
    return OtherLanguage(TAGS[language], dict(CHOICES)[language].capitalize(), with_via(url, via))


def _translated(context: dict[str, Any], language: str) -> str | None:
    request: HttpRequest | None = context.get("request")
    if isinstance(page := context.get("page"), Page):
        return next(
            (twin.get_url(request) for twin in _twins(page, request) if twin.locale.language_code == language), None
        )
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or match.url_name == "wagtail_serve":
        return None
    translated = translate_url(request.path, language)
    return translated if translated != request.path else None


def _home(language: str) -> str:
    """Of whichever host: a cooperative's, or the platform's."""
    return f"/{language}/"


def _twins(page: Page, request: HttpRequest | None) -> list[Page]:
    """The page's live versions in every language; read once a page."""
    surroundings = getattr(request, "surroundings", None)
    if surroundings is not None and surroundings.page == page:
        return surroundings.twins
    if not hasattr(page, "_live_twins"):
        page._live_twins = list(page.get_translations(inclusive=True).live().select_related("locale"))
    return page._live_twins


@register.simple_tag(takes_context=True)
def twins(context: dict[str, Any]) -> list[Twin]:
    """The absolute addresses of the page shown, one for each language it is live in; empty where no page is."""
    page = context.get("page")
    if not isinstance(page, Page):
        return []
    request = context.get("request")
    main = getattr(context.get("cooperative"), "language", FRENCH)
    codes = [(twin, twin.locale.language_code) for twin in _twins(page, request)]
    return [Twin(TAGS[code], twin.get_full_url(request), code == main) for twin, code in codes]


@register.simple_tag(takes_context=True)
def legal_pages(context: dict[str, Any]) -> list[dict[str, str]]:
    """Title and address of the texts below the home page, in the language of the page. At most one query."""
    cooperative = context.get("cooperative")
    if cooperative is None:
        return []
    request = context.get("request")
    surroundings = getattr(request, "surroundings", None)
    pages = surroundings.texts if surroundings is not None else _texts_of(cooperative)
    return [{"title": page.title, "url": page.get_url(request) or ""} for page in pages]


def _texts_of(cooperative: Cooperative) -> Iterable[Page]:
    homes = HomePage.objects.filter(
        locale__language_code=current(),
        translation_key__in=Site.objects.filter(pk=cooperative.site_id).values("root_page__translation_key"),
    )
    below = TextPage.objects.live().annotate(parent=Left("path", HOME_PATH)).filter(parent__in=homes.values("path"))
    return below.select_related("locale").order_by("path")


@register.filter
def dialled(phone: str) -> str:
    """« 418 555-0142 » as a telephone dials it."""
    return "".join(character for character in phone if character in DIALLED)
