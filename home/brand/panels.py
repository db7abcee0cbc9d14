"""The panel of the brand's form that shows what it would look like. The model imports this module."""

from typing import Any

from django import forms
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import Panel

from home.tenancy import current_cooperative


class PreviewPanel(Panel):
    """A button that works without a script; shown for the brand of the host alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"heading": _("Preview"), "icon": "view"} | kwargs)

    class BoundPanel(Panel.BoundPanel):
        template_name = "home/admin/brand_preview_panel.html"

        def is_shown(self) -> bool:
            cooperative = current_cooperative()
            return super().is_shown() and cooperative is not None and cooperative.site_id == self.instance.site_id

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return context | {"address": reverse("brand_preview", args=[self.instance.site_id])}

        @property
        def media(self) -> forms.Media:
            script = forms.Script(static("js/brand-preview.js"), type="module")
            return forms.Media(css={"all": ["css/brand-preview.css"]}, js=[script])  # type: ignore[list-item]
