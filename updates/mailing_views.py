"""One mailing in the admin: how far it has got, what became of its mails, and what may still be done with it."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.languages import ENGLISH
from home.long_lists import part_of
from updates import figures, mailing_emails, sending, waiting
from updates.briefing import REFUSALS
from updates.enums import Act, MailingKind, MailingState, PauseReason
from updates.figures import Figures, Group
from updates.models import Mailing
from updates.moments import SendAtForm
from updates.views import ICON, ROLES, mailings_crumb, pages_of

RUNNING = {MailingState.SENDING, MailingState.PAUSED}

#: What a person should look at first, shown with a mailing.
TROUBLE = figures.GROUPS[Group.FAILED] | figures.GROUPS[Group.IN_DOUBT] | figures.GROUPS[Group.SUPPRESSED]


def group_words() -> dict[Group, str]:
    return {
        Group.WAITING: _("Waiting"),
        Group.TEXT: _("Waiting for the text in their language"),
        Group.SENT: pgettext("emails", "Sent"),
        Group.DELIVERED: pgettext("emails", "Delivered"),
        Group.BOUNCED: _("Address to correct"),
        Group.COMPLAINED: _("Complained"),
        Group.IN_DOUBT: _("In doubt"),
        Group.FAILED: _("Could not be sent"),
        Group.SUPPRESSED: _("Not sent: unsubscribed or address refused"),
        Group.CANCELLED: pgettext("emails", "Cancelled"),
    }


@require_safe
@requires(*ROLES)
def mailing(request: AdminRequest, mailing_id: int) -> HttpResponse:
    """How far a mailing has got, and the mails a person should look at."""
    found = _mailing_or_404(request, mailing_id)
    return _shown(request, found, SendAtForm(found.cooperative.time_zone, moment=found.send_at))


def _shown(request: AdminRequest, found: Mailing, send_at: SendAtForm, status: int = 200) -> HttpResponse:
    trouble = sending.mails_of(found).filter(TROUBLE).select_related("backer").order_by("state", "pk")
    context = _standing(found) | {
        "page": pages_of([found.update]).get(found.update.translation_key),
        "acts": found.acts.select_related("by").order_by("-pk")[:50],
        "send_at": send_at,
        "may_send_again": found.state != MailingState.CANCELLED,
    }
    shown = furniture(found.update.title, ICON, above=[mailings_crumb()]) | context | part_of(request, trouble)
    return TemplateResponse(request, "updates/admin/mailing.html", shown, status=status)


@require_safe
@requires(*ROLES)
def progress(request: AdminRequest, mailing_id: int) -> HttpResponse:
    """The part of the page that moves, asked again every few seconds while the mailing runs."""
    found = _mailing_or_404(request, mailing_id)
    return TemplateResponse(request, "updates/admin/_progress.html", _standing(found))


def _standing(found: Mailing) -> dict[str, Any]:
    now = figures.figures_of(found)
    words = group_words()
    return {
        "mailing": found,
        "figures": now,
        "groups": [(group, words[group], count) for group in Group if (count := getattr(now, group))],
        "paused_line": _paused_line(found),
        "waiting_line": _waiting_line(found, now),
        "is_running": found.state in RUNNING,
        "is_owed": found.kind == MailingKind.DELAY,
        "moves": found.state == MailingState.SENDING and not found.is_to_come,
    }


def _paused_line(found: Mailing) -> str:
    if found.state != MailingState.PAUSED:
        return ""
    if found.pause_reason == PauseReason.PERSON:
        return _("Sending is paused. Nothing more leaves until you decide.")
    last = found.acts.filter(act=Act.PAUSED).last()
    before = found.acts.filter(act=Act.RESUMED, pk__lt=last.pk).last() if last else None
    numbers = [getattr(last, name, 0) - getattr(before, name, 0) for name in ("tried", "bounced", "complained")]
    said = {"reason": mailing_emails.pause_line(found.pause_reason, *numbers)}
    return _("Sending paused: %(reason)s. Nothing more leaves until you decide.") % said


def _waiting_line(found: Mailing, now: Figures) -> str:
    if not now.text:
        return ""
    languages = set(figures.mails_in(found, Group.TEXT).order_by().values_list("language", flat=True))
    if ENGLISH in languages:
        line = ngettext("%(n)s person awaits the English text", "%(n)s people await the English text", now.text)
    else:
        line = ngettext("%(n)s person awaits the French text", "%(n)s people await the French text", now.text)
    return line % {"n": formats.number(now.text)}


@require_safe
@requires(*ROLES)
def people(request: AdminRequest, mailing_id: int, group: str) -> HttpResponse:
    """The people of a mailing in one state."""
    found = _mailing_or_404(request, mailing_id)
    if group not in list(Group):
        raise Http404
    wanted = Group(group)
    above = [mailings_crumb(), (reverse("updates_mailing", args=[found.pk]), found.update.title)]
    context = {
        "mailing": found,
        "in_doubt": wanted == Group.IN_DOUBT,
        "may_send_again": found.state != MailingState.CANCELLED,
    }
    rows = part_of(request, figures.mails_in(found, wanted))
    shown = furniture(group_words()[wanted], ICON, above=above) | context | rows
    return TemplateResponse(request, "updates/admin/people.html", shown)


@require_POST
@requires(*ROLES)
def pause(request: AdminRequest, mailing_id: int) -> HttpResponse:
    found = _mailing_or_404(request, mailing_id)
    if sending.pause(found, by=request.user):
        messages.success(request, _("Sending is paused. What was leaving at this moment leaves."))
    else:
        messages.info(request, _("This mailing was not being sent."))
    return redirect("updates_mailing", found.pk)


@require_POST
@requires(*ROLES)
def resume(request: AdminRequest, mailing_id: int) -> HttpResponse:
    found = _mailing_or_404(request, mailing_id)
    if sending.resume(found, by=request.user):
        messages.success(request, _("Sending goes on."))
    else:
        messages.info(request, _("This mailing was not paused."))
    return redirect("updates_mailing", found.pk)


@require_POST
@requires(*ROLES)
def cancel(request: AdminRequest, mailing_id: int) -> HttpResponse:
    found = _mailing_or_404(request, mailing_id)
    try:
        count = sending.cancel(found, by=request.user)
    except sending.SendingRefused as refused:
        messages.error(request, str(REFUSALS[refused.refusal]))
    else:
        messages.success(request, _cancelled_line(count))
    return redirect("updates_mailing", found.pk)


def _cancelled_line(count: int) -> str:
    if not count:
        return _("Nothing was left to cancel.")
    line = ngettext("%(n)s email was cancelled before it left.", "%(n)s emails were cancelled before they left.", count)
    return line % {"n": formats.number(count)}


@require_POST
@requires(*ROLES)
def reschedule(request: AdminRequest, mailing_id: int) -> HttpResponse:
    """Another moment, or at once."""
    found = _mailing_or_404(request, mailing_id)
    form = SendAtForm(found.cooperative.time_zone, None if "now" in request.POST else request.POST)
    if form.is_bound and not form.is_valid():
        return _shown(request, found, form, status=422)
    try:
        sending.reschedule(found, by=request.user, send_at=form.moment)
    except sending.SendingRefused as refused:
        messages.error(request, str(REFUSALS[refused.refusal]))
    else:
        messages.success(request, _moment_line(found, form))
    return redirect("updates_mailing", found.pk)


def _moment_line(found: Mailing, form: SendAtForm) -> str:
    if form.moment is None:
        return _("The mailing leaves now.")
    return _("The mailing will leave on %(date)s.") % {
        "date": formats.deadline(form.moment, found.cooperative.time_zone)
    }


@require_POST
@requires(*ROLES)
def settle_waiting(request: AdminRequest, mailing_id: int) -> HttpResponse:
    """Readers whose text is missing: wait no longer."""
    found = _mailing_or_404(request, mailing_id)
    act = {"send": waiting.send_with_note, "cancel": waiting.cancel}.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        count = act(found, by=request.user)
    except sending.SendingRefused as refused:
        messages.error(request, str(REFUSALS[refused.refusal]))
    else:
        sent = ngettext("%(n)s email is leaving.", "%(n)s emails are leaving.", count) % {"n": formats.number(count)}
        messages.success(request, sent if count and request.POST["act"] == "send" else _cancelled_line(count))
    return redirect("updates_mailing", found.pk)


@require_POST
@requires(*ROLES)
def settle_doubt(request: AdminRequest, mailing_id: int, mail_id: int) -> HttpResponse:
    """What someone found out about a mail: it left, or it did not and leaves again."""
    found = _mailing_or_404(request, mailing_id)
    mail = get_object_or_404(sending.mails_of(found), pk=mail_id)
    if request.POST.get("it") not in {"left", "again"}:
        raise Http404
    left = request.POST["it"] == "left"
    if not sending.settle_doubt(found, mail, left=left, by=request.user):
        messages.info(request, _("This email was settled already."))
    elif left:
        messages.success(request, _("Noted: the email to %(email)s had left.") % {"email": mail.address})
    else:
        messages.success(request, _("The email to %(email)s leaves again.") % {"email": mail.address})
    return redirect("updates_mailing_people", found.pk, Group.IN_DOUBT.value)


def _mailing_or_404(request: AdminRequest, mailing_id: int) -> Mailing:
    """Another cooperative's mailing is not found."""
    rows: QuerySet[Mailing] = Mailing.objects.select_related(
        "update__campaign", "created_by", "cooperative", "paused_by", "cancelled_by"
    )
    return get_object_or_404(rows, pk=mailing_id, cooperative=request.cooperative)
