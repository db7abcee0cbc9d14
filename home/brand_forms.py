"""The form of the brand's settings: a colour that could not be read does not get in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from home import formats
from home.brand_checks import CHECKED, Shortfall, shortfalls
from home.colours import PATTERN


class BrandForm(WagtailAdminModelForm):
    """Each colour that falls short has at its field what it reaches, what is needed, and the nearest that passes."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        colours = {name: cleaned.get(name, "") for name in CHECKED}
        if all(PATTERN.match(colour) for colour in colours.values()):
            for shortfall in shortfalls(colours):
                self._refuse(shortfall)
        return cleaned

    def _refuse(self, shortfall: Shortfall) -> None:
        figures = {"reached": formats.ratio(shortfall.reached), "asked": formats.ratio(shortfall.asked)}
        offer = _("The nearest colour that can be read is %(offer)s.")
        self.add_error(
            shortfall.name,
            [
                ValidationError(shortfall.sentence, code="contrast", params=figures),
                ValidationError(offer, code="offer", params={"offer": shortfall.offer}),
            ],
        )
        self.fields[shortfall.name].widget.offer(shortfall.offer)
