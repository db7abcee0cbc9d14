"""Extending a deadline: a page that says what it does and to how many, then the act."""

from django.contrib import messages
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from campaigns import end_dates
from campaigns.admin.access import ICON, TEAM, Case, campaigns_crumb, case_or_404
from campaigns.admin.dossier_views import back
from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from pledges import extending
from pledges.admin.extension_forms import ExtensionForm


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*TEAM)
def extend(request: AdminRequest, page_id: int) -> HttpResponse:
    """GET asks for the new last day and why; POST moves the deadline and tells everyone who contributed."""
    case = case_or_404(request, page_id)
    if case.campaign is None or not extending.may_extend(case.campaign):
        messages.warning(request, _refusal(case))
        return back(case)
    form = ExtensionForm(case.campaign, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(case, form)
    told = extending.people_to_tell(case.campaign)
    last_day = form.cleaned_data.pop("last_day")
    if extending.extend(case.campaign, last_day, by=request.user, **form.cleaned_data):
        words = ngettext(
            "The deadline is moved to %(date)s; %(n)s person is being told.",
            "The deadline is moved to %(date)s; %(n)s people are being told.",
            told,
        )
        messages.success(request, words % {"date": formats.day(last_day), "n": formats.number(told)})
    else:
        messages.warning(request, _refusal(case))
    return back(case)


def _refusal(case: Case) -> str:
    if case.campaign is not None:
        case.campaign.refresh_from_db()
        if case.campaign.is_extended:
            return _("The deadline was extended already: it does not move again.")
    return _("The deadline cannot be extended: the campaign is not live, or is as long as it may be.")


def _show(case: Case, form: ExtensionForm) -> HttpResponse:
    context = {
        "case": case,
        "campaign": case.campaign,
        "form": form,
        "limit": end_dates.latest_end(form.campaign),
        "told": extending.people_to_tell(form.campaign),
    }
    around = furniture(_("Extend the deadline"), ICON, above=[campaigns_crumb(), (case.url, case.title)])
    return TemplateResponse(case.request, "pledges/admin/extend.html", around | context)
