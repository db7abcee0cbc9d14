"""Where a live page and the terms that were written from it differ.

A difference that publishing would write away is mendable: the projection runs again. One that is frozen is not: the
terms hold, and the page has to be corrected by an editor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns import publishing, tier_terms
from campaigns.models import Campaign, CampaignPage, CampaignState, Reward
from home.queries import cooperative_of
from home.tenancy import within


@dataclass(frozen=True)
class Difference:
    """`page` and `terms` are what each says of `what` (`goal`, `tier 3f2a… amount`)."""

    page_id: int
    what: str
    page: Any
    terms: Any
    mendable: bool = True

    def __str__(self) -> str:
        frozen = "" if self.mendable else " (frozen: correct the page)"
        return f"page {self.page_id}, {self.what}: page {self.page!r}, terms {self.terms!r}{frozen}"


def all_differences() -> Iterator[Difference]:
    """Page by page, oldest first."""
    for page in _pages().iterator(100):
        yield from differences(page)


def _pages() -> QuerySet[CampaignPage]:
    """Those that terms are written from, oldest first."""
    return CampaignPage.objects.live().filter(alias_of=None).select_related("locale").order_by("pk")


def differences(page: CampaignPage) -> Iterator[Difference]:
    """What a live page says otherwise than its terms."""
    with within(cooperative_of(page)):
        campaign = Campaign.objects.select_related("cooperative").filter(translation_key=page.translation_key).first()
        if campaign is None:
            yield Difference(page.pk, "campaign", page.title, None)
            return
        rewards = {str(reward.block_id): reward for reward in _rewards_of(campaign)}
        if page.locale_id == campaign.source_locale_id:
            yield from _in_terms(page, campaign)
            yield from _in_tiers(page, campaign, rewards)
        yield from _in_texts(page, campaign, rewards)


def mend() -> int:
    """Write the terms again of every campaign that differs, each language after its source. Returns how many pages.

    The other languages follow although they agreed: a tier that comes to be has no text of theirs yet.
    """
    wrong = {difference.page_id for difference in all_differences() if difference.mendable}
    keys = CampaignPage.objects.filter(pk__in=wrong).values("translation_key")
    pages = list(_pages().filter(translation_key__in=keys))
    for page in pages:
        publishing.project(page)
    return len(pages)


def _compared(page: CampaignPage, what: str, said: Any, kept: Any, *, frozen: bool = False) -> Iterator[Difference]:
    if said != kept:
        yield Difference(page.pk, what, said, kept, mendable=not frozen)


def _in_terms(page: CampaignPage, campaign: Campaign) -> Iterator[Difference]:
    deadline = publishing.deadline_of(page.end_date, campaign.cooperative)
    said = {
        "goal_unit": page.goal_unit,
        "goal": page.goal,
        "funding_model": page.funding_model,
        "deadline": deadline,
    }
    for name, value in said.items():
        yield from _compared(page, name, value, getattr(campaign, name), frozen=campaign.is_frozen)
    for name, value in publishing.open_terms_of(page).items():
        yield from _compared(page, name, value, getattr(campaign, name))
    if campaign.state == CampaignState.APPROVED:
        yield Difference(page.pk, "state", CampaignState.ANNOUNCED.value, campaign.state)


def _rewards_of(campaign: Campaign) -> QuerySet[Reward]:
    return campaign.rewards.select_related("stock").prefetch_related("postage", "variants")


def _in_tiers(page: CampaignPage, campaign: Campaign, rewards: dict[str, Reward]) -> Iterator[Difference]:
    shown = set()
    for position, (kind, child) in enumerate(page.offered_blocks):
        shown.add(str(child.id))
        if reward := rewards.get(str(child.id)):
            place = {"position": position, "kind": kind.value}
            yield from _in_tier(
                page, reward, child.value, place | tier_terms.moving_terms(child.value, campaign.cooperative)
            )
        else:
            yield Difference(page.pk, f"tier {child.id}", child.value["title"], None)
    for block_id, reward in rewards.items():
        if block_id not in shown and reward.retired_at is None:
            yield Difference(page.pk, f"tier {block_id}", None, reward.title)


def _in_tier(page: CampaignPage, reward: Reward, value: Any, moving: dict[str, Any]) -> Iterator[Difference]:
    tier, frozen = f"tier {reward.block_id}", reward.frozen_at is not None
    for name, said in tier_terms.frozen_terms(value).items():
        yield from _compared(page, f"{tier} {name}", said, getattr(reward, name), frozen=frozen)
    for name, said in moving.items():
        yield from _compared(page, f"{tier} {name}", said, getattr(reward, name))
    yield from _compared(page, f"{tier} retired", bool(value["retired"]), reward.retired_at is not None)
    yield from _compared(page, f"{tier} limit", value["limit"], reward.limit, frozen=not _limit_moves(reward, value))
    postage = {row.zone: row.price for row in reward.postage.all()}
    yield from _compared(page, f"{tier} postage", tier_terms.postage(value), postage)
    variants = [str(variant.block_id) for variant in reward.variants.all() if variant.retired_at is None]
    yield from _compared(page, f"{tier} variants", [one.block_id for one in tier_terms.variants(value)], variants)


def _limit_moves(reward: Reward, value: Any) -> bool:
    """Whether publishing would write this limit: not below what is taken, nor away once someone has chosen."""
    stock = getattr(reward, "stock", None)
    taken = stock.held + stock.promised if stock else 0
    if value["limit"] is None:
        return reward.frozen_at is None and stock is not None and taken == 0
    return value["limit"] >= taken


def _in_texts(page: CampaignPage, campaign: Campaign, rewards: dict[str, Reward]) -> Iterator[Difference]:
    language = page.locale.language_code
    for name, said in publishing.words_of(page).items():
        yield from _compared(page, f"{name}_{language}", said, getattr(campaign, f"{name}_{language}"))
    for _kind, child in page.offered_blocks:
        if reward := rewards.get(str(child.id)):
            yield from _in_tier_texts(page, reward, child.value)


def _in_tier_texts(page: CampaignPage, reward: Reward, value: Any) -> Iterator[Difference]:
    tier, language = f"tier {reward.block_id}", page.locale.language_code
    for name, said in tier_terms.texts(value).items():
        yield from _compared(page, f"{tier} {name}_{language}", said, getattr(reward, f"{name}_{language}"))
    labels = {str(variant.block_id): getattr(variant, f"label_{language}") for variant in reward.variants.all()}
    for variant in tier_terms.variants(value):
        if variant.block_id in labels:
            kept = labels[variant.block_id]
            yield from _compared(page, f"{tier} variant {variant.block_id} label_{language}", variant.label, kept)
