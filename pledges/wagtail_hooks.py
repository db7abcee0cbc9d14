"""The pledges room in the admin: its addresses, its menu, its panel on the first page."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets import Button
from wagtail.models import Page

from campaigns.admin.access import TEAM
from campaigns.models import Campaign, CampaignPage
from home.admin_access import RoleMenuItem, roles_in
from home.models import User
from home.queries import roles_of
from home.ready_queries import Ready
from home.tenancy import current_cooperative
from pledges import extending, totals
from pledges.admin import (
    account_views,
    contribution_views,
    day_lines,  # noqa: F401 (says what waits)
    fulfilment_views,
    money_views,
    payout_views,
    refund_request_views,
    sharing_views,
    trial_views,
)
from pledges.admin.panels import CampaignsPanel
from pledges.admin.urls import urlpatterns
from pledges.refunds import TREASURERS


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return urlpatterns


@hooks.register("register_page_header_buttons")
def sharing_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    cooperative = current_cooperative()
    may_share = cooperative and not roles_of(user, cooperative).isdisjoint(sharing_views.ROLES)
    if may_share and page.pk and page.specific_class is CampaignPage:
        yield Button(
            _("Sharing"), reverse("campaign_sharing", args=[page.pk]), icon_name=sharing_views.ICON, priority=30
        )


@hooks.register("register_page_header_buttons")
def extension_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    """On both pages of a campaign, while its deadline may be moved."""
    cooperative = current_cooperative()
    if not cooperative or not page.pk or page.specific_class is not CampaignPage:
        return
    if roles_of(user, cooperative).isdisjoint(TEAM):
        return
    campaign = page.specific.campaign
    if campaign is not None and extending.may_extend(campaign):
        yield Button(_("Extend the deadline"), reverse("campaign_extend", args=[page.pk]), icon_name="calendar-alt")


@hooks.register("register_admin_menu_item")
def contributions_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Contributions"),
        reverse_lazy("pledges_contributions"),
        name="contributions",
        icon_name=contribution_views.ICON,
        order=210,
        roles=contribution_views.ROLES,
    )


@hooks.register("register_admin_menu_item")
def fulfilment_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Fulfilment"),
        reverse_lazy("pledges_fulfilment"),
        name="fulfilment",
        icon_name=fulfilment_views.ICON,
        order=220,
        roles=fulfilment_views.ROLES,
    )


@hooks.register("register_admin_menu_item")
def money_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Money"),
        reverse_lazy("pledges_money"),
        name="money",
        icon_name=money_views.ICON,
        order=230,
        roles=money_views.ROLES,
    )


@hooks.register("register_admin_menu_item")
def refund_requests_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Refunds to decide"),
        reverse_lazy("pledges_refund_requests"),
        name="refund-requests",
        icon_name=refund_request_views.ICON,
        order=231,
        roles=TREASURERS,
    )


@hooks.register("register_admin_menu_item")
def payouts_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Payouts"),
        reverse_lazy("pledges_payouts"),
        name="payouts",
        icon_name=payout_views.ICON,
        order=232,
        roles=payout_views.ROLES,
    )


class TrialMenuItem(RoleMenuItem):
    """In the twin of a cooperative only."""

    def is_shown(self, request: HttpRequest) -> bool:
        cooperative = getattr(request, "cooperative", None)
        return cooperative is not None and cooperative.is_rehearsal and super().is_shown(request)


@hooks.register("register_admin_menu_item")
def trial_item() -> RoleMenuItem:
    return TrialMenuItem(
        _("Trial campaign"),
        reverse_lazy("pledges_trial"),
        name="trial",
        icon_name=trial_views.ICON,
        order=1,
        roles=TEAM,
    )


@hooks.register("register_settings_menu_item")
def account_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Payment account"),
        reverse_lazy("pledges_account"),
        name="payment-account",
        icon_name=account_views.ICON,
        order=150,
        roles=account_views.ROLES,
    )


@hooks.register("insert_global_admin_css")
def listing_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("css/listing.css"))


@hooks.register("construct_homepage_panels")
def campaigns_panel(request: HttpRequest, panels: list[Any]) -> None:
    if roles_in(request):
        panels.append(CampaignsPanel(request))


_WITH_SUMS = Ready(lambda key: totals.with_sums(Campaign.objects.filter(translation_key=key)), prepared=True)


@hooks.register("before_serve_page")
def read_terms_with_sums(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> None:
    """The page of a campaign shows its terms and how far it is: one query for both."""
    if isinstance(page, CampaignPage):
        campaign = next(iter(_WITH_SUMS(page.translation_key)), None)
        if campaign is not None:
            campaign.cooperative = request.cooperative  # type: ignore[attr-defined]
        page.campaign = campaign
