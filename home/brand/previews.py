"""A brand before it is saved: real pages and a real mail, rendered with what the form holds. Nothing is written."""

import copy
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.views import get_setting_edit_handler
from wagtail.models import Page

from home import outbox
from home.brand.colours import PATTERN
from home.hosts import wayfinding
from home.languages import CHOICES, LANGUAGES
from home.mail.composing import Composer
from home.mail.registry import kind_of
from home.models import Brand, Cooperative, HomePage, User

SALT: Final = "tremplin.brand.trial"
#: What a stylesheet is made of.
COLOURS: Final = ("field", "action", "deep", "deep_mark", "tint", "ink", *(f"art_{n}" for n in range(1, 7)))
SHAPES: Final = ("display", "radius", "rule", "capital_labels")


@dataclass(frozen=True)
class Occasion:
    """Whom a sample is drawn for, in which brand and language."""

    cooperative: Cooperative
    brand: Brand
    language: str
    user: User


@dataclass(frozen=True)
class Sample:
    """One picture of the preview; `html` is a whole document, empty where there is nothing to show yet."""

    label: str
    language: str
    html: str


Painter = Callable[[Occasion], str]
_painters: dict[str, tuple[str | Promise, Painter]] = {}


def also_show(key: str, label: str | Promise, painter: Painter) -> None:
    """Called by a room above when it is loaded. A painter gives "" where it has nothing to show."""
    _painters.setdefault(key, (label, painter))


def form_for(request: HttpRequest, brand: Brand) -> Any:
    """The form of the settings, as it was posted, over a copy of the brand."""
    form_class = get_setting_edit_handler(Brand).get_form_class()
    return form_class(request.POST, request.FILES, instance=copy.copy(brand), for_user=request.user)


def tried(form: Any) -> Brand:
    """What the form holds, as a brand that was never saved; where a value is none, that of today."""
    form.is_valid()
    brand: Brand = form.instance
    for name in (*COLOURS, "mail_field"):
        typed = form[name].data or ""
        if PATTERN.match(typed):
            setattr(brand, name, typed)
    drawing = form.cleaned_data.get("drawing")
    if drawing is not None:
        form.wear(drawing)
        brand.trial_drawing = f"data:image/svg+xml;base64,{b64encode(drawing.svg.encode()).decode()}"
    elif form.cleaned_data.get("remove_drawing"):
        form.wear(None)
    brand.trial = signing.dumps({name: getattr(brand, name) for name in (*COLOURS, *SHAPES)}, salt=SALT, compress=True)
    return brand


def brand_of(token: str) -> Brand:
    """The colours that a token says. Raises signing.BadSignature."""
    return Brand(**signing.loads(token, salt=SALT))


def problems_of(form: Any) -> list[dict[str, Any]]:
    """What keeps the form from being saved, each with the name of its field."""
    return [
        {"label": form.fields[name].label if name in form.fields else "", "errors": list(errors)}
        for name, errors in form.errors.items()
    ]


def samples(cooperative: Cooperative, brand: Brand, user: User) -> list[Sample]:
    found = []
    for label, painter in _painters.values():
        for language in LANGUAGES:
            shown = str(label)
            with translation.override(language):
                html = painter(Occasion(cooperative, brand, language, user))
            found.append(Sample(shown, dict(CHOICES)[language], html))
    return found


def page_html(page: Page, occasion: Occasion) -> str:
    """A page as a visitor would get it in the brand that is tried."""
    request = _visit(page, occasion)
    response: Any = page.serve(request)
    if hasattr(response, "render") and not response.is_rendered:
        response.render()
    return str(response.content.decode()) if response.status_code == 200 else ""


def _visit(page: Page, occasion: Occasion) -> HttpRequest:
    site = occasion.cooperative.site
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = page.url or f"/{occasion.language}/"
    host = site.hostname if site.port in {80, 443} else f"{site.hostname}:{site.port}"
    request.META = {"HTTP_HOST": host, "SERVER_NAME": site.hostname, "SERVER_PORT": str(site.port)}
    request.user = AnonymousUser()
    request.cooperative = occasion.cooperative  # type: ignore[attr-defined]
    wayfinding.site_of(request)
    setattr(request, Brand.get_cache_attr_name(), occasion.brand)
    return request


def paint_home(occasion: Occasion) -> str:
    homes = HomePage.objects.filter(translation_key=occasion.cooperative.site.root_page.translation_key)
    page = homes.filter(locale__language_code=occasion.language).first()
    return page_html(page, occasion) if page else ""


def paint_mail(occasion: Occasion) -> str:
    """The mail that asks whether mail arrives: its row is never saved, and its links lead to the home page."""
    mail = outbox.mail_for(
        kind_of("sender_check"),
        cooperative=occasion.cooperative,
        subject_key=f"cooperative:{occasion.cooperative.pk}",
        to=occasion.user,
        facts={"asked_by": str(occasion.user)},
        language=occasion.language,
    )
    return str(Composer(occasion.brand).compose(mail).alternatives[0][0])


also_show("home", _("Home page"), paint_home)
also_show("mail", _("Email"), paint_mail)
