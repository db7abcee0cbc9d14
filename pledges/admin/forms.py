"""What the lists are narrowed by, and what is said with a step of fulfilment."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Reward
from campaigns.queries import campaigns_of
from home.models import Cooperative
from pledges.admin.listing import WAITING, Contributions
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.fulfilment import Sought, instant_of, today_in


class CampaignChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Campaign) -> str:
        return obj.title


class RewardChoice(forms.ModelChoiceField):
    """A tier, with its campaign: two campaigns may have a tier of the same name."""

    def label_from_instance(self, obj: Reward) -> str:
        return f"{obj.title} · {obj.campaign.title}"


class FulfilmentFilter(forms.Form):
    campaign = CampaignChoice(label=_("Campaign"), queryset=None, required=False, empty_label=_("All"))
    reward = RewardChoice(label=_("Reward"), queryset=None, required=False, empty_label=_("All"))
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Still owed")),
            *FulfilmentState.choices,
        ],
    )
    q = forms.CharField(label=_("Name or email"), required=False, max_length=120)
    late = forms.BooleanField(label=_("Late only"), required=False)

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rewards = Reward.objects.filter(cooperative=cooperative).select_related("campaign")
        self.fields["campaign"].queryset = campaigns_of(cooperative)  # type: ignore[attr-defined]
        self.fields["reward"].queryset = rewards.order_by("-campaign_id", "position")  # type: ignore[attr-defined]

    def sought(self) -> Sought:
        """What was asked for; a field that could not be read narrows nothing."""
        data = self.cleaned_data if self.is_bound else {}
        campaign, reward = data.get("campaign"), data.get("reward")
        return Sought(
            campaign_id=campaign.pk if campaign else None,
            reward_id=reward.pk if reward else None,
            state=data.get("state", ""),
            late_only=data.get("late", False),
            text=data.get("q", "").strip(),
        )


class ContributionsFilter(forms.Form):
    campaign = CampaignChoice(label=_("Campaign"), queryset=None, required=False, empty_label=_("All"))
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *PledgeState.choices])
    payment = forms.ChoiceField(
        label=_("Payment"),
        required=False,
        choices=[("", _("All")), (WAITING, _("Waiting for the backer")), *PaymentState.choices],
    )
    q = forms.CharField(label=_("Name or email"), required=False, max_length=120)

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = campaigns_of(cooperative)  # type: ignore[attr-defined]

    def sought(self) -> Contributions:
        data = self.cleaned_data if self.is_bound else {}
        campaign = data.get("campaign")
        return Contributions(
            campaign_id=campaign.pk if campaign else None,
            state=data.get("state", ""),
            payment=data.get("payment", ""),
            text=data.get("q", "").strip(),
        )


class MarkForm(forms.Form):
    """`expected` is how many items the page said would move: a list that changed meanwhile is shown again."""

    expected = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cooperative = cooperative

    @property
    def said(self) -> dict[str, Any]:
        """What pledges.fulfilment.mark takes."""
        said = {name: value for name, value in self.cleaned_data.items() if name not in ("expected", "on")}
        return said | ({"at": instant_of(day, self.cooperative)} if (day := self.cleaned_data.get("on")) else {})


class DatedForm(MarkForm):
    on = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Today, unless you choose an earlier day."),
    )

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day and day > today_in(self.cooperative):
            raise forms.ValidationError(_("That day has not come yet."))
        return day


class NoteForm(MarkForm):
    note = forms.CharField(
        label=_("Add a note to the email (optional)"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
    )


class SentForm(NoteForm, DatedForm):
    carrier = forms.CharField(label=_("Carrier"), required=False, max_length=80, help_text=_("Optional."))
    tracking_url = forms.URLField(
        label=_("Tracking link"), required=False, max_length=200, assume_scheme="https", help_text=_("Optional.")
    )

    field_order = ("carrier", "tracking_url", "on", "note")


class NothingForm(MarkForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("For the team only: for example, given up by the backer.")
    )


MARK_FORMS: dict[FulfilmentState, type[MarkForm]] = {
    FulfilmentState.SENT: SentForm,
    FulfilmentState.READY: NoteForm,
    FulfilmentState.DELIVERED: DatedForm,
    FulfilmentState.IN_PRODUCTION: MarkForm,
    FulfilmentState.RETURNED: DatedForm,
    FulfilmentState.NOT_APPLICABLE: NothingForm,
    FulfilmentState.NOT_STARTED: MarkForm,
}
