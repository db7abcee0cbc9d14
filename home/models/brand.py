"""A cooperative's brand: its pictures, a handful of colours and a few texts; home.brand.branding derives the rest."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import RichTextField
from wagtail.rich_text import RichText

from home.brand.colour_input import ColourInput
from home.brand.forms import BrandForm
from home.brand.panels import PreviewPanel
from home.languages import current, text_of

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Enter a colour like #1d3fc4."))


class Display(models.TextChoices):
    """The display stacks a brand may pick; text is always the system's sans."""

    GROTESQUE = "grotesque", _("Grotesque")
    SLAB = "slab", _("Slab")
    OLD_STYLE = "old-style", _("Old style")


class MailHead(models.TextChoices):
    """What stands at the head of each mail."""

    NAME = "name", _("The name")
    LOGO = "logo", _("The logo")


#: What a footer's text may hold.
FOOTER_FEATURES = ["bold", "italic", "link", "ul"]
#: Characters.
LONGEST_LINE, LONGEST_THANKS, LONGEST_FOOTER = 90, 600, 3000


@dataclass
class Shown:
    """A rich text at a place where its links may be looked up together with others (home.ready_bodies)."""

    value: RichText


def colour(label: object, default: str) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=7, default=default, validators=[COLOUR])  # type: ignore[arg-type]


def picture(label: object, help_text: object) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
    )


def line(label: object, help_text: object = "") -> "models.CharField[str, str]":
    return models.CharField(label, max_length=LONGEST_LINE, blank=True, help_text=help_text)  # type: ignore[arg-type]


def footer(label: object) -> RichTextField:
    longest = MaxLengthValidator(LONGEST_FOOTER)
    return RichTextField(label, features=FOOTER_FEATURES, blank=True, validators=[longest])


def thanks(label: object, help_text: object = "") -> "models.TextField[str, str]":
    longest = MaxLengthValidator(LONGEST_THANKS)
    return models.TextField(label, blank=True, help_text=help_text, validators=[longest])  # type: ignore[arg-type]


def pair(name: str) -> FieldRowPanel:
    """A text in both languages, side by side."""
    return FieldRowPanel([FieldPanel(f"{name}_fr"), FieldPanel(f"{name}_en")])


def colours(*names: str) -> FieldRowPanel:
    return FieldRowPanel([FieldPanel(name, widget=ColourInput) for name in names])


@register_setting(icon="palette")
class Brand(BaseSiteSetting):
    """What a visitor sees of a cooperative on every page and mail.

    `drawing_name` is the digest of the logo that is drawn (LogoDrawing), empty where there is none.
    """

    #: Of a brand that is being tried and was not saved: says its colours, for its stylesheet's address.
    trial = ""
    #: The same, of its drawn logo.
    trial_drawing = ""

    logo = picture(_("logo"), _("JPEG, PNG or WebP. Mail and the icon are made from it."))
    drawing_name = models.CharField(max_length=16, blank=True, editable=False)
    drawing_width = models.PositiveIntegerField(default=0, editable=False)
    drawing_height = models.PositiveIntegerField(default=0, editable=False)
    favicon = picture(_("icon"), _("A square image, for the browser’s tab. Without it, the logo, or the first letter."))
    social_image = picture(
        _("picture for sharing"),
        _("Shown where a page without a picture of its own is passed on; 1,200 by 630 pixels."),
    )
    header_fr = line(_("line in the header, French"))
    header_en = line(_("line in the header, English"))
    footer_fr = footer(_("text of the footer, French"))
    footer_en = footer(_("text of the footer, English"))
    thanks_fr = thanks(
        _("word of thanks, French"), _("Read after a contribution, and in the email that confirms it. No amounts.")
    )
    thanks_en = thanks(_("word of thanks, English"))
    mail_head = models.CharField(
        _("at the head of emails"), max_length=4, choices=MailHead.choices, default=MailHead.NAME
    )
    mail_field = models.CharField(
        _("field of the head of emails"),
        max_length=7,
        blank=True,
        validators=[COLOUR],
        help_text=_("Empty: that of the header."),
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
        MultiFieldPanel(
            [
                FieldPanel("logo"),
                FieldPanel("drawing"),
                FieldPanel("remove_drawing"),
                FieldPanel("favicon"),
                FieldPanel("social_image"),
            ],
            heading=_("Logo and pictures"),
        ),
        MultiFieldPanel([pair("header"), pair("footer"), pair("thanks")], heading=_("Texts")),
        MultiFieldPanel(
            [colours("field", "action"), colours("deep", "deep_mark"), colours("tint", "ink")],
            heading=_("Colours"),
        ),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("mail_head"), FieldPanel("mail_field", widget=ColourInput)])],
            heading=_("Emails"),
        ),
        MultiFieldPanel(
            [colours("art_1", "art_2", "art_3"), colours("art_4", "art_5", "art_6")], heading=_("Drawings")
        ),
        FieldRowPanel([FieldPanel("display"), FieldPanel("radius"), FieldPanel("rule"), FieldPanel("capital_labels")]),
        PreviewPanel(),
    ]

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def save(self, *args: object, **kwargs: object) -> None:
        """Each save has a new version, which stands in the stylesheet's address."""
        self.version = (self.version or 0) + 1 if self.pk else 1
        super().save(*args, **kwargs)

    @property
    def stylesheet_url(self) -> str:
        if self.trial:
            return reverse("brand_trial", args=[self.trial])
        return reverse("brand_stylesheet", args=[self.version])

    @property
    def drawing_url(self) -> str:
        """Of the drawn logo; empty where there is none."""
        if self.trial_drawing:
            return self.trial_drawing
        return reverse("brand_drawing", args=[self.version]) if self.drawing_name else ""

    @property
    def header_line(self) -> str:
        return text_of(self, "header")

    @property
    def word_of_thanks(self) -> str:
        return text_of(self, "thanks")

    @property
    def footer(self) -> RichText:
        return self.shown_footer().value

    def shown_footer(self) -> Shown:
        """The footer in the language of the page, always the same object."""
        texts: dict[str, Shown] = self.__dict__.setdefault("_footers", {})
        return texts.setdefault(current(), Shown(RichText(text_of(self, "footer"))))


class LogoDrawing(models.Model):
    """The SVG of a logo, as home.brand.drawings left it. Apart from the brand, which each page reads."""

    brand = models.OneToOneField(Brand, on_delete=models.CASCADE, related_name="drawing")
    svg = models.TextField()

    def __str__(self) -> str:
        return f"{self.brand_id}"
