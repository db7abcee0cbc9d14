"""What a backer says who asks for a refund, and what a treasurer answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from home import formats
from home.fields import AmountField
from pledges.forms import Problem
from pledges.models import PledgeItem
from pledges.refund_requests import Refusal


class RefundRequestForm(forms.Form):
    """`askable`: the rewards with the amount that may be asked back for each (minor units)."""

    item = forms.ChoiceField(
        label=_("For which reward?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reward."), "invalid_choice": _("Choose a reward.")},
    )
    message = forms.CharField(
        label=_("A note for us (optional)"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
    )

    def __init__(self, askable: list[tuple[PledgeItem, int]], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.by_id = {str(item.pk): item for item, _amount in askable}
        self.fields["item"].choices = [(str(item.pk), _label(item, amount)) for item, amount in askable]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> PledgeItem:
        return self.by_id[self.cleaned_data["item"]]

    def refuse(self, refusal: Refusal) -> None:
        """Something changed since the page was opened."""
        words = {
            Refusal.OPEN: gettext("A request for this reward is already waiting for its answer."),
            Refusal.GRANTED: gettext("A refund of this reward is granted already: your page says where it stands."),
            Refusal.GIVEN_BACK: gettext("What was paid for it is already given back."),
        }
        self.add_error("item", words.get(refusal) or gettext("Nothing can be given back for this contribution now."))

    def problems(self) -> list[Problem]:
        return [
            Problem(str(message), self[name].auto_id) for name in self.fields for message in self.errors.get(name, [])
        ]


def _label(item: PledgeItem, amount: int) -> str:
    values = {"reward": item.title, "n": formats.number(item.quantity)}
    shown = formats.money(amount, item.pledge.currency, exact=True)
    return gettext("“%(reward)s”, %(n)s. Amount concerned: %(amount)s") % (values | {"amount": shown})


class GrantForm(forms.Form):
    """`key` makes the same form grant once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount to refund"), help_text=_("What was asked for, or a part of it."))
    answer = forms.CharField(
        label=_("A note to the backer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Optional, in the backer's language: it stands in the email and on their page."),
    )

    def __init__(self, *args: Any, largest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].max_cents = largest  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    prefix = "decline"
    answer = forms.CharField(
        label=pgettext_lazy("refund request", "Why it is not granted"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("In the backer's language: it stands in the email and on their page."),
        error_messages={"required": _("Say why: the backer reads it.")},
    )
