"""The pledges room in the admin: its addresses, its menu, its panel on the first page."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets import Button
from wagtail.models import Page

from campaigns.models import Campaign, CampaignPage
from home.admin_access import RoleMenuItem, roles_in
from home.models import User
from home.queries import roles_of
from home.tenancy import current_cooperative
from pledges import totals
from pledges.admin import (
    books_views,
    contribution_views,
    fulfilment_views,
    matching_views,
    money_views,
    sharing_views,
    tax_views,
)
from pledges.admin.panels import CampaignsPanel


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [
        path("fulfilment/", fulfilment_views.index, name="pledges_fulfilment"),
        path("fulfilment/mark/", fulfilment_views.mark, name="pledges_fulfilment_mark"),
        path("contributions/", contribution_views.index, name="pledges_contributions"),
        path("contributions/<int:pledge_id>/", contribution_views.detail, name="pledges_contribution"),
        path("money/", money_views.index, name="pledges_money"),
        path("money/<int:campaign_id>/", money_views.settlement, name="pledges_settlement"),
        path("money/<int:campaign_id>/matching/", matching_views.index, name="pledges_matching"),
        path("money/books/", books_views.index, name="pledges_books"),
        path("money/books/taxes/", books_views.taxes, name="pledges_tax_report"),
        path("money/books/owed/", books_views.owed, name="pledges_owed"),
        path("money/books/journal/", books_views.journal_of, name="pledges_journal"),
        path("money/books/accounts/", books_views.accounts, name="pledges_accounts"),
        path("money/books/registrations/", tax_views.index, name="pledges_taxes"),
        path("money/books/registrations/<int:registration_id>/", tax_views.change, name="pledges_tax"),
        path("campaigns/<int:page_id>/sharing/", sharing_views.sharing, name="campaign_sharing"),
        path("campaigns/<int:page_id>/sharing/preview/", sharing_views.preview_link, name="campaign_sharing_preview"),
        path("campaigns/<int:page_id>/sharing/add/", sharing_views.add_ambassador, name="campaign_sharing_add"),
        path(
            "campaigns/<int:page_id>/sharing/<int:ambassador_id>/",
            sharing_views.change_ambassador,
            name="campaign_sharing_ambassador",
        ),
    ]


@hooks.register("register_page_header_buttons")
def sharing_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    cooperative = current_cooperative()
    may_share = cooperative and not roles_of(user, cooperative).isdisjoint(sharing_views.ROLES)
    if may_share and page.pk and page.specific_class is CampaignPage:
        yield Button(
            _("Sharing"), reverse("campaign_sharing", args=[page.pk]), icon_name=sharing_views.ICON, priority=30
        )


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


@hooks.register("construct_homepage_panels")
def campaigns_panel(request: HttpRequest, panels: list[Any]) -> None:
    if roles_in(request):
        panels.append(CampaignsPanel(request))


@hooks.register("before_serve_page")
def read_terms_with_sums(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> None:
    """The page of a campaign shows its terms and how far it is: one query for both."""
    if isinstance(page, CampaignPage):
        campaign = totals.with_sums(Campaign.objects.filter(translation_key=page.translation_key)).first()
        if campaign is not None:
            campaign.cooperative = request.cooperative  # type: ignore[attr-defined]
        page.campaign = campaign
