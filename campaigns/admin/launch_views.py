"""Launching from the dossier: a page that says what no longer changes, then the act; or a moment for it."""

from django.contrib import messages
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import checklist, launching
from campaigns.admin.access import ICON, TEAM, Case, campaigns_crumb, case_or_404
from campaigns.admin.dossier_views import back, show
from campaigns.admin.forms import ScheduleForm
from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*TEAM)
def launch(request: AdminRequest, page_id: int) -> HttpResponse:
    """GET asks once more; POST launches both languages."""
    case = case_or_404(request, page_id)
    if case.campaign is None or case.state not in launching.READY:
        messages.warning(request, _("There is nothing to launch: the campaign is not approved yet, or already open."))
        return back(case)
    if request.method != "POST":
        return _confirm(case)
    try:
        opened = launching.launch(case.page, case.campaign, by=request.user)
    except launching.LaunchRefused as refused:
        for point in refused.points:
            messages.error(request, point.sentence)
        return back(case)
    messages.success(request, _("The campaign is live.") if opened else _("That was already done."))
    return back(case)


def _confirm(case: Case) -> HttpResponse:
    checked = checklist.of(launching.as_launched(case.page), case.request.cooperative)
    context = {"case": case, "checked": checked, "draft": launching.as_launched(case.page)}
    around = furniture(_("Launch the campaign"), ICON, above=[campaigns_crumb(), (case.url, case.title)])
    return TemplateResponse(case.request, "campaigns/admin/launch.html", around | context)


@require_POST
@requires(*TEAM)
def schedule(request: AdminRequest, page_id: int) -> HttpResponse:
    """A moment for the launch, or (`cancel`) none any more."""
    case = case_or_404(request, page_id)
    if case.campaign is None:
        return back(case)
    if "cancel" in request.POST:
        launching.schedule(case.campaign, None, by=request.user)
        messages.success(request, _("The launch is no longer scheduled."))
        return back(case)
    form = ScheduleForm(request.cooperative, request.POST)
    if not form.is_valid():
        return show(case, schedule_form=form)
    at = form.cleaned_data["launch_at"]
    if launching.schedule(case.campaign, at, by=request.user):
        moment = formats.deadline(at, request.cooperative.time_zone)
        messages.success(request, _("The launch is scheduled for %(date)s.") % {"date": moment})
    else:
        messages.warning(request, _("There is nothing to launch: the campaign is not approved yet, or already open."))
    return back(case)
