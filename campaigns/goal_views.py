"""Answers the editor's goal panel while someone types. Nothing is saved: what is posted is reckoned with, no more."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST
from wagtail.models import Page

from campaigns import goal
from campaigns.budgets import cents_of
from campaigns.enums import GoalUnit
from campaigns.goal_fields import read_units
from campaigns.models import CampaignPage
from home.admin_access import AdminRequest, requires
from home.models import Cooperative, HomePage, Role
from home.queries import cooperative_of


@requires(*Role)
@require_POST
def of_page(request: HttpRequest, page_id: int) -> HttpResponseBase:
    """For someone who may edit this campaign page."""
    page = get_object_or_404(CampaignPage, id=page_id)
    _refuse_another_s(request, page)
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return _answer(request, page)


@requires(*Role)
@require_POST
def of_new_page(request: HttpRequest, parent_page_id: int) -> HttpResponseBase:
    """For someone who may create a page below this one."""
    parent = get_object_or_404(HomePage, pk=parent_page_id)
    _refuse_another_s(request, parent)
    if not parent.permissions_for_user(request.user).can_add_subpage():
        raise PermissionDenied
    return _answer(request, parent)


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    """`page` stands in the tree of the host's cooperative, whose rates are reckoned with."""
    cooperative = cast(AdminRequest, request).cooperative
    try:
        body = _body(request)
    except (KeyError, ValueError):
        return HttpResponseBadRequest()
    unit = request.POST.get("goal_unit", GoalUnit.MONEY)
    typed = request.POST.get("goal", "")
    wanted = read_units(typed) if unit == GoalUnit.UNITS else cents_of(typed)
    assessment = goal.assess_words(wanted, body, goal.fees_of(cooperative), unit)
    context = {"assessment": assessment, "currency": cooperative.currency}
    return render(request, "campaigns/admin/goal_assessment.html", context)


def _refuse_another_s(request: HttpRequest, page: Page) -> None:
    """Before anything is asked of the page: its reviewers are known to its own cooperative only."""
    if not _is_of(page, cast(AdminRequest, request).cooperative):
        raise PermissionDenied


def _is_of(page: Page, cooperative: Cooperative) -> bool:
    try:
        return cooperative_of(page) == cooperative
    except Cooperative.DoesNotExist:
        return False


def _body(request: HttpRequest) -> Any:
    """The page's blocks as they stand in the form, unchecked. Raises KeyError or ValueError for what no form posts."""
    block = CampaignPage._meta.get_field("body").stream_block
    return block.value_from_datadict(request.POST, request.FILES, "body")
