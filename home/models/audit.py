"""Who did what about money, people and settings: rows that are written once and never changed."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from home import clock
from home.tenancy import ScopedManager


class AuditEntry(models.Model):
    """One act. Append-only.

    `act` is a key of home.audit. `subject` names a row ("refund:12"); `facts` hold amounts in minor units, days and
    states, never a backer's name or address. `actor_name` outlives the person's account; empty where nobody acted but
    the clock.
    """

    cooperative = models.ForeignKey("home.Cooperative", on_delete=models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=320, blank=True)
    act = models.CharField(_("act"), max_length=40)
    subject = models.CharField(max_length=80, blank=True)
    facts = models.JSONField(default=dict)

    objects = ScopedManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cooperative", "-at", "-id"], name="audit_latest_first")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.act} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises TypeError for a row that stands already."""
        if not self._state.adding:
            raise TypeError("An audit entry is written once.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never deleted.")
