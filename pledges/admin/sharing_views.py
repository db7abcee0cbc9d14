"""« Partage »: a campaign's preview link, its frame for other sites, its ambassadors and what came through them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns import ambassadors, groups, publishing
from campaigns.ambassadors import AmbassadorForm, NameForm
from campaigns.enums import PREPARING
from campaigns.models import Ambassador, Campaign, CampaignPage
from campaigns.queries import page_in
from campaigns.sharing import preview_links
from campaigns.sharing.addresses import reward_url, share_of
from home import clock
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.languages import CHOICES, LANGUAGES
from home.models import Role
from home.queries import cooperative_of
from home.referral import with_via
from pledges.codes import Report, Tally, report_of

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "link"
#: What the frame's own links say they came through.
WIDGET_CODE = "widget"
WIDGET_SIZE = (320, 320)


@dataclass(frozen=True)
class Line:
    """An ambassador, their links by language, what came through them, and the form that renames them."""

    ambassador: Ambassador
    links: list[tuple[str, str]]
    tally: Tally
    form: NameForm


@require_safe
@requires(*ROLES)
def sharing(request: AdminRequest, page_id: int) -> HttpResponse:
    return _show(request, _page_or_404(request, page_id))


@require_POST
@requires(*ROLES)
def preview_link(request: AdminRequest, page_id: int) -> HttpResponse:
    """Make the link, or revoke it."""
    page = _page_or_404(request, page_id)
    if request.POST.get("act") == "make":
        preview_links.make(page, request.cooperative)
        messages.success(request, _("The preview link is ready to be sent."))
    elif request.POST.get("act") == "revoke":
        preview_links.revoke(page)
        messages.success(request, _("The preview link is revoked: it no longer opens anything."))
    return redirect("campaign_sharing", page.pk)


@require_POST
@requires(*ROLES)
def add_ambassador(request: AdminRequest, page_id: int) -> HttpResponse:
    page = _page_or_404(request, page_id)
    form = AmbassadorForm(request.POST, campaign=_campaign_of(page))
    if page.goal is None or page.end_date is None:
        raise Http404
    if not form.is_valid():
        return _show(request, page, form=form)
    try:
        found = ambassadors.add(publishing.found(groups.source_of(page)), by=request.user, **form.cleaned_data)
    except ambassadors.CodeTaken:
        again = AmbassadorForm(request.POST, campaign=_campaign_of(page))
        again.is_valid()
        return _show(request, page, form=again)
    messages.success(request, _("%(name)s is an ambassador of this campaign.") % {"name": found.name})
    return redirect("campaign_sharing", page.pk)


@require_POST
@requires(*ROLES)
def change_ambassador(request: AdminRequest, page_id: int, ambassador_id: int) -> HttpResponse:
    """Rename, or take away; contributions keep the code they came with."""
    page = _page_or_404(request, page_id)
    row = get_object_or_404(Ambassador, pk=ambassador_id, campaign__translation_key=page.translation_key)
    if request.POST.get("act") == "remove":
        row.delete()
        messages.success(request, _("%(name)s is no longer an ambassador.") % {"name": row.name})
        return redirect("campaign_sharing", page.pk)
    form = NameForm(request.POST, prefix=str(row.pk), auto_id=f"id_{row.pk}_%s")
    if not form.is_valid():
        return _show(request, page, renaming=form)
    row.name = form.cleaned_data["name"]
    row.save(update_fields=["name"])
    messages.success(request, _("The name is changed. The code and the links remain."))
    return redirect("campaign_sharing", page.pk)


def _page_or_404(request: AdminRequest, page_id: int) -> CampaignPage:
    """Another cooperative's page is not found; one's own must be editable."""
    page = get_object_or_404(CampaignPage.objects.select_related("locale"), id=page_id)
    if cooperative_of(page) != request.cooperative:
        raise Http404
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return page


def _campaign_of(page: CampaignPage) -> Campaign | None:
    rows = Campaign.objects.select_related("cooperative__site")
    return rows.filter(translation_key=page.translation_key).first()


def _show(
    request: AdminRequest, page: CampaignPage, *, form: AmbassadorForm | None = None, renaming: NameForm | None = None
) -> HttpResponse:
    campaign, dossier = _campaign_of(page), preview_links.dossier_of(page)
    edit_url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    report = report_of(campaign) if campaign else Report([], Tally(), [])
    context = {
        "page": page,
        "campaign": campaign,
        "preview": _named(preview_links.urls_of(dossier).get) if dossier and preview_links.is_out(dossier) else [],
        "expires": clock.now() + preview_links.LASTS,
        "public": _public_links(campaign),
        "form": form or AmbassadorForm(campaign=campaign),
        "may_add": page.goal is not None and page.end_date is not None,
        "lines": [_line(campaign, one, tally, renaming) for one, tally in report.ambassadors] if campaign else [],
        "report": report,
        "currency": request.cooperative.currency,
    }
    above = [(edit_url, page.get_admin_display_title())]
    return TemplateResponse(request, "pledges/admin/sharing.html", furniture(_("Sharing"), ICON, above=above) | context)


def _named(value_of: Callable[[str], Any]) -> list[tuple[str, Any]]:
    """Each language's value beside its name."""
    return [(name.capitalize(), value_of(language)) for language, name in CHOICES]


def _line(campaign: Campaign, one: Ambassador, tally: Tally, renaming: NameForm | None) -> Line:
    prefix = str(one.pk)
    form = NameForm(initial={"name": one.name}, prefix=prefix, auto_id=f"id_{one.pk}_%s")
    if renaming is not None and renaming.prefix == prefix:
        form = renaming
    return Line(one, _campaign_links(campaign, one.code), tally, form)


def _campaign_links(campaign: Campaign, via: str) -> list[tuple[str, str]]:
    """The campaign's address in each language it is online in, with a code."""
    pages = {language: page_in(campaign, language) for language in LANGUAGES}
    return [
        (name.capitalize(), share_of(campaign, page, via).url)
        for language, name in CHOICES
        if (page := pages[language]) and page.locale.language_code == language
    ]


@dataclass(frozen=True)
class PublicLinks:
    """What other sites and posters may use, in one language."""

    language: str
    widget: str
    figures: str
    qr: str
    rewards: list[tuple[str, str]]


def _public_links(campaign: Campaign | None) -> list[PublicLinks]:
    if campaign is None or campaign.state in PREPARING:
        return []
    pages = [(name, page_in(campaign, language), language) for language, name in CHOICES]
    found = []
    for name, page, language in pages:
        if page and page.locale.language_code == language:
            with translation.override(language):
                found.append(_public_links_in(campaign, page, name.capitalize()))
    return found


def _public_links_in(campaign: Campaign, page: CampaignPage, name: str) -> PublicLinks:
    root = campaign.cooperative.root_url
    widget = with_via(root + reverse("campaign_widget", args=[campaign.pk]), WIDGET_CODE)
    width, height = WIDGET_SIZE
    return PublicLinks(
        language=name,
        widget=f'<iframe src="{widget}" title="{escape(page.title)}" width="{width}" height="{height}" '
        'loading="lazy" style="border:0"></iframe>',
        figures=root + reverse("campaign_figures", args=[campaign.pk]),
        qr=root + reverse("campaign_qr", args=[campaign.pk]),
        rewards=[(one.title, root + reward_url(one)) for one in campaign.rewards.filter(retired_at=None)],
    )
