"""What Wagtail's page operations may do to a campaign: delete, move, unpublish, and starting again from one.

What is refused here with a sentence is also refused where rows change (signal_handlers).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.widgets import Button
from wagtail.models import Page

from campaigns import copy_views, copying, queries, removal
from campaigns.models import CampaignPage
from home.models import HomePage, User
from home.queries import cooperative_of, roles_of
from home.tenancy import current_cooperative, within


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [path("campaigns/<int:page_id>/copy/", copy_views.copy_again, name="campaigns_copy_again")]


@hooks.register("before_delete_page")
def keep_what_is_promised(request: HttpRequest, page: Page) -> HttpResponse | None:
    obstacle = removal.obstacle_below(page)
    return _refused(request, page, obstacle) if obstacle else None


@hooks.register("construct_translated_pages_to_cascade_actions")
def delete_translations_too(pages: list[Page], action: str) -> dict[Page, Any]:
    """A translation shows the terms of its source, which go with it."""
    if action != "delete":
        return {}
    return {page: page.get_translations() for page in pages if _is_source(page)}


def _is_source(page: Page) -> bool:
    if not isinstance(page.specific, CampaignPage):
        return False
    with within(cooperative_of(page)):
        return removal.terms_from(page.specific) is not None


@hooks.register("before_move_page")
def keep_in_its_tree(request: HttpRequest, page: Page, destination: Page) -> HttpResponse | None:
    if page.specific_class is not CampaignPage:
        return None
    obstacle = removal.obstacle_to_moving(page, destination)
    return _refused(request, page, obstacle) if obstacle else None


def _refused(request: HttpRequest, page: Page, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("wagtailadmin_explore", page.get_parent().pk)


@hooks.register("before_bulk_action")
def refuse_in_bulk(request: HttpRequest, action_type: str, objects: list[Any], action: Any) -> HttpResponse | None:
    """Several at once: one that cannot go stops them all, so that nothing is done by half."""
    pages = [one for one in objects if isinstance(one, Page)]
    for page in pages:
        why = ""
        if action_type == "delete":
            why = removal.obstacle_below(page)
        elif action_type == "move" and page.specific_class is CampaignPage:
            why = removal.obstacle_to_moving(page, action.cleaned_form.cleaned_data["chooser"])
        if why:
            words = _("“%(page)s”: %(why)s") % {"page": page.get_admin_display_title(), "why": why}
            return _refused(request, page, words)
    return None


@hooks.register("after_unpublish_page")
def say_what_goes_on(request: HttpRequest, page: Page) -> None:
    _warn_of_unpublished(request, [page])


@hooks.register("after_bulk_action")
def say_what_goes_on_in_bulk(request: HttpRequest, action_type: str, objects: list[Any], action: Any) -> None:
    if action_type == "unpublish":
        _warn_of_unpublished(request, objects)


def _warn_of_unpublished(request: HttpRequest, pages: Iterable[Any]) -> None:
    for page in pages:
        campaign = page.specific.campaign if page.specific_class is CampaignPage else None
        if campaign is None or not campaign.is_live:
            continue
        if queries.is_public(campaign):
            messages.warning(
                request, _("The page in the other language remains published, and people can still contribute.")
            )
        else:
            messages.warning(
                request,
                _(
                    "The campaign goes on: its last day does not change and contributions already made remain valid. "
                    "Nobody can contribute until a page is published again."
                ),
            )


@hooks.register("register_page_header_buttons")
def header_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    yield from _copy_buttons(page, user)


@hooks.register("register_page_listing_more_buttons")
def listing_button(page: Page, user: User, next_url: str | None = None) -> Iterator[Button]:
    if page.specific_class is CampaignPage:
        yield from _copy_buttons(page, user)


def _copy_buttons(page: Page, user: User) -> Iterator[Button]:
    cooperative = current_cooperative()
    if cooperative is None or roles_of(user, cooperative).isdisjoint(copy_views.ROLES):
        return
    if page.specific_class is CampaignPage:
        yield _copy_button(_("Start again from this campaign"), page)
    elif page.specific_class is HomePage and (latest := copying.latest_page_of(cooperative)):
        yield _copy_button(_("Start again from my previous campaign"), latest)


def _copy_button(label: str, page: Page) -> Button:
    return Button(label, reverse("campaigns_copy_again", args=[page.pk]), icon_name="copy", priority=40)
