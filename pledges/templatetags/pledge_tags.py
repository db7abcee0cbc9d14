"""Progress and tiers on public pages: every figure comes from rows, every text from the page's blocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns import measures
from campaigns.models import Campaign, CampaignPage, Reward, RewardStock
from home import clock, formats
from home.models import Cooperative
from home.page_cache import noting
from pledges import consent_texts, pulse, totals
from pledges.matching import Partner, partners_of
from pledges.pledging import HOLD
from pledges.totals import Progress

register = template.Library()

#: A limited tier says so in colour from this many on down.
FEW = 5

#: Under one percent, up to the goal, at the goal, beyond it: while promised, and once paid.
PLEDGED = (
    _("%(amount)s pledged of %(goal)s (less than 1%%)"),
    _("%(amount)s pledged of %(goal)s (%(percent)s)"),
    _("Goal reached: %(amount)s pledged of %(goal)s (%(percent)s)"),
    _("Beyond the goal: %(amount)s pledged of %(goal)s (%(percent)s)"),
)
RAISED = (
    _("%(amount)s raised of %(goal)s (less than 1%%)"),
    _("%(amount)s raised of %(goal)s (%(percent)s)"),
    _("Goal reached: %(amount)s raised of %(goal)s (%(percent)s)"),
    _("Beyond the goal: %(amount)s raised of %(goal)s (%(percent)s)"),
)


@dataclass(frozen=True)
class Stock:
    """What is left of a limited tier, apart from what others hold while they pay."""

    left: int
    held: int

    @property
    def is_gone(self) -> bool:
        return self.left == 0

    @property
    def is_few(self) -> bool:
        return 0 < self.left <= FEW

    @property
    def left_words(self) -> str:
        return ngettext("%(n)s left", "%(n)s left", self.left) % {"n": formats.number(self.left)}

    @property
    def held_words(self) -> str:
        words = ngettext("%(n)s held by someone paying now", "%(n)s held by people paying now", self.held)
        return words % {"n": formats.number(self.held)}

    @property
    def all_held_words(self) -> str:
        words = gettext(
            "All are held by people paying now. "
            "If a payment is not completed, some will be back within %(minutes)s minutes."
        )
        return words % {"minutes": HOLD // timedelta(minutes=1)}


@dataclass(frozen=True)
class Tier:
    """One tier on the page: `value` holds its texts, `reward` its terms (none before the first publication)."""

    value: Any
    reward: Reward | None
    month: date | None
    stock: Stock | None

    @property
    def is_gone(self) -> bool:
        return self.stock is not None and self.stock.is_gone

    @property
    def has_moved(self) -> bool:
        return self.reward is not None and self.month != self.reward.estimated_delivery


@dataclass(frozen=True)
class Shown:
    """A poster beside the progress of its campaign."""

    poster: Any
    progress: Progress


@register.simple_tag(takes_context=True)
def progress(context: Context, campaign: Campaign) -> Progress:
    """Read once a page, though it is shown at the top and in the bar at the bottom; with the campaign, if it can be."""
    if hasattr(campaign, "tallied"):
        return pulse.shown(totals.progress_of_row(campaign))
    rendering: Any = context.render_context
    known: dict[int, Progress] = rendering.setdefault("progress", {})
    if campaign.pk not in known:
        known[campaign.pk] = pulse.shown(totals.progress_of(campaign))
    return known[campaign.pk]


@register.simple_tag
def partners(campaign: Campaign) -> list[Partner]:
    """Who adds money of their own to what people give, apart from every total."""
    return partners_of(campaign)


@register.simple_tag
def with_progress(posters: Iterable[Any]) -> list[Shown]:
    wanted = list(posters)
    found = totals.progress_of_all(poster.campaign for poster in wanted)
    return [Shown(poster, pulse.shown(found[poster.campaign.pk])) for poster in wanted]


@register.filter
def strong_money(cents: int, currency: str) -> SafeString:
    """An amount that stands out in its sentence."""
    return format_html("<b>{}</b>", formats.money(cents, currency))


@register.filter
def sentence(progress: Progress) -> SafeString:
    """How far the campaign is, the amount standing out; a campaign at zero names its goal."""
    campaign = progress.campaign
    goal = measures.goal_of(campaign, campaign.currency)
    if progress.amount <= 0:
        return format_html(gettext("Goal: %(goal)s").replace("%(goal)s", "{}"), format_html("<b>{}</b>", goal))
    if campaign.counts_units:
        return _reserved(progress)
    words = (PLEDGED if campaign.is_all_or_nothing else RAISED)[_stage(progress)]
    values = {"goal": goal, "percent": formats.percent(progress.amount, campaign.goal)}
    return SafeString(str(words) % (values | {"amount": strong_money(progress.amount, campaign.currency)}))


def _reserved(progress: Progress) -> SafeString:
    units, goal = progress.units, progress.campaign.goal
    words = _reserved_words(_stage(progress), units)
    values = {
        "n": format_html("<b>{}</b>", formats.number(units)),
        "goal": formats.number(goal),
        "percent": formats.percent(units, goal),
    }
    return SafeString(words % values)


def _reserved_words(stage: int, units: int) -> str:
    """French agrees with the units that are reserved, English with those of the goal."""
    if stage == 0:
        return ngettext(
            "%(n)s of %(goal)s units reserved (less than 1%%)",
            "%(n)s of %(goal)s units reserved (less than 1%%)",
            units,
        )
    if stage == 1:
        return ngettext(
            "%(n)s of %(goal)s units reserved (%(percent)s)", "%(n)s of %(goal)s units reserved (%(percent)s)", units
        )
    if stage == 2:
        return ngettext(
            "Goal reached: %(n)s of %(goal)s units reserved (%(percent)s)",
            "Goal reached: %(n)s of %(goal)s units reserved (%(percent)s)",
            units,
        )
    return ngettext(
        "Beyond the goal: %(n)s units reserved of %(goal)s (%(percent)s)",
        "Beyond the goal: %(n)s units reserved of %(goal)s (%(percent)s)",
        units,
    )


def _stage(progress: Progress) -> int:
    if progress.is_beyond:
        return 3
    if progress.is_reached:
        return 2
    return 1 if progress.percent else 0


@register.filter
def nature_words(cooperative: Cooperative) -> str:
    """That a contribution is no investment, and whether it may give a tax receipt."""
    return consent_texts.nature(cooperative)


@register.filter
def condition_words(campaign: Campaign) -> str:
    """When the card of an all-or-nothing promise is charged, as the review page says it."""
    goal = measures.goal_of(campaign, campaign.currency)
    values = {"goal": goal, "deadline": formats.deadline(campaign.deadline, campaign.cooperative.time_zone)}
    if campaign.counts_units:
        return gettext("Your card will be charged only if %(goal)s are reserved by %(deadline)s.") % values
    words = gettext(
        "Your card will be charged only if pledges reach %(goal)s by %(deadline)s. "
        "If not, nothing is charged and you have nothing to do."
    )
    return words % values


@register.filter
def percent_words(progress: Progress) -> str:
    return formats.percent(progress.amount, progress.campaign.goal)


@register.filter
def raised_words(progress: Progress) -> str:
    """What an ended flexible campaign has raised: money, though its goal may count units."""
    return formats.money(progress.pledged, progress.campaign.currency)


@register.filter
def people_words(count: int) -> SafeString:
    """How many contributed, the figure standing out; zero has a sentence of its own."""
    if count == 0:
        return SafeString(gettext("No one has contributed yet"))
    words = ngettext("%(n)s person has contributed", "%(n)s people have contributed", count)
    return format_html(words.replace("%(n)s", "{}"), format_html("<b>{}</b>", formats.number(count)))


@register.simple_tag
def on_sale(reward: Reward | None, is_open: bool, is_late: bool) -> bool:
    """Whether a tier may be chosen at all: while the campaign runs, or after it where it is sold late."""
    return reward is not None and bool(is_open or (is_late and reward.sold_late))


@register.simple_tag
def late_rewards(page: Any, is_late: bool) -> list[Reward]:
    """Those of a page that are still offered after the end, and not gone. Asks for what its tiers ask for."""
    if not is_late or not isinstance(page, CampaignPage) or page.campaign is None:
        return []
    now = clock.now()
    offered = [reward for reward in offers_of(page, page.campaign).values() if reward.sold_late]
    for reward in offered:
        noting.until(reward.available_from)
        noting.until(reward.available_until)
    return [reward for reward in offered if not reward.is_add_on and reward.is_offered(now) and _is_left(reward)]


def _is_left(reward: Reward) -> bool:
    stock = _stock_of(reward)
    return stock is None or not stock.is_gone


@register.simple_tag(takes_context=True)
def tiers_of(context: Context, children: Iterable[Any]) -> list[Tier]:
    """The tiers or add-ons of a block in page order, without the retired. One not published shows in previews only."""
    page = context.get("page")
    campaign = page.campaign if isinstance(page, CampaignPage) else None
    previewed = page is None or getattr(context.get("request"), "is_preview", False)
    rewards = offers_of(page, campaign) if isinstance(page, CampaignPage) and campaign else {}
    tiers = []
    for child in children:
        reward = rewards.get(str(child.id))
        if reward is None and previewed:
            tiers.append(Tier(child.value, None, None, None))
        elif reward is not None and reward.retired_at is None:
            tiers.append(Tier(child.value, reward, reward.month_now, _stock_of(reward)))
    if isinstance(page, CampaignPage):
        shown_on(page).extend(tiers)
    return tiers


def shown_on(page: CampaignPage) -> list[Tier]:
    """The tiers that the page has shown so far: what is said of them at its end asks for nothing again."""
    return page.__dict__.setdefault("_shown_tiers", [])


def offers_of(page: CampaignPage, campaign: Campaign) -> dict[str, Any]:
    """The terms of a page's tiers by block id, each with the month that it is promised for now (`month_now`) and its
    figures (pledges.delivery_figures).

    Read once a page: tiers and add-ons are two blocks, and a block knows nothing of another.
    """
    kept = page.__dict__
    if "_offers" not in kept:
        rewards = pulse.offers_shown(campaign)
        kept["_offers"] = {str(reward.block_id): reward for reward in rewards}
    return kept["_offers"]


def _stock_of(reward: Reward) -> Stock | None:
    if reward.limit is None:
        return None
    stock: RewardStock = reward.stock
    return Stock(left=stock.left, held=stock.held)
