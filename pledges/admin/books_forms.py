"""What treasurers type about the books: periods, tax numbers, account codes, matching money."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.widgets import AdminDateInput

from campaigns.models import Campaign
from campaigns.queries import campaigns_of
from home.fields import AmountField
from home.models import Cooperative
from pledges.admin.forms import CampaignChoice
from pledges.fulfilment import today_in
from pledges.journal import Account, codes_of, known_accounts
from pledges.matching import Received
from pledges.models import Matching, TaxRegistration
from pledges.periods import Period
from pledges.tax_report import tax_names

#: How the number of a tax is written, with an example. A tax without a pattern here takes any number.
NUMBERS = {
    "gst": (re.compile(r"[0-9]{9}RT[0-9]{4}"), "123456789RT0001"),
    "qst": (re.compile(r"[0-9]{10}TQ[0-9]{4}"), "1234567890TQ0001"),
    "vat": (re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}"), "FR40303265045"),
}


#: Days before or after these are mistyped; beyond the calendar's own end nothing can be counted.
FIRST_YEAR, LAST_YEAR = 2000, 2100


class BooksDayField(forms.DateField):
    """A day that books may be about."""

    widget = AdminDateInput

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(_("Check the year of this date."), code="year")
        return day


class PeriodForm(forms.Form):
    """From one day to another; unreadable or missing days are said at their field and the quarter is shown."""

    first = BooksDayField(label=gettext_lazy("From"))
    last = BooksDayField(label=gettext_lazy("To (included)"))

    def __init__(self, data: Any = None, *, cooperative: Cooperative, **kwargs: Any) -> None:
        self.usual = Period.of_quarter(today_in(cooperative))
        usual = {"first": self.usual.first, "last": self.usual.last}
        super().__init__(data if data and set(data) & set(self.base_fields) else None, initial=usual, **kwargs)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("first") and found.get("last") and found["last"] < found["first"]:
            self.add_error("last", _("The last day is before the first."))
        return found

    def period(self) -> Period:
        if self.is_bound and self.is_valid():
            return Period(self.cleaned_data["first"], self.cleaned_data["last"])
        return self.usual


class JournalForm(PeriodForm):
    campaign = CampaignChoice(label=gettext_lazy("Campaign"), queryset=None, required=False)

    def __init__(self, data: Any = None, *, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(data, cooperative=cooperative, **kwargs)
        self.fields["campaign"].queryset = campaigns_of(cooperative)  # type: ignore[attr-defined]
        self.fields["campaign"].empty_label = _("All")  # type: ignore[attr-defined]


class DayForm(forms.Form):
    on = BooksDayField(label=gettext_lazy("At the end of"))

    def __init__(self, data: Any = None, *, cooperative: Cooperative, **kwargs: Any) -> None:
        self.today = today_in(cooperative)
        super().__init__(data if data and "on" in data else None, initial={"on": self.today}, **kwargs)

    def day(self) -> date:
        return self.cleaned_data["on"] if self.is_bound and self.is_valid() else self.today


class RegistrationForm(forms.ModelForm):
    """A tax that the cooperative collects. The same tax never twice on one day."""

    class Meta:
        model = TaxRegistration
        fields = ("code", "number", "starts_on", "ends_on")
        field_classes = {"starts_on": BooksDayField, "ends_on": BooksDayField}  # noqa: RUF012 (Django's own way)

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cooperative = cooperative
        self.fields["code"] = forms.ChoiceField(label=_("Tax"), choices=list(tax_names().items()))
        examples = " · ".join(f"{name}: {NUMBERS[code][1]}" for code, name in tax_names().items() if code in NUMBERS)
        self.fields["number"].help_text = examples
        self.fields["ends_on"].help_text = _("Leave empty while you collect it.")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        code, number, first = found.get("code"), found.get("number"), found.get("starts_on")
        if code and number:
            found["number"] = self._number(code, number)
        if first and found.get("ends_on") and found["ends_on"] < first:
            self.add_error("ends_on", _("The last day is before the first."))
        elif code and first and self._overlaps(code, first, found.get("ends_on")):
            self.add_error("starts_on", _("This tax is already collected in that time: end the other one first."))
        return found

    def _number(self, code: str, typed: str) -> str:
        number = re.sub(r"[\s.-]", "", typed).upper()
        pattern, example = NUMBERS.get(code, (None, ""))
        if pattern is None:
            return typed.strip()
        if not pattern.fullmatch(number):
            self.add_error("number", _("Write this number like %(example)s.") % {"example": example})
        return number

    def _overlaps(self, code: str, first: date, last: date | None) -> bool:
        others = TaxRegistration.objects.filter(cooperative=self.cooperative, code=code).exclude(pk=self.instance.pk)
        others = others.filter(Q(ends_on=None) | Q(ends_on__gte=first))
        return others.filter(starts_on__lte=last).exists() if last else others.exists()

    def save(self, commit: bool = True) -> TaxRegistration:
        self.instance.cooperative = self.cooperative
        return super().save(commit)


class AccountCodesForm(forms.Form):
    """One field an account, filled with what is used now."""

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = codes_of(cooperative)
        self.accounts: dict[str, Account] = {}
        for (account, tax), label in known_accounts().items():
            name = f"{account}_{tax}".rstrip("_")
            self.accounts[name] = (account, tax)
            proposed = codes.get((account, tax), codes.get((account, ""), ""))
            self.fields[name] = forms.CharField(label=label, max_length=20, initial=proposed)

    def codes(self) -> dict[Account, str]:
        return {account: self.cleaned_data[name] for name, account in self.accounts.items()}


class MatchingForm(forms.Form):
    partner_fr = forms.CharField(label=gettext_lazy("Partner, in French"), max_length=160)
    partner_en = forms.CharField(label=gettext_lazy("Partner, in English"), max_length=160)
    amount = AmountField(label=gettext_lazy("Amount"))
    received_on = BooksDayField(label=gettext_lazy("Received on"))
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Optional. Shown to your team only."),
    )

    def __init__(self, *args: Any, campaign: Campaign, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign, self.today = campaign, today_in(cooperative)

    def clean(self) -> dict[str, Any]:
        """The form sent twice records once."""
        found = super().clean() or {}
        if not self.errors and Matching.objects.filter(campaign=self.campaign, **found).exists():
            raise ValidationError(_("This money is recorded already. Another sum of that day needs its own reference."))
        return found

    def clean_received_on(self) -> date:
        received: date = self.cleaned_data["received_on"]
        if received > self.today:
            raise ValidationError(_("This day is yet to come: record the money once it is received."))
        return received

    def received(self) -> Received:
        return Received(**self.cleaned_data)
