"""Panels of ours in the campaign page's editor."""

from typing import Any

from django import forms
from django.templatetags.static import static
from django.urls import reverse
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
