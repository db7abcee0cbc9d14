"""« Campagne d’essai »: begun from the dossier of a campaign, led from the admin of its cooperative's twin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import groups, queries
from campaigns.admin.access import TEAM, Case, campaigns_crumb, case_or_404
from campaigns.models import CampaignPage
from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.cooperatives import twins
from home.languages import LANGUAGES, TAGS
from home.leading_on import lead_away
from home.long_lists import part_of
from home.mail import composing
from home.models import Cooperative, OutgoingMail
from home.people import switching
from pledges import gateway, totals, trial_crowd, trials
from pledges.models import Trial

ICON = "rotate"


@dataclass(frozen=True)
class Read:
    """A mail as it would be read in one language."""

    language: str
    tag: str
    subject: str
    text: str


# At the cooperative's own host


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*TEAM)
def trial(request: AdminRequest, page_id: int) -> HttpResponse:
    """GET says what a trial is and who is in one; POST begins it, or goes on with it, and leads there."""
    case = case_or_404(request, page_id)
    if request.cooperative.is_rehearsal:
        return HttpResponseRedirect(reverse("pledges_trial"))
    if request.method == "POST":
        return _begin(request, case)
    return _offer(request, case)


def _offer(request: AdminRequest, case: Case) -> HttpResponse:
    twin = twins.twin_of(request.cooperative)
    standing = trials.running(twin) if twin else None
    other = twin.rehearsed_by if twin and standing and twin.rehearsed_by_id != request.user.pk else None
    context = {
        "case": case,
        "is_possible": trials.is_possible(),
        "standing": standing,
        "is_this_one": standing is not None and standing.source_key == case.page.translation_key,
        "other": other,
        "host": twins.host_of(request.cooperative),
    }
    around = furniture(_("Trial campaign"), ICON, above=[campaigns_crumb(), (case.url, case.title)])
    return TemplateResponse(request, "pledges/admin/trial.html", around | context)


def _begin(request: AdminRequest, case: Case) -> HttpResponse:
    take_over = "take_over" in request.POST

    def act() -> Trial:
        return trials.start(case.page, request.cooperative, by=request.user, take_over=take_over)

    begun = _say_why_not(request, act)
    if begun is None:
        return _offer(request, case)
    return lead_away(request, switching.way_to(request, begun.cooperative, reverse("pledges_trial")))


def _say_why_not(request: AdminRequest, act: Callable[[], Any]) -> Any:
    """What the act returns; None, with the reason in a message, where it was refused."""
    try:
        return act()
    except trials.TrialRefused as refused:
        for reason in refused.reasons:
            messages.error(request, reason)
    except gateway.GatewayError:
        messages.error(request, _("The payment processor does not answer. Nothing is lost: try again in a moment."))
    return None


# At the host of the twin


@require_safe
@requires(*TEAM)
def hub(request: AdminRequest) -> HttpResponse:
    """Where the trial stands, what can be done next, and the mails that left. Changes nothing."""
    twin = _twin(request)
    real, standing = twins.real_of(twin), trials.running(twin)
    context: dict[str, Any] = {"real": real, "trial": standing, "is_mine": twin.rehearsed_by_id == request.user.pk}
    if standing is not None:
        context |= _standing(request, twin, real, standing)
    return TemplateResponse(request, "pledges/admin/trial_hub.html", furniture(_("Trial campaign"), ICON) | context)


def _standing(request: AdminRequest, twin: Cooperative, real: Cooperative, trial: Trial) -> dict[str, Any]:
    campaign = trial.campaign
    page = groups.source_of(CampaignPage.objects.filter(translation_key=campaign.translation_key).order_by("pk")[0])
    source = trials.source_page(real, trial.source_key)
    mails = part_of(request, OutgoingMail.objects.filter(cooperative=twin).order_by("-pk"))
    mails["rows"] = [(mail, composing.subject_of(mail)) for mail in mails["rows"]]
    return mails | {
        "campaign": campaign,
        "progress": totals.progress_of(campaign),
        "page": page,
        "public_urls": [(code, TAGS[code], queries.url_in(campaign, code)) for code in LANGUAGES],
        "source_url": real.root_url + reverse("campaigns_dossier", args=[source.pk]) if source else "",
        "beginning": trial_crowd.number_of(trial),
        "some": trial_crowd.SOME,
    }


def _twin(request: AdminRequest) -> Cooperative:
    if not request.cooperative.is_rehearsal:
        raise Http404
    return request.cooperative


def _acting(request: AdminRequest) -> Trial | None:
    """The trial, if the one who acts is the one who rehearses; the other person's mails are theirs."""
    twin = _twin(request)
    trial = trials.running(twin)
    if trial is None:
        messages.warning(request, _("No trial is running."))
    elif twin.rehearsed_by_id != request.user.pk:
        messages.warning(request, _("%(name)s is trying a campaign.") % {"name": twin.rehearsed_by})
        return None
    return trial


def _to_hub() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("pledges_trial"))


@require_POST
@requires(*TEAM)
def contributions(request: AdminRequest) -> HttpResponse:
    """Sample contributions; `beginning` is the number of the first, so that the same POST makes them once."""
    trial = _acting(request)
    typed = request.POST.get("beginning", "")
    if trial is None or not typed.isdecimal() or int(typed) > trial_crowd.number_of(trial):
        return _to_hub()
    added = _say_why_not(request, lambda: trial_crowd.add(trial, beginning=int(typed)))
    if added:
        words = ngettext("%(n)s sample contribution.", "%(n)s sample contributions.", added)
        messages.success(request, words % {"n": formats.number(added)})
    elif added is not None:
        messages.warning(request, _("The campaign takes no contributions now."))
    return _to_hub()


def _move(request: AdminRequest, move: Callable[[Trial], bool], done: str) -> HttpResponse:
    trial = _acting(request)
    if trial is not None and move(trial):
        messages.success(request, done)
    elif trial is not None:
        messages.warning(request, _("That was already done."))
    return _to_hub()


@require_POST
@requires(*TEAM)
def last_days(request: AdminRequest) -> HttpResponse:
    done = _("Two days are left. The emails of the last days will be written within a few minutes.")
    return _move(request, trials.go_to_last_days, done)


@require_POST
@requires(*TEAM)
def end(request: AdminRequest) -> HttpResponse:
    done = _("The campaign has ended. The test cards are being charged; look again in a minute.")
    return _move(request, trials.go_to_end, done)


@require_POST
@requires(*TEAM)
def again(request: AdminRequest) -> HttpResponse:
    trial = _acting(request)
    if trial is not None and _say_why_not(request, lambda: trials.start_again(trial, by=request.user)):
        messages.success(request, _("The trial begins again, with the campaign as it was last saved."))
    return _to_hub()


@require_POST
@requires(*TEAM)
def finish(request: AdminRequest) -> HttpResponse:
    """Takes the trial down, and leads back to the dossier of the campaign."""
    trial = _acting(request)
    if trial is None:
        return _to_hub()
    real = twins.real_of(trial.cooperative)
    source = trials.source_page(real, trial.source_key)
    trials.finish(trial)
    path = reverse("campaigns_dossier", args=[source.pk]) if source else reverse("campaigns_index")
    return lead_away(request, switching.way_to(request, real, path))


@require_safe
@requires(*TEAM)
def mail(request: AdminRequest, mail_id: int) -> HttpResponse:
    """One mail of the trial in both languages, side by side."""
    twin = _twin(request)
    rows = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").filter(cooperative=twin)
    row = get_object_or_404(rows, id=mail_id)
    context = {"mail": row, "versions": [_read_in(row, language) for language in LANGUAGES]}
    around = furniture(
        composing.subject_of(row) or _("Email"), "mail", above=[(reverse("pledges_trial"), _("Trial campaign"))]
    )
    return TemplateResponse(request, "pledges/admin/trial_mail.html", around | context)


def _read_in(row: OutgoingMail, language: str) -> Read:
    own, row.language = row.language, language
    try:
        with translation.override(language):
            message = composing.compose(row)
            return Read(language, TAGS[language], str(message.subject), str(message.body))
    finally:
        row.language = own
