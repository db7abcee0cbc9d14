"""Ambassadors of a campaign: naming one, renaming, taking one away. The code in their links never changes."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from campaigns.models import Ambassador, Campaign
from home import clock

#: How the codes of backers begin, which are made for them; no ambassador may take one.
BACKER_CODE = "c-"
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
TAKEN = _("This code is already %(name)s’s. Choose another one.")


class CodeTaken(Exception):
    """Someone else of this campaign has the code."""


class AmbassadorForm(forms.Form):
    """A name, and a code that is made from it where none is given."""

    name = forms.CharField(
        label=_("Name"), max_length=120, error_messages={"required": _("Enter the ambassador’s name.")}
    )
    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=60,
        help_text=_("Stands in the link, and never changes. Empty: made from the name."),
    )

    def __init__(self, *args: Any, campaign: Campaign | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "name" not in cleaned or "code" not in cleaned:
            return cleaned
        typed = cleaned["code"].lower()
        cleaned["code"] = typed or slugify(cleaned["name"])[:60].strip("-")
        if not CODE.match(cleaned["code"]) or cleaned["code"].startswith(BACKER_CODE):
            self.add_error("code", self._reason(cleaned["code"]))
        elif owner := self._owner(cleaned["code"]):
            self.add_error("code", ValidationError(TAKEN, code="taken", params={"name": owner.name}))
        return cleaned

    def _reason(self, code: str) -> ValidationError:
        if code.startswith(BACKER_CODE):
            return ValidationError(_("Codes that begin with “c-” are those of backers. Choose another one."))
        return ValidationError(
            _("Use letters without accents, digits and hyphens between them, for example marche-du-samedi.")
        )

    def _owner(self, code: str) -> Ambassador | None:
        return Ambassador.objects.filter(campaign=self.campaign, code=code).first() if self.campaign else None


class NameForm(forms.Form):
    name = AmbassadorForm.base_fields["name"]


def add(campaign: Campaign, *, name: str, code: str, by: Any) -> Ambassador:
    """Raises CodeTaken where two did it at once."""
    try:
        with transaction.atomic():
            return Ambassador.objects.create(
                cooperative=campaign.cooperative,
                campaign=campaign,
                name=name,
                code=code,
                created_at=clock.now(),
                created_by=by,
            )
    except IntegrityError as error:
        raise CodeTaken from error
