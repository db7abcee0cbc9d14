"""What a visitor looks for, as it stands in the address: words, theme, place, funding model, and which phase."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.discovery import Wanted
from campaigns.enums import FundingModel, Theme
from home import formats


class Phase(models.TextChoices):
    """Which campaigns are shown: the shortcuts above the list."""

    LIVE = "live", _("Live now")
    ENDING = "ending", _("Last week")
    ALMOST = "almost", _("Almost there")
    ANNOUNCED = "announced", _("Opening soon")
    OVER = "over", _("Ended campaigns")


def result_words(phase: Phase, count: int) -> str:
    """How many were found, and in which order they stand."""
    if count == 0:
        return gettext("No campaign matches.")
    words = {
        Phase.LIVE: ngettext("%(n)s live campaign.", "%(n)s live campaigns, by deadline.", count),
        Phase.ENDING: ngettext("%(n)s campaign ends within 7 days.", "%(n)s campaigns end within 7 days.", count),
        Phase.ALMOST: ngettext(
            "%(n)s campaign is past 80%% of its goal.", "%(n)s campaigns are past 80%% of their goal.", count
        ),
        Phase.ANNOUNCED: ngettext("%(n)s campaign opens soon.", "%(n)s campaigns open soon.", count),
        Phase.OVER: ngettext("%(n)s campaign has ended.", "%(n)s campaigns have ended, latest first.", count),
    }
    return words[phase] % {"n": formats.number(count)}


class SearchForm(forms.Form):
    """Read from the address; what is not understood there is left out, never an error."""

    q = forms.CharField(
        label=_("Search"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "class": "input"}),
    )
    place = forms.ChoiceField(label=_("Place"), required=False, widget=forms.Select(attrs={"class": "input"}))
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[("", _("All themes")), *Theme.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )
    model = forms.ChoiceField(
        label=_("Funding model"),
        required=False,
        choices=[("", _("Both models")), *FundingModel.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )
    show = forms.ChoiceField(required=False, choices=Phase.choices, widget=forms.HiddenInput)

    def __init__(self, asked: Any, *, places: Iterable[str]) -> None:
        fields = self.base_fields
        super().__init__({name: asked.get(name, "").replace("\0", "") for name in fields})
        self.fields["place"].choices = [("", _("All places")), *((place, place) for place in places)]  # type: ignore[attr-defined]
        self.full_clean()

    @cached_property
    def said(self) -> dict[str, str]:
        """What was asked and understood, by name of its parameter."""
        return {name: value.strip() for name, value in self.cleaned_data.items() if value.strip()}

    @property
    def phase(self) -> Phase:
        return Phase(self.said.get("show", Phase.LIVE))

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            words=self.said.get("q", ""),
            theme=self.said.get("theme", ""),
            place=self.said.get("place", ""),
            funding_model=self.said.get("model", ""),
        )

    @property
    def is_plain(self) -> bool:
        """Nothing was asked."""
        return not self.said

    def query(self, *, show: str = "", page: int = 1) -> str:
        """What follows the address for this search, in another phase or on another page of it; empty for neither."""
        chosen: dict[str, Any] = self.said | ({"show": show} if show else {}) | ({"page": page} if page > 1 else {})
        if chosen.get("show") == Phase.LIVE:
            del chosen["show"]
        return f"?{urlencode(chosen)}" if chosen else ""
