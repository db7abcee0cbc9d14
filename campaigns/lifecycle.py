"""The state machine of a campaign: draft, live, closing, then funded, missed or ended.

Every step is one conditional UPDATE, so that two callers do it once.
"""

from datetime import datetime

from django.db import connection, transaction

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock


def launch(campaign: Campaign) -> bool:
    """Draft to live: from now on goal, funding model, currency and deadline no longer change."""
    return _step(campaign, CampaignState.DRAFT, state=CampaignState.LIVE, launched_at=clock.now())


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


def close(campaign: Campaign) -> bool:
    """Live to closing, once the deadline has passed: no new payment may start. Waits for pledges being written."""
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        now = clock.now()
        if locked.state != CampaignState.LIVE or now < locked.deadline:
            return False
        return _step(campaign, CampaignState.LIVE, state=CampaignState.CLOSING, closed_at=now)


def decide(campaign: Campaign, *, pledged: int, backers: int) -> CampaignState | None:
    """Closing to its outcome, once: `pledged` (minor units) and `backers` are frozen. None if already decided."""
    outcome = outcome_of(campaign, pledged)
    decided = _step(
        campaign,
        CampaignState.CLOSING,
        state=outcome,
        decided_at=clock.now(),
        pledged_at_deadline=pledged,
        backers_at_deadline=backers,
    )
    return outcome if decided else None


def outcome_of(campaign: Campaign, pledged: int) -> CampaignState:
    if campaign.funding_model == FundingModel.FLEXIBLE:
        return CampaignState.ENDED
    return CampaignState.FUNDED if pledged >= campaign.goal else CampaignState.MISSED


def _step(campaign: Campaign, was: CampaignState, **fields: object) -> bool:
    moved = Campaign.objects.filter(pk=campaign.pk, state=was).update(**fields)
    if moved:
        campaign.refresh_from_db()
    return bool(moved)
