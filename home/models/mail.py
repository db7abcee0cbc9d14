"""One mail, one row: written before it leaves, and never twice for the same occasion."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from home.languages import CHOICES
from home.models.backers import Backer
from home.models.cooperative import Cooperative
from home.tenancy import ScopedManager


class MailState(models.TextChoices):
    """Where a mail stands; changed only by home.outbox, and by home.mail.holding for the mails of a batch."""

    QUEUED = "queued", _("Waiting")
    HELD = "held", _("Held")
    LEAVING = "leaving", _("Leaving")
    SENT = "sent", _("Sent")
    IN_DOUBT = "in_doubt", _("In doubt")
    FAILED = "failed", _("Could not be sent")
    CANCELLED = "cancelled", _("Cancelled")
    SUPPRESSED = "suppressed", _("Not sent: unsubscribed or address refused")


class HeldFor(models.TextChoices):
    """What a held mail waits for. Set and cleared with HELD, by home.mail.holding."""

    NOTHING = "", _("Nothing")
    DECISION = "decision", _("Its mailing is paused")
    TEXT = "text", _("The text in the reader’s language")


#: The stage of mails that wait or leave: one word for both.
UNDER_WAY = "under_way"


class OutgoingMail(models.Model):
    """`subject_key` names what the mail is about (`pledge:12`), `occasion` which time (a day of grace, a request).

    `stage` is `state`, but the same while it waits and while it leaves, and what the index of it knows: PostgreSQL
    writes to no index of a row that is claimed or begins to leave, which is most of what a mailing would write.
    `batch` names the mailing it left with, if any. `facts` are what was true when it was written and would no
    longer be found at sending. `provider_id` is what the provider calls it; `delivered_at`, `bounced_at` (for good) and
    `complained_at` are what the provider told of it later (home.mail.tracking), in whatever order.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="mails")
    kind = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=60)
    occasion = models.CharField(max_length=40, blank=True)
    reader_key = models.CharField(max_length=60)
    backer = models.ForeignKey(Backer, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    address = models.EmailField()
    language = models.CharField(max_length=2, choices=CHOICES)
    batch = models.CharField(max_length=60, blank=True)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.QUEUED)
    held_for = models.CharField(max_length=10, choices=HeldFor.choices, default=HeldFor.NOTHING, blank=True)
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    provider_id = models.CharField(max_length=160, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    stage = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=[MailState.QUEUED, MailState.LEAVING], then=models.Value(UNDER_WAY)),
            default=models.F("state"),
        ),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    objects = ScopedManager()

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject_key", "occasion", "reader_key"], name="mail_once_per_occasion"
            )
        ]
        # SQLite does not use a partial index here, so the stage stands in it.
        indexes: ClassVar = [
            models.Index(fields=["stage", "id"], name="mail_by_stage"),
            models.Index(fields=["provider_id"], name="mail_by_provider_id"),
            models.Index(fields=["batch", "id"], name="mail_of_batch"),
            models.Index(
                fields=["batch", "id"],
                condition=models.Q(state__in=[MailState.FAILED, MailState.IN_DOUBT, MailState.SUPPRESSED])
                | models.Q(bounced_at__isnull=False),
                name="mail_in_trouble",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject_key}"

    @property
    def message_id(self) -> str:
        """The same at every attempt, so that a mail that left twice is recognised as one."""
        return f"<{self.token}@{settings.MAIL_DOMAIN}>"


class MailEvent(models.Model):
    """What a provider told of a mail, stored once by the provider's own name of the event (or what identifies it).

    `kind` is anymail's normalised event type (`delivered`, `bounced`, `complained`…).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="events")
    provider = models.CharField(max_length=40)
    event_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    is_final = models.BooleanField(default=False, help_text=_("Of a bounce: the address takes no mail at all."))
    detail = models.CharField(max_length=300, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["provider", "event_key"], name="mail_event_once")]

    def __str__(self) -> str:
        return f"{self.mail_id} · {self.kind}"


class Stop(models.TextChoices):
    """What becomes of the mails of a batch that must not leave."""

    HOLD = "hold", _("They wait")
    CANCEL = "cancel", _("They are cancelled")


class BatchStop(models.Model):
    """As long as this row stands, no mail of the batch leaves, whatever the state of its own row (home.mail.holding).

    A mail that was leaving when its batch was stopped may come back to the queue later; this row holds it there.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    batch = models.CharField(max_length=60, unique=True)
    how = models.CharField(max_length=6, choices=Stop.choices)

    objects = ScopedManager()

    def __str__(self) -> str:
        return f"{self.batch} · {self.how}"


class TeamMailChoice(models.Model):
    """That someone of a team does not want one kind of team mail (or wants it again). No row: it is sent."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=40)
    wanted = models.BooleanField(default=True)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "user", "kind"], name="team_mail_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.kind}"


class Suppression(models.Model):
    """An address of one cooperative that news no longer goes to: it bounced for good, or complained."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    email_key = models.CharField(max_length=254)
    reason = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cooperative", "email_key"], name="suppression_once")]

    def __str__(self) -> str:
        return self.email_key
