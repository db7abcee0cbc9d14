"""What is changed of a cooperative that stands: by its direction (who it is), and by the platform (what it may do)."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from home import audit
from home.cooperatives import legal_texts
from home.cooperatives.setting_fields import DESCRIPTOR, PercentField, TimeZoneField, clean_registration_number
from home.fields import AmountField
from home.models import Cooperative, LegalText, User
from home.tenancy import within

IDENTITY_CHANGED = audit.act("identity_changed", _("Legal identity changed"))
PLATFORM_CHANGED = audit.act("platform_settings_changed", _("Settings changed by the platform"), is_money=True)


class _SettingsForm(forms.ModelForm):
    act = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label or "")

    def keep(self, by: User) -> list[LegalText]:
        """Save, write it down, and say it in the legal texts. Those that were edited, and now say something else."""
        if not self.changed_data:
            return []
        cooperative: Cooperative = self.instance
        with transaction.atomic(), within(cooperative):
            before = Cooperative.objects.select_for_update().get(pk=cooperative.pk)
            changes = {name: [_said(before, name), _said(cooperative, name)] for name in self.changed_data}
            cooperative.save(update_fields=self.changed_data)
            audit.record(self.act, cooperative=cooperative, by=by, changes=changes)
            _done, left = legal_texts.fill_again(cooperative, by=by)
        return left


def _said(cooperative: Cooperative, name: str) -> Any:
    value = getattr(cooperative, name)
    return value if isinstance(value, bool | int | str) else str(value or "")


class IdentityForm(_SettingsForm):
    """Who the cooperative is, as its pages, its receipts and card statements say it."""

    act = IDENTITY_CHANGED
    time_zone = TimeZoneField(label=_("time zone"))

    class Meta:
        model = Cooperative
        fields: ClassVar = [
            *("legal_name", "registration_number", "address", "phone", "contact_email"),
            *("privacy_officer", "statement_descriptor", "time_zone"),
        ]
        widgets: ClassVar = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        descriptor = self.fields["statement_descriptor"]
        descriptor.validators.append(DESCRIPTOR)
        said = _("Change it at %(processor)s as well: card statements follow what stands there.")
        descriptor.help_text = said % {"processor": settings.PAYMENT_PROCESSOR_NAME}

    def clean_registration_number(self) -> str:
        return clean_registration_number(self.cleaned_data["registration_number"])


class PlatformForm(_SettingsForm):
    """What the platform decides about a cooperative."""

    act = PLATFORM_CHANGED
    commission_basis_points = PercentField(label=_("commission, in percent"))
    commission_fixed = AmountField(label=_("fixed part of the commission"), min_cents=0)
    second_person_above = AmountField(label=_("refunds above this amount need a second person"), min_cents=0)
    max_campaign_days = forms.IntegerField(label=_("longest campaign, in days"), min_value=1, max_value=366)

    class Meta:
        model = Cooperative
        fields: ClassVar = [
            *("commission_basis_points", "commission_fixed", "max_campaign_days", "second_person_above"),
            *("listed", "self_approval", "french_first", "is_charity", "federation"),
        ]
