"""What the first requests would load one by one: loaded before the server makes its workers, so that they share it.

A worker that loads the addresses, the templates and the languages by itself keeps 50 MB for itself alone. Nothing here
asks the database: a connection must not be shared.
"""

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils import translation

from config import ROOT
from home import clock, formats

TEMPLATES = ROOT / "templates"


def warm_up() -> None:
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for urlconf in (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF):
                _ = get_resolver(urlconf).reverse_dict
            formats.money(100_00, "CAD")
            formats.day(clock.now())
    for path in sorted(TEMPLATES.rglob("*.html")):
        get_template(str(path.relative_to(TEMPLATES)))
