"""Drafts that wait for the team: a plan of empty ones, started by an editor, and those that an occasion prepares.

Each is prepared once (`CoachingDraft`), whoever asks and however often. Nothing is published and nothing is sent: what
becomes of a draft is the editor's affair.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from home.languages import FRENCH
from home.models import Cooperative, User
from home.tenancy import within
from pledges import totals
from updates import coaching_due, coaching_words, draft_pages
from updates.coaching_words import PLAN, Figures
from updates.draft_pages import Bilingual
from updates.models import CoachingDraft, DelayNotice, UpdatePage

log = logging.getLogger(__name__)

#: A plan of messages has nothing left to say.
DONE = (CampaignState.MISSED, CampaignState.CLOSED)

#: What an occasion says is put into the plan's own draft while that one is empty.
IN_THE_PLAN = {"72h": "plan:72h", "thanks": "plan:thanks"}


@dataclass(frozen=True)
class Waiting:
    """A draft that nobody has published yet."""

    draft: CoachingDraft
    page: UpdatePage

    @property
    def hint(self) -> Promise:
        return coaching_words.hint_for(self.draft.occasion)


def campaigns_to_plan(cooperative: Cooperative) -> list[Any]:
    """Campaigns whose plan of messages may be started, with `is_planned`; latest first."""
    rows = Campaign.objects.filter(cooperative=cooperative).exclude(state__in=DONE)
    made = CoachingDraft.objects.filter(cooperative=cooperative, occasion__in=PLAN)
    counts: dict[int, int] = {}
    for campaign_id in made.values_list("campaign_id", flat=True):
        counts[campaign_id] = counts.get(campaign_id, 0) + 1
    campaigns: list[Any] = list(rows.order_by("-pk"))
    for campaign in campaigns:
        campaign.is_planned = counts.get(campaign.pk, 0) == len(PLAN)
    return campaigns


def start_plan(campaign: Campaign, *, by: User | None) -> int:
    """The empty drafts of the plan, in both languages. Returns how many were made: a second time, none."""
    at = clock.now()
    return sum(_make(campaign, occasion, coaching_words.empty(occasion), at, by=by) for occasion in PLAN)


def prepare(campaign: Campaign) -> int:
    """Every draft that is due for a campaign now. Returns how many were made."""
    with within(campaign.cooperative):
        row = coaching_due.followed().filter(pk=campaign.pk).first()
        if row is None:
            return 0
        return sum(_prepare(row, occasion) for occasion in coaching_due.due([row])[row.pk])


def _prepare(campaign: Any, occasion: str) -> bool:
    """One that cannot be made keeps no other from being made."""
    try:
        figures = figures_for(campaign, occasion)
        return _make(campaign, occasion, coaching_words.filled(occasion, figures), figures.at)
    except Exception:
        log.exception("the draft %s of campaign %s could not be prepared", occasion, campaign.pk)
        return False


def _make(campaign: Campaign, occasion: str, said: Bilingual, at: datetime, *, by: User | None = None) -> bool:
    """The row first: of two who ask at once, one makes the page. False if it was there, or has nowhere to stand."""
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        parent = draft_pages.parent_of(campaign)
        if parent is None:
            return False
        planned = _planned(campaign, occasion)
        draft, is_new = CoachingDraft.objects.get_or_create(
            campaign=campaign,
            occasion=occasion,
            defaults={
                "cooperative_id": campaign.cooperative_id,
                "page_key": planned.translation_key if planned else uuid.uuid4(),
                "made_at": at,
            },
        )
        if not is_new:
            return False
        if planned is None:
            draft_pages.write(parent, draft.page_key, said, by=by)
        elif draft_pages.is_empty(planned):
            draft_pages.fill(planned, said)
    return True


def _planned(campaign: Campaign, occasion: str) -> UpdatePage | None:
    """The French page of the plan that says the same: one draft is enough, and what someone wrote is left alone."""
    kind = coaching_words.kind_in(occasion)
    row = CoachingDraft.objects.filter(campaign=campaign, occasion=IN_THE_PLAN.get(kind, "-")).first()
    return _french_pages([row]).get(row.page_key) if row else None


def figures_for(campaign: Any, occasion: str) -> Figures:
    """What a draft says, as of now. `campaign` comes from `coaching_due.followed`."""
    kind, _colon, about = occasion.partition(":")
    notice = DelayNotice.objects.get(pk=about) if kind == "next-news" else None
    waits = kind in {"next-news", "silence"}
    return Figures(
        campaign=campaign,
        progress=totals.progress_of(campaign),
        at=clock.now(),
        people_waiting=coaching_due.people_waiting([campaign]).get(campaign.pk, 0) if waits else 0,
        news_since=campaign.news_since,
        news_due_on=notice.next_news_on if notice else None,
    )


def waiting_for(cooperative: Cooperative, occasions: str = "") -> list[Waiting]:
    """Drafts that were never published, latest first. Two queries. `occasions`: only those that begin so."""
    drafts = CoachingDraft.objects.filter(cooperative=cooperative, occasion__startswith=occasions)
    rows = list(drafts.select_related("campaign").order_by("-made_at", "pk"))
    pages = _french_pages(rows)
    seen, found = set(), []
    for row in rows:
        page = pages.get(row.page_key)
        if page is not None and not page.first_published_at and row.page_key not in seen:
            seen.add(row.page_key)
            found.append(Waiting(row, page))
    return found


def _french_pages(drafts: list[CoachingDraft]) -> dict[Any, UpdatePage]:
    """By translation key. One query."""
    keys = [draft.page_key for draft in drafts]
    pages = UpdatePage.objects.filter(translation_key__in=keys, locale__language_code=FRENCH, alias_of=None)
    return {page.translation_key: page for page in pages}


def page_for(campaign: Campaign, occasion: str) -> UpdatePage | None:
    """The French page that was prepared for an occasion, published since or not."""
    row = CoachingDraft.objects.filter(campaign=campaign, occasion=occasion).first()
    return _french_pages([row]).get(row.page_key) if row else None
