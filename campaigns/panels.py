"""The launch checklist in the page editor, with links to what is missing. Models import this module."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import Panel

from home.tenancy import current_cooperative


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
