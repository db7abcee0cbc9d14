"""Wagtail tells when a page is published: once per page, on copies and on re-publish. Only the update's row follows.

Mails that somebody decided to keep until this text is there (updates.waiting) then leave.
"""

import logging
from typing import Any

from django.core.signals import request_started
from wagtail.signals import page_published

from home.tenancy import within
from updates import publishing, tier_choices, waiting
from updates.models import UpdatePage

log = logging.getLogger(__name__)


def write_update(sender: type[UpdatePage], instance: UpdatePage, **kwargs: Any) -> None:
    """The page is already live: a row that cannot be written must not undo what the editor did."""
    try:
        update = publishing.project(instance)
        if update is not None:
            with within(update.cooperative):
                waiting.release_update(update)
    except Exception:
        log.exception("the row of update page %s could not be written", instance.pk)


def forget_campaign(**kwargs: Any) -> None:
    """The campaign an editor worked on is not that of the next request in the same thread."""
    tier_choices.campaign_key.set(None)


def connect() -> None:
    page_published.connect(write_update, sender=UpdatePage, dispatch_uid="updates.write_update")
    request_started.connect(forget_campaign, dispatch_uid="updates.forget_campaign")
