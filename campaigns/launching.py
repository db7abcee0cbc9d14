"""Launching: one act that publishes both languages, opens the campaign and tells those who asked to be told.

All of it is one transaction, so that a process that dies inside it has done nothing, and the same call again does
it once (lifecycle.launch is a conditional UPDATE, a mail has one row). A page that was public before stays so: what
was published by another act is found live and left as it is. A launch that is due and cannot be made stays due: each
tick tries again through the same checks, the dossier says what is missing, and the team is written to once.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import checklist, emails, groups, lifecycle, publishing
from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage
from home import audit, clock, outbox
from home.models import NewsConsent, User
from home.tenancy import within
from home.translation import bilingual

log = logging.getLogger(__name__)

LAUNCHED = audit.act("launched", _("Campaign launched"), is_money=True)
SCHEDULED = audit.act("launch_scheduled", _("Launch scheduled"), is_money=True)
UNSCHEDULED = audit.act("launch_unscheduled", _("Launch no longer scheduled"), is_money=True)

READY = (CampaignState.APPROVED, CampaignState.ANNOUNCED)


class LaunchRefused(Exception):
    """Nothing was done. `points` of the checklist say why."""

    def __init__(self, points: list[checklist.Point]) -> None:
        super().__init__(", ".join(point.key for point in points))
        self.points = points


def as_launched(page: CampaignPage) -> CampaignPage:
    """The version that a launch would open: the public one, else the latest draft."""
    return page if page.live else groups.latest(page)


def launch(page: CampaignPage, campaign: Campaign, *, by: Any) -> bool:
    """True if this call opened it. Raises LaunchRefused while a point that holds it back is open."""
    with within(campaign.cooperative):
        if campaign.state not in READY:
            return False
        blocking = checklist.of(as_launched(page), campaign.cooperative).blocking
        if blocking:
            raise LaunchRefused(blocking)
        try:
            return _open(page, campaign, by)
        except bilingual.NothingPublished as error:
            raise LaunchRefused([_fault(error)]) from error


@transaction.atomic
def _open(page: CampaignPage, campaign: Campaign, by: Any) -> bool:
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if locked.state not in READY:
        return False
    _publish(page, by)
    opened = lifecycle.launch(campaign, by=by)
    if opened:
        audit.record(LAUNCHED, cooperative=campaign.cooperative, by=by, subject=campaign)
    _tell_followers(campaign)
    return opened


def _fault(error: bilingual.NothingPublished) -> checklist.Point:
    """What is wrong with a page that was to be published, as a point of the checklist."""
    url = reverse("wagtailadmin_pages:edit", args=[error.page.pk])
    return checklist.Point("page", False, " ".join(error.messages), gettext("Edit the page"), url)


def _publish(page: CampaignPage, by: Any) -> None:
    """Both languages; then what the source says is written again, so that the terms are those of the public page."""
    twin = groups.twin_of(page)
    if not page.live:
        bilingual.publish_both(page, by)
        page.refresh_from_db()
    elif twin is not None and not twin.live:
        bilingual.publish_english(page, twin, by)
    if not _are_public(page, twin):
        why = gettext("The page is to go live later. Take that date away, then launch.")
        raise bilingual.NothingPublished(why, page)
    publishing.project(page)


def _are_public(*pages: CampaignPage | None) -> bool:
    """A page that has a date to go live is only scheduled by publishing it."""
    there = [page.pk for page in pages if page is not None]
    return CampaignPage.objects.live().filter(pk__in=there).count() == len(there)


def _tell_followers(campaign: Campaign) -> None:
    consents = NewsConsent.objects.filter(topic=emails.opening_topic(campaign), withdrawn_at=None)
    readers = consents.select_related("backer").order_by("pk").iterator(500)
    outbox.queue_all(emails.opening_mails(campaign, emails.CAMPAIGN_OPENED, readers))


@transaction.atomic
def schedule(campaign: Campaign, at: datetime | None, *, by: User | None = None) -> bool:
    """Ask for the launch to happen then, or take it back. Written down where it changes anything."""
    before = Campaign.objects.select_for_update().get(pk=campaign.pk).launch_at
    done = lifecycle.schedule(campaign, at)
    if done and at != before:
        facts = {"after": at.isoformat()} if at else {"before": before.isoformat() if before else ""}
        act = SCHEDULED if at else UNSCHEDULED
        with within(campaign.cooperative):
            audit.record(act, cooperative=campaign.cooperative, by=by, subject=campaign, **facts)
    return done


def due() -> QuerySet[Campaign]:
    """Campaigns whose launch was asked for and whose time has come."""
    waiting = Campaign.objects.filter(state__in=READY, launch_at__lte=clock.now())
    return waiting.select_related("cooperative__site").order_by("launch_at")


def launch_scheduled(campaign: Campaign) -> bool:
    """Launch one that is due. What could not be launched stays, and its team is told once."""
    with within(campaign.cooperative):
        page = _source_page(campaign)
        if page is None:
            log.warning("campaign %s has no page to be launched with", campaign.pk)
            return False
        try:
            return launch(page, campaign, by=None)
        except LaunchRefused as refused:
            log.warning("campaign %s cannot be launched yet: %s", campaign.pk, refused)
            emails.tell_launch_waits(campaign)
            return False


def _source_page(campaign: Campaign) -> CampaignPage | None:
    pages = CampaignPage.objects.filter(translation_key=campaign.translation_key, alias_of=None)
    found = groups.source_pages(pages.select_related("locale"), {campaign.translation_key: campaign})
    return found.get(campaign.translation_key)
