"""The form of the brand's settings: a colour that could not be read does not get in, nor a drawing that could act."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from home import formats
from home.brand import drawings
from home.brand.checks import CHECKED, Shortfall, mail_shortfall, shortfalls
from home.brand.colours import PATTERN
from home.brand.drawings import Drawing
from home.languages import LANGUAGES

#: Texts that are asked for in both languages as soon as one is there.
PAIRS = ("header", "footer", "thanks")


class DrawingField(forms.FileField):
    """Takes a file, gives what is harmless in it."""

    def to_python(self, data: Any) -> Any:
        file: Any = super().to_python(data)
        if file is None:
            return None
        if file.size > drawings.LARGEST:
            return drawings.read(b" " * (drawings.LARGEST + 1))  # refused, and not read
        return drawings.read(file.read())


class BrandForm(WagtailAdminModelForm):
    """Each colour that falls short has at its field what it reaches, what is needed, and the nearest that passes."""

    drawing = DrawingField(
        label=_("Drawn logo (SVG)"),
        required=False,
        widget=forms.FileInput({"accept": ".svg,image/svg+xml"}),
        help_text=_(
            "Sharp at any size, at the head of the pages; it then stands there instead of the logo above. Emails and "
            "the icon cannot show an SVG: they take the logo above, or the name. At most 200 KB."
        ),
    )
    remove_drawing = forms.BooleanField(label=_("Remove the drawn logo"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "remove_drawing" in self.fields and not self.instance.drawing_name:
            self.fields["remove_drawing"].disabled = True
            self.fields["remove_drawing"].help_text = _("There is none yet.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        colours = {name: cleaned.get(name, "") for name in CHECKED}
        if all(PATTERN.match(colour) for colour in colours.values()):
            self._check_contrast(colours, cleaned.get("mail_field", ""))
        for name in PAIRS:
            self._ask_for_both(name, cleaned)
        if cleaned.get("mail_head") == "logo" and not cleaned.get("logo"):
            self.add_error("mail_head", _("Emails cannot show an SVG: choose a logo in JPEG or PNG, or the name."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """With its drawing, or not at all."""
        drawing = self.cleaned_data.get("drawing")
        if drawing is not None or self.cleaned_data.get("remove_drawing"):
            self.wear(drawing)
        if not commit:
            return super().save(commit=False)
        with transaction.atomic():
            brand = super().save()
            if drawing is not None:
                self._drawings().update_or_create(brand=brand, defaults={"svg": drawing.svg})
            elif not brand.drawing_name:
                self._drawings().filter(brand=brand).delete()
        return brand

    def wear(self, drawing: Drawing | None) -> None:
        """The brand says of its drawing what a page needs to know."""
        self.instance.drawing_name = drawing.name if drawing else ""
        self.instance.drawing_width = drawing.width if drawing else 0
        self.instance.drawing_height = drawing.height if drawing else 0

    def _drawings(self) -> Any:
        from home.models import LogoDrawing  # noqa: PLC0415 (the model names this form)

        return LogoDrawing.objects

    def _ask_for_both(self, name: str, cleaned: dict[str, Any]) -> None:
        fields = [f"{name}_{language}" for language in LANGUAGES]
        for field in fields:
            if field in cleaned and not strip_tags(cleaned[field]).replace("\xa0", " ").strip():
                cleaned[field] = ""
        empty = [field for field in fields if field in cleaned and not cleaned[field]]
        if len(empty) == 1 and not self.errors.keys() & set(fields):
            self.add_error(empty[0], _("Write it in this language too: every page exists in both."))

    def _check_contrast(self, colours: dict[str, str], mail_field: str) -> None:
        for shortfall in shortfalls(colours):
            self._refuse(shortfall)
        if PATTERN.match(mail_field) and (found := mail_shortfall(colours | {"mail_field": mail_field})):
            self._refuse(found)

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
