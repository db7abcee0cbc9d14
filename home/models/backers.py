"""Backers: people known to one cooperative only, and what they agreed to be written about."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from home.languages import CHOICES, FRENCH
from home.models.cooperative import Cooperative
from home.tenancy import ScopedManager


class Backer(models.Model):
    """Someone who contributed to a campaign of one cooperative, or follows one; unknown to the others.

    Who only follows has given no name yet. Who contributed by other means than the site may have no address (`email`
    empty, `email_key` a name of ours). `erased_at`: everything personal is gone, what accounting needs stays.
    `link_generation` rises to make earlier links to updates worthless.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="backers")
    email = models.EmailField(_("email"), blank=True)
    email_key = models.CharField(max_length=254, help_text=_("The address, normalised: what makes a backer one."))
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=CHOICES, default=FRENCH)
    stripe_customer = models.CharField(max_length=60, blank=True)
    link_generation = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = pgettext_lazy("counted", "backer")
        verbose_name_plural = pgettext_lazy("counted", "backers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "email_key"], name="backer_once_per_cooperative")
        ]

    def __str__(self) -> str:
        return self.name or self.email


class ConsentPlace(models.TextChoices):
    """Where a yes was given."""

    CONTRIBUTION = "contribution", _("The form of a contribution")
    OWN_PAGE = "own_page", _("“My contribution”")
    NEWS = "news", _("The page of a campaign’s news, confirmed by a link mailed to the address")
    OPENING = "opening", _("“Notify me” on a campaign’s page")
    PAUSE = "pause", _("A campaign’s page while payments were paused")


class Withdrawal(models.TextChoices):
    """How a yes was taken back."""

    LINK = "link", _("By the link in an email")
    OWN_PAGE = "own_page", _("On “My contribution”")
    PROVIDER = "provider", _("By a mail program, told by the mail provider")
    MERGED = "merged", _("Given twice by the same person")


class NewsConsent(models.Model):
    """A backer's yes to news on one topic (a campaign's translation key), with its proof: who, when, text, language.

    Always express: nobody is written news because they contributed. `text` is what was shown, word for word, and
    `place` where (empty for one older than this column). `confirmed_at`: from the address itself, by a link mailed to
    it. `withdrawn_by`: how it was taken back.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    backer = models.ForeignKey(Backer, on_delete=models.CASCADE, related_name="news_consents")
    topic = models.UUIDField(default=uuid.uuid4, db_index=True)
    text = models.TextField()
    language = models.CharField(max_length=2, choices=CHOICES)
    granted_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(
        _("where"), max_length=12, choices=ConsentPlace.choices, blank=True, default="", db_default=""
    )
    withdrawn_by = models.CharField(
        _("taken back"), max_length=10, choices=Withdrawal.choices, blank=True, default="", db_default=""
    )

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["backer", "topic"], condition=models.Q(withdrawn_at=None), name="news_consent_standing_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.backer} · {self.topic}"
