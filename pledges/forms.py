"""The choice of a backer: tiers with quantities, an amount on top, and whom to write to.

Nothing is kept between the form and the review page but what the browser posts again.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.enums import DeliveryZone
from campaigns.models import Campaign, Reward
from home import clock, formats
from home.languages import current
from home.referral import VIA_LENGTH
from pledges import choice_words, on_offer, postage
from pledges.amount_fields import MAXIMUM, MINIMUM, AmountForm
from pledges.choosing import ChosenReward, PledgeRefused
from pledges.enums import Wall
from pledges.person_fields import COMPLETE_EMAIL, PERSON_FIELDS, PersonForm
from pledges.tier_choices import (
    Chosen,
    Row,
    RowChoice,
    TierChoice,
    left_of,
    quantity_field,
    quantity_name,
    rows_of,
    was_asked_for,
    was_chosen,
)

__all__ = ["ContributionForm", "LostLinkForm", "quantity_name"]

PRICE = re.compile(r"^[0-9]{1,12}\Z")

SOME_ZONE = _("Choose where to mail your rewards.")


@dataclass(frozen=True)
class Problem:
    """One line of the summary: what to review, and the id of its field (none where it is no field's)."""

    message: str
    anchor: str


class ContributionForm(PersonForm, AmountForm):
    """Step 1. With `final`, stock and what is offered are left to the pledge itself: a second click finds the first.

    `is_late`: after the end, with the tiers that are still offered then. `wanted` is the id of the tier that the
    visitor came for, where it has variants to choose from.
    """

    via = forms.CharField(required=False, widget=forms.HiddenInput)
    attempt = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, campaign: Campaign, data: Any = None, *, final: bool = False, is_late: bool = False, **kwargs: Any
    ) -> None:
        initial = {"language": current(), "attempt": str(uuid.uuid4())} | kwargs.pop("initial", {})
        super().__init__(data, initial=initial, **kwargs)
        self.campaign, self.final, self.is_late = campaign, final, is_late
        self.offer = on_offer.read(campaign)
        self.rewards = [reward for reward in self.offer.rewards if self._is_shown(reward)]
        self.rows = [row for reward in self.rewards for row in rows_of(reward, self.data)]
        for row in self.rows:
            self.fields[row.name] = quantity_field(row.reward)
        self.wanted = self._known_wanted(self.data.get("wanted", ""))
        self._fit_choices()

    def _is_offered(self, reward: Reward) -> bool:
        return reward.is_offered(clock.now()) and (reward.sold_late or not self.is_late)

    def _is_shown(self, reward: Reward) -> bool:
        """One that is not offered (any more) shows only to someone who had chosen it, and is told."""
        return self._is_offered(reward) or (self.is_bound and was_chosen(self.data, reward))

    def _fit_choices(self) -> None:
        """What this campaign asks about."""
        if not self.offer.has_wall:
            del self.fields["wall"]
        else:
            self.fields["gift_for"].help_text = _("This name will stand in place of yours on the wall.")
        zones = [(zone.value, zone.label) for zone in postage.zones_for(self.rewards)]
        if zones:
            self.fields["zone"] = _zone_field(zones)
        self.name_amounts(self.campaign, on_top=bool(self.rewards))

    def choose(self, reward_id: str) -> None:
        """Propose one of a tier; of one with variants, ask which."""
        self.wanted = self._known_wanted(reward_id)
        for row in self.rows:
            if str(row.reward.pk) == reward_id and not self.wanted:
                self.initial[row.name] = 1

    def _known_wanted(self, reward_id: str) -> str:
        return reward_id if sum(str(row.reward.pk) == reward_id for row in self.rows) > 1 else ""

    def _rows_of(self, reward: Reward) -> list[Row]:
        return [row for row in self.rows if row.reward.pk == reward.pk]

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
        super().clean()
        for reward in self.rewards:
            self._check_tier(reward)
        self._check_add_ons()
        self._check_zone()
        touched = ["suggested", "extra", *(row.name for row in self.rows)]
        if not any(name in self.errors for name in touched):
            self._check_total()
        return self.cleaned_data

    def _check_tier(self, reward: Reward) -> None:
        rows = self._rows_of(reward)
        taken = [row for row in rows if self._quantity(row)]
        if not taken:
            if quantity_name(reward) not in self.fields and was_asked_for(self.data, quantity_name(reward)):
                self.add_error(rows[0].name, choice_words.variant_words(reward))
        elif not self.final:
            self._check_stock(reward, taken)

    def _check_stock(self, reward: Reward, taken: list[Row]) -> None:
        left = left_of(reward)
        gone = [row for row in taken if row.is_retired]
        if not self._is_offered(reward):
            self.add_error(taken[0].name, choice_words.not_offered_words(reward))
        elif gone:
            self.add_error(gone[0].name, gettext("No longer offered"))
        elif left is not None and sum(map(self._quantity, taken)) > left:
            self.add_error(taken[0].name, choice_words.too_many_words(reward, left))

    def _check_add_ons(self) -> None:
        """They are made and mailed with a reward, and nothing else."""
        taken = [row for row in self.rows if self._quantity(row)]
        if taken and all(row.reward.is_add_on for row in taken):
            self.add_error(taken[0].name, choice_words.alone_words())

    def _check_zone(self) -> None:
        """Asked for where something chosen has a price by zone; kept only for what is mailed."""
        if "zone" not in self.fields or "zone" in self.errors:
            return
        taken = [row.reward for row in self.rows if self._quantity(row)]
        priced = [reward for reward in taken if postage.prices_of(reward)]
        if not priced:
            self.cleaned_data["zone"] = ""
        elif not self.mailed_to:
            self.add_error("zone", SOME_ZONE)
        elif any(postage.price_to(reward, self.mailed_to) is None for reward in priced):
            self.add_error("zone", choice_words.not_mailed_words())

    def _check_total(self) -> None:
        currency, nothing = self.campaign.currency, not any(self._quantity(row) for row in self.rows)
        asked = [row for row in self.rows if str(row.reward.pk) == self.wanted]
        if nothing and asked and not self.extra_cents:
            self.add_error(asked[0].name, choice_words.variant_words(asked[0].reward))
        elif self.is_late and nothing:
            self.add_error(self.rows[0].name if self.rows else "extra", gettext("Choose a reward."))
        elif self.total == 0:
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
    def mailed_to(self) -> str:
        """Where rewards are mailed to; empty where it changes nothing."""
        return self.cleaned_data.get("zone") or ""

    @property
    def total(self) -> int:
        """Minor units, at today's prices, postage included."""
        return self.extra_cents + sum(one.total + one.postage for one in self.chosen)

    @property
    def postage(self) -> int:
        return sum(one.postage for one in self.chosen)

    @property
    def has_postage(self) -> bool:
        """Whether something chosen is mailed at the zone's price, be it zero."""
        return any(postage.prices_of(one.reward) for one in self.chosen)

    @property
    def zone_name(self) -> str:
        return str(dict(DeliveryZone.choices).get(self.mailed_to, ""))

    @property
    def taxable(self) -> int:
        """What of the total taxes are due on."""
        return sum(one.taxable for one in self.chosen)

    def _quantity(self, row: Row) -> int:
        return self.cleaned_data.get(row.name) or 0

    def _seen(self, name: str) -> int | None:
        """What the page that was posted said, in minor units; None if it did not say."""
        seen = self.data.get(name, "")
        return int(seen) if PRICE.match(seen) else None

    def tiers(self) -> list[TierChoice]:
        """Every tier in page order."""
        return [self._choice(reward) for reward in self.rewards if not reward.is_add_on]

    def add_ons(self) -> list[TierChoice]:
        """What may be taken with a tier, in page order."""
        return [self._choice(reward) for reward in self.rewards if reward.is_add_on]

    def _choice(self, reward: Reward) -> TierChoice:
        rows = [RowChoice(str(row.variant or ""), self[row.name]) for row in self._rows_of(reward)]
        return TierChoice(reward, rows, self.offer.months[reward.pk], self._is_offered(reward))

    @property
    def chosen(self) -> list[Chosen]:
        """What is taken; an unknown earlier price counts as a changed one only when money is about to move."""
        return [self._chosen(row) for row in self.rows if self._quantity(row)]

    def _chosen(self, row: Row) -> Chosen:
        reward, price = row.reward, postage.price_to(row.reward, self.mailed_to) or 0
        return Chosen(
            row=row,
            quantity=self._quantity(row),
            month=self.offer.months[reward.pk],
            unit_postage=price,
            price_changed=self._changed(f"price_{reward.pk}", reward.amount),
            postage_changed=bool(postage.prices_of(reward)) and self._changed(f"postage_{reward.pk}", price),
        )

    def _changed(self, name: str, now: int) -> bool:
        seen = self._seen(name)
        return self.final if seen is None else seen != now

    @property
    def price_notices(self) -> list[str]:
        """One sentence for each tier taken whose amount or postage is no longer the one that was shown."""
        currency = self.campaign.currency
        words = [choice_words.price_words(one.reward, currency) for one in self.chosen if one.price_changed]
        for one in self.chosen:
            if one.postage_changed:
                words.append(choice_words.postage_words(one.reward, one.unit_postage, currency))
        return list(dict.fromkeys(words))

    def kept(self) -> Iterator[tuple[str, str]]:
        """Name and value of every field of a valid form, as the review page posts them again, with the prices shown."""
        for field in self:
            value = self.cleaned_data["attempt"] if field.name == "attempt" else field.value()
            if value not in (None, "", False):
                yield field.html_name, "on" if value is True else str(value)
        yield from dict(pair for one in self.chosen for pair in one.seen()).items()

    @property
    def wall_words(self) -> str:
        """What will stand on the wall of thanks, as a sentence."""
        gift = self.cleaned_data["gift_for"]
        sentences = {
            Wall.AMOUNT: gettext("On the wall of thanks: your name and amount."),
            Wall.NAME: gettext("On the wall of thanks: your name."),
            Wall.NEITHER: gettext("On the wall of thanks: neither your name nor your amount."),
        }
        if gift:
            sentences[Wall.AMOUNT] = gettext("On the wall of thanks: “%(name)s” and your amount.") % {"name": gift}
            sentences[Wall.NAME] = gettext("On the wall of thanks: “%(name)s”.") % {"name": gift}
        return sentences[Wall(self.cleaned_data["wall"])]

    def as_chosen(self) -> list[ChosenReward]:
        return [one.as_chosen() for one in self.chosen]

    @property
    def pledge_key(self) -> uuid.UUID:
        """One for each form and choice: the same one twice is one pledge, another choice is another one."""
        cleaned = self.cleaned_data
        said = {name: cleaned.get(name) or "" for name in (*PERSON_FIELDS, "news")}
        said["wall"] = str(cleaned.get("wall", Wall.NEITHER))
        content = [sorted(said.items()), self.mailed_to, self.extra_cents, self.is_late, self.as_chosen()]
        return uuid.uuid5(cleaned["attempt"], repr(content))

    def refuse(self, refused: PledgeRefused) -> None:
        """Say at its tier why the pledge was not made, where checking again has not said so."""
        reward = None if self.errors.get("zone") else refused.reward
        rows = self._rows_of(reward) if reward else []
        if reward is None or not rows or any(self.errors.get(row.name) for row in rows):
            return
        asked = [row for row in rows if was_asked_for(self.data, row.name)]
        self.add_error((asked or rows)[0].name, choice_words.refusal_words(refused.code, reward))

    def problems(self) -> list[Problem]:
        """In the order of the page."""
        names = [*(row.name for row in self.rows), "zone", "suggested", "extra", *PERSON_FIELDS]
        return [Problem(str(message), self._anchor(name)) for name in names for message in self.errors.get(name, [])]

    def _anchor(self, name: str) -> str:
        identifier = self[name].auto_id
        return f"{identifier}_0" if isinstance(self.fields[name].widget, forms.RadioSelect) else identifier


def _zone_field(zones: list[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Where should we mail your rewards?"),
        choices=zones,
        required=False,
        help_text=_("Only for what is mailed. We will ask for the address later."),
        error_messages={"invalid_choice": SOME_ZONE},
        widget=forms.RadioSelect,
    )


class LostLinkForm(forms.Form):
    """The address that a new link is asked for."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )
