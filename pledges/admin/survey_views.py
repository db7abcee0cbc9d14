"""Surveys in the admin: the list, one with its questions, its preview, its opening, and what was answered."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from home import clock, formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import Crumb, furniture, page_of
from home.languages import LANGUAGES, current, text_of
from home.long_lists import part_of
from home.models import Role
from pledges import audiences, survey_answers, surveys
from pledges.admin.survey_forms import NewSurveyForm, QuestionForm, SurveyForm
from pledges.enums import SurveyState
from pledges.models import Pledge, PledgeItem, Survey, SurveyQuestion
from pledges.own_forms import AddressForm
from pledges.survey_forms import ReplyForm
from pledges.surveys import Lack

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "form"

WORDS = {
    Lack.NOTHING_ASKED: gettext_lazy("Write at least one question, or ask for the address."),
    Lack.OPTIONS: gettext_lazy("Each question with choices needs at least two of them."),
    Lack.DEFAULT: gettext_lazy("Each question with choices needs one that counts for who does not answer."),
    Lack.PAST: gettext_lazy("The last day for answers must lie after today."),
}


def _surveys(request: AdminRequest) -> QuerySet[Survey]:
    rows = Survey.objects.filter(cooperative=request.cooperative)
    return rows.select_related("reward__campaign", "cooperative__site", "opened_by")


def _draft(request: AdminRequest, survey_id: int) -> Survey:
    """Once it is open, its questions are frozen. Raises Http404."""
    return get_object_or_404(_surveys(request), pk=survey_id, state=SurveyState.DRAFT)


def _above(survey: Survey | None = None) -> list[Crumb]:
    above = [
        (reverse("pledges_fulfilment"), _("Fulfilment")),
        (reverse("pledges_surveys"), _("Surveys")),
    ]
    return above + ([(reverse("pledges_survey", args=[survey.pk]), survey.reward.title)] if survey else [])


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    return TemplateResponse(
        request,
        "pledges/admin/surveys.html",
        furniture(_("Surveys"), ICON, above=_above()[:1]) | page_of(request, _surveys(request).order_by("-pk")),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def add(request: AdminRequest) -> HttpResponse:
    row = Survey(cooperative=request.cooperative, created_at=clock.now(), created_by=request.user)
    form = NewSurveyForm(request.POST or None, instance=row, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        row.reward = form.cleaned_data["reward"]
        made = form.save()
        return redirect("pledges_survey", made.pk)
    return _form_page(request, _("New survey"), form, reverse("pledges_surveys"), _above())


def _form_page(request: AdminRequest, title: str, form: Any, back_url: str, above: list[Crumb]) -> HttpResponse:
    context = {"form": form, "back_url": back_url}
    return TemplateResponse(request, "pledges/admin/survey_form.html", furniture(title, ICON, above=above) | context)


@require_safe
@requires(*ROLES)
def detail(request: AdminRequest, survey_id: int) -> HttpResponse:
    """A draft with what it lacks; an open or locked one with its counts and who has not answered."""
    survey = get_object_or_404(_surveys(request), pk=survey_id)
    is_draft = survey.state == SurveyState.DRAFT
    missing = surveys.unanswered(survey)
    asked = surveys.asked(survey).count()
    context = {
        "survey": survey,
        "is_draft": is_draft,
        "questions": [(one, list(one.options.all())) for one in survey.questions.prefetch_related("options")],
        "lacks": [WORDS[lack] for lack in surveys.lacks(survey)] if is_draft else [],
        "tallies": [] if is_draft else survey_answers.tallies(survey),
        "days": surveys.reminders(survey),
        "asked": asked,
        "answered": asked - missing.count(),
        **part_of(request, missing.select_related("pledge__backer").order_by("pk")),
    }
    return TemplateResponse(
        request, "pledges/admin/survey.html", furniture(survey.reward.title, ICON, above=_above()) | context
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def change(request: AdminRequest, survey_id: int) -> HttpResponse:
    """GET: the words of a draft. POST: kept; with `delete`, the draft is gone."""
    survey = _draft(request, survey_id)
    form = SurveyForm(request.POST or None, instance=survey)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in form.fields}
        Survey.objects.filter(pk=survey.pk, state=SurveyState.DRAFT).update(**fields)
        return redirect("pledges_survey", survey.pk)
    return _form_page(request, _("Survey"), form, reverse("pledges_survey", args=[survey.pk]), _above(survey))


@require_http_methods(["POST"])
@requires(*ROLES)
def delete(request: AdminRequest, survey_id: int) -> HttpResponse:
    """A draft only."""
    survey = _draft(request, survey_id)
    survey.delete()
    messages.success(request, _("The draft is deleted."))
    return redirect("pledges_surveys")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def question(request: AdminRequest, survey_id: int, question_id: int | None = None) -> HttpResponse:
    """One question of a draft, new or not; with `delete`, it goes."""
    survey = _draft(request, survey_id)
    row = SurveyQuestion(survey=survey)
    if question_id is not None:
        row = get_object_or_404(survey.questions.prefetch_related("options"), pk=question_id)
    if request.method == "POST" and request.POST.get("act") == "delete":
        if row.pk:
            row.delete()
        return redirect("pledges_survey", survey.pk)
    form = QuestionForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.keep(survey)
        return redirect("pledges_survey", survey.pk)
    context = {"form": form, "survey": survey, "is_new": question_id is None}
    title = _("New question") if question_id is None else _("Question")
    return TemplateResponse(
        request, "pledges/admin/survey_question.html", furniture(title, ICON, above=_above(survey)) | context
    )


@require_safe
@requires(*ROLES)
def preview(request: AdminRequest, survey_id: int, language: str) -> HttpResponse:
    """The page as a backer sees it, in one language; it answers nothing."""
    survey = get_object_or_404(_surveys(request), pk=survey_id)
    if language not in LANGUAGES:
        raise Http404
    with translation.override(language):
        reward = survey.reward
        titles = {f"title_{one}": text_of(reward, "title", one) for one in LANGUAGES}
        item = PledgeItem(reward=reward, quantity=1, **titles)
        pledge = Pledge(cooperative=request.cooperative, campaign=reward.campaign, backer=_nobody(request))
        context = {
            "survey": survey,
            "campaign": reward.campaign,
            "pledge": pledge,
            "title": item.title,
            "form": ReplyForm(survey, [item]),
            "address_form": AddressForm(pledge) if survey.asks_address else None,
            "takes_answers": True,
        }
        return TemplateResponse(request, "pledges/survey.html", context).render()


def _nobody(request: AdminRequest) -> Any:
    return request.cooperative.backers.model(cooperative=request.cooperative, language=current())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def open_survey(request: AdminRequest, survey_id: int) -> HttpResponse:
    """GET: who gets it, and why. POST: opened, once."""
    survey = get_object_or_404(_surveys(request), pk=survey_id)
    if survey.state != SurveyState.DRAFT or surveys.lacks(survey):
        return redirect("pledges_survey", survey.pk)
    if request.method == "POST":
        if surveys.open_survey(survey, by=request.user):
            messages.success(request, _("The survey is open, and the emails are leaving."))
        return redirect("pledges_survey", survey.pk)
    pledges = Pledge.objects.filter(pk__in=surveys.asked(survey).values("pledge"))
    audience = audiences.of_pledges(pledges)
    context = {
        "survey": survey,
        "audience": audience,
        "days": surveys.reminders(
            Survey(cooperative=survey.cooperative, lock_on=survey.lock_on, opened_at=clock.now())
        ),
        "submit_label": _("Open the survey (%(n)s)") % {"n": formats.number(audience.count)},
    }
    return TemplateResponse(
        request,
        "pledges/admin/survey_open.html",
        furniture(_("Open the survey"), ICON, above=_above(survey)) | context,
    )
