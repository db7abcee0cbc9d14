"""What a treasurer says of a refund."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from home.fields import AmountField
from pledges.refund_decisions import REASONS


class RefundForm(forms.Form):
    """`key` makes the same form ask once, however often it is sent."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount to refund"), help_text=_("All that is left, or a part of it."))
    reason = forms.ChoiceField(label=_("Reason"), choices=[(reason.value, reason.label) for reason in REASONS])
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("For the team only. Optional."),
    )

    def __init__(self, *args: Any, left: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].max_cents = left  # type: ignore[attr-defined]

    @property
    def reason_label(self) -> str:
        return str(dict(self.fields["reason"].choices)[self.cleaned_data["reason"]])  # type: ignore[attr-defined]
