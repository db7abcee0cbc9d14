"""One act of sending: its audience is frozen as rows of outgoing mail, whose `batch` is the mailing's key.

Changed by updates.sending. `send_at`: its mails leave from then on; empty, at once.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from campaigns.models import person
from home import clock
from home.models import Cooperative
from home.tenancy import ScopedManager
from updates.enums import Act, MailingKind, MailingState, MissingLanguage, PauseReason
from updates.models.updates import Update


class Mailing(models.Model):
    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="mailings")
    kind = models.CharField(_("kind"), max_length=6, choices=MailingKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=MailingState.choices, default=MailingState.FREEZING)
    missing_language = models.CharField(max_length=10, choices=MissingLanguage.choices, default=MissingLanguage.NONE)
    send_at = models.DateTimeField(_("leaves at"), null=True, blank=True)
    pause_reason = models.CharField(max_length=12, choices=PauseReason.choices, default=PauseReason.NONE, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = person()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = person()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("mailing")

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """What `OutgoingMail.batch` says of mails that leave with this mailing."""
        return f"mailing:{self.pk}"

    @property
    def is_to_come(self) -> bool:
        """It is to leave at a moment that has not come."""
        return self.send_at is not None and self.send_at > clock.now()

    @property
    def state_words(self) -> str:
        """Its state for a reader: what leaves on a later day is not being sent yet."""
        if self.state == MailingState.SENDING and self.is_to_come:
            return pgettext("mailing", "Scheduled")
        return str(self.get_state_display())


class MailingAct(models.Model):
    """What was done with a mailing, when and by whom; only ever added to. `by` is empty for what it did by itself.

    `tried`, `bounced` and `complained` are its figures at that moment: a pause counts from the last decision on.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=12, choices=Act.choices)
    at = models.DateTimeField()
    by = person()
    detail = models.CharField(max_length=100, blank=True)
    tried = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)

    objects = ScopedManager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.mailing_id} · {self.act}"
