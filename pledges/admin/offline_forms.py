"""What the team says of a contribution made by other means: its entry, its payment, its refund."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import lifecycle, queries
from campaigns.enums import DeliveryZone
from campaigns.models import Campaign, Reward, RewardVariant
from home import clock, countries, formats
from home.fields import AmountField
from home.languages import CHOICES
from home.models import Cooperative
from pledges.choosing import PledgeRefused
from pledges.enums import PaymentMethod, Wall
from pledges.fulfilment import today_in
from pledges.offline_entry import EnteredLine, Entry

METHODS = [(one.value, one.label) for one in PaymentMethod if one != PaymentMethod.CARD]

#: Minor units, and pieces of a tier: beyond these, somebody mistyped.
MAXIMUM, MOST = 100_000_000, 10_000
#: A payment received before that is a mistyped year.
LONGEST_AGO = timedelta(days=366)

ADDRESS = ("recipient", "line1", "line2", "city", "region", "postal_code", "country")

Line = tuple[Reward, RewardVariant | None]


class DayField(forms.DateField):
    """A day that was: not after today where the cooperative is, nor long ago."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **kwargs)
        self.today: date | None = None

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is None or self.today is None:
            return day
        if day > self.today:
            raise ValidationError(_("This day has not come yet."), code="future")
        if day < self.today - LONGEST_AGO:
            raise ValidationError(_("This day is more than a year ago: check the year."), code="past")
        return day


class EntryForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        required=False,
        help_text=_("Leave it empty for a person without an address: nothing will be written to them."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=CHOICES)
    extra = AmountField(label=_("Contribution without reward"), required=False, min_cents=0, max_cents=MAXIMUM)
    zone = forms.ChoiceField(
        label=_("Mailed to"), required=False, choices=[("", _("Nothing to mail")), *DeliveryZone.choices]
    )
    recipient = forms.CharField(label=_("Name on the parcel"), required=False, max_length=120)
    line1 = forms.CharField(label=_("Address"), required=False, max_length=160)
    line2 = forms.CharField(label=_("Apartment, office"), required=False, max_length=160)
    city = forms.CharField(label=_("City"), required=False, max_length=120)
    region = forms.CharField(label=_("Province or state"), required=False, max_length=60)
    postal_code = forms.CharField(label=_("Postal code"), required=False, max_length=20)
    country = forms.ChoiceField(label=_("Country"), required=False, choices=countries.choices)
    wall = forms.ChoiceField(
        label=_("On the wall of thanks:"), required=False, choices=Wall.choices, initial=Wall.NEITHER
    )
    gift_for = forms.CharField(
        label=_("Gift for"),
        required=False,
        max_length=120,
        help_text=_("The name that the wall of thanks shows instead of the backer's."),
    )
    company_name = forms.CharField(label=_("Business or organization"), required=False, max_length=200)
    company_numbers = forms.CharField(label=_("Its tax numbers"), required=False, max_length=120)
    message = forms.CharField(
        label=_("Note for the team"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )
    method = forms.ChoiceField(label=_("Payment"), choices=METHODS)
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=80, help_text=_("For example the number of the cheque.")
    )
    received = forms.BooleanField(label=_("The payment is received already"), required=False)
    received_on = DayField(label=_("Received on"), required=False)
    tell = forms.BooleanField(
        label=_("Write to this person"),
        required=False,
        help_text=_("A receipt if the payment is received; if not, that it is expected. An email address is needed."),
    )
    attempt = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        today = today_in(campaign.cooperative)
        initial = {"attempt": str(uuid.uuid4()), "received_on": today, "language": campaign.cooperative.language}
        super().__init__(data, initial=initial)
        self.campaign = campaign
        self.late = lifecycle.takes_late_pledges(campaign, clock.now())
        self.lines = list(self._lines())
        for line in self.lines:
            self.fields[quantity_name(line)] = self._quantity_field(line)
        if not queries.has_wall(campaign):
            del self.fields["wall"], self.fields["gift_for"]
        self.fields["received_on"].today = today  # type: ignore[attr-defined]

    def _lines(self) -> Iterator[Line]:
        """Each tier that may be entered now; in each of its forms, where it has several."""
        find = queries.late_rewards if self.late else queries.rewards_on_sale
        for reward in find(self.campaign, clock.now()).prefetch_related("variants"):
            variants = [one for one in reward.variants.all() if one.retired_at is None]
            if not variants:
                yield reward, None
            for variant in variants:
                yield reward, variant

    def _quantity_field(self, line: Line) -> forms.IntegerField:
        reward, variant = line
        label = f"{reward.title} · {variant}" if variant else reward.title
        amount = formats.money(reward.amount, self.campaign.currency)
        field = forms.IntegerField(label=label, required=False, min_value=0, max_value=MOST, help_text=amount)
        if reward.limit is not None:
            left = {"amount": amount, "n": formats.number(reward.stock.left)}
            field.help_text = gettext("%(amount)s · %(n)s left") % left
        return field

    def quantities(self) -> list[BoundField]:
        return [self[quantity_name(line)] for line in self.lines]

    def shown(self, *names: str) -> list[BoundField]:
        """Those of these fields that this campaign has."""
        return [self[name] for name in names if name in self.fields]

    def who(self) -> list[BoundField]:
        return self.shown("name", "email", "language")

    def delivery(self) -> list[BoundField]:
        return self.shown("zone", *ADDRESS)

    def more(self) -> list[BoundField]:
        return self.shown("wall", "gift_for", "company_name", "company_numbers", "message")

    def payment(self) -> list[BoundField]:
        return self.shown("method", "reference", "received", "received_on", "tell")

    def clean_name(self) -> str:
        """On one line: it stands in the greeting and the address of mails."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_attempt(self) -> uuid.UUID:
        """The form's own key; one that is missing or spoilt is replaced."""
        try:
            return uuid.UUID(self.cleaned_data["attempt"])
        except ValueError:
            return uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("received") and "received_on" in cleaned and not cleaned["received_on"]:
            self.add_error("received_on", _("Enter the day the payment was received."))
        if cleaned.get("tell") and "email" in cleaned and not cleaned["email"]:
            self.add_error("email", _("Enter an address to write to, or do not write to this person."))
        if not self.errors and not cleaned.get("extra") and not self._chosen():
            self.add_error("extra", _("Choose a reward or enter an amount."))
        self._check_address()
        return cleaned

    def _check_address(self) -> None:
        """Whole or not at all; the country alone, chosen for its place at the top, says nothing."""
        typed = [name for name in ADDRESS if name != "country" and self.cleaned_data.get(name)]
        for name in ("line1", "city", "country") if typed else ():
            if name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, _("An address needs this too."))

    def _chosen(self) -> list[EnteredLine]:
        return [
            EnteredLine(reward.pk, quantity, variant.pk if variant else None)
            for reward, variant in self.lines
            if (quantity := self.cleaned_data.get(quantity_name((reward, variant))))
        ]

    def _address(self) -> dict[str, str]:
        if not self.cleaned_data["line1"]:
            return {}
        address: dict[str, str] = {name: self.cleaned_data[name] for name in ADDRESS}
        return address | {"recipient": address["recipient"] or self.cleaned_data["name"]}

    def entry(self) -> Entry:
        """What a valid form says."""
        cleaned = self.cleaned_data
        copied = ("name", "email", "language", "zone", "company_name", "company_numbers", "message")
        return Entry(
            campaign_id=self.campaign.pk,
            attempt=self._key(),
            lines=self._chosen(),
            extra=cleaned["extra"] or 0,
            wall=cleaned.get("wall") or Wall.NEITHER,
            gift_for=cleaned.get("gift_for", ""),
            method=cleaned["method"],
            reference=cleaned["reference"],
            address=self._address(),
            received_on=cleaned["received_on"] if cleaned["received"] else None,
            **{name: cleaned[name] for name in copied},
        )

    def _key(self) -> uuid.UUID:
        """One for each form and what it says: gone back to and filled in for somebody else, it is another entry."""
        said = sorted((name, repr(value)) for name, value in self.cleaned_data.items() if name != "attempt")
        return uuid.uuid5(self.cleaned_data["attempt"], repr(said))

    def refuse(self, refused: PledgeRefused) -> None:
        """Say where it stands why nothing was written."""
        reward = refused.reward
        title = {"reward": reward.title} if reward else {"reward": ""}
        words = {
            "closed": gettext("This campaign takes no contribution at the moment."),
            "late": gettext("After the end, only rewards that are still offered may be entered."),
            "alone": gettext("An add-on comes on top of a reward. Choose a reward too, or set this quantity to 0."),
            "sold_out": gettext("“%(reward)s”: not so many are left.") % title,
            "zone": gettext("“%(reward)s” is not mailed there. Choose where it is mailed to.") % title,
        }
        said = words.get(refused.code, gettext("“%(reward)s” is no longer offered.") % title)
        names = [quantity_name(line) for line in self.lines if reward and line[0].pk == reward.pk]
        field = "zone" if refused.code == "zone" else next(iter(names), None)
        self.add_error(field, said)


def quantity_name(line: Line) -> str:
    reward, variant = line
    return f"quantity_{reward.pk}_{variant.pk}" if variant else f"quantity_{reward.pk}"


class ReceivedForm(forms.Form):
    """An awaited payment is there."""

    received_on = DayField(label=_("Received on"))
    method = forms.ChoiceField(label=_("Payment"), choices=METHODS)
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=80, help_text=_("For example the number of the cheque.")
    )

    def __init__(self, cooperative: Cooperative, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = today_in(cooperative)
        self.fields["received_on"].today, self.fields["received_on"].initial = today, today  # type: ignore[attr-defined]


class TellForm(forms.Form):
    """Whether the person is written to; nobody is asked where there is no address."""

    tell = forms.BooleanField(label=_("Write to this person"), required=False, initial=True)


class GivenBackForm(forms.Form):
    """A refund was handed over."""

    given_on = DayField(label=_("Given back on"))
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=80, help_text=_("For example the number of the cheque.")
    )

    def __init__(self, cooperative: Cooperative, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = today_in(cooperative)
        self.fields["given_on"].today, self.fields["given_on"].initial = today, today  # type: ignore[attr-defined]
