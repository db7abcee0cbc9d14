"""Sending and announcing in the admin: who gets this, and why; then the act; then how far it has got."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import Crumb, furniture, page_of
from home.models import Backer, Cooperative, MailState, Role
from home.queries import cooperative_of
from updates import coaching, sending
from updates.announcing import announce
from updates.briefing import REFUSALS, Offer, offers_for
from updates.enums import MailingKind, MissingLanguage
from updates.models import Mailing, Update, UpdatePage
from updates.rehearsing import rehearse, send_test

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "mail"

#: Rows that a person should look at, shown with a mailing.
TROUBLE = [MailState.FAILED, MailState.IN_DOUBT, MailState.SUPPRESSED]


@require_safe
@requires(*ROLES)
def briefing(request: AdminRequest, page_id: int) -> HttpResponse:
    """Who gets this, and why. Changes nothing."""
    page = _page_or_404(request, page_id)
    update = _update_of(page)
    edit_url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    context = {
        "page": page,
        "update": update,
        "offers": offers_for(update) if update else [],
        "notices": update.delay_notices.prefetch_related("rewards") if update else [],
        "mailings": _with_progress(update.mailings.order_by("-pk")) if update else [],
        "edit_url": edit_url,
    }
    above = [_mailings_crumb(), (edit_url, page.get_admin_display_title())]
    return TemplateResponse(
        request, "updates/admin/briefing.html", furniture(_("Send or announce"), ICON, above=above) | context
    )


@require_safe
@requires(*ROLES)
def preview(request: AdminRequest, page_id: int, kind: str, language: str, part: str) -> HttpResponse:
    """A mail as a sample reader of that language will get it; shown in a frame that can do nothing."""
    offer = _offer_or_404(_page_or_404(request, page_id), kind)
    message = rehearse(offer.update, offer.texts, offer.kind, _sample_or_404(offer, language))
    if part == "text":
        response = HttpResponse(f"{message.subject}\n\n{message.body}", content_type="text/plain; charset=utf-8")
    else:
        response = HttpResponse(message.alternatives[0][0])
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
    return response


@require_POST
@requires(*ROLES)
def test(request: AdminRequest, page_id: int, kind: str, language: str) -> HttpResponse:
    """Send the preview to the person who asks, and to no one else."""
    page = _page_or_404(request, page_id)
    offer = _offer_or_404(page, kind)
    message = rehearse(offer.update, offer.texts, offer.kind, _sample_or_404(offer, language))
    try:
        send_test(message, request.user)
    except OSError:
        messages.error(request, _("The test could not be sent: the mail service does not answer. Try again later."))
    else:
        messages.success(request, _("The test has left for %(email)s.") % {"email": request.user.email})
    return redirect("updates_briefing", page.pk)


@require_POST
@requires(*ROLES)
def send(request: AdminRequest, page_id: int) -> HttpResponse:
    return _act(request, _page_or_404(request, page_id), MailingKind.NEWS)


@require_POST
@requires(*ROLES)
def announce_delay(request: AdminRequest, page_id: int) -> HttpResponse:
    return _act(request, _page_or_404(request, page_id), MailingKind.DELAY)


def _act(request: AdminRequest, page: UpdatePage, kind: MailingKind) -> HttpResponse:
    """Only if as many people get it as the button said."""
    offer = _offer_of(page, kind)
    if offer and request.POST.get("people") != str(offer.audience.total):
        messages.warning(request, _("The list has changed in the meantime. Check it, then confirm again."))
        return redirect("updates_briefing", page.pk)
    act = announce if kind == MailingKind.DELAY else sending.send_news
    try:
        mailing = act(_update_or_404(page), by=request.user, missing_language=_chosen(request))
    except sending.SendingRefused as refused:
        messages.error(request, str(REFUSALS[refused.refusal]))
        return redirect("updates_briefing", page.pk)
    messages.success(request, _done_line(mailing))
    return redirect("updates_mailing", mailing.pk)


def _done_line(mailing: Mailing) -> str:
    count = sending.progress(mailing).total
    said = {"n": formats.number(count), "date": formats.local_day(mailing.created_at, mailing.cooperative.time_zone)}
    if mailing.kind == MailingKind.NEWS:
        return ngettext("%(n)s email is leaving.", "%(n)s emails are leaving.", count) % said
    next_news = min(mailing.update.delay_notices.values_list("next_news_on", flat=True))
    return ngettext(
        "Announced on %(date)s. %(n)s email is leaving. Next news promised by %(next_news)s.",
        "Announced on %(date)s. %(n)s emails are leaving. Next news promised by %(next_news)s.",
        count,
    ) % (said | {"next_news": formats.day(next_news)})


def _chosen(request: HttpRequest) -> MissingLanguage:
    wanted = request.POST.get("missing_language", "")
    return MissingLanguage(wanted) if wanted in MissingLanguage.values else MissingLanguage.NONE


@require_safe
@requires(*ROLES)
def mailings(request: AdminRequest) -> HttpResponse:
    """Every update of the cooperative that was published, latest first, with what left of it."""
    pages = page_of(request, _updates_of(request.cooperative))
    shown = _pages_of(pages["rows"])
    progress = sending.progress_of_all(one for update in pages["rows"] for one in update.mailings.all())
    rows = [
        (update, shown.get(update.translation_key), [(one, progress[one.pk]) for one in update.mailings.all()])
        for update in pages["rows"]
    ]
    prepared = {
        "drafts": coaching.waiting_for(request.cooperative),
        "to_plan": coaching.campaigns_to_plan(request.cooperative),
    }
    return TemplateResponse(
        request, "updates/admin/mailings.html", furniture(_("Mailings"), ICON) | pages | {"rows": rows} | prepared
    )


@require_safe
@requires(*ROLES)
def mailing(request: AdminRequest, mailing_id: int) -> HttpResponse:
    """How far a mailing has got, and the mails a person should look at."""
    found = get_object_or_404(
        Mailing.objects.select_related("update__campaign", "created_by", "cooperative"),
        pk=mailing_id,
        cooperative=request.cooperative,
    )
    trouble = sending.mails_of(found).filter(state__in=TROUBLE).select_related("backer").order_by("state", "pk")
    context = {"mailing": found, "progress": sending.progress(found), "page": _page_of(found.update)}
    return TemplateResponse(
        request,
        "updates/admin/mailing.html",
        furniture(found.update.title, ICON, above=[_mailings_crumb()]) | context | page_of(request, trouble),
    )


def _updates_of(cooperative: Cooperative) -> QuerySet[Update]:
    updates = Update.objects.filter(cooperative=cooperative).select_related("campaign")
    return updates.prefetch_related("mailings", "delay_notices").order_by("-published_at", "-pk")


def _with_progress(found: QuerySet[Mailing]) -> list[tuple[Mailing, sending.Progress]]:
    progress = sending.progress_of_all(found)
    return [(one, progress[one.pk]) for one in found]


def _mailings_crumb() -> Crumb:
    return reverse("updates_mailings"), _("Mailings")


def _page_or_404(request: AdminRequest, page_id: int) -> UpdatePage:
    """Another cooperative's page is not found."""
    page = get_object_or_404(UpdatePage.objects.select_related("locale"), id=page_id)
    if cooperative_of(page) != request.cooperative:
        raise Http404
    return page


def _page_of(update: Update) -> UpdatePage | None:
    return _pages_of([update]).get(update.translation_key)


def _pages_of(updates: Iterable[Update]) -> dict[UUID, UpdatePage]:
    """By translation key, the page in the campaign's own language, else another one; one query."""
    source = {update.translation_key: update.campaign.source_locale_id for update in updates}
    found: dict[UUID, UpdatePage] = {}
    for page in UpdatePage.objects.filter(translation_key__in=source, alias_of=None).order_by("-pk"):
        if page.translation_key not in found or page.locale_id == source[page.translation_key]:
            found[page.translation_key] = page
    return found


def _update_of(page: UpdatePage) -> Update | None:
    rows = Update.objects.select_related("campaign__source_locale", "campaign__cooperative__site", "cooperative__site")
    return rows.filter(translation_key=page.translation_key).first()


def _update_or_404(page: UpdatePage) -> Update:
    update = _update_of(page)
    if update is None:
        raise Http404
    return update


def _offer_of(page: UpdatePage, kind: str) -> Offer | None:
    """None where that is not, or no longer, to be done."""
    return next((one for one in offers_for(_update_or_404(page)) if one.kind == kind), None)


def _offer_or_404(page: UpdatePage, kind: str) -> Offer:
    offer = _offer_of(page, kind)
    if offer is None:
        raise Http404
    return offer


def _sample_or_404(offer: Offer, language: str) -> Backer:
    reader = next((one for one in offer.samples if one.language == language), None)
    if reader is None:
        raise Http404
    return reader
