"""Marking from a spreadsheet: a file is read and shown line by line, then confirmed; nothing is written before."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.csv_files import csv_response
from home.languages import current
from home.log_in.recent_login import recent_login
from home.models import Role
from pledges import audiences, fulfilment, fulfilment_csv
from pledges.admin.fulfilment_views import ICON
from pledges.fulfilment_csv import Plan, Unreadable
from pledges.models import Pledge

ROLES = (Role.EDITOR, Role.OWNER)

#: How many of the lines at fault are named.
NAMED = 200


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"), help_text=gettext_lazy("At most 512 KB, and 5,000 lines at a time.")
    )
    text = ""

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        try:
            if given.size > fulfilment_csv.MOST_BYTES:
                raise Unreadable(_("This file is too large: at most 512 KB, and 5,000 lines at a time."))
            self.text = fulfilment_csv.text_of(given.read())
            fulfilment_csv.read(self.text)
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        return given


class ConfirmForm(forms.Form):
    """The file's text once more, and how many rewards the page said would move."""

    text = forms.CharField(max_length=fulfilment_csv.MOST_BYTES, strip=False, widget=forms.HiddenInput)
    expected = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Add a note to the email (optional)"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def upload(request: AdminRequest) -> HttpResponse:
    """GET asks for a file; POST shows what it would do; POST with `act` does it."""
    if request.POST.get("act") == "confirm":
        return _confirmed(request)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        return _preview(request, form.text)
    columns = ", ".join(fulfilment_csv.quoted(name) for name in fulfilment_csv.column_names().values())
    states = ", ".join(fulfilment_csv.quoted(state.label) for state in fulfilment.STEPS)
    return _page(request, "pledges/admin/fulfilment_csv.html", {"form": form, "columns": columns, "states": states})


def _page(request: AdminRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    above = [(reverse("pledges_fulfilment"), _("Fulfilment"))]
    return TemplateResponse(request, template, furniture(_("Mark from a CSV file"), ICON, above=above) | context)


def _preview(request: AdminRequest, text: str, form: ConfirmForm | None = None, *, moved: bool = False) -> HttpResponse:
    made = fulfilment_csv.plan(fulfilment_csv.read(text), request.cooperative)
    fresh = ConfirmForm(initial={"text": text, "expected": made.count})
    if form is not None:
        fresh.initial["note"] = form.data.get("note", "")
    written = Pledge.objects.filter(items__in=made.mailed_ids).distinct()
    context = {
        "form": fresh,
        "plan": made,
        "errors": made.errors[:NAMED],
        "more_errors": max(0, len(made.errors) - NAMED),
        "by_state": _by_state(made),
        "audience": audiences.of_pledges(written) if made.mailed_ids else None,
        "changed_meanwhile": moved,
        "submit_label": _("Mark %(n)s rewards") % {"n": formats.number(made.count)}
        if made.count != 1
        else _("Mark one reward"),
    }
    return _page(request, "pledges/admin/fulfilment_csv_preview.html", context)


def _by_state(made: Plan) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for change in made.changes:
        label = str(change.state.label)
        counts[label] = counts.get(label, 0) + len(change.item_ids)
    return list(counts.items())


def _confirmed(request: AdminRequest) -> HttpResponse:
    """What was shown, and nothing else: a list that changed meanwhile is shown again."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This file cannot be read. Save it as CSV (UTF-8)."))
        return redirect("pledges_fulfilment_csv")
    try:
        made = fulfilment_csv.plan(fulfilment_csv.read(form.cleaned_data["text"]), request.cooperative)
    except Unreadable as error:
        messages.error(request, str(error))
        return redirect("pledges_fulfilment_csv")
    if made.count != form.cleaned_data["expected"] and made.count:
        return _preview(request, form.cleaned_data["text"], form, moved=True)
    count = fulfilment_csv.carry_out(made, request.cooperative, by=request.user, note=form.cleaned_data["note"])
    done = ngettext("%(count)s reward marked.", "%(count)s rewards marked.", count)
    messages.success(request, done % {"count": formats.number(count)})
    return redirect("pledges_fulfilment")


@require_safe
@requires(*ROLES)
@recent_login(back_to="pledges_fulfilment_csv")
def template(request: AdminRequest) -> HttpResponseBase:
    """The columns, with a line for each reward that is owed."""
    header = [*fulfilment_csv.column_names().values(), _("Name"), _("Reward"), _("Quantity")]
    rows = fulfilment_csv.template_rows(fulfilment.owed(request.cooperative))
    fulfilled = _("fulfilment")
    name = f"{fulfilled}-{fulfilment.today_in(request.cooperative).isoformat()}.csv"
    return csv_response(name, header, rows, current(), by=request)
