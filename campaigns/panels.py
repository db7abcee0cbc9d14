"""Panels of ours in the campaign page's editor. Models import this module."""

from typing import Any

from django import forms
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import Panel

from campaigns import goal
from home.tenancy import current_cooperative


class GoalPanel(Panel):
    """Whether the goal is enough: as last saved, and where scripts run, as it is being typed."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "campaigns/admin/goal_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            cooperative = current_cooperative()
            if cooperative is not None:
                context |= {
                    "assessment": goal.assess(self.instance, cooperative),
                    "currency": cooperative.currency,
                    "address": self._address(),
                }
            return context

        def _address(self) -> str:
            """Where the panel asks again; a page that is not created yet is known by the page above it."""
            if self.instance.pk:
                return reverse("campaign_goal", args=[self.instance.pk])
            match = self.request.resolver_match if self.request else None
            parent = match.kwargs.get("parent_page_id") if match else None
            return reverse("campaign_goal_below", args=[parent]) if parent else ""

        @property
        def media(self) -> forms.Media:
            return forms.Media(js=[forms.Script(static("js/goal-panel.js"), type="module")])  # type: ignore[list-item]


class ChecklistPanel(Panel):
    """Shown on the source page, once it is saved and until it is launched."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"heading": _("Launch checklist"), "icon": "tasks"} | kwargs)

    class BoundPanel(Panel.BoundPanel):
        template_name = "campaigns/admin/checklist_panel.html"

        def is_shown(self) -> bool:
            from campaigns import checklist, groups  # noqa: PLC0415 (they import the models)

            page = self.instance
            if page.pk is None or current_cooperative() is None or not super().is_shown():
                return False
            return checklist.is_shown_for(page.campaign) and groups.source_of(page).pk == page.pk

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            from campaigns import checklist  # noqa: PLC0415 (it imports the models)

            context: dict[str, Any] = super().get_context_data(parent_context)
            cooperative = current_cooperative()
            return context | {"checked": checklist.of(self.instance, cooperative) if cooperative else None}
