"""Who is owed what, by when, late first; and marking it as sent, ready or handed over, one or many."""

import re
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.languages import ENGLISH, FRENCH
from home.long_lists import part_of
from home.models import Role
from pledges import arrivals, fulfilment, survey_answers
from pledges.admin.forms import MARK_FORMS, FulfilmentFilter, MarkForm
from pledges.enums import FulfilmentState
from pledges.fulfilment import Weighing
from pledges.models import PledgeItem

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "clipboard-list"
ITEM_ID = re.compile(r"[0-9]{1,18}\Z")

TITLES = {
    FulfilmentState.SENT: gettext_lazy("Mark as sent"),
    FulfilmentState.READY: gettext_lazy("Mark as ready"),
    FulfilmentState.DELIVERED: gettext_lazy("Handed over"),
    FulfilmentState.IN_PRODUCTION: gettext_lazy("Mark as being made"),
    FulfilmentState.RETURNED: gettext_lazy("Mark as returned"),
    FulfilmentState.NOT_APPLICABLE: gettext_lazy("Mark as nothing to deliver"),
    FulfilmentState.NOT_STARTED: gettext_lazy("Mark as owed again"),
}


@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    form = _filter_of(request, request.GET)
    rows = fulfilment.owed(request.cooperative, form.sought(), one_by_one=True)
    page = part_of(request, rows.select_related("pledge__backer", "pledge__campaign", "variant"), counted=False)
    page["rows"] = survey_answers.with_choices(page["rows"])
    return TemplateResponse(
        request,
        "pledges/admin/fulfilment.html",
        furniture(_("Fulfilment"), ICON)
        | page
        | {"problems_waiting": arrivals.waiting_count(request.cooperative)}
        | {"filter": form, "kept": _filter_values(request.GET), "steps": list(steps_from(form.sought().state).items())},
    )


@requires(*ROLES)
def mark(request: AdminRequest) -> HttpResponse:
    """A GET shows what would happen; the POST to the same address does it. The address says which items."""
    state = _target(request.GET)
    items = _chosen(request)
    if not items.exists():
        messages.warning(request, _("Choose at least one reward."))
        return redirect(_back(request.GET))
    weighing = fulfilment.weigh(items, state)
    initial = {"expected": weighing.movable}
    form = MARK_FORMS[state](request.POST or None, cooperative=request.cooperative, initial=initial)
    if request.method == "POST" and form.is_valid():
        weighing = fulfilment.weigh(items, state, form.said.get("at"))
        if _unchanged(form, weighing):
            return _marked(request, items, state, form, weighing)
    return _confirm(request, state, form, weighing)


def steps_from(state: str) -> dict[FulfilmentState, Any]:
    """What may be done with a list of items in one state; the first steps where it holds several."""
    if not state:
        return {one: title for one, title in TITLES.items() if one != FulfilmentState.NOT_STARTED}
    return {one: title for one, title in TITLES.items() if state in fulfilment.STEPS[one].earlier}


def steps_of(item: PledgeItem) -> list[tuple[FulfilmentState, Any]]:
    """What may be done with one item, whose money came."""
    return [
        (one, title)
        for one, title in steps_from(item.state).items()
        if item.handover in fulfilment.STEPS[one].handovers
    ]


def _filter_of(request: AdminRequest, data: QueryDict) -> FulfilmentFilter:
    form = FulfilmentFilter(data or None, cooperative=request.cooperative)
    form.is_valid()
    return form


def _filter_values(data: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(data[name])) for name in FulfilmentFilter.base_fields if data.get(name)]


def _back(data: QueryDict) -> str:
    """The list as it was narrowed."""
    kept = QueryDict(mutable=True)
    kept.update(dict(_filter_values(data)))
    return reverse("pledges_fulfilment") + (f"?{kept.urlencode()}" if kept else "")


def _target(data: QueryDict) -> FulfilmentState:
    state = data.get("to", "")
    if state not in MARK_FORMS:
        raise Http404
    return FulfilmentState(state)


def _chosen(request: AdminRequest) -> QuerySet[PledgeItem]:
    """The ticked items, or every one that the filter finds; of this cooperative in both cases.

    A filter that cannot be read finds nothing here: marking is not undone.
    """
    if request.GET.get("all"):
        form = _filter_of(request, request.GET)
        if form.errors:
            return PledgeItem.objects.none()
        return fulfilment.owed(request.cooperative, form.sought())
    ids = [int(value) for value in request.GET.getlist("item") if ITEM_ID.match(value)]
    return PledgeItem.objects.filter(cooperative=request.cooperative, pk__in=ids)


def _unchanged(form: MarkForm, weighing: Weighing) -> bool:
    if form.cleaned_data["expected"] == weighing.movable:
        return True
    form.add_error(None, _("The list has changed in the meantime. Check it, then confirm again."))
    form.data = {**form.data.dict(), "expected": weighing.movable}  # type: ignore[attr-defined]
    return False


def _marked(
    request: AdminRequest, items: QuerySet[PledgeItem], state: FulfilmentState, form: MarkForm, weighing: Weighing
) -> HttpResponse:
    ids = list(fulfilment.movable(items, state, form.said.get("at")).order_by().values_list("pk", flat=True))
    moved = fulfilment.mark(ids, state, by=request.user, **form.said)
    done = ngettext("%(count)s reward marked: %(state)s.", "%(count)s rewards marked: %(state)s.", moved)
    if moved:
        messages.success(request, done % {"count": formats.number(moved), "state": state.label})
    for line in obstacle_lines(weighing):
        messages.warning(request, line)
    return redirect(_back(request.GET))


def _confirm(request: AdminRequest, state: FulfilmentState, form: MarkForm, weighing: Weighing) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "weighing": weighing,
        "obstacles": obstacle_lines(weighing),
        "audience": audience_line(weighing) if fulfilment.STEPS[state].mail else "",
        "submit_label": _submit_label(state, weighing.movable),
        "action_url": request.get_full_path(),
        "back_url": _back(request.GET),
    }
    above = [(_back(request.GET), _("Fulfilment"))]
    return TemplateResponse(
        request, "pledges/admin/mark.html", furniture(str(TITLES[state]), ICON, above=above) | context
    )


def _submit_label(state: FulfilmentState, count: int) -> str:
    labels = {
        FulfilmentState.SENT: _("Mark as sent (%(n)s)"),
        FulfilmentState.READY: _("Mark as ready (%(n)s)"),
        FulfilmentState.DELIVERED: _("Handed over (%(n)s)"),
        FulfilmentState.IN_PRODUCTION: _("Mark as being made (%(n)s)"),
        FulfilmentState.RETURNED: _("Mark as returned (%(n)s)"),
        FulfilmentState.NOT_APPLICABLE: _("Mark as nothing to deliver (%(n)s)"),
        FulfilmentState.NOT_STARTED: _("Mark as owed again (%(n)s)"),
    }
    return labels[state] % {"n": formats.number(count)}


def audience_line(weighing: Weighing) -> str:
    """How many people get a mail, and in which language."""
    if weighing.readers == 0:
        return _("No one will get this email.")
    sentence = ngettext(
        "%(n)s person will get it: %(fr)s in French, %(en)s in English.",
        "%(n)s people will get it: %(fr)s in French, %(en)s in English.",
        weighing.readers,
    )
    french, english = (formats.number(weighing.people.get(language, 0)) for language in (FRENCH, ENGLISH))
    return sentence % {"n": formats.number(weighing.readers), "fr": french, "en": english}


def obstacle_lines(weighing: Weighing) -> list[str]:
    """What cannot be moved, and why; a line for each reason."""
    return [
        ngettext("%(n)s reward cannot be moved: %(reason)s.", "%(n)s rewards cannot be moved: %(reason)s.", count)
        % {"n": formats.number(count), "reason": obstacle.label}
        for obstacle, count in sorted(weighing.obstacles.items())
    ]
