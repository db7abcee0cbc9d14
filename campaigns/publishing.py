"""Publishing writes the terms: money from the source-language page only, texts from each language's own page.

Can be run again at any time with the same result. Nothing else writes Campaign and Reward.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns import lifecycle, stock, suggesting, tier_terms
from campaigns.models import Campaign, CampaignPage, Reward, RewardPostage, RewardVariant
from home import clock
from home.models import Cooperative
from home.queries import cooperative_of
from home.tenancy import within


def project(page: CampaignPage) -> Campaign | None:
    """Write what a live page says into its terms. None for a page that is not live or has no goal or last day yet.

    Neither for an alias, which has no words of its own. An approved campaign is announced by it; launching is an act
    of its own.
    """
    if not page.live or page.alias_of_id or page.goal is None or page.end_date is None:
        return None
    cooperative = cooperative_of(page)
    with within(cooperative), transaction.atomic():
        campaign = _terms_of(page, cooperative)
        if page.locale_id == campaign.source_locale_id:
            _write_money(campaign, page)
        _write_texts(campaign, page)
        lifecycle.announce(campaign)
    return campaign


def found(page: CampaignPage) -> Campaign:
    """The terms of a page, founded as a draft if there are none yet. The page has a goal and a last day."""
    cooperative = cooperative_of(page)
    with within(cooperative), transaction.atomic():
        return _terms_of(page, cooperative)


def _terms_of(page: CampaignPage, cooperative: Cooperative) -> Campaign:
    known = Campaign.objects.select_for_update().filter(translation_key=page.translation_key).first()
    return known or _found(page, cooperative)


def deadline_of(end_date: Any, cooperative: Cooperative) -> datetime:
    """The last second of that day in the cooperative's time zone."""
    start = datetime.combine(end_date + timedelta(days=1), time(), tzinfo=ZoneInfo(cooperative.time_zone))
    return start - timedelta(seconds=1)


def _terms(page: CampaignPage, cooperative: Cooperative) -> dict[str, Any]:
    return {
        "funding_model": page.funding_model,
        "goal_unit": page.goal_unit,
        "goal": page.goal,
        "deadline": deadline_of(page.end_date, cooperative),
        "currency": cooperative.currency,
    }


def open_terms_of(page: CampaignPage) -> dict[str, Any]:
    """The terms of the page that may change at any time."""
    return {"theme": page.theme, "suggested_amounts": suggesting.read_or_none(page.suggested_amounts)}


def words_of(page: CampaignPage) -> dict[str, str]:
    """The texts of the terms as a page says them, by field without its language."""
    opening = page.opening or {}
    return {"title": page.title, "tagline": opening.get("tagline") or "", "place": opening.get("place") or ""}


def _found(page: CampaignPage, cooperative: Cooperative) -> Campaign:
    return Campaign.objects.create(
        cooperative=cooperative,
        translation_key=page.translation_key,
        source_locale_id=page.locale_id,
        **_terms(page, cooperative),
        **_words_by_field(page),
    )


def _words_by_field(page: CampaignPage) -> dict[str, str]:
    language = page.locale.language_code
    return {f"{name}_{language}": text for name, text in words_of(page).items()}


def _write_money(campaign: Campaign, page: CampaignPage) -> None:
    if not campaign.is_frozen:
        Campaign.objects.filter(pk=campaign.pk).update(**_terms(page, campaign.cooperative))
    Campaign.objects.filter(pk=campaign.pk).update(**open_terms_of(page))
    campaign.refresh_from_db()
    kept = []
    for position, (kind, child) in enumerate(page.offered_blocks):
        reward = _write_tier(campaign, child.id, child.value, position=position, kind=kind)
        _write_postage(reward, child.value)
        _write_variants(reward, child.value)
        kept.append(reward.pk)
    campaign.rewards.filter(retired_at=None).exclude(pk__in=kept).update(retired_at=clock.now())


def _write_tier(campaign: Campaign, block_id: str, value: Any, **place: Any) -> Reward:
    open_terms = tier_terms.frozen_terms(value)
    reward, _created = Reward.objects.get_or_create(
        campaign=campaign,
        block_id=block_id,
        defaults=open_terms | place | {"cooperative": campaign.cooperative},
    )
    mine = Reward.objects.filter(pk=reward.pk)
    mine.update(**place, **tier_terms.moving_terms(value, campaign.cooperative))
    mine.filter(frozen_at=None).update(**open_terms)
    if value["retired"]:
        mine.filter(retired_at=None).update(retired_at=clock.now())
    else:
        mine.update(retired_at=None)
    _write_limit(reward, value["limit"])
    return reward


def _write_postage(reward: Reward, value: Any) -> None:
    wanted = tier_terms.postage(value)
    if wanted == {row.zone: row.price for row in reward.postage.all()}:
        return
    reward.postage.exclude(zone__in=wanted).delete()
    for zone, price in wanted.items():
        RewardPostage.objects.update_or_create(reward=reward, zone=zone, defaults={"price": price})


def _write_variants(reward: Reward, value: Any) -> None:
    """One that left the page is retired: someone may have chosen it."""
    wanted = tier_terms.variants(value)
    for position, variant in enumerate(wanted):
        RewardVariant.objects.update_or_create(
            reward=reward, block_id=variant.block_id, defaults={"position": position, "retired_at": None}
        )
    gone = reward.variants.filter(retired_at=None).exclude(block_id__in=[variant.block_id for variant in wanted])
    gone.update(retired_at=clock.now())


def _write_limit(reward: Reward, limit: int | None) -> None:
    """A limit may come or go until the first pledge (whose stock it would not have counted), and move after it."""
    mine = Reward.objects.filter(pk=reward.pk)
    if limit is None:
        if reward.frozen_at is None and reward.limit is not None:
            _lift_limit(reward)
    elif reward.limit is not None:
        if stock.set_limit(reward, limit):
            mine.update(limit=limit)
    elif mine.filter(frozen_at=None).update(limit=limit):
        stock.set_limit(reward, limit)


def _lift_limit(reward: Reward) -> None:
    """Only while nothing is held or promised: the count would be lost."""
    if stock.forget(reward):
        Reward.objects.filter(pk=reward.pk).update(limit=None)


def _write_texts(campaign: Campaign, page: CampaignPage) -> None:
    language = page.locale.language_code
    Campaign.objects.filter(pk=campaign.pk).update(**_words_by_field(page))
    lifecycle.terms_changed(campaign.pk)
    for _kind, child in page.offered_blocks:
        reward = campaign.rewards.filter(block_id=child.id)
        reward.update(**{f"{name}_{language}": text for name, text in tier_terms.texts(child.value).items()})
        for variant in tier_terms.variants(child.value):
            RewardVariant.objects.filter(reward__in=reward, block_id=variant.block_id).update(
                **{f"label_{language}": variant.label}
            )
    campaign.refresh_from_db()
