"""The form of a federation's template."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from home.cooperatives.setting_fields import PercentField
from home.fields import AmountField


class FederationForm(WagtailAdminModelForm):
    """Amounts and rates as a person writes them."""

    commission_basis_points = PercentField(label=_("Commission, in percent"), initial=500)
    commission_fixed = AmountField(label=_("Fixed part of the commission"), min_cents=0, initial=0)
    second_person_above = AmountField(
        label=_("Refunds above this amount need a second person"), min_cents=0, initial=50_000
    )
