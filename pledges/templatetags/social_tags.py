"""What a campaign's page says to those who show it elsewhere: Open Graph, JSON-LD. Asks the database for nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.models import Campaign, CampaignPage, Reward
from campaigns.sharing import structured
from campaigns.sharing.addresses import reward_url
from home import formats
from home.languages import TAGS, current, text_of
from pledges import affiches
from pledges.templatetags.pledge_tags import Tier, on_sale, shown_on
from pledges.totals import Progress

register = template.Library()

#: As `json_script` does: nothing in a text can end the element or open another one.
ESCAPES = {">": "\\u003E", "<": "\\u003C", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Card:
    """How a page introduces itself where it is passed on; addresses are absolute, locales as Open Graph writes them."""

    title: str
    description: str
    url: str
    image: str
    locale: str
    other_locales: list[str]


@register.simple_tag(takes_context=True)
def social_card(context: dict[str, Any], progress: Progress) -> Card:
    """The campaign's, or at a tier's own address that of the tier."""
    reward: Reward | None = context.get("shared_reward")
    return _own_card(context, progress) if reward is None else _card(context, progress, reward)


def _own_card(context: dict[str, Any], progress: Progress) -> Card:
    """The campaign's, made once a page: its head shows it, and its end says the same to machines."""
    kept = context["page"].__dict__
    if "_own_card" not in kept:
        kept["_own_card"] = _card(context, progress, None)
    return kept["_own_card"]


def _card(context: dict[str, Any], progress: Progress, reward: Reward | None) -> Card:
    page, brand, campaign = context["page"], context["brand"], progress.campaign
    mine = TAGS[current()]
    others = [tag.replace("-", "_") for tag in TAGS.values() if tag != mine]
    if reward is None:
        description = page.search_description or (page.opening or {}).get("tagline") or ""
        image = affiches.image_url(page, progress, brand)
        return Card(page.title, description, _url(context, page, campaign), image, mine.replace("-", "_"), others)
    return Card(
        title=f"{reward.title}, {formats.money(reward.amount, campaign.currency)} · {page.title}",
        description=text_of(reward, "description"),
        url=campaign.cooperative.root_url + reward_url(reward),
        image=affiches.reward_image_url(page, reward, progress, brand),
        locale=mine.replace("-", "_"),
        other_locales=others,
    )


@register.simple_tag
def shown_tiers(page: CampaignPage) -> list[Tier]:
    return shown_on(page)


@register.simple_tag
def is_sold_out(reward: Reward) -> bool:
    """Nothing is left of it, not even for those who wait for a payment to fail."""
    return reward.limit is not None and reward.stock.left == 0


@register.simple_tag(takes_context=True)
def structured_data(context: dict[str, Any], progress: Progress, is_open: bool, is_late: bool) -> SafeString:
    """At the end of the page: the tiers are those that it has shown, and that may be chosen now."""
    page: CampaignPage = context["page"]
    card, campaign = _own_card(context, progress), progress.campaign
    described = structured.Described(
        url=card.url,
        language=TAGS[current()],
        title=page.title,
        description=card.description,
        place=campaign.place,
        image=card.image,
    )
    offers = _offered(page, campaign, is_open, is_late)
    text = json.dumps(structured.graph(campaign.cooperative, described, offers), ensure_ascii=False)
    for character, escape in ESCAPES.items():
        text = text.replace(character, escape)
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text))


def _offered(page: CampaignPage, campaign: Campaign, is_open: bool, is_late: bool) -> Iterator[structured.Offered]:
    for tier in shown_on(page):
        if tier.reward is not None and on_sale(tier.reward, is_open, is_late):
            yield structured.Offered(
                url=campaign.cooperative.root_url + reward_url(tier.reward),
                title=tier.value["title"],
                amount=tier.reward.amount,
                currency=campaign.currency,
                is_gone=tier.is_gone,
                until="" if tier.reward.sold_late else campaign.deadline.isoformat(),
            )


def _url(context: dict[str, Any], page: CampaignPage, campaign: Campaign) -> str:
    return page.get_full_url(context.get("request")) or campaign.cooperative.root_url
