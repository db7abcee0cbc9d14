"""« Je l’ai reçue », and what is wrong: a page that asks, and acts on a POST alone."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from home.form_limits import OWN_PAGES, limited
from pledges import arrivals, fulfilment
from pledges.enums import ProblemKind
from pledges.forms import Problem as FieldProblem
from pledges.models import Pledge, Problem
from pledges.person_fields import NoteField
from pledges.views.visiting import SeeOther, Visit, opened_by_link

KIND = _("Choose what happened.")
SAY = _("Write a few words about it.")


class ProblemForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What happened?"),
        choices=ProblemKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": KIND, "invalid_choice": KIND},
    )
    text = NoteField(
        label=_("Your message (optional)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "input", "rows": "4"}),
    )

    def clean(self) -> dict[str, Any]:
        """« Autre chose » alone would tell nobody anything."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == ProblemKind.OTHER and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", SAY)
        return cleaned

    def problems(self) -> list[FieldProblem]:
        return [
            FieldProblem(str(message), self[name].auto_id)
            for name in self.fields
            for message in self.errors.get(name, [])
        ]


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: Visit, pledge: Pledge, token: str, item_id: int) -> HttpResponseBase:
    """GET asks; POST says that it came (`act` = received), or what is wrong (`act` = problem)."""
    item = pledge.items.filter(pk=item_id, quantity__gt=0).select_related("variant").first()
    if item is None or not arrivals.may_answer(item):
        raise Http404
    act = request.POST.get("act", "")
    own = reverse("contribution", args=[token])
    if act == "received":
        fulfilment.receive(item)
        return SeeOther(f"{own}?received")
    form = ProblemForm(request.POST if act == "problem" else None)
    if form.is_valid():
        arrivals.report(item, **form.cleaned_data)
        return SeeOther(f"{own}?reported")
    earlier = Problem.objects.filter(item=item).order_by("pk")
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
        "item": item,
        "form": form,
        "earlier": earlier,
        "waits": any(one.answered_at is None for one in earlier),
    }
    return render(request, "pledges/arrival.html", context)
