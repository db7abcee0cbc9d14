"""« Journal des actions »: what the direction reads of what was done, newest first, and takes away as a file."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from home import audit, clock
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.audit_words import line_of
from home.csv_files import Cell, csv_response
from home.languages import current
from home.long_lists import part_of
from home.models import AuditEntry, Cooperative, Role

ICON = "history"
CHUNK = 500

#: In place of a name, for what nobody did but the clock or a provider.
NOBODY = "-"


class AuditFilter(forms.Form):
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False)
    act = forms.ChoiceField(label=gettext_lazy("Action"), required=False)
    since = forms.DateField(label=gettext_lazy("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=gettext_lazy("To day"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, *, cooperative: Cooperative) -> None:
        super().__init__(data)
        self.cooperative = cooperative
        entries = AuditEntry.objects.filter(cooperative=cooperative).order_by("actor_name")
        names = entries.values_list("actor_name", flat=True).distinct()
        people = [(name or NOBODY, name or _("By itself")) for name in names]
        acts = sorted(((one.key, str(one.label)) for one in audit.acts().values()), key=lambda pair: pair[1])
        self.fields["person"].choices = [("", _("Everyone")), *people]  # type: ignore[attr-defined]
        self.fields["act"].choices = [("", _("All")), *acts]  # type: ignore[attr-defined]

    def entries(self) -> QuerySet[AuditEntry]:
        """Newest first; a field that could not be read narrows nothing."""
        said = self.cleaned_data if self.is_bound and self.is_valid() else {}
        entries = AuditEntry.objects.filter(cooperative=self.cooperative).order_by("-at", "-pk")
        if person := said.get("person"):
            entries = entries.filter(actor_name="" if person == NOBODY else person)
        if act := said.get("act"):
            entries = entries.filter(act=act)
        if since := said.get("since"):
            entries = entries.filter(at__gte=self._midnight(since))
        if until := said.get("until"):
            entries = entries.filter(at__lt=self._midnight(until + timedelta(days=1)))
        return entries

    def _midnight(self, day: Any) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.cooperative.time_zone))

    def clean_until(self) -> Any:
        """The last day that a calendar has has no day after it."""
        until = self.cleaned_data["until"]
        if until and until.year > clock.now().year + 1:
            raise forms.ValidationError(_("This day is too far away."))
        return until


@require_safe
@requires(Role.OWNER)
def index(request: AdminRequest) -> HttpResponseBase:
    form = AuditFilter(request.GET or None, cooperative=request.cooperative)
    entries = form.entries()
    if request.GET.get("as") == "csv" and form.is_valid():
        header = [_("Date"), _("Person"), _("Action"), _("About"), _("Details")]
        name = f"journal-{request.cooperative.slug}-{clock.now().date().isoformat()}.csv"
        return csv_response(name, header, _rows(entries, request.cooperative), current(), by=request)
    page = part_of(request, entries)
    asked = request.GET.copy()
    asked["as"] = "csv"
    context = {
        "lines": [line_of(one, request.cooperative) for one in page["rows"]],
        "filter": form,
        "file": f"?{asked.urlencode()}",
    }
    return TemplateResponse(request, "home/admin/audit.html", furniture(_("Audit log"), ICON) | page | context)


def _rows(entries: QuerySet[AuditEntry], cooperative: Cooperative) -> Iterator[list[Cell]]:
    for entry in entries.iterator(CHUNK):
        line = line_of(entry, cooperative)
        local = entry.at.astimezone(ZoneInfo(cooperative.time_zone))
        yield [local.replace(tzinfo=None), line.who, line.act, line.about, " · ".join(line.facts)]
