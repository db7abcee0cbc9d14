"""Wagtail tells when a page is published: once per page, on copies and on re-publish. Only terms follow from it.

Pages that hold terms are guarded where rows change, whichever way leads there.
"""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from wagtail.models import Page
from wagtail.signals import page_published, pre_page_move

from campaigns import publishing, removal
from campaigns.models import CampaignPage

log = logging.getLogger(__name__)


def write_terms(sender: type[CampaignPage], instance: CampaignPage, **kwargs: Any) -> None:
    """The page is already live: a projection that fails must not undo what the editor did, and is mended later."""
    try:
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


def connect() -> None:
    page_published.connect(write_terms, sender=CampaignPage, dispatch_uid="campaigns.write_terms")
    pre_delete.connect(guard_deletion, sender=CampaignPage, dispatch_uid="campaigns.guard_deletion")
    pre_page_move.connect(guard_move, sender=CampaignPage, dispatch_uid="campaigns.guard_move")
