"""« Renseignements personnels »: for the direction and the platform's operators. Incidents, and what retention did.

Files: the register of incidents as the Commission may ask for it, and the proofs of consent.
"""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from home import clock
from home.admin_access import AdminRequest, requires
from home.admin_pages import Crumb, furniture, page_of
from home.csv_files import Cell, csv_response
from home.languages import current
from home.log_in.recent_login import recent_login
from home.models import Incident, NewsConsent, RetentionRun, Role
from home.privacy import incidents, register, retention
from home.privacy.incident_forms import IncidentForm, NoticeForm

ICON = "key"
ROLES = (Role.OWNER,)
CHUNK = 500


def _above() -> list[Crumb]:
    return [(reverse("privacy"), _("Personal information"))]


@require_safe
@requires(*ROLES, operators=True)
def index(request: AdminRequest) -> HttpResponse:
    """Who is responsible, incidents, what retention did."""
    rows = Incident.objects.filter(cooperative=request.cooperative).prefetch_related("notices")
    page = page_of(request, rows.order_by("-known_on", "-pk"))
    ran = {run.rule: run for run in RetentionRun.objects.all()}
    context = {
        "cooperative": request.cooperative,
        "lines": [{"incident": one, "to_tell": incidents.still_to_tell(one)} for one in page["rows"]],
        "rules": [{"rule": one, "what": _what_goes(one), "run": ran.get(one.key)} for one in retention.rules()],
    }
    return TemplateResponse(
        request, "home/admin/privacy.html", furniture(_("Personal information"), ICON) | page | context
    )


def _what_goes(rule: retention.Rule) -> list[str]:
    """In the reader's language, as the register says it where it is about this rule."""
    return [group.said_what for group in register.groups() if group.kept == rule.key] or [str(rule.what)]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES, operators=True)
def add_incident(request: AdminRequest) -> HttpResponse:
    form = IncidentForm(request.POST or None, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        made = incidents.add(form.save(commit=False), by=request.user)
        messages.success(request, _("The incident is recorded."))
        return redirect("incident", made.pk)
    return _form_page(request, _("Record an incident"), form, reverse("privacy"))


def _form_page(request: AdminRequest, title: str, form: IncidentForm, back: str) -> HttpResponse:
    context = {"form": form, "button": _("Save"), "back_url": back}
    return TemplateResponse(request, "home/admin/settings_form.html", furniture(title, ICON, above=_above()) | context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES, operators=True)
def incident(request: AdminRequest, incident_id: int) -> HttpResponse:
    """All of it; POST writes down that someone was told."""
    found = _incident(request, incident_id)
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        incidents.tell(found, said["told"], said["told_on"], said["note"], by=request.user)
        messages.success(request, _("It is written in the register."))
        return redirect("incident", found.pk)
    context = {
        "incident": found,
        "form": form,
        "cooperative": request.cooperative,
        "notices": found.notices.select_related("recorded_by"),
        "to_tell": incidents.still_to_tell(found),
    }
    title = _("Incident no. %(number)s") % {"number": found.pk}
    return TemplateResponse(request, "home/admin/incident.html", furniture(title, ICON, above=_above()) | context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES, operators=True)
def change_incident(request: AdminRequest, incident_id: int) -> HttpResponse:
    found = _incident(request, incident_id)
    form = IncidentForm(request.POST or None, instance=found, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        incidents.change(form.save(commit=False), form.changed_data, by=request.user)
        messages.success(request, _("The incident is saved."))
        return redirect("incident", found.pk)
    return _form_page(request, _("Change the incident"), form, reverse("incident", args=[found.pk]))


def _incident(request: AdminRequest, incident_id: int) -> Incident:
    found: Incident = get_object_or_404(Incident, cooperative=request.cooperative, pk=incident_id)
    return found


# ------------------------------------------------------------------ files


@require_safe
@requires(*ROLES, operators=True)
def incidents_file(request: AdminRequest) -> HttpResponseBase:
    """The register of incidents, as the Commission may ask for it."""
    header = [_("Number"), *(_label(name) for name in COLUMNS), _("Who was told, and when")]
    return csv_response(_name(request, "incidents"), header, _incident_rows(request), current(), by=request)


COLUMNS = (
    *("began_on", "ended_on", "dates_are_approximate", "known_on", "circumstances", "information"),
    *("people", "people_are_approximate", "seriousness", "assessment", "measures", "closed_on"),
)


def _label(name: str) -> str:
    return str(Incident._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _incident_rows(request: AdminRequest) -> Iterator[list[Cell]]:
    rows = Incident.objects.filter(cooperative=request.cooperative).prefetch_related("notices").order_by("pk")
    for one in rows.iterator(CHUNK):
        told = [f"{notice.get_told_display()}, {notice.told_on.isoformat()}" for notice in one.notices.all()]
        yield [one.pk, *(_cell(one, name) for name in COLUMNS), "; ".join(told)]


def _cell(row: Any, name: str) -> Cell:
    value: Any = getattr(row, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    shown = getattr(row, f"get_{name}_display", None)
    return str(shown()) if shown else value


@require_safe
@requires(*ROLES)
@recent_login(back_to="privacy")
def consents_file(request: AdminRequest) -> HttpResponseBase:
    """The proof of each yes to news: whose, what was shown, when, where, and how it was taken back."""
    header = [
        *(_("Name"), _("Email"), _("Words shown"), _("Language"), _("Given on"), _("Where")),
        *(_("Confirmed from the address on"), _("Taken back on"), _("How")),
    ]
    return csv_response(_name(request, "consentements"), header, _consent_rows(request), current(), by=request)


def _consent_rows(request: AdminRequest) -> Iterator[list[Cell]]:
    rows = NewsConsent.objects.filter(cooperative=request.cooperative).select_related("backer").order_by("pk")
    zone = ZoneInfo(request.cooperative.time_zone)
    for one in rows.iterator(CHUNK):
        granted, confirmed, withdrawn = (
            at.astimezone(zone).replace(tzinfo=None) if at else None
            for at in (one.granted_at, one.confirmed_at, one.withdrawn_at)
        )
        yield [
            *(one.backer.name, one.backer.email, one.text, one.language, granted, str(one.get_place_display())),
            *(confirmed, withdrawn, str(one.get_withdrawn_by_display())),
        ]


def _name(request: AdminRequest, what: str) -> str:
    return f"{what}-{request.cooperative.slug}-{clock.now().date().isoformat()}.csv"
