"""What a federation gives the cooperatives that it brings: settings, texts, points of the checklist.

Nothing here reaches a cooperative by itself: `Adopted` says what it took, and what it declined
(home.cooperatives.proposals).
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable

from home.blocks import FEATURES
from home.cooperatives.federation_forms import FederationForm
from home.tenancy import ScopedManager


class TextKey(models.TextChoices):
    """The legal texts that every cooperative has, in the order of the foot of its pages."""

    TERMS = "terms", _("Campaign terms")
    REFUNDS = "refunds", _("Refunds and fees")
    PRIVACY = "privacy", _("Personal information")
    NOTICE = "notice", _("Legal notice")


class Federation(ClusterableModel):
    """A template: whoever is founded with it takes these values, and is offered what changes later."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    commission_basis_points = models.PositiveIntegerField(_("commission, in hundredths of a percent"), default=500)
    commission_fixed = models.PositiveIntegerField(_("fixed part of the commission, in cents"), default=0)
    max_campaign_days = models.PositiveIntegerField(_("longest campaign, in days"), default=90)
    second_person_above = models.PositiveIntegerField(
        _("refunds above this amount need a second person, in cents"), default=50_000
    )

    base_form_class = FederationForm
    panels: ClassVar = [
        FieldRowPanel([FieldPanel("name"), FieldPanel("slug")]),
        FieldRowPanel([FieldPanel("commission_basis_points"), FieldPanel("commission_fixed")]),
        FieldRowPanel([FieldPanel("max_campaign_days"), FieldPanel("second_person_above")]),
        InlinePanel("texts", heading=_("Legal texts"), label=_("Text")),
        InlinePanel("points", heading=_("Points added to the launch checklist"), label=_("Point")),
    ]

    class Meta:
        verbose_name = _("federation")
        verbose_name_plural = _("federations")

    def __str__(self) -> str:
        return self.name


class FederationText(models.Model):
    """One legal text in both languages, in place of the house's own; `{name}` and its like are filled in."""

    federation = ParentalKey(Federation, on_delete=models.CASCADE, related_name="texts")
    key = models.CharField(_("text"), max_length=10, choices=TextKey.choices)
    title_fr = models.CharField(_("title in French"), max_length=120)
    title_en = models.CharField(_("title in English"), max_length=120)
    body_fr = RichTextField(_("text in French"), features=FEATURES)
    body_en = RichTextField(_("text in English"), features=FEATURES)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["federation", "key"], name="federation_text_once")]

    def __str__(self) -> str:
        return self.get_key_display()

    def clean(self) -> None:
        """A place that nothing fills in would stand between its braces on every page."""
        from home.cooperatives.legal_texts import unknown_places  # noqa: PLC0415 (it reads these models)

        for name in ("title_fr", "title_en", "body_fr", "body_en"):
            if unknown := unknown_places(getattr(self, name) or ""):
                words = _("Nothing fills in %(places)s.")
                said = {"places": ", ".join(f"{{{place}}}" for place in sorted(unknown))}
                raise ValidationError({name: ValidationError(words, params=said)})


class FederationPoint(Orderable):
    """One point more on the checklist of a launch, confirmed by a person for each campaign."""

    federation = ParentalKey(Federation, on_delete=models.CASCADE, related_name="points")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    sentence_fr = models.CharField(_("sentence in French"), max_length=200)
    sentence_en = models.CharField(_("sentence in English"), max_length=200)
    holds_back = models.BooleanField(_("holds the launch back"), default=False)

    def __str__(self) -> str:
        return self.sentence_fr


class Adopted(models.Model):
    """What a cooperative took of its federation about one subject (`value`), and what it last declined.

    `subject` is `commission`, `max_campaign_days`, `second_person_above`, `text:<key>` or `point:<key>`. A null value:
    nothing was taken.
    """

    cooperative = models.ForeignKey("home.Cooperative", on_delete=models.PROTECT, related_name="adopted")
    subject = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    declined = models.JSONField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cooperative", "subject"], name="adopted_once")]

    def __str__(self) -> str:
        return self.subject


class OwnPoint(models.Model):
    """A point of the checklist that a cooperative took from its federation."""

    cooperative = models.ForeignKey("home.Cooperative", on_delete=models.PROTECT, related_name="own_points")
    key = models.UUIDField()
    sentence_fr = models.CharField(max_length=200)
    sentence_en = models.CharField(max_length=200)
    holds_back = models.BooleanField(default=False)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cooperative", "key"], name="own_point_once")]

    def __str__(self) -> str:
        return self.sentence_fr


class LegalText(models.Model):
    """Which page of a cooperative is which legal text, and the words it was last given.

    `words` and `given` are `{language: {"title", "html"}}`, before and after its identity was filled in. A page that
    says something else than `given` was edited: nothing is written over it.
    """

    cooperative = models.ForeignKey("home.Cooperative", on_delete=models.PROTECT, related_name="legal_texts")
    key = models.CharField(max_length=10, choices=TextKey.choices)
    translation_key = models.UUIDField()
    words = models.JSONField()
    given = models.JSONField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cooperative", "key"], name="legal_text_once")]

    def __str__(self) -> str:
        return self.get_key_display()
