"""What can get in the way of a choice, in words, each for the field it is said at."""

from django.utils.translation import gettext, ngettext

from campaigns.models import Reward
from home import clock, formats


def sold_out_words(reward: Reward) -> str:
    words = gettext(
        "The last “%(reward)s” has just been taken. Nothing was charged and the rest of your choice is kept."
    )
    return words % {"reward": reward.title}


def too_many_words(reward: Reward, left: int) -> str:
    if left == 0:
        return sold_out_words(reward)
    words = ngettext(
        "Only %(n)s is left. Choose another quantity.", "Only %(n)s are left. Choose another quantity.", left
    )
    return words % {"n": formats.number(left)}


def not_offered_words(reward: Reward) -> str:
    if reward.retired_at is None and reward.closed_before(clock.now()):
        words = gettext("The early bird “%(reward)s” ended while you were filling in the page. Nothing was charged.")
        return words % {"reward": reward.title}
    if reward.retired_at is None and reward.available_from and reward.opens_after(clock.now()):
        zone = reward.campaign.cooperative.time_zone
        return gettext("Available from %(date)s at %(time)s") % {
            "date": formats.local_day(reward.available_from, zone),
            "time": formats.clock_time(reward.available_from, zone),
        }
    return gettext("No longer offered")


def alone_words() -> str:
    return gettext("An add-on comes on top of a reward. Choose a reward too, or set this quantity to 0.")


def variant_words(reward: Reward) -> str:
    return gettext("Choose an option for “%(reward)s”.") % {"reward": reward.title}


def not_mailed_words() -> str:
    return gettext("We do not mail this reward to that address. Choose “To pick up” or another reward.")


def refusal_words(code: str, reward: Reward) -> str:
    """For a pledge that was refused at the last moment, at its tier."""
    words = {"alone": alone_words, "zone": not_mailed_words}
    if code in words:
        return words[code]()
    if code == "variant":
        return variant_words(reward)
    return not_offered_words(reward) if code in ("retired", "not_offered") else sold_out_words(reward)


def price_words(reward: Reward, currency: str) -> str:
    words = gettext(
        "The amount of “%(reward)s” has changed since you opened this page: %(amount)s. Please check your choice."
    )
    return words % {"reward": reward.title, "amount": formats.money(reward.amount, currency)}


def postage_words(reward: Reward, price: int, currency: str) -> str:
    words = gettext(
        "The postage of “%(reward)s” has changed since you opened this page: %(amount)s. Please check your choice."
    )
    return words % {"reward": reward.title, "amount": formats.money(price, currency)}
