"""What Wagtail's fields start by a script in the page, started by a file of ours: the policy forbids scripts in pages.

A field names what starts it in a `<template data-starts>`, which `static/js/admin-starts.js` reads; it starts only what
it knows. The templates of the fields stand in `templates/wagtailadmin/`, those of pages in their apps' folders.
"""

import json
from typing import Any

from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.templatetags.static import static
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.widgets import BaseChooser
from wagtail.admin.widgets.workflows import AdminTaskChooser
from wagtailmedia.widgets import AdminMediaChooser

#: Choosers whose script is a function of its own, which takes the field's id alone.
BY_FUNCTION: tuple[tuple[type, str], ...] = (
    (AdminTaskChooser, "createTaskChooser"),
    (AdminMediaChooser, "createMediaChooser"),
)


class FormRenderer(DjangoTemplates):
    """Django's own, which finds our templates of fields before those of apps."""

    @cached_property
    def engine(self) -> Any:
        options = {"APP_DIRS": True, "NAME": "djangoforms", "OPTIONS": {}}
        ours: Any = settings.TEMPLATES[0]["DIRS"]
        return self.backend(options | {"DIRS": [*ours, *super().engine.dirs]})


def starter(name: str, *given: Any) -> SafeString:
    return format_html('<template data-starts="{}" data-with="{}"></template>', name, json.dumps(given))


def connect() -> None:
    """Wagtail's choosers write their script in Python."""
    BaseChooser.render = _render


def _render(chooser: Any, name: str, value: Any, attrs: dict[str, Any], renderer: object = None) -> SafeString:
    """In place of `BaseChooser.render`."""
    shown, field_id = chooser.get_value_data(value), attrs["id"]
    html = chooser.render_html(name, shown, attrs)
    for kind, function in BY_FUNCTION:
        if isinstance(chooser, kind):
            return html + starter(function, field_id)
    options = chooser.get_js_init_options(field_id, name, shown)
    return html + starter(chooser.js_constructor, field_id, options)


@hooks.register("insert_global_admin_js")
def starting_script() -> SafeString:
    return format_html('<script type="module" src="{}"></script>', static("js/admin-starts.js"))


@hooks.register("insert_editor_js")
def saving_script() -> SafeString:
    """Pages save themselves while they are written; the button's saving must come last."""
    return format_html('<script type="module" src="{}"></script>', static("js/saving-in-turn.js"))
