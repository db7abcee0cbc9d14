"""One act of sending: its audience is frozen as rows of outgoing mail, whose `batch` is the mailing's key."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from home.models import Cooperative
from home.tenancy import ScopedManager
from updates.enums import MailingKind, MailingState, MissingLanguage
from updates.models.updates import Update


class Mailing(models.Model):
    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="mailings")
    kind = models.CharField(_("kind"), max_length=6, choices=MailingKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=MailingState.choices, default=MailingState.FREEZING)
    missing_language = models.CharField(max_length=10, choices=MissingLanguage.choices, default=MissingLanguage.NONE)
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
