"""The campaigns room in the admin: addresses, menu, buttons to the dossier, and what the page editor offers."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.views.home import UserObjectsInWorkflowModerationPanel, WorkflowObjectsToModeratePanel
from wagtail.admin.views.reports.workflows import WorkflowTasksView, WorkflowView
from wagtail.admin.widgets import Button
from wagtail.models import Page

from campaigns import (
    goal_views,
    page_hooks,  # noqa: F401 (registers its hooks)
)
from campaigns.admin import (
    day_lines,  # noqa: F401 (says what waits)
    dossier_views,
    launch_views,
    question_views,
)
from campaigns.admin.access import ICON, ROLES
from campaigns.models import CampaignPage
from home.admin_access import RoleMenuItem
from home.models import User
from home.queries import roles_of
from home.tenancy import current_cooperative
from home.translation.bilingual_hooks import PUBLISH_BOTH

#: Wagtail's reports on reviews name those of every cooperative. No group has this permission, superusers need none.
WorkflowView.any_permission_required = ["platform"]
WorkflowTasksView.any_permission_required = ["platform"]

#: What the editor's menu does not offer before a campaign is approved.
PUBLISHING = {"action-publish", PUBLISH_BOTH}

#: Panels of Wagtail's first page that « Ma journée » replaces: they know pages, not who may see them here.
REPLACED = (WorkflowObjectsToModeratePanel, UserObjectsInWorkflowModerationPanel)


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    one = "campaigns/<int:page_id>/"
    return [
        path("campaigns/goal/<int:page_id>/", goal_views.of_page, name="campaign_goal"),
        path("campaigns/goal/below/<int:parent_page_id>/", goal_views.of_new_page, name="campaign_goal_below"),
        path("campaigns/", dossier_views.index, name="campaigns_index"),
        path(one, dossier_views.dossier, name="campaigns_dossier"),
        path(f"{one}preview/<str:language>/", dossier_views.preview, name="campaigns_preview"),
        path(f"{one}submit/", dossier_views.submit, name="campaigns_submit"),
        path(f"{one}take-back/", dossier_views.take_back, name="campaigns_take_back"),
        path(f"{one}approve/", dossier_views.approve, name="campaigns_approve"),
        path(f"{one}send-back/", dossier_views.send_back, name="campaigns_send_back"),
        path(f"{one}questions/", question_views.ask, name="campaigns_ask"),
        path(f"{one}questions/<int:question_id>/answer/", question_views.answer, name="campaigns_answer"),
        path(f"{one}questions/<int:question_id>/settle/", question_views.settle, name="campaigns_settle"),
        path(f"{one}points/", dossier_views.confirm_point, name="campaigns_confirm_point"),
        path(f"{one}launch/", launch_views.launch, name="campaigns_launch"),
        path(f"{one}schedule/", launch_views.schedule, name="campaigns_schedule"),
    ]


@hooks.register("register_admin_menu_item")
def campaigns_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Campaigns"),
        reverse_lazy("campaigns_index"),
        name="campaigns",
        icon_name=ICON,
        order=150,
        roles=ROLES,
    )


@hooks.register("construct_homepage_panels")
def without_wagtail_s(request: HttpRequest, panels: list[Any]) -> None:
    panels[:] = [panel for panel in panels if not isinstance(panel, REPLACED)]


@hooks.register("register_page_header_buttons")
def header_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    yield from _buttons(page, user)


@hooks.register("register_page_listing_more_buttons")
def listing_button(page: Page, user: User, next_url: str | None = None) -> Iterator[Button]:
    yield from _buttons(page, user)


def _buttons(page: Page, user: User) -> Iterator[Button]:
    cooperative = current_cooperative()
    is_campaign = page.specific_class is CampaignPage and page.pk is not None
    if cooperative and is_campaign and not roles_of(user, cooperative).isdisjoint(ROLES):
        yield Button(_("Dossier"), reverse("campaigns_dossier", args=[page.pk]), icon_name=ICON, priority=4)


class SubmitForReview(ActionMenuItem):
    """In place of Wagtail's, whose words are those of a newsroom."""

    name = "action-submit"
    icon_name = "resubmit"

    def __init__(self, order: int, label: str) -> None:
        super().__init__(order)
        self.label = label


@hooks.register("construct_page_action_menu", order=20)
def own_actions(menu_items: list[ActionMenuItem], request: HttpRequest, context: dict[str, Any]) -> None:
    """Before it is approved, a campaign is submitted and not published; the dossier is where a review is restarted."""
    page = context.get("page")
    is_new = context["view"] == "create" and "campaignpage" in request.path
    if not is_new and not isinstance(page, CampaignPage):
        return
    refused = is_new or (page is not None and page.refusal_to_publish() is not None)
    gone = {"action-restart-workflow"} | (PUBLISHING if refused else set())
    menu_items[:] = [_in_our_words(item) for item in menu_items if item.name not in gone]


def _in_our_words(item: ActionMenuItem) -> ActionMenuItem:
    if item.name == "action-submit":
        return SubmitForReview(item.order, _("Submit for review"))
    return item


@hooks.register("before_publish_page")
def say_why_not(request: HttpRequest, page: Page) -> HttpResponse | None:
    """The draft is saved already; its editor is told why it is not public."""
    refusal = page.refusal_to_publish() if isinstance(page, CampaignPage) else None
    if refusal is None:
        return None
    messages.error(request, refusal)
    return redirect("wagtailadmin_pages:edit", page.pk)
