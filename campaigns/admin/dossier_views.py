"""The cooperative's campaigns, and the dossier of one: where it stands, what comes next, and the acts of the review."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns import checklist, groups, launching, own_points, queries, questions, reviewing
from campaigns.admin.access import ICON, ROLES, TEAM, Case, campaigns_crumb, case_or_404
from campaigns.admin.forms import AnswerForm, ChangesForm, QuestionForm, ScheduleForm
from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage, ReviewQuestion
from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.languages import LANGUAGES, current
from home.models import Cooperative, OwnPoint


@dataclass(frozen=True)
class Line:
    """A campaign in the list. `waiting` counts questions that nobody has answered."""

    page: CampaignPage
    campaign: Campaign | None
    waiting: int

    @property
    def state(self) -> CampaignState:
        return CampaignState(self.campaign.state) if self.campaign else CampaignState.DRAFT


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    """Every campaign of the cooperative with its state, latest first. The same few queries however many there are."""
    context = {
        "lines": lines_of(request.cooperative),
        "may_edit": has_role(request, *TEAM),
        "new_page_url": _new_page_url(request.cooperative),
    }
    return TemplateResponse(request, "campaigns/admin/index.html", furniture(_("Campaigns"), ICON) | context)


def _new_page_url(cooperative: Cooperative) -> str:
    return reverse("wagtailadmin_pages:add", args=["campaigns", "campaignpage", cooperative.site.root_page_id])


def lines_of(cooperative: Cooperative) -> list[Line]:
    campaigns = {one.translation_key: one for one in Campaign.objects.filter(cooperative=cooperative)}
    sources = groups.source_pages(groups.pages_of(cooperative), campaigns)
    open_ones = ReviewQuestion.objects.filter(cooperative=cooperative, settled_at=None, answered_at=None)
    waiting: Counter[UUID] = Counter(open_ones.values_list("dossier__translation_key", flat=True))
    pages = sorted(sources.values(), key=lambda page: page.pk, reverse=True)
    return [Line(page, campaigns.get(page.translation_key), waiting[page.translation_key]) for page in pages]


@require_safe
@requires(*ROLES)
def dossier(request: AdminRequest, page_id: int) -> HttpResponse:
    """The hub of one campaign. Changes nothing."""
    return show(case_or_404(request, page_id))


def show(case: Case, **forms: Any) -> HttpResponse:
    """The dossier; `forms` are those that were posted and said no, with what was typed in them."""
    cooperative = case.request.cooperative
    version = launching.as_launched(case.page) if case.page.live else case.draft
    checked = checklist.of(version, cooperative) if checklist.is_shown_for(case.campaign) else None
    asked = [_shown(question, case, forms) for question in questions.questions_about(case.page)]
    context = {
        "case": case,
        "cooperative": cooperative,
        "checked": checked,
        "own_points": list(own_points.of(case.page, cooperative)) if checked else [],
        "questions": asked,
        "languages": _languages(case.page),
        "next_step": next_step(case, checked),
        "missing": reviewing.missing_for_review(case.draft) if case.state == CampaignState.DRAFT else [],
        "question_form": forms.get("question_form") or _question_form(case),
        "changes_form": forms.get("changes_form") or ChangesForm(),
        "schedule_form": forms.get("schedule_form") or ScheduleForm(cooperative),
        "comment": _last_comment(case.page),
        "public_url": queries.url_in(case.campaign, current()) if case.campaign and case.page.live else "",
    }
    around = furniture(case.title, ICON, above=[campaigns_crumb()])
    return TemplateResponse(case.request, "campaigns/admin/dossier.html", around | context)


@require_POST
@requires(*ROLES)
def confirm_point(request: AdminRequest, page_id: int) -> HttpResponse:
    """Confirm a point that the federation added (`point`), or with `undo` take that back."""
    case = case_or_404(request, page_id)
    if not checklist.is_shown_for(case.campaign):
        raise Http404
    try:
        key = UUID(request.POST.get("point", ""))
        if "undo" in request.POST:
            own_points.take_back(case.page, request.cooperative, key)
        else:
            own_points.confirm(case.page, request.cooperative, key, by=request.user)
    except (ValueError, OwnPoint.DoesNotExist) as error:
        raise Http404 from error
    return HttpResponseRedirect(f"{case.url}#checklist")


@dataclass(frozen=True)
class Shown:
    """A question with the form of its answer."""

    question: ReviewQuestion
    is_overdue: bool
    form: AnswerForm


def _shown(question: ReviewQuestion, case: Case, forms: dict[str, Any]) -> Shown:
    posted = forms.get("answer_form") if forms.get("answered") == question.pk else None
    form = posted or AnswerForm(initial={"text": question.answer}, auto_id=f"id_answer_{question.pk}_%s")
    return Shown(question, questions.is_overdue(question, case.request.cooperative), form)


def _question_form(case: Case, data: Any = None) -> QuestionForm:
    return QuestionForm(list(questions.passages_of(case.draft)), case.request.cooperative, data)


def _last_comment(page: CampaignPage) -> Any:
    """What the adviser said when the campaign last came back."""
    state = page.current_workflow_state
    return state.current_task_state if state is not None and state.status == state.STATUS_NEEDS_CHANGES else None


def _languages(page: CampaignPage) -> list[str]:
    """Those in which the draft can be read."""
    twin = groups.twin_of(page)
    there = {page.locale.language_code, twin.locale.language_code if twin else ""}
    return [code for code in LANGUAGES if code in there]


def next_step(case: Case, checked: checklist.Checklist | None) -> str:
    """What happens now, in a sentence."""
    ready = checked is not None and not checked.blocking
    words = {
        CampaignState.DRAFT: _("Write the page, then submit it for review."),
        CampaignState.IN_REVIEW: _("The adviser reads the dossier, asks questions, and approves."),
        CampaignState.APPROVED: _("The campaign can be announced (publish the page) or launched."),
        CampaignState.ANNOUNCED: _("The page is public; nothing can be pledged before the launch."),
        CampaignState.LIVE: _("The campaign is open until its last day."),
        CampaignState.CLOSING: _("The last payments are being completed."),
        CampaignState.FUNDED: _("Cards are being charged; then the rewards are to be handed over."),
        CampaignState.MISSED: _("Nothing is charged; those who pledged are being told."),
        CampaignState.ENDED: _("The rewards are to be handed over."),
        CampaignState.FULFILLING: _("Hand over the rewards; the campaign closes once nothing is owed any more."),
        CampaignState.CLOSED: _("Everything is done."),
    }
    waits = case.state in launching.READY and not ready
    return _("First settle the marked items.") if waits else words[case.state]


# The acts of the review


Act = Callable[[Case], str]


def _act(request: AdminRequest, page_id: int, act: Act) -> HttpResponse:
    """Do it and say so, or say why it was not done."""
    case = case_or_404(request, page_id)
    try:
        done = act(case)
    except reviewing.ReviewRefused as refused:
        for reason in refused.reasons:
            messages.error(request, reason)
    else:
        messages.success(request, done) if done else messages.warning(request, _("That was already done."))
    return back(case)


def back(case: Case, anchor: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(case.url + anchor)


@require_POST
@requires(*TEAM)
def submit(request: AdminRequest, page_id: int) -> HttpResponse:
    def act(case: Case) -> str:
        reviewing.submit(case.page, by=request.user)
        return _("The campaign is submitted for review. Its adviser has been told.")

    return _act(request, page_id, act)


@require_POST
@requires(*TEAM)
def take_back(request: AdminRequest, page_id: int) -> HttpResponse:
    def act(case: Case) -> str:
        taken = reviewing.take_back(case.page, by=request.user)
        return _("The campaign is a draft again.") if taken else ""

    return _act(request, page_id, act)


@require_POST
@requires(*ROLES)
def approve(request: AdminRequest, page_id: int) -> HttpResponse:
    def act(case: Case) -> str:
        return _("The campaign is approved.") if reviewing.approve(case.page, by=request.user) else ""

    return _act(request, page_id, act)


@require_POST
@requires(*ROLES)
def send_back(request: AdminRequest, page_id: int) -> HttpResponse:
    case = case_or_404(request, page_id)
    form = ChangesForm(request.POST)
    if not form.is_valid():
        return show(case, changes_form=form)

    def act(case: Case) -> str:
        sent = reviewing.send_back(case.page, by=request.user, comment=form.cleaned_data["comment"])
        return _("The campaign is back with its team.") if sent else ""

    return _act(request, page_id, act)


@require_safe
@requires(*ROLES)
def preview(request: AdminRequest, page_id: int, language: str) -> HttpResponse:
    """The draft as it was last saved, read-only, for those who edit no page too."""
    case = case_or_404(request, page_id)
    twin = groups.twin_of(case.page)
    page = next((one for one in (case.page, twin) if one and one.locale.language_code == language), None)
    if page is None:
        raise Http404
    draft = groups.latest(page)
    response: HttpResponse = draft.make_preview_request(request, draft.default_preview_mode)
    response["X-Robots-Tag"] = "noindex"
    return response
