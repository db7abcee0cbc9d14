"""Wagtail tells when a page is published or reviewed. Terms and states follow from it, and nothing else.

`page_published` comes once per page, on copies and on re-publish.

Pages that hold terms are guarded where rows change, whichever way leads there.
"""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from wagtail.models import Page, WorkflowState
from wagtail.signals import (
    page_published,
    page_unpublished,
    pre_page_move,
    task_submitted,
    workflow_approved,
    workflow_cancelled,
    workflow_rejected,
    workflow_submitted,
)

from campaigns import lifecycle, publishing, removal, reviewing
from campaigns.emails import tell_advisers
from campaigns.models import AdviserReview, Campaign, CampaignPage
from home.queries import cooperative_of
from home.tenancy import within

log = logging.getLogger(__name__)


def write_terms(sender: type[CampaignPage], instance: CampaignPage, **kwargs: Any) -> None:
    """The page is already live: a projection that fails must not undo what the editor did, and is mended later.

    Where the team approves its own campaigns, publishing is approving.
    """
    if not instance.live:
        return
    try:
        reviewing.approve_by_publishing(instance, by=getattr(kwargs.get("revision"), "user", None))
        publishing.project(instance)
    except Exception:
        log.exception("the terms of page %s could not be written", instance.pk)


def guard_deletion(sender: type[CampaignPage], instance: CampaignPage, **kwargs: Any) -> None:
    """Raises ProtectedError for a page with contributions; terms that were never launched go with their page."""
    if why := removal.obstacle_to_deleting(instance):
        raise ProtectedError(why, {instance})
    removal.forget_terms(instance)


def guard_move(sender: type[Page], instance: Page, parent_page_after: Page, **kwargs: Any) -> None:
    """Raises PermissionDenied: terms belong to one cooperative."""
    if why := removal.obstacle_to_moving(instance, parent_page_after):
        raise PermissionDenied(why)


def take_off_the_shelf(sender: type[CampaignPage], instance: CampaignPage, **kwargs: Any) -> None:
    """A pre-campaign without a public page is approved and no more. Nobody pledges by a form that was public."""
    is_public = CampaignPage.objects.live().filter(translation_key=instance.translation_key).exists()
    with within(cooperative_of(instance)):
        campaign = Campaign.objects.filter(translation_key=instance.translation_key).first()
        if campaign is None:
            return
        lifecycle.terms_changed(campaign.pk)
        if not is_public:
            lifecycle.withdraw(campaign)


def submitted(sender: Any, instance: Any, user: Any, **kwargs: Any) -> None:
    """Once for the first time, and again each time it comes back from changes."""
    page = _reviewed(instance.workflow_state)
    if page is None:
        return
    with within(cooperative_of(page)):
        if campaign := reviewing.record_submission(page, by=user):
            tell_advisers(campaign, page)


def approved(sender: Any, instance: WorkflowState, user: Any, **kwargs: Any) -> None:
    if page := _reviewed(instance):
        with within(cooperative_of(page)):
            reviewing.record_approval(page, by=user)


def returned(sender: Any, instance: WorkflowState, user: Any, **kwargs: Any) -> None:
    if page := _reviewed(instance):
        with within(cooperative_of(page)):
            reviewing.record_return(page)


def _reviewed(state: WorkflowState) -> CampaignPage | None:
    """The page, if this is one of our reviews."""
    page = state.content_object.specific if state.content_object else None
    if not isinstance(page, CampaignPage):
        return None
    with within(cooperative_of(page)):
        ours = AdviserReview.objects.filter(pk__in=state.workflow.tasks.values("pk")).exists()
    return page if ours else None


def send_nothing(sender: Any, **kwargs: Any) -> None:
    """In place of Wagtail's own mails about reviews, which no registry of ours knows."""


#: Wagtail connects its mails under these names, later than we do: a name that is taken stays taken.
WAGTAILS_MAILS = {
    "workflow_state_submitted_email_notification": workflow_submitted,
    "workflow_state_rejected_email_notification": workflow_rejected,
    "workflow_state_approved_email_notification": workflow_approved,
}


def connect() -> None:
    page_published.connect(write_terms, sender=CampaignPage, dispatch_uid="campaigns.write_terms")
    pre_delete.connect(guard_deletion, sender=CampaignPage, dispatch_uid="campaigns.guard_deletion")
    pre_page_move.connect(guard_move, sender=CampaignPage, dispatch_uid="campaigns.guard_move")
    page_unpublished.connect(take_off_the_shelf, sender=CampaignPage, dispatch_uid="campaigns.take_off_the_shelf")
    task_submitted.connect(submitted, dispatch_uid="campaigns.submitted")
    workflow_approved.connect(approved, sender=WorkflowState, dispatch_uid="campaigns.approved")
    workflow_rejected.connect(returned, sender=WorkflowState, dispatch_uid="campaigns.returned")
    workflow_cancelled.connect(returned, sender=WorkflowState, dispatch_uid="campaigns.cancelled")
    for name, signal in WAGTAILS_MAILS.items():
        signal.connect(send_nothing, sender=WorkflowState, dispatch_uid=name)
