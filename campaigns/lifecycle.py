"""The state machine of a campaign.

draft -> in review -> approved -> (announced: the pre-campaign) -> live -> closing -> funded, missed or ended
-> fulfilling -> closed. A campaign of a rehearsal (Cooperative.rehearses) may besides be brought to its end, and
abandoned from anywhere. Every step is one conditional UPDATE, so that two callers do it once. Instants in UTC.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.sql import Query

from campaigns.enums import OUTCOMES, CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock
from home.ready_queries import Ready

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
    writing transaction is already alone. One statement: a row that had to be waited for is read as it is then.
    """
    for campaign in _HELD(campaign_id):
        return cast(Campaign, campaign)
    raise Campaign.DoesNotExist(f"Campaign {campaign_id} is none of ours.")


class _KeyShared(Query):
    """Holds what it reads FOR KEY SHARE, which Django has no word for."""

    def get_compiler(self, using: Any = None, connection: Any = None, elide_empty: bool = True) -> Any:
        compiler: Any = super().get_compiler(using, connection, elide_empty)
        plain = compiler.as_sql

        def held(*args: Any, **kwargs: Any) -> Any:
            sql, params = plain(*args, **kwargs)
            return f"{sql} FOR KEY SHARE", params

        compiler.as_sql = held
        return compiler


def _held(campaign_id: int) -> QuerySet[Campaign]:
    rows = Campaign.objects.filter(pk=campaign_id)
    if connection.vendor == "postgresql":
        rows.query = rows.query.chain(_KeyShared)
    return rows


_HELD = Ready(_held, prepared=True)


def terms_changed(campaign_id: int) -> None:
    """What a contribution is offered is no longer what a form may have read a moment ago: tiers, texts, months.

    Call in the transaction that changes it. A pledge compares the version under `keep_open` with the one it has read.
    """
    Campaign.objects.filter(pk=campaign_id).update(terms_version=F("terms_version") + 1)


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


def extend(campaign: Campaign, deadline: datetime, *, by: Any, reason_fr: str, reason_en: str) -> bool:
    """Move the deadline of a live campaign, once, before it has passed; the first one is kept."""
    now = clock.now()
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if not may_extend(locked, now) or deadline <= locked.deadline:
            return False
        return _step(
            campaign,
            {CampaignState.LIVE},
            deadline=deadline,
            first_deadline=locked.deadline,
            extended_at=now,
            extended_by=by,
            extension_reason_fr=reason_fr,
            extension_reason_en=reason_en,
        )


def may_extend(campaign: Campaign, at: datetime) -> bool:
    """Whether it is time for it; how far it may go is `end_dates.latest_end`."""
    return takes_pledges(campaign, at) and campaign.extended_at is None


def bring_forward(campaign: Campaign, deadline: datetime) -> bool:
    """Bring the end of a live campaign of a rehearsal nearer, so that what comes with it can be lived through.

    Raises TypeError for a campaign that is none: the deadline that people rely on never comes nearer.
    """
    _only_rehearsed(campaign)
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if locked.state != CampaignState.LIVE or deadline >= locked.deadline:
            return False
        return _step(campaign, {CampaignState.LIVE}, deadline=deadline)


def abandon(campaign: Campaign) -> bool:
    """End a campaign of a rehearsal wherever it stands, without an outcome. Raises TypeError for one that is none."""
    _only_rehearsed(campaign)
    states = set(CampaignState) - {CampaignState.CLOSED}
    return _step(campaign, states, state=CampaignState.CLOSED, outcome="", decided_at=None, completed_at=clock.now())


def _only_rehearsed(campaign: Campaign) -> None:
    if not campaign.cooperative.is_rehearsal:
        raise TypeError(f"Campaign {campaign.pk} is no rehearsal's.")


def decide(campaign: Campaign, *, pledged: int, backers: int, units: int = 0) -> CampaignState | None:
    """Closing to its outcome, once: what is pledged (minor units, rewards) and by how many is frozen.

    None if already decided.
    """
    outcome = outcome_of(campaign, pledged, units)
    decided = _step(
        campaign,
        {CampaignState.CLOSING},
        state=outcome,
        outcome=outcome,
        decided_at=clock.now(),
        pledged_at_deadline=pledged,
        units_at_deadline=units,
        backers_at_deadline=backers,
    )
    return outcome if decided else None


def outcome_of(campaign: Campaign, pledged: int, units: int = 0) -> CampaignState:
    if campaign.funding_model == FundingModel.FLEXIBLE:
        return CampaignState.ENDED
    reached = units if campaign.counts_units else pledged
    return CampaignState.FUNDED if reached >= campaign.goal else CampaignState.MISSED


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
