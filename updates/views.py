"""Sending and announcing in the admin: who gets this, and why; then the act; then how far it has got."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
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
from home.models import Backer, Cooperative, Role
from home.queries import cooperative_of
from updates import audience, coaching, figures, sending
from updates.announcing import announce
from updates.audience import Why
from updates.briefing import REFUSALS, Offer, offers_for, reason_words
from updates.enums import MailingKind, MissingLanguage
from updates.models import Mailing, Update, UpdatePage
from updates.moments import SendAtForm, chosen_moment
from updates.rehearsing import rehearse, send_test

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "mail"


@require_safe
@requires(*ROLES)
def briefing(request: AdminRequest, page_id: int) -> HttpResponse:
    """Who gets this, and why. Changes nothing."""
    return _briefing(request, _page_or_404(request, page_id), SendAtForm(request.cooperative.time_zone))


def _briefing(request: AdminRequest, page: UpdatePage, send_at: SendAtForm, status: int = 200) -> HttpResponse:
    update = _update_of(page)
    edit_url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    context = {
        "page": page,
        "update": update,
        "offers": offers_for(update) if update else [],
        "notices": update.delay_notices.prefetch_related("rewards") if update else [],
        "mailings": _with_progress(update.mailings.order_by("-pk")) if update else [],
        "edit_url": edit_url,
        "send_at": send_at,
    }
    above = [mailings_crumb(), (edit_url, page.get_admin_display_title())]
    shown = furniture(_("Send or announce"), ICON, above=above) | context
    return TemplateResponse(request, "updates/admin/briefing.html", shown, status=status)


@require_safe
@requires(*ROLES)
def left_out(request: AdminRequest, page_id: int, kind: str) -> HttpResponse:
    """Everyone who does not get it, or not before their text is there, by name, and why."""
    page = _page_or_404(request, page_id)
    offer = _offer_or_404(page, kind)
    everyone = audience.people(offer.update, offer.kind, offer.changes)
    missing = offer.missing if offer.waiting_line else []
    waits = Q(why=Why.READS, language__in=missing)
    people = everyone.filter(~Q(why=Why.READS) | waits).order_by("why", "name", "pk")
    above = [mailings_crumb(), (reverse("updates_briefing", args=[page.pk]), _("Send or announce"))]
    count = offer.counts.total_left_out + sum(offer.counts.by_language[language] for language in missing)
    listed, words = page_of(request, people, count=count), reason_words()
    listed["rows"] = [(person, words[Why(person.why)]) for person in listed["rows"]]
    shown = furniture(offer.left_out_total, ICON, above=above) | listed
    return TemplateResponse(request, "updates/admin/left_out.html", shown)


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
    if offer and request.POST.get("people") != str(offer.counts.total):
        messages.warning(request, _("The list has changed in the meantime. Check it, then confirm again."))
        return redirect("updates_briefing", page.pk)
    form = chosen_moment(request)
    if form.is_bound and not form.is_valid():
        return _briefing(request, page, form, status=422)
    choice: dict[str, Any] = {"by": request.user, "missing_language": _chosen(request)}
    try:
        if kind == MailingKind.DELAY:
            mailing = announce(_update_or_404(page), **choice)
        else:
            mailing = sending.send_news(_update_or_404(page), send_at=form.moment, **choice)
    except sending.SendingRefused as refused:
        messages.error(request, str(REFUSALS[refused.refusal]))
        return redirect("updates_briefing", page.pk)
    messages.success(request, _done_line(mailing))
    return redirect("updates_mailing", mailing.pk)


def _done_line(mailing: Mailing) -> str:
    count = figures.figures_of(mailing).total
    said = {"n": formats.number(count), "date": formats.local_day(mailing.created_at, mailing.cooperative.time_zone)}
    if mailing.send_at:
        said["date"] = formats.deadline(mailing.send_at, mailing.cooperative.time_zone)
        line = ngettext("%(n)s email will leave on %(date)s.", "%(n)s emails will leave on %(date)s.", count)
        return line % said
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
    shown = pages_of(pages["rows"])
    progress = figures.figures_of_all(one for update in pages["rows"] for one in update.mailings.all())
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


def _updates_of(cooperative: Cooperative) -> QuerySet[Update]:
    updates = Update.objects.filter(cooperative=cooperative).select_related("campaign")
    return updates.prefetch_related("mailings", "delay_notices").order_by("-published_at", "-pk")


def _with_progress(found: QuerySet[Mailing]) -> list[tuple[Mailing, figures.Figures]]:
    progress = figures.figures_of_all(found)
    return [(one, progress[one.pk]) for one in found]


def mailings_crumb() -> Crumb:
    return reverse("updates_mailings"), _("Mailings")


def _page_or_404(request: AdminRequest, page_id: int) -> UpdatePage:
    """Another cooperative's page is not found."""
    page = get_object_or_404(UpdatePage.objects.select_related("locale"), id=page_id)
    if cooperative_of(page) != request.cooperative:
        raise Http404
    return page


def pages_of(updates: Iterable[Update]) -> dict[UUID, UpdatePage]:
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
