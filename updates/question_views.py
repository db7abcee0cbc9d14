"""« Questions reçues » in the admin: what readers asked under updates, those to answer first."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.long_lists import part_of
from home.models import Role
from updates import questions
from updates.models import ReaderQuestion
from updates.question_forms import ReaderAnswerForm

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "help"

#: Questions without an answer on one page: each that is answered makes room.
MOST = 200


@require_safe
@requires(*ROLES)
def received(request: AdminRequest) -> HttpResponse:
    """Messages to answer, the oldest first; then the others, page by page."""
    waiting = questions.waiting_questions(request.cooperative)[:MOST]
    settled = part_of(request, questions.settled_questions(request.cooperative))
    context = furniture(_("Questions received"), ICON) | settled | {"waiting": waiting}
    return TemplateResponse(request, "updates/admin/questions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def question(request: AdminRequest, question_id: int) -> HttpResponse:
    """GET: the question, and its answer or a form. POST: the answer leaves by mail."""
    asked = _question_or_404(request, question_id)
    form = ReaderAnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        if questions.answer(asked, by=request.user, text=words["answer"], shown=words["shown"]):
            messages.success(request, _("The answer is leaving by email."))
        else:
            messages.warning(request, _("This question was answered or closed already. Nothing was sent."))
        return redirect("updates_question", asked.pk)
    above = [(reverse("updates_questions"), _("Questions received"))]
    context = furniture(_("Question of a reader"), ICON, above=above) | {"asked": asked, "form": form}
    return TemplateResponse(request, "updates/admin/question.html", context)


@require_POST
@requires(*ROLES)
def close(request: AdminRequest, question_id: int) -> HttpResponse:
    asked = _question_or_404(request, question_id)
    if questions.close(asked, by=request.user):
        messages.success(request, _("The question is closed. Nothing was sent."))
    else:
        messages.warning(request, _("This question was answered or closed already. Nothing was sent."))
    return redirect("updates_questions")


@require_POST
@requires(*ROLES)
def show(request: AdminRequest, question_id: int) -> HttpResponse:
    """Show an answered question under its update (`shown` is sent), or no longer."""
    asked, shown = _question_or_404(request, question_id), request.POST.get("shown") == "yes"
    if not questions.show(asked, shown=shown):
        messages.warning(request, _("Only a question that was answered can be shown."))
    elif shown:
        messages.success(request, _("The question and its answer are shown under the update."))
    else:
        messages.success(request, _("The question is no longer shown."))
    return redirect("updates_question", asked.pk)


def _question_or_404(request: AdminRequest, question_id: int) -> ReaderQuestion:
    """Another cooperative's question is not found."""
    rows = ReaderQuestion.objects.filter(cooperative=request.cooperative)
    found: ReaderQuestion = get_object_or_404(
        rows.select_related("update__campaign", "backer", "answered_by", "cooperative"), pk=question_id
    )
    return found
