"""A cooperative's brand: a handful of colours and a voice; the rest is derived (home.branding)."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting

from home.brand_forms import BrandForm
from home.colour_input import ColourInput

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Enter a colour like #1d3fc4."))


class Display(models.TextChoices):
    """The display stacks a brand may pick; text is always the system's sans."""

    GROTESQUE = "grotesque", _("Grotesque")
    SLAB = "slab", _("Slab")
    OLD_STYLE = "old-style", _("Old style")


def colour(label: object, default: str) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=7, default=default, validators=[COLOUR])  # type: ignore[arg-type]


def colours(*names: str) -> FieldRowPanel:
    return FieldRowPanel([FieldPanel(name, widget=ColourInput) for name in names])


@register_setting(icon="palette")
class Brand(BaseSiteSetting):
    """What a visitor sees of a cooperative on every page and mail."""

    logo = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("logo"),
    )
    field = colour(_("field: header and hero"), "#ff7a4d")
    action = colour(_("action: buttons and links"), "#1d1410")
    deep = colour(_("dark field: promise board and footer"), "#1d1410")
    deep_mark = colour(_("what stands out on the dark field"), "#ff9a76")
    tint = colour(_("second surface"), "#f6f1ed")
    ink = colour(_("text"), "#1d1410")
    art_1 = colour(_("drawing colour 1"), "#1d1410")
    art_2 = colour(_("drawing colour 2"), "#ff7a4d")
    art_3 = colour(_("drawing colour 3"), "#ffffff")
    art_4 = colour(_("drawing colour 4"), "#bcd9dc")
    art_5 = colour(_("drawing colour 5"), "#f4c04e")
    art_6 = colour(_("drawing colour 6"), "#2d6a63")
    display = models.CharField(_("display type"), max_length=12, choices=Display.choices, default=Display.GROTESQUE)
    radius = models.PositiveSmallIntegerField(_("corners, in pixels"), default=6)
    rule = models.PositiveSmallIntegerField(_("thickness of rules, in pixels"), default=3)
    capital_labels = models.BooleanField(_("labels in capitals"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    base_form_class = BrandForm
    panels: ClassVar = [
        FieldPanel("logo"),
        MultiFieldPanel(
            [colours("field", "action"), colours("deep", "deep_mark"), colours("tint", "ink")],
            heading=_("Colours"),
        ),
        MultiFieldPanel(
            [colours("art_1", "art_2", "art_3"), colours("art_4", "art_5", "art_6")], heading=_("Drawings")
        ),
        FieldRowPanel([FieldPanel("display"), FieldPanel("radius"), FieldPanel("rule"), FieldPanel("capital_labels")]),
    ]

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def save(self, *args: object, **kwargs: object) -> None:
        """Each save has a new version, which stands in the stylesheet's address."""
        self.version = (self.version or 0) + 1 if self.pk else 1
        super().save(*args, **kwargs)
