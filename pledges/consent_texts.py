"""The words of agreement: what the review page has accepted, and what the hosted page repeats.

Stored word for word with each pledge: a change of wording takes a new VERSION.
"""

import hashlib
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from campaigns import measures
from campaigns.models import Campaign
from home import formats
from home.languages import text_of
from home.models import Cooperative
from pledges.models import Pledge

VERSION = "2026-11.2"

#: Some of Stripe's published schemas still say 500.
LONGEST = 500

CONSENT_PROMISE = _(
    "I authorize %(legal_name)s to keep my card with %(processor)s and to charge it once, for no more than "
    "%(max_amount)s, if pledges reach %(goal)s by %(deadline)s. The charge will be made on %(charge_date)s; if it does "
    "not go through, it may be tried again for 7 days. If the deadline is extended, which may happen only once, the "
    "charge will follow the new date, I will be told by email and I may cancel. I may cancel until the deadline. My "
    "card is used for nothing else."
)
CONSENT_PAYMENT = _(
    "I authorize %(legal_name)s to charge my card %(max_amount)s today, whether or not the goal is reached. I may "
    "cancel and get a full refund until %(deadline)s."
)
CONSENT_LATE = _(
    "I authorize %(legal_name)s to charge my card %(max_amount)s today. The campaign has ended: my contribution does "
    "not change its result."
)
CHECKOUT_PROMISE = _(
    "Your card is saved now and is not charged. %(legal_name)s will charge it once, for no more than %(max_amount)s, "
    "on %(charge_date)s, and only if the campaign “%(campaign)s” reaches %(goal)s by %(deadline)s. Until then you may "
    "cancel by the link sent to you by email. On your statement: %(descriptor)s."
)
CHECKOUT_PAYMENT = _(
    "%(legal_name)s charges %(amount)s now, whether or not the campaign “%(campaign)s” reaches its goal. You may "
    "cancel and get a refund until %(deadline)s, by the link sent to you by email. On your statement: %(descriptor)s."
)
CHECKOUT_LATE = _(
    "%(legal_name)s charges %(amount)s now. The campaign “%(campaign)s” has ended: your contribution does not change "
    "its result. On your statement: %(descriptor)s."
)
CONSENT_INCREASE = _(
    "I authorize a maximum of %(max_amount)s instead of %(old_max_amount)s. The other terms do not change."
)
CHECKOUT_CHANGE = _(
    "%(legal_name)s charges %(amount)s now: the difference for the change of your contribution to the campaign "
    "“%(campaign)s”. You may cancel and get a refund until %(deadline)s, by the link sent to you by email. On your "
    "statement: %(descriptor)s."
)
CHECKOUT_MEND = _(
    "The campaign “%(campaign)s” has reached its goal. %(legal_name)s will charge the card given here once, for "
    "%(amount)s, as soon as you leave this page. On your statement: %(descriptor)s."
)
#: What a contribution is not, at the end of the hosted page's words; a registered charity may send a receipt.
NO_RECEIPT = _("No tax receipt, no investment, no share in the cooperative.")
NO_RECEIPT_CHARITY = _("Not an investment, no share in the cooperative.")

#: The same on our own pages.
NATURE = _(
    "Your contribution is neither a charitable gift nor an investment. It gives no tax receipt, no share in the "
    "cooperative and no return."
)
NATURE_CHARITY = _(
    "Where applicable, %(legal_name)s will send you an official donation receipt. Your contribution is not an "
    "investment and gives no share."
)

NEWS = _("Send me this campaign's news by email. I can unsubscribe at any time.")


def charge_day(campaign: Campaign) -> date:
    """The cooperative's day on which cards are charged: that of the moment after the deadline."""
    return (campaign.deadline + timedelta(seconds=1)).astimezone(ZoneInfo(campaign.cooperative.time_zone)).date()


def charge_date(campaign: Campaign, language: str | None = None) -> str:
    """That day in words."""
    return formats.day(charge_day(campaign), language)


def nature(cooperative: Cooperative) -> str:
    """What a contribution to this cooperative is not, in the reader's language."""
    words = NATURE_CHARITY if cooperative.is_charity else NATURE
    return str(words) % {"legal_name": cooperative.legal_name}


def consent_text(campaign: Campaign, max_amount: int, language: str, *, is_late: bool = False) -> str:
    """What is agreed to, in a language; `max_amount` in minor units of the campaign's currency."""
    words = CONSENT_PROMISE if campaign.is_all_or_nothing else CONSENT_PAYMENT
    with translation.override(language):
        return str(CONSENT_LATE if is_late else words) % _values(campaign, max_amount)


def checkout_text(pledge: Pledge) -> str:
    """What stands beside the button of the hosted page, in the pledge's language; never over LONGEST characters."""
    with translation.override(pledge.language):
        return _fitted(f"{_checkout_words(pledge)} {_ending(pledge)}", _values(pledge.campaign, pledge.amount))


def _checkout_words(pledge: Pledge) -> Any:
    if pledge.is_late:
        return CHECKOUT_LATE
    if pledge.campaign.is_over:
        return CHECKOUT_MEND
    return CHECKOUT_PROMISE if pledge.campaign.is_all_or_nothing else CHECKOUT_PAYMENT


def mark_of(text: str) -> str:
    """A short name of words that were shown, to tell whether they are still those of today."""
    return hashlib.sha256(f"{VERSION} {text}".encode()).hexdigest()[:16]


def increase_text(pledge: Pledge, max_amount: int, language: str) -> str:
    """What is agreed to when a contribution becomes one of more; minor units of its currency."""
    with translation.override(language):
        return str(CONSENT_INCREASE) % {
            "max_amount": formats.money(max_amount, pledge.currency),
            "old_max_amount": formats.money(pledge.amount, pledge.currency),
        }


def change_text(pledge: Pledge, difference: int) -> str:
    """As `checkout_text`, on the page that charges the difference of a change."""
    with translation.override(pledge.language):
        return _fitted(f"{CHECKOUT_CHANGE} {_ending(pledge)}", _values(pledge.campaign, difference))


def _ending(pledge: Pledge) -> Any:
    return NO_RECEIPT_CHARITY if pledge.campaign.cooperative.is_charity else NO_RECEIPT


def _values(campaign: Campaign, amount: int) -> dict[str, str]:
    cooperative = campaign.cooperative
    shown = formats.money(amount, campaign.currency)
    return {
        "legal_name": cooperative.legal_name,
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "descriptor": cooperative.statement_descriptor,
        "campaign": text_of(campaign, "title"),
        "goal": measures.goal_of(campaign, campaign.currency),
        "deadline": formats.deadline(campaign.deadline, cooperative.time_zone),
        "charge_date": charge_date(campaign),
        "amount": shown,
        "max_amount": shown,
    }


def _fitted(words: str, values: dict[str, str]) -> str:
    """Filled in; the campaign's title, then the legal name, lose what is too much."""
    for name in ("campaign", "legal_name"):
        over = len(words % values) - LONGEST
        if over > 0:
            values = values | {name: _shortened(values[name], over)}
    return words % values


def _shortened(text: str, over: int) -> str:
    """Without its last words, and with a mark in their place that counts too."""
    return text[: max(1, len(text) - over - 1)].rstrip() + "…"
