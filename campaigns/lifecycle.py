"""The state machine of a campaign.

draft -> in review -> approved -> (announced: the pre-campaign) -> live -> closing -> funded, missed or ended
-> fulfilling -> closed. Every step is one conditional UPDATE, so that two callers do it once. Instants in UTC.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from campaigns.enums import OUTCOMES, CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock

#: Where a tier that is sold late may still be paid for.
LATE = frozenset({CampaignState.FUNDED, CampaignState.ENDED, CampaignState.FULFILLING})


def submit(campaign: Campaign, *, by: Any) -> bool:
    """Draft to in review: the adviser is asked to look."""
    return _step(
        campaign, {CampaignState.DRAFT}, state=CampaignState.IN_REVIEW, submitted_at=clock.now(), submitted_by=by
    )


def send_back(campaign: Campaign) -> bool:
    """In review to draft: changes are asked for, or the team took it back."""
    return _step(campaign, {CampaignState.IN_REVIEW}, state=CampaignState.DRAFT)


def approve(campaign: Campaign, *, by: Any) -> bool:
    """In review (or draft, where a cooperative lets its team approve) to approved."""
    return _step(
        campaign,
        {CampaignState.DRAFT, CampaignState.IN_REVIEW},
        state=CampaignState.APPROVED,
        approved_at=clock.now(),
        approved_by=by,
    )


def announce(campaign: Campaign) -> bool:
    """Approved to announced: the page is public, nothing can be pledged yet."""
    return _step(campaign, {CampaignState.APPROVED}, state=CampaignState.ANNOUNCED, announced_at=clock.now())


def withdraw(campaign: Campaign) -> bool:
    """Announced to approved: the page is no longer public, and no launch that was asked for brings it back."""
    return _step(campaign, {CampaignState.ANNOUNCED}, state=CampaignState.APPROVED, announced_at=None, launch_at=None)


def schedule(campaign: Campaign, at: datetime | None) -> bool:
    """Ask for the launch to happen at an instant; None takes it back."""
    return _step(campaign, {CampaignState.APPROVED, CampaignState.ANNOUNCED}, launch_at=at)


def launch(campaign: Campaign, *, by: Any = None) -> bool:
    """Approved or announced to live: from now on goal, funding model, currency and deadline no longer change."""
    return _step(
        campaign,
        {CampaignState.APPROVED, CampaignState.ANNOUNCED},
        state=CampaignState.LIVE,
        launched_at=clock.now(),
        launched_by=by,
    )


def keep_open(campaign_id: int) -> Campaign:
    """Inside a pledge's transaction: the campaign as committed, held so that it cannot close before we commit.

    PostgreSQL: a shared key lock, which other pledges share and `close` (FOR UPDATE) waits for. On SQLite the
    writing transaction is already alone.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM campaigns_campaign WHERE id = %s FOR KEY SHARE", [campaign_id])
    return Campaign.objects.get(pk=campaign_id)


def takes_pledges(campaign: Campaign, at: datetime) -> bool:
    return campaign.state == CampaignState.LIVE and at < campaign.deadline


def takes_late_pledges(campaign: Campaign, at: datetime) -> bool:
    """After an end that was not a missed goal, until the campaign is closed, for the tiers that are still offered.

    Which those are: `queries.late_rewards`.
    """
    return campaign.state in LATE and at >= campaign.deadline


def close(campaign: Campaign) -> bool:
    """Live to closing, once the deadline has passed: no new payment may start. Waits for pledges being written."""
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        now = clock.now()
        if locked.state != CampaignState.LIVE or now < locked.deadline:
            return False
        return _step(campaign, {CampaignState.LIVE}, state=CampaignState.CLOSING, closed_at=now)


def decide(campaign: Campaign, *, pledged: int, backers: int) -> CampaignState | None:
    """Closing to its outcome, once: `pledged` (minor units) and `backers` are frozen. None if already decided."""
    outcome = outcome_of(campaign, pledged)
    decided = _step(
        campaign,
        {CampaignState.CLOSING},
        state=outcome,
        outcome=outcome,
        decided_at=clock.now(),
        pledged_at_deadline=pledged,
        backers_at_deadline=backers,
    )
    return outcome if decided else None


def outcome_of(campaign: Campaign, pledged: int) -> CampaignState:
    if campaign.funding_model == FundingModel.FLEXIBLE:
        return CampaignState.ENDED
    return CampaignState.FUNDED if pledged >= campaign.goal else CampaignState.MISSED


def start_fulfilling(campaign: Campaign) -> bool:
    """Funded or ended to fulfilling: the money is settled, the rewards are on their way."""
    return _step(campaign, {CampaignState.FUNDED, CampaignState.ENDED}, state=CampaignState.FULFILLING)


def complete(campaign: Campaign) -> bool:
    """To closed: nothing is owed any more. The caller has made sure of it."""
    return _step(campaign, OUTCOMES | {CampaignState.FULFILLING}, state=CampaignState.CLOSED, completed_at=clock.now())


def _step(campaign: Campaign, was: Collection[CampaignState], **fields: object) -> bool:
    moved = Campaign.objects.filter(pk=campaign.pk, state__in=was).update(**fields)
    if moved:
        campaign.refresh_from_db()
    return bool(moved)
