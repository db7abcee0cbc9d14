"""Wagtail tells when a page is published: once per page, on copies and on re-publish. Only terms follow from it."""

import logging
from typing import Any

from wagtail.signals import page_published

from campaigns import publishing
from campaigns.models import CampaignPage

log = logging.getLogger(__name__)


def write_terms(sender: type[CampaignPage], instance: CampaignPage, **kwargs: Any) -> None:
    """The page is already live: a projection that fails must not undo what the editor did, and is mended later."""
    try:
        publishing.project(instance)
    except Exception:
        log.exception("the terms of page %s could not be written", instance.pk)


def connect() -> None:
    page_published.connect(write_terms, sender=CampaignPage, dispatch_uid="campaigns.write_terms")
