"""What comes on top of the rewards, or without one: a suggested amount or a typed one."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home import formats
from home.fields import AmountField

#: Cents of the campaign's currency: what a contribution may be, online.
MINIMUM, MAXIMUM = 100, 1_000_000

#: Of the suggested amounts: the one that is typed.
OTHER = "other"


class AmountForm(forms.Form):
    """The part of the form that is about an amount without a reward. `name_amounts` fits it to a campaign."""

    suggested = forms.ChoiceField(
        label=_("Choose an amount"),
        required=False,
        error_messages={"invalid_choice": _("Choose a reward or enter an amount.")},
        widget=forms.RadioSelect,
    )
    extra = AmountField(required=False, min_cents=0)

    def name_amounts(self, campaign: Campaign, *, on_top: bool) -> None:
        """`on_top`: there are rewards that the amount is added to."""
        field, minimum = self.fields["extra"], formats.money(MINIMUM, campaign.currency)
        field.widget.attrs["class"] = "input input--short"
        if on_top:
            field.label = _("Add an amount (optional)")
            field.help_text = _("It comes on top of your rewards and adds none.")
        else:
            field.label = _("Amount of your contribution")
            field.help_text = gettext("At least %(minimum)s. Example: 45 or 45.50") % {"minimum": minimum}
        self._name_suggested(campaign, on_top=on_top)

    def _name_suggested(self, campaign: Campaign, *, on_top: bool) -> None:
        fitting = [cents for cents in campaign.suggested_amounts if MINIMUM <= cents <= MAXIMUM]
        field = self.fields["suggested"]
        if not fitting or not isinstance(field, forms.ChoiceField):
            del self.fields["suggested"]
            return
        nothing = [("", _("No amount on top"))] if on_top else []
        amounts = [(str(cents), formats.money(cents, campaign.currency)) for cents in fitting]
        field.choices = [*nothing, *amounts, (OTHER, _("Another amount"))]
        field.initial = "" if on_top else None
        self.fields["extra"].label = _("Another amount")

    def clean(self) -> dict[str, Any]:
        """A suggested amount or a typed one: two different ones say nothing."""
        super().clean()
        suggested, typed = self.cleaned_data.get("suggested"), self.cleaned_data.get("extra")
        if suggested and "extra" not in self.errors:
            if suggested == OTHER and not typed:
                self.add_error("extra", gettext("Enter an amount in figures, for example 45 or 45.50."))
            elif suggested != OTHER and typed and typed != int(suggested):
                self.add_error("extra", gettext("Choose one of the amounts, or “Another amount” to enter yours."))
        return self.cleaned_data

    @property
    def extra_cents(self) -> int:
        """Minor units."""
        suggested = self.cleaned_data.get("suggested") or OTHER
        return (self.cleaned_data.get("extra") or 0) if suggested == OTHER else int(suggested)
