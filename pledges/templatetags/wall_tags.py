"""The wall of thanks on a campaign's page."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from campaigns.models import Campaign
from home import formats
from pledges import pulse
from pledges.walls import Entry

register = template.Library()

#: Names on the campaign's page; the rest is one click away.
FIRST = 60

#: What the block picker shows, where there is no campaign: invented.
EXAMPLES = [
    Entry(1, "Rosalie Tremblay", 4500),
    Entry(2, "La boulangerie d’en face"),
    Entry(3, "Owen Macready"),
    Entry(4, "Mireille et Jo", 12_000),
    Entry(5, "Les voisins du rang 4"),
]


@dataclass(frozen=True)
class ShownWall:
    entries: list[Entry]
    has_more: bool
    hidden: int


@register.simple_tag(takes_context=True)
def wall_of(context: dict[str, Any]) -> ShownWall:
    """The first names of the page's campaign, in one query; of a page without terms, nobody's yet."""
    campaign = context.get("campaign")
    if isinstance(campaign, Campaign):
        page = pulse.wall_shown(campaign, size=FIRST)
        return ShownWall(page.entries, page.after is not None, page.hidden)
    return ShownWall([] if context.get("page") else EXAMPLES, has_more=False, hidden=0)


@register.filter
def hidden_words(count: int) -> str:
    words = ngettext("%(n)s person does not show a name", "%(n)s people do not show their names", count)
    return words % {"n": formats.number(count)}


@register.filter
def entry_words(entry: Entry, currency: str) -> SafeString:
    """« Rosalie Tremblay, 45 $ », the amount smaller; or the name alone."""
    name = escape(entry.name)
    if entry.amount is None:
        return name
    amount = format_html('<span class="said">{}</span>', formats.money(entry.amount, currency))
    return SafeString(gettext("%(name)s, %(amount)s") % {"name": name, "amount": amount})
