"""What a backer changes on their own page: tiers and amount, address, what is shown and in which language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from babel import Locale
from django import forms
from django.forms import BoundField
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns import queries
from campaigns.enums import DeliveryZone, Handover
from campaigns.models import Reward, RewardVariant
from home import clock, formats
from home.fields import AmountField
from home.languages import ENGLISH, FRENCH, current
from pledges.amount_fields import MAXIMUM, MINIMUM
from pledges.change_plans import Plan, Wanted, items_of, plan_of
from pledges.changing import LEAST, is_paid_now
from pledges.choice_words import alone_words, not_offered_words, sold_out_words
from pledges.choosing import PledgeRefused
from pledges.enums import Wall
from pledges.forms import Problem
from pledges.models import DeliveryAddress, Pledge
from pledges.tier_choices import left_of

CANADIAN = re.compile(r"^([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]) ?(\d[ABCEGHJ-NPRSTV-Z]\d)$")
#: First letters of Québec's postal codes.
QUEBEC_LETTERS = "GHJ"
FORTY = forms.TextInput(attrs={"class": "input"})


@dataclass(frozen=True)
class Pick:
    """One line of the form: a tier, in one of its variants if it has any."""

    reward: Reward
    variant: RewardVariant | None
    field: BoundField

    @property
    def title(self) -> str:
        return f"{self.reward.title} ({self.variant})" if self.variant else self.reward.title


class ChangeForm(forms.Form):
    """What the contribution is to become. Once valid, `plan` says what that is and costs."""

    extra = AmountField(required=False, min_cents=0, label=_("Add an amount (optional)"))
    plan: Plan

    def __init__(self, pledge: Pledge, data: Any = None) -> None:
        super().__init__(data)
        self.pledge = pledge
        self.had = {(item.reward_id, item.variant_id): item for item in items_of(pledge)}
        self.rows = list(self._rows())
        for reward, variant in self.rows:
            item = self.had.get((reward.pk, variant.pk if variant else None))
            self.fields[_name(reward, variant)] = _quantity_field(item.quantity if item else 0)
        self.fields["extra"].help_text = gettext("It comes on top of your rewards and adds none.")
        self.fields["extra"].widget.attrs["class"] = "input input--short"
        self.initial["extra"] = pledge.extra or None
        if zones := self._zones():
            self.fields["zone"] = forms.ChoiceField(
                label=gettext("Mailed to:"), choices=zones, required=False, initial=pledge.zone
            )

    def _rows(self) -> Iterator[tuple[Reward, RewardVariant | None]]:
        """What may be taken now, and what is had, even where it is no longer offered."""
        now = clock.now()
        for reward in queries.rewards_of(self.pledge.campaign).prefetch_related("variants", "postage"):
            mine = [variant_id for pk, variant_id in self.had if pk == reward.pk]
            if not mine and not reward.is_offered(now):
                continue
            variants = [one for one in reward.variants.all() if one.retired_at is None or one.pk in mine]
            if None in mine or not variants:
                yield reward, None
            yield from ((reward, variant) for variant in variants)

    def _zones(self) -> list[tuple[str, str]]:
        rewards = {reward.pk: reward for reward, _variant in self.rows}.values()
        priced = {row.zone for reward in rewards if reward.handover == Handover.POST for row in reward.postage.all()}
        if not priced:
            return []
        nowhere = [("", gettext("Nothing to mail"))]
        return nowhere + [(zone.value, str(zone.label)) for zone in DeliveryZone if zone in priced | {self.pledge.zone}]

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.plan = plan_of(self.pledge, self.wanted, self.extra_cents, self.zone, clock.now())
            except PledgeRefused as refused:
                self.refuse(refused)
            else:
                self._check_stock()
                self._check_amount()
        return self.cleaned_data

    @property
    def wanted(self) -> list[Wanted]:
        rows = ((reward, variant, self.cleaned_data.get(_name(reward, variant)) or 0) for reward, variant in self.rows)
        return [Wanted(reward.pk, count, variant.pk if variant else None) for reward, variant, count in rows if count]

    @property
    def extra_cents(self) -> int:
        return self.cleaned_data.get("extra") or 0

    @property
    def zone(self) -> str:
        return self.cleaned_data.get("zone", self.pledge.zone)

    @property
    def zone_field(self) -> BoundField | None:
        return self["zone"] if "zone" in self.fields else None

    def _check_stock(self) -> None:
        for reward, variant in self.rows:
            more, left = self.plan.more.get(reward.pk, 0), left_of(reward)
            if left is not None and more > left and _name(reward, variant) not in self.errors:
                self.add_error(_name(reward, variant), _too_many(reward, left))
                return

    def _check_amount(self) -> None:
        amount, currency = self.plan.amount, self.pledge.currency
        least = self.pledge.amount + LEAST if is_paid_now(self.pledge, self.plan) else MINIMUM
        if amount < least:
            words = gettext("The amount must be at least %(minimum)s.")
            self.add_error("extra", words % {"minimum": formats.money(least, currency)})
        elif amount > MAXIMUM:
            words = gettext("The online amount is at most %(maximum)s. For more, write to %(contact_email)s.")
            contact = self.pledge.cooperative.contact_email
            self.add_error("extra", words % {"maximum": formats.money(MAXIMUM, currency), "contact_email": contact})

    def refuse(self, refused: PledgeRefused) -> None:
        """Say at its tier why the change was not made."""
        rows = [_name(*row) for row in self.rows if refused.reward is not None and row[0].pk == refused.reward.pk]
        name = "zone" if refused.code == "zone" and "zone" in self.fields else (rows or ["extra"])[0]
        self.add_error(name, _refusal_words(refused))

    def picks(self) -> list[Pick]:
        return [Pick(reward, variant, self[_name(reward, variant)]) for reward, variant in self.rows]

    def kept(self) -> Iterator[tuple[str, str]]:
        """Every field of a valid form, as the review page posts them again."""
        for field in self:
            value = field.value()
            if value not in (None, ""):
                yield field.html_name, str(value)

    def problems(self) -> list[Problem]:
        """In the order of the page."""
        names = [*(_name(*row) for row in self.rows), "extra", "zone"]
        return [Problem(str(message), self[name].auto_id) for name in names for message in self.errors.get(name, [])]


def _name(reward: Reward, variant: RewardVariant | None) -> str:
    return f"quantity_{reward.pk}_{variant.pk}" if variant else f"quantity_{reward.pk}"


def _quantity_field(had: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "class": "input input--short"})
    return forms.IntegerField(
        label=_("Quantity"), required=False, min_value=0, max_value=10_000, initial=had, widget=widget
    )


def _too_many(reward: Reward, left: int) -> str:
    if left == 0:
        return sold_out_words(reward)
    words = ngettext("Only %(n)s more is left.", "Only %(n)s more are left.", left)
    return words % {"n": formats.number(left)}


def _refusal_words(refused: PledgeRefused) -> str:
    if refused.reward is not None and refused.code in ("retired", "not_offered"):
        return not_offered_words(refused.reward)
    if refused.reward is not None and refused.code == "sold_out":
        return sold_out_words(refused.reward)
    if refused.reward is not None and refused.code == "variant":
        return gettext("Choose an option for “%(reward)s”.") % {"reward": refused.reward.title}
    others = {
        "alone": alone_words(),
        "zone": gettext("We do not mail this reward to that address. Choose “To pick up” or another reward."),
        "retired": gettext("No longer offered"),
        "price": gettext("An amount has changed since you opened this page. Please check your choice."),
    }
    return others.get(refused.code) or gettext("Choose a reward or enter an amount.")


class AddressForm(forms.ModelForm[DeliveryAddress]):
    """Where rewards are mailed. The country follows from what was paid for postage, where that says it."""

    class Meta:
        model = DeliveryAddress
        fields = ("recipient", "line1", "line2", "city", "region", "postal_code", "country")
        widgets = {  # noqa: RUF012 (Django's own way)
            name: forms.TextInput(attrs={"class": "input", "autocomplete": token})
            for name, token in (
                ("recipient", "name"),
                ("line1", "address-line1"),
                ("line2", "address-line2"),
                ("city", "address-level2"),
                ("region", "address-level1"),
                ("postal_code", "postal-code"),
            )
        }

    def __init__(self, pledge: Pledge, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.zone = pledge.zone
        fixed = {DeliveryZone.QUEBEC: "CA", DeliveryZone.CANADA: "CA", DeliveryZone.UNITED_STATES: "US"}
        self.country = fixed.get(DeliveryZone(self.zone)) if self.zone else None
        if self.country:
            del self.fields["country"]
        else:
            choices = _countries(current())
            self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=choices, initial="CA")
        if not self.instance.pk:
            self.initial.setdefault("recipient", pledge.backer.name)
        for name in ("recipient", "line1", "city"):
            self.fields[name].error_messages["required"] = gettext("This is needed to mail your rewards.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        country = self.country or cleaned.get("country", "")
        if country == "CA":
            self._check_canadian(cleaned)
        elif not cleaned.get("postal_code") and country == "US":
            self.add_error("postal_code", gettext("This is needed to mail your rewards."))
        return cleaned

    def fields_given(self) -> dict[str, str]:
        """Of a valid form, as pledges.own_settings writes them."""
        given = {name: self.cleaned_data[name] for name in self.fields}
        return given | ({"country": self.country} if self.country else {})

    def _check_canadian(self, cleaned: dict[str, Any]) -> None:
        match = CANADIAN.match(cleaned.get("postal_code", "").strip().upper())
        if match is None:
            self.add_error("postal_code", gettext("Enter a postal code such as A1A 1A1."))
            return
        cleaned["postal_code"] = f"{match[1]} {match[2]}"
        if self.zone == DeliveryZone.QUEBEC and match[1][0] not in QUEBEC_LETTERS:
            words = gettext("We do not mail this reward to that address. Choose “To pick up” or another reward.")
            self.add_error("postal_code", words)

    def problems(self) -> list[Problem]:
        return [
            Problem(str(message), self[name].auto_id) for name in self.fields for message in self.errors.get(name, [])
        ]


def _countries(language: str) -> list[tuple[str, str]]:
    """ISO codes with their names, sorted as they are read."""
    names = Locale("fr" if language == FRENCH else "en", "CA").territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in UNREAL]
    return sorted(found, key=lambda pair: formats.folded(pair[1]))


#: Codes that name no country mail goes to.
UNREAL = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "DG", "EA", "IC", "AC", "CP", "CQ"}


class SettingsForm(forms.Form):
    """What is shown on the wall of thanks, and the language to write in."""

    wall = forms.ChoiceField(
        label=_("On the wall of thanks:"), choices=Wall.choices, required=False, widget=forms.RadioSelect
    )
    wall_name = forms.CharField(label=_("Your name"), max_length=120, required=False, widget=FORTY)
    gift_for = forms.CharField(
        label=_("A gift for (optional)"),
        help_text=_("This name will stand in place of yours on the wall."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    language = forms.ChoiceField(
        label=_("We will write to you in:"),
        choices=[(FRENCH, _("French")), (ENGLISH, _("English"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, pledge: Pledge, data: Any = None) -> None:
        name = pledge.backer.name if pledge.gift_for or not pledge.wall_name else pledge.wall_name
        initial = {"wall": pledge.wall, "wall_name": name, "gift_for": pledge.gift_for, "language": pledge.language}
        super().__init__(data, initial=initial)
        if not queries.has_wall(pledge.campaign):
            for field in ("wall", "wall_name", "gift_for"):
                del self.fields[field]

    def clean_wall(self) -> str:
        return self.cleaned_data["wall"] or Wall.NEITHER

    def clean_wall_name(self) -> str:
        return " ".join(self.cleaned_data["wall_name"].split())

    def clean_gift_for(self) -> str:
        return " ".join(self.cleaned_data["gift_for"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        shown = cleaned.get("wall", Wall.NEITHER) != Wall.NEITHER
        if shown and not (cleaned.get("wall_name") or cleaned.get("gift_for")):
            self.add_error("wall_name", gettext("Enter the name to show on the wall."))
        return cleaned

    def problems(self) -> list[Problem]:
        return [
            Problem(str(message), self[name].auto_id) for name in self.fields for message in self.errors.get(name, [])
        ]
