"""The words of agreement: what the review page has accepted, and what the hosted page repeats.

Stored word for word with each pledge: a change of wording takes a new VERSION.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home import formats
from home.languages import text_of
from pledges.models import Pledge

VERSION = "2026-11"

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
CHECKOUT_PROMISE = _(
    "Your card is saved now and is not charged. %(legal_name)s will charge it once, for no more than %(max_amount)s, "
    "on %(charge_date)s, and only if the campaign “%(campaign)s” reaches %(goal)s by %(deadline)s. Until then you may "
    "cancel by the link sent to you by email. On your statement: %(descriptor)s. No tax receipt, no investment, no "
    "share in the cooperative."
)
CHECKOUT_PAYMENT = _(
    "%(legal_name)s charges %(amount)s now, whether or not the campaign “%(campaign)s” reaches its goal. You may "
    "cancel and get a refund until %(deadline)s, by the link sent to you by email. On your statement: %(descriptor)s. "
    "No tax receipt, no investment, no share in the cooperative."
)
CONSENT_INCREASE = _(
    "I authorize a maximum of %(max_amount)s instead of %(old_max_amount)s. The other terms do not change."
)
CHECKOUT_CHANGE = _(
    "%(legal_name)s charges %(amount)s now: the difference for the change of your contribution to the campaign "
    "“%(campaign)s”. You may cancel and get a refund until %(deadline)s, by the link sent to you by email. On your "
    "statement: %(descriptor)s. No tax receipt, no investment, no share in the cooperative."
)
CHECKOUT_MEND = _(
    "The campaign “%(campaign)s” has reached its goal. %(legal_name)s will charge the card given here once, for "
    "%(amount)s, as soon as you leave this page. On your statement: %(descriptor)s. No tax receipt, no investment, no "
    "share in the cooperative."
)

NEWS = _("Send me this campaign's news by email. I can unsubscribe at any time.")


def charge_date(campaign: Campaign, language: str | None = None) -> str:
    """The cooperative's day on which cards are charged: that of the moment after the deadline."""
    after = campaign.deadline + timedelta(seconds=1)
    return formats.local_day(after, campaign.cooperative.time_zone, language)


def consent_text(campaign: Campaign, max_amount: int, language: str) -> str:
    """What is agreed to, in a language; `max_amount` in minor units of the campaign's currency."""
    words = CONSENT_PROMISE if campaign.is_all_or_nothing else CONSENT_PAYMENT
    with translation.override(language):
        return str(words) % _values(campaign, max_amount)


def checkout_text(pledge: Pledge) -> str:
    """What stands beside the button of the hosted page, in the pledge's language; never over LONGEST characters."""
    campaign = pledge.campaign
    with translation.override(pledge.language):
        if campaign.is_over:
            words = str(CHECKOUT_MEND)
        else:
            words = str(CHECKOUT_PROMISE if campaign.is_all_or_nothing else CHECKOUT_PAYMENT)
        return _fitted(words, _values(campaign, pledge.amount))


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
        return _fitted(str(CHECKOUT_CHANGE), _values(pledge.campaign, difference))


def _values(campaign: Campaign, amount: int) -> dict[str, str]:
    cooperative = campaign.cooperative
    shown = formats.money(amount, campaign.currency)
    return {
        "legal_name": cooperative.legal_name,
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "descriptor": cooperative.statement_descriptor,
        "campaign": text_of(campaign, "title"),
        "goal": formats.money(campaign.goal, campaign.currency),
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
