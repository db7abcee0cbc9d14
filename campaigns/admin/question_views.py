"""Questions on a dossier: asked by the adviser, answered by the team, settled by the adviser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import questions
from campaigns.admin.access import TEAM, Case, case_or_404
from campaigns.admin.dossier_views import back, show
from campaigns.admin.forms import AnswerForm, QuestionForm
from campaigns.models import ReviewQuestion
from home.admin_access import AdminRequest, requires
from home.models import Role

ADVISERS = (Role.ADVISER, Role.OWNER)


@require_POST
@requires(*ADVISERS)
def ask(request: AdminRequest, page_id: int) -> HttpResponse:
    case = case_or_404(request, page_id)
    form = QuestionForm(list(questions.passages_of(case.draft)), request.cooperative, request.POST)
    if not form.is_valid():
        return show(case, question_form=form)
    question = questions.ask(
        case.page,
        request.cooperative,
        by=request.user,
        text=form.cleaned_data["text"],
        answer_by=form.cleaned_data["answer_by"],
        passage=form.passage,
    )
    messages.success(request, _("The question is asked. The editors have been told."))
    return back(case, f"#question-{question.pk}")


@require_POST
@requires(*TEAM)
def answer(request: AdminRequest, page_id: int, question_id: int) -> HttpResponse:
    case = case_or_404(request, page_id)
    question = _question_or_404(case, question_id)
    form = AnswerForm(request.POST, auto_id=f"id_answer_{question.pk}_%s")
    if not form.is_valid():
        return show(case, answer_form=form, answered=question.pk)
    if questions.answer(question, by=request.user, text=form.cleaned_data["text"]):
        messages.success(request, _("The answer is kept on the dossier. The adviser has been told."))
    else:
        messages.warning(request, _("This question is settled already."))
    return back(case, f"#question-{question.pk}")


@require_POST
@requires(*ADVISERS)
def settle(request: AdminRequest, page_id: int, question_id: int) -> HttpResponse:
    case = case_or_404(request, page_id)
    question = _question_or_404(case, question_id)
    if questions.settle(question, by=request.user):
        messages.success(request, _("The question is settled."))
    else:
        messages.warning(request, _("This question is settled already."))
    return back(case, f"#question-{question.pk}")


def _question_or_404(case: Case, question_id: int) -> ReviewQuestion:
    return get_object_or_404(questions.questions_about(case.page), pk=question_id)
