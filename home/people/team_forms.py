"""Whom the direction invites, and what someone does in the team."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from home.languages import CHOICES
from home.models import Cooperative, Role
from home.people.team import WHAT_THEY_DO


def _explained() -> list[tuple[str, str | Promise]]:
    return [(role.value, format_lazy("{} · {}", role.label, WHAT_THEY_DO[role])) for role in Role]


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("Email address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect, choices=_explained)
    language = forms.ChoiceField(label=_("Language of the email"), choices=CHOICES)

    def __init__(self, data: Any, *, cooperative: Cooperative) -> None:
        super().__init__(data, initial={"language": cooperative.language})


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        widget=forms.CheckboxSelectMultiple,
        choices=_explained,
        error_messages={"required": _("Choose at least one role; to part with someone, remove them from the team.")},
    )
