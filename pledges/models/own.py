"""What a backer asked for on their own page, and what is left to do at the provider because of it."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home.models import Backer, Cooperative
from home.tenancy import ScopedManager
from pledges.models.pledges import Pledge


class CardToForget(models.Model):
    """A card that another one replaced, written with it; `forgotten_at` once it is gone at the provider."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="old_cards")
    payment_method = models.CharField(max_length=60)
    replaced_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("card to forget")
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(forgotten_at=None), name="card_to_forget_due")
        ]

    def __str__(self) -> str:
        return str(self.pledge_id)


class DataRequest(models.Model):
    """A backer asked for what is kept about them. `key` is in the link that was mailed; it works once."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    backer = models.ForeignKey(Backer, on_delete=models.PROTECT, related_name="data_requests")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("request for one’s data")

    def __str__(self) -> str:
        return str(self.backer_id)


class EmailChange(models.Model):
    """A backer wants to be written to elsewhere; changed by pledges.email_changes. Asked for on the page of `pledge`.

    Nothing changes before the new address confirms it; the old one is told then, and may undo it for a while.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    backer = models.ForeignKey(Backer, on_delete=models.PROTECT, related_name="email_changes")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="+")
    old_email = models.EmailField(blank=True)
    new_email = models.EmailField()
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("change of email address")

    def __str__(self) -> str:
        return str(self.backer_id)


class Continuation(models.Model):
    """A form that its backer goes on with by a link in a mail (pledges.continuing), kept for a day or two.

    `typed` is what was posted, and `used_for` the contribution that the link has led to, by its `attempt`.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    backer = models.ForeignKey(Backer, on_delete=models.PROTECT, related_name="continuations")
    typed: models.JSONField[dict[str, str]] = models.JSONField(default=dict)
    asked_at = models.DateTimeField(db_index=True)
    used_for = models.UUIDField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("contribution to continue")

    def __str__(self) -> str:
        return str(self.backer_id)
