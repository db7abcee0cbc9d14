"""Everything that must be known to open a cooperative, checked: behind the command and the platform's page alike."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from home import formats
from home.brand.checks import CHECKED, shortfalls
from home.brand.colour_input import ColourInput
from home.cooperatives.founding import Foundation
from home.cooperatives.opening import Opened, open_cooperative
from home.cooperatives.setting_fields import (
    DESCRIPTOR,
    HostField,
    PercentField,
    TimeZoneField,
    clean_registration_number,
    currency_choices,
)
from home.fields import AmountField
from home.hosts import domains
from home.languages import ENGLISH, FRENCH
from home.models import Brand, Cooperative, User

#: Short names that would be read as something else at the root of the site.
RESERVED = {"admin", "fr", "en", "root", "www"}

#: What a federation gives where nothing was typed.
FROM_FEDERATION = ("commission_basis_points", "commission_fixed", "max_campaign_days", "second_person_above")

#: The first field of each part of the form, and what that part is about.
PARTS: dict[str, Promise] = {
    "slug": _("Site"),
    "legal_name": _("Legal identity"),
    "currency": _("Money and emails"),
    "federation": _("What the platform decides"),
    "owner_email": _("First person of the team"),
    f"colour_{CHECKED[0]}": _("Colours"),
}


class FoundationForm(forms.ModelForm):
    """Raises nothing: `open` gives None, and the form its errors, where host or name were taken meanwhile."""

    host = HostField(label=_("host name"), max_length=253)
    port = forms.IntegerField(
        label=_("port"), min_value=1, max_value=65535, initial=443, help_text=_("443 where visitors come by https.")
    )
    tagline_fr = forms.CharField(label=_("tagline in French"), max_length=200, required=False)
    tagline_en = forms.CharField(label=_("tagline in English"), max_length=200, required=False)
    owner_email = forms.EmailField(
        label=_("email of the direction"), help_text=_("Whoever has this address is the first of the team.")
    )
    commission_basis_points = PercentField(label=_("commission, in percent"), required=False)
    commission_fixed = AmountField(label=_("fixed part of the commission"), required=False, min_cents=0)
    second_person_above = AmountField(
        label=_("refunds above this amount need a second person"), required=False, min_cents=0
    )
    max_campaign_days = forms.IntegerField(
        label=_("longest campaign, in days"), required=False, min_value=1, max_value=366
    )
    time_zone = TimeZoneField(label=_("time zone"), initial="America/Toronto")
    currency = forms.ChoiceField(label=_("currency"), choices=currency_choices, initial="CAD")

    class Meta:
        model = Cooperative
        fields: ClassVar = [
            *("slug", "name", "host", "port", "language", "tagline_fr", "tagline_en"),
            *("legal_name", "registration_number", "address", "phone", "contact_email", "privacy_officer"),
            *("currency", "time_zone", "sender_email", "statement_descriptor", "federation"),
            *("commission_basis_points", "commission_fixed", "max_campaign_days", "second_person_above"),
            *("listed", "self_approval", "owner_email"),
        ]
        widgets: ClassVar = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["statement_descriptor"].validators.append(DESCRIPTOR)
        for name in CHECKED:
            field = Brand._meta.get_field(name)
            self.fields[f"colour_{name}"] = field.formfield(widget=ColourInput, validators=field.validators)
        for name in FROM_FEDERATION:
            self.fields[name].help_text = _("Empty: the federation’s, or the platform’s own.")
        for shown in self.fields.values():
            shown.label = capfirst(shown.label)

    def parts(self) -> Iterator[tuple[Promise, list[forms.BoundField]]]:
        """Its fields under headings: nearly thirty in a row would be read by nobody."""
        names, starts = list(self.fields), [*PARTS, None]
        for first, following in pairwise(starts):
            end = names.index(following) if following else len(names)
            yield PARTS[str(first)], [self[name] for name in names[names.index(str(first)) : end]]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        taken = Page.objects.filter(depth=2, slug=slug).exists() or Cooperative.objects.filter(slug=slug).exists()
        if taken or slug in RESERVED:
            raise ValidationError(_("This short name is taken already."))
        return slug

    def clean_host(self) -> str:
        """A host is one cooperative's alone, on whatever port."""
        host: str = self.cleaned_data["host"]
        if domains.is_taken(host):
            raise ValidationError(_("This host name is taken already."))
        return host

    def clean_registration_number(self) -> str:
        return clean_registration_number(self.cleaned_data["registration_number"])

    def clean_owner_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["owner_email"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        federation = cleaned.get("federation")
        for name in FROM_FEDERATION:
            if cleaned.get(name) is None and name not in self.errors:
                cleaned[name] = getattr(federation or Cooperative(), name)
        colours = {name: cleaned.get(f"colour_{name}") or "" for name in CHECKED}
        if all(colours.values()):
            for one in shortfalls(colours):
                self._refuse_colour(one)
        return cleaned

    def _refuse_colour(self, one: Any) -> None:
        figures = {"reached": formats.ratio(one.reached), "asked": formats.ratio(one.asked)}
        offer = _("The nearest colour that can be read is %(offer)s.") % {"offer": one.offer}
        self.add_error(f"colour_{one.name}", [ValidationError(one.sentence, params=figures), ValidationError(offer)])
        self.fields[f"colour_{one.name}"].widget.offer(one.offer)

    def _post_clean(self) -> None:
        """The model's own checks would ask for a site, which is made with the cooperative."""

    def open(self, by: User | None = None) -> Opened | None:
        try:
            with transaction.atomic():
                return open_cooperative(self.foundation(), owner_email=self.cleaned_data["owner_email"], by=by)
        except IntegrityError:
            self.add_error("slug", _("This short name or this host name was taken meanwhile."))
            return None

    def foundation(self) -> Foundation:
        said = dict(self.cleaned_data)
        beside = {"slug", "name", "host", "port", "tagline_fr", "tagline_en", "owner_email"}
        return Foundation(
            slug=said["slug"],
            name=said["name"],
            hostname=said["host"],
            port=said["port"],
            taglines={FRENCH: said["tagline_fr"], ENGLISH: said["tagline_en"]},
            fields={name: value for name, value in said.items() if name not in beside and name[:7] != "colour_"},
            brand={name: said[f"colour_{name}"] for name in CHECKED},
        )
