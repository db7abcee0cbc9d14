"""The pledges room in the admin: its addresses, its menu, its panel on the first page."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse, reverse_lazy
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
from home.tenancy import current_cooperative
from pledges import extending, totals
from pledges.admin import (
    account_views,
    books_views,
    contribution_views,
    export_views,
    extension_views,
    fulfilment_views,
    matching_views,
    money_views,
    offline_views,
    payout_views,
    refund_views,
    settlement_views,
    sharing_views,
    tax_views,
)
from pledges.admin.panels import AccountPanel, CampaignsPanel


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [
        path("fulfilment/", fulfilment_views.index, name="pledges_fulfilment"),
        path("fulfilment/mark/", fulfilment_views.mark, name="pledges_fulfilment_mark"),
        path("contributions/", contribution_views.index, name="pledges_contributions"),
        path("contributions/<int:pledge_id>/", contribution_views.detail, name="pledges_contribution"),
        path("contributions/offline/", offline_views.index, name="pledges_offline"),
        path("contributions/offline/<int:campaign_id>/", offline_views.enter, name="pledges_offline_enter"),
        path("contributions/<int:pledge_id>/received/", offline_views.received, name="pledges_offline_received"),
        path("contributions/<int:pledge_id>/bounced/", offline_views.bounced, name="pledges_offline_bounced"),
        path("contributions/<int:pledge_id>/end/", offline_views.end, name="pledges_offline_end"),
        path("refunds/<int:refund_id>/by-hand/", offline_views.given_back, name="pledges_offline_given_back"),
        path("lists/", export_views.index, name="pledges_lists"),
        path("lists/backers.csv", export_views.backers, name="pledges_list_backers"),
        path("lists/labels.csv", export_views.labels, name="pledges_list_labels"),
        path("lists/pick-up.csv", export_views.pick_up, name="pledges_list_pick_up"),
        path("lists/pick-up/", export_views.pick_up_page, name="pledges_list_pick_up_page"),
        path("payments/<int:payment_id>/refund/", refund_views.ask, name="pledges_refund_ask"),
        path("refunds/", refund_views.index, name="pledges_refunds"),
        path("refunds/<int:refund_id>/", refund_views.detail, name="pledges_refund"),
        path("money/", money_views.index, name="pledges_money"),
        path("money/<int:campaign_id>/", money_views.settlement, name="pledges_settlement"),
        path("campaigns/<int:page_id>/extend/", extension_views.extend, name="campaign_extend"),
        path("payment-account/", account_views.account, name="pledges_account"),
        path("payment-account/return/", account_views.returned, name="pledges_account_return"),
        path("payment-account/over/", account_views.over, name="pledges_account_over"),
        path("payouts/", payout_views.index, name="pledges_payouts"),
        path("payouts/<int:payout_id>/", payout_views.detail, name="pledges_payout"),
        path("money/<int:campaign_id>/pause/", settlement_views.pause, name="pledges_settlement_pause"),
        path("money/<int:campaign_id>/rehearsal/", settlement_views.rehearsal, name="pledges_rehearsal"),
        path("money/<int:campaign_id>/report/", settlement_views.report, name="pledges_report"),
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
def payouts_item() -> RoleMenuItem:
    return RoleMenuItem(
        _("Payouts"),
        reverse_lazy("pledges_payouts"),
        name="payouts",
        icon_name=payout_views.ICON,
        order=232,
        roles=payout_views.ROLES,
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
def account_panel(request: HttpRequest, panels: list[Any]) -> None:
    if roles_in(request) and (panel := AccountPanel.of(request)):
        panels.append(panel)


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
