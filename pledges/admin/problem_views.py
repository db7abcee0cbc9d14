"""Problems that backers tell of: the list, those that wait first, and one with its answer."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.long_lists import part_of
from home.models import Role
from pledges import arrivals, survey_answers
from pledges.admin.fulfilment_views import steps_of
from pledges.models import Problem

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "warning"

#: Problems without an answer on one page: each that is answered makes room.
MOST = 200

ABOUT = ("item__pledge__backer", "item__pledge__campaign", "item__variant", "answered_by")


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=2000,
        widget=forms.Textarea({"rows": 6}),
        help_text=gettext_lazy("It leaves by email, in your words; write in the language of the backer."),
    )


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    """What waits for an answer, latest first; then what was answered, page by page."""
    rows = Problem.objects.filter(cooperative=request.cooperative).select_related(*ABOUT)
    answered = rows.filter(answered_at__isnull=False).order_by("-answered_at", "-pk")
    return TemplateResponse(
        request,
        "pledges/admin/problems.html",
        furniture(_("Problems reported"), ICON, above=[(reverse("pledges_fulfilment"), _("Fulfilment"))])
        | part_of(request, answered)
        | {"waiting": rows.filter(answered_at=None).order_by("-pk")[:MOST]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def detail(request: AdminRequest, problem_id: int) -> HttpResponse:
    """One problem; POST answers it, once."""
    rows = Problem.objects.filter(cooperative=request.cooperative).select_related(*ABOUT, "cooperative__site")
    problem = get_object_or_404(rows, pk=problem_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if arrivals.answer(problem, text=form.cleaned_data["answer"], by=request.user):
            messages.success(request, _("Your answer is on its way."))
        else:
            messages.warning(request, _("Someone answered meanwhile: your text was not sent."))
        return redirect("pledges_problem", problem.pk)
    (item,) = survey_answers.with_choices([problem.item])
    context = {"problem": problem, "item": item, "form": form, "steps": steps_of(item)}
    above = [(reverse("pledges_fulfilment"), _("Fulfilment")), (reverse("pledges_problems"), _("Problems reported"))]
    title = _("Problem with “%(reward)s”") % {"reward": item.title}
    return TemplateResponse(request, "pledges/admin/problem.html", furniture(title, ICON, above=above) | context)
