"""The review before a launch: who may approve, what a campaign must have to be looked at, and what publishing asks.

Wagtail's workflow keeps who asked, who answered and when; the campaign's own state follows by its signals
(campaigns.signal_handlers), in the same transaction.
"""

from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import TaskState, Workflow, WorkflowTask

from campaigns import groups, lifecycle, publishing
from campaigns.enums import CampaignState
from campaigns.forms import NEEDED_BLOCKS
from campaigns.models import AdviserReview, Campaign, CampaignPage
from home.models import Cooperative, Role, User
from home.queries import cooperative_of, roles_of
from home.tenancy import within

NOT_APPROVED = _("A campaign is published once it has been approved. Submit it for review first.")
UNDER_REVIEW = frozenset({CampaignState.DRAFT, CampaignState.IN_REVIEW})


class ReviewRefused(Exception):
    """Nothing was written. `reasons` are sentences for the person who asked."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def found_review(cooperative: Cooperative) -> Workflow:
    """The cooperative's workflow, made if there is none."""
    with within(cooperative), transaction.atomic():
        locked = Cooperative.objects.select_for_update().get(pk=cooperative.pk)
        if known := _workflow_of(locked):
            return known
        with translation.override(locked.language):
            name = gettext("Review before the launch")
        workflow = Workflow.objects.create(name=name)
        task = AdviserReview.objects.create(name=name, cooperative=locked)
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
        return workflow


def _workflow_of(cooperative: Cooperative) -> Workflow | None:
    task = AdviserReview.objects.filter(cooperative=cooperative, active=True)
    return Workflow.objects.active().filter(workflow_tasks__task__in=task.values("pk")).first()


def workflow_for(page: CampaignPage) -> Workflow | None:
    """What a page may be submitted to: the source page of a campaign that nobody has approved yet."""
    if page.pk is None or groups.source_of(page).pk != page.pk:
        return None
    if page.campaign is not None and page.campaign.state not in UNDER_REVIEW:
        return None
    cooperative = cooperative_of(page)
    with within(cooperative):
        if AdviserReview.objects.filter(cooperative=cooperative).exists():
            return _workflow_of(cooperative)  # none where an operator has switched it off
        return found_review(cooperative)


def may_approve(user: Any, page: CampaignPage) -> bool:
    """Advisers and the direction; nobody their own campaign, unless the cooperative allows it."""
    cooperative = cooperative_of(page)
    if not isinstance(user, User):
        return False
    roles = roles_of(user, cooperative)
    if cooperative.self_approval:
        return not roles.isdisjoint({Role.ADVISER, Role.OWNER, Role.EDITOR})
    return not roles.isdisjoint({Role.ADVISER, Role.OWNER}) and not _is_theirs(user, page)


def _is_theirs(user: User, page: CampaignPage) -> bool:
    submitted_by = page.campaign.submitted_by_id if page.campaign else None
    return user.pk in {groups.source_of(page).owner_id, submitted_by}


def missing_for_review(page: CampaignPage) -> list[str]:
    """What an adviser needs to read that the page does not say yet, as sentences."""
    kinds = {block.block_type for block in page.body}
    checks = [(page.goal is None, _("Set a goal.")), (page.end_date is None, _("Choose the last day."))]
    checks += [(kind not in kinds, words) for kind, words in NEEDED_BLOCKS.items()]
    return [str(words) for is_missing, words in checks if is_missing]


def submit(page: CampaignPage, *, by: Any) -> None:
    """Ask for the review of a source page as it was last saved. Raises ReviewRefused; a second time changes nothing."""
    draft = groups.latest(page)
    if reasons := missing_for_review(draft):
        raise ReviewRefused(reasons)
    workflow = workflow_for(page)
    if workflow is None:
        raise ReviewRefused([gettext("This campaign is past its review.")])
    if page.latest_revision_id is None:
        page.save_revision(user=by, clean=False)
    standing = page.current_workflow_state
    if standing is None:
        workflow.start(page, by)
    elif standing.status == standing.STATUS_NEEDS_CHANGES:
        standing.resume(by)


def approve(page: CampaignPage, *, by: Any) -> bool:
    """True if this call approved it. Raises ReviewRefused for someone who may not."""
    task_state = _task_to_decide(page, by)
    if task_state is not None:
        task_state.approve(user=by)
    return task_state is not None


def send_back(page: CampaignPage, *, by: Any, comment: str) -> bool:
    """Ask for changes; the comment says which. True if this call did it."""
    task_state = _task_to_decide(page, by)
    if task_state is not None:
        task_state.reject(user=by, comment=comment)
    return task_state is not None


def _task_to_decide(page: CampaignPage, by: Any) -> TaskState | None:
    if not may_approve(by, page):
        raise ReviewRefused([gettext("Nobody approves their own campaign. Another adviser, or the direction, may.")])
    state = page.current_workflow_state
    if state is None or state.status != state.STATUS_IN_PROGRESS:
        return None
    return state.current_task_state


def take_back(page: CampaignPage, *, by: Any) -> bool:
    """The team takes its campaign back from the review."""
    state = page.current_workflow_state
    if state is None:
        return False
    state.cancel(user=by)
    return True


# What the signals of Wagtail's workflow record


def record_submission(page: CampaignPage, *, by: Any) -> Campaign | None:
    """The terms are founded as a draft and wait for the adviser. None if they did already."""
    campaign = publishing.found(groups.latest(page))
    return campaign if lifecycle.submit(campaign, by=by) else None


def record_approval(page: CampaignPage, *, by: Any) -> None:
    if campaign := _terms_of(page):
        lifecycle.approve(campaign, by=by)


def record_return(page: CampaignPage) -> None:
    if campaign := _terms_of(page):
        lifecycle.send_back(campaign)


def _terms_of(page: CampaignPage) -> Campaign | None:
    """As they are now; those of the page that an alias repeats."""
    key = page.alias_of.translation_key if page.alias_of else page.translation_key
    return Campaign.objects.filter(translation_key=key).first()


# What publishing asks


def refusal_to_publish(page: CampaignPage) -> str | None:
    """None for an approved campaign, or one whose cooperative lets its team approve."""
    cooperative = cooperative_of(page)
    with within(cooperative):
        campaign = _terms_of(page)
    if campaign is not None and campaign.state not in UNDER_REVIEW:
        return None
    if not cooperative.self_approval:
        return str(NOT_APPROVED)
    if page.goal is None or page.end_date is None:
        return gettext("Set a goal and choose the last day before publishing.")
    return None


def approve_by_publishing(page: CampaignPage, *, by: Any) -> None:
    """Where the team may approve its own campaigns, publishing one is approving it, and is recorded as such."""
    cooperative = cooperative_of(page)
    if cooperative.self_approval:
        with within(cooperative), transaction.atomic():
            lifecycle.approve(publishing.found(page), by=by)
