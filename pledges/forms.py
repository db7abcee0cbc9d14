"""The choice of a backer: tiers with quantities, an amount on top, and whom to write to.

Nothing is kept between the form and the review page but what the browser posts again.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns import queries
from campaigns.models import Campaign, Reward
from home import clock, formats
from home.fields import AmountField
from home.languages import ENGLISH, FRENCH, current
from home.referral import VIA_LENGTH
from pledges import totals
from pledges.choosing import ChosenReward, PledgeRefused
from pledges.consent_texts import NEWS
from pledges.enums import Wall
from pledges.templatetags.pledge_tags import Stock

#: Cents of the campaign's currency: what a contribution may be, online.
MINIMUM, MAXIMUM = 100, 1_000_000

PRICE = re.compile(r"^[0-9]{1,12}\Z")

COMPLETE_EMAIL = _("Enter a complete email address, for example camille@example.com.")
SOME_NAME = _("Enter a name of your choice: it is used in your emails and for your rewards.")


@dataclass(frozen=True)
class TierChoice:
    """One tier of the form, with the field of its quantity."""

    reward: Reward
    field: BoundField
    month: date

    @property
    def has_moved(self) -> bool:
        return self.month != self.reward.estimated_delivery

    @property
    def stock(self) -> Stock | None:
        return None if self.reward.limit is None else Stock(self.reward.stock.left, self.reward.stock.held)

    @property
    def may_be_chosen(self) -> bool:
        """One that is gone keeps its field where someone must take it back from their choice."""
        gone = not self.is_offered or left_of(self.reward) == 0
        return not gone or bool(self.field.errors)

    @property
    def is_offered(self) -> bool:
        return self.reward.is_offered(clock.now())


@dataclass(frozen=True)
class Chosen:
    """One tier taken, as the review page shows it. `total` in minor units."""

    reward: Reward
    quantity: int
    month: date
    price_changed: bool

    @property
    def total(self) -> int:
        return self.quantity * self.reward.amount

    @property
    def has_moved(self) -> bool:
        return self.month != self.reward.estimated_delivery


@dataclass(frozen=True)
class Problem:
    """One line of the summary: what to review, and the id of its field (none where it is no field's)."""

    message: str
    anchor: str


def left_of(reward: Reward) -> int | None:
    """How many of a tier may be taken now; None without limit."""
    return None if reward.limit is None else reward.stock.left


def sold_out_words(reward: Reward) -> str:
    words = gettext(
        "The last “%(reward)s” has just been taken. Nothing was charged and the rest of your choice is kept."
    )
    return words % {"reward": reward.title}


def not_offered_words(reward: Reward) -> str:
    if reward.retired_at is None and reward.closed_before(clock.now()):
        words = gettext("The early bird “%(reward)s” ended while you were filling in the page. Nothing was charged.")
        return words % {"reward": reward.title}
    if reward.retired_at is None and reward.available_from:
        zone = reward.campaign.cooperative.time_zone
        return gettext("Available from %(date)s at %(time)s") % {
            "date": formats.local_day(reward.available_from, zone),
            "time": formats.clock_time(reward.available_from, zone),
        }
    return gettext("No longer offered")


def alone_words() -> str:
    return gettext("An add-on comes on top of a reward. Choose a reward too, or set this quantity to 0.")


def _refusal_words(code: str, reward: Reward) -> str:
    if code in ("retired", "not_offered"):
        return not_offered_words(reward)
    return alone_words() if code == "alone" else sold_out_words(reward)


def price_words(reward: Reward, currency: str) -> str:
    words = gettext(
        "The amount of “%(reward)s” has changed since you opened this page: %(amount)s. Please check your choice."
    )
    return words % {"reward": reward.title, "amount": formats.money(reward.amount, currency)}


class ContributionForm(forms.Form):
    """Step 1. With `final`, stock and what is offered are left to the pledge itself: a second click finds the first."""

    extra = AmountField(required=False, min_cents=0)
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        error_messages={"required": SOME_NAME},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("For your receipt and your “My contribution” link. Never shown or shared."),
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    language = forms.ChoiceField(
        label=_("We will write to you in:"),
        choices=[(FRENCH, _("French")), (ENGLISH, _("English"))],
        widget=forms.RadioSelect,
    )
    wall = forms.ChoiceField(
        label=_("On the wall of thanks:"),
        choices=Wall.choices,
        required=False,
        initial=Wall.NEITHER,
        widget=forms.RadioSelect,
    )
    news = forms.BooleanField(
        label=NEWS,
        required=False,
        help_text=_("Emails about your payment and your rewards will reach you in any case."),
    )
    via = forms.CharField(required=False, widget=forms.HiddenInput)
    attempt = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, campaign: Campaign, data: Any = None, *, final: bool = False, **kwargs: Any) -> None:
        initial = {"language": current(), "attempt": str(uuid.uuid4())} | kwargs.pop("initial", {})
        super().__init__(data, initial=initial, **kwargs)
        self.campaign, self.final = campaign, final
        self.rewards = [reward for reward in queries.rewards_of(campaign) if self._is_shown(reward)]
        for reward in self.rewards:
            self.fields[quantity_name(reward)] = self._quantity_field(reward)
        if not queries.has_wall(campaign):
            del self.fields["wall"]
        self._name_amount()
        for name in (*map(quantity_name, self.rewards), "extra", "name", "email"):
            self.fields[name].widget.attrs["class"] = "input" if name in ("name", "email") else "input input--short"

    def _is_shown(self, reward: Reward) -> bool:
        """One that is not offered (any more) shows only to someone who had chosen it, and is told."""
        asked_for = self.data.get(quantity_name(reward), "0").strip() if self.is_bound else "0"
        return reward.is_offered(clock.now()) or asked_for not in ("", "0")

    @staticmethod
    def _quantity_field(reward: Reward) -> forms.IntegerField:
        left = left_of(reward)
        limits = {} if left is None else {"max": str(left)}
        widget = forms.NumberInput(attrs=limits | {"inputmode": "numeric"})
        return forms.IntegerField(label=_("Quantity"), required=False, min_value=0, initial=0, widget=widget)

    def _name_amount(self) -> None:
        field = self.fields["extra"]
        if self.rewards:
            field.label = _("Add an amount (optional)")
            field.help_text = _("It comes on top of your rewards and adds none.")
        else:
            minimum = formats.money(MINIMUM, self.campaign.currency)
            field.label = _("Amount of your contribution")
            field.help_text = gettext("At least %(minimum)s. Example: 45 or 45.50") % {"minimum": minimum}

    def clean_name(self) -> str:
        """On one line: it stands in the greeting and the address of mails."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_wall(self) -> str:
        """Who did not answer is not shown."""
        return self.cleaned_data["wall"] or Wall.NEITHER

    def clean_via(self) -> str:
        """A longer one was not made by us."""
        via = self.cleaned_data["via"]
        return via if len(via) <= VIA_LENGTH else ""

    def clean_attempt(self) -> uuid.UUID:
        """The form's own key; one that is missing or spoilt is replaced."""
        try:
            return uuid.UUID(self.cleaned_data["attempt"])
        except ValueError:
            return uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        if not self.final:
            for reward in self.rewards:
                self._check_stock(reward)
        self._check_add_ons()
        if not any(quantity_name(reward) in self.errors for reward in self.rewards) and "extra" not in self.errors:
            self._check_total()
        return self.cleaned_data

    def _check_stock(self, reward: Reward) -> None:
        name, left = quantity_name(reward), left_of(reward)
        quantity = self.cleaned_data.get(name) or 0
        if quantity and not reward.is_offered(clock.now()):
            self.add_error(name, not_offered_words(reward))
        elif left is not None and quantity > left:
            self.add_error(name, _too_many_words(reward, left))

    def _check_add_ons(self) -> None:
        """They are made and mailed with a reward, and nothing else."""
        taken = [reward for reward in self.rewards if self._quantity(reward)]
        if taken and all(reward.is_add_on for reward in taken):
            self.add_error(quantity_name(taken[0]), alone_words())

    def _check_total(self) -> None:
        currency = self.campaign.currency
        if self.total == 0:
            self.add_error("extra", gettext("Choose a reward or enter an amount."))
        elif self.total < MINIMUM:
            minimum = formats.money(MINIMUM, currency)
            self.add_error("extra", gettext("The amount must be at least %(minimum)s.") % {"minimum": minimum})
        elif self.total > MAXIMUM:
            words = gettext("The online amount is at most %(maximum)s. For more, write to %(contact_email)s.")
            values = {
                "maximum": formats.money(MAXIMUM, currency),
                "contact_email": self.campaign.cooperative.contact_email,
            }
            self.add_error("extra", words % values)

    @property
    def extra_cents(self) -> int:
        return self.cleaned_data.get("extra") or 0

    @property
    def total(self) -> int:
        """Minor units, at today's prices."""
        return self.extra_cents + sum(self._quantity(reward) * reward.amount for reward in self.rewards)

    def _quantity(self, reward: Reward) -> int:
        return self.cleaned_data.get(quantity_name(reward)) or 0

    def _seen_price(self, reward: Reward) -> int | None:
        """What the page that was posted said, in minor units; None if it did not say."""
        seen = self.data.get(f"price_{reward.pk}", "")
        return int(seen) if PRICE.match(seen) else None

    @cached_property
    def _months(self) -> dict[int, date]:
        return totals.current_months(self.rewards)

    def tiers(self) -> list[TierChoice]:
        """Every tier in page order."""
        return [self._choice(reward) for reward in self.rewards if not reward.is_add_on]

    def add_ons(self) -> list[TierChoice]:
        """What may be taken with a tier, in page order."""
        return [self._choice(reward) for reward in self.rewards if reward.is_add_on]

    def _choice(self, reward: Reward) -> TierChoice:
        return TierChoice(reward, self[quantity_name(reward)], self._months[reward.pk])

    @cached_property
    def chosen(self) -> list[Chosen]:
        """The tiers taken; an unknown earlier price counts as a changed one only when money is about to move."""
        return [
            Chosen(reward, self._quantity(reward), self._months[reward.pk], self._price_changed(reward))
            for reward in self.rewards
            if self._quantity(reward)
        ]

    def _price_changed(self, reward: Reward) -> bool:
        seen = self._seen_price(reward)
        return self.final if seen is None else seen != reward.amount

    @property
    def price_notices(self) -> list[str]:
        """One sentence for each tier taken whose amount is no longer the one that was shown."""
        return [price_words(one.reward, self.campaign.currency) for one in self.chosen if one.price_changed]

    def kept(self) -> Iterator[tuple[str, str]]:
        """Name and value of every field of a valid form, as the review page posts them again."""
        for field in self:
            value = self.cleaned_data["attempt"] if field.name == "attempt" else field.value()
            if value not in (None, "", False):
                yield field.html_name, "on" if value is True else str(value)

    @property
    def wall_words(self) -> str:
        """What will stand on the wall of thanks, as a sentence."""
        sentences = {
            Wall.AMOUNT: gettext("On the wall of thanks: your name and amount."),
            Wall.NAME: gettext("On the wall of thanks: your name."),
            Wall.NEITHER: gettext("On the wall of thanks: neither your name nor your amount."),
        }
        return sentences[Wall(self.cleaned_data["wall"])]

    def as_chosen(self) -> list[ChosenReward]:
        return [ChosenReward(one.reward.pk, one.quantity, one.reward.amount) for one in self.chosen]

    @property
    def pledge_key(self) -> uuid.UUID:
        """One for each form and choice: the same one twice is one pledge, another choice is another one."""
        cleaned = self.cleaned_data
        content = [cleaned["email"], cleaned["name"], cleaned["language"], cleaned["news"], self.extra_cents]
        content += [wall] if (wall := cleaned.get("wall", Wall.NEITHER)) != Wall.NEITHER else []
        content += [(one.reward_id, one.quantity, one.unit_amount) for one in self.as_chosen()]
        return uuid.uuid5(cleaned["attempt"], repr(content))

    def refuse(self, refused: PledgeRefused) -> None:
        """Say at its tier why the pledge was not made, where checking again has not said so."""
        reward = refused.reward
        if reward is None or quantity_name(reward) not in self.fields or self.errors.get(quantity_name(reward)):
            return
        self.add_error(quantity_name(reward), _refusal_words(refused.code, reward))

    def problems(self) -> list[Problem]:
        """In the order of the page."""
        names = [*map(quantity_name, self.rewards), "extra", "name", "email", "language", "wall"]
        return [Problem(str(message), self._anchor(name)) for name in names for message in self.errors.get(name, [])]

    def _anchor(self, name: str) -> str:
        identifier = self[name].auto_id
        return f"{identifier}_0" if name in ("language", "wall") else identifier


def quantity_name(reward: Reward) -> str:
    return f"quantity_{reward.pk}"


def _too_many_words(reward: Reward, left: int) -> str:
    if left == 0:
        return sold_out_words(reward)
    words = ngettext(
        "Only %(n)s is left. Choose another quantity.", "Only %(n)s are left. Choose another quantity.", left
    )
    return words % {"n": formats.number(left)}


class LostLinkForm(forms.Form):
    """The address that a new link is asked for."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )
