"""The cooperative's account at Stripe: how it came to be, and what Stripe last said of it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import person
from home.models import Cooperative
from home.tenancy import ScopedManager


class StripeAccount(models.Model):
    """Written before an account is asked for: `key` is its idempotency key, and its name in the account's metadata.

    What the account may do stands on the cooperative; here is why, as of `read_at`. `requirements` are Stripe's own
    names of what it asks for now, `due_by` until when. `charges_lost_at`: since when it takes no payments any more;
    empty while it does, and before it ever did.
    """

    cooperative = models.OneToOneField(Cooperative, on_delete=models.PROTECT, related_name="stripe_account_state")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = person()
    read_at = models.DateTimeField(null=True, blank=True)
    requirements = models.JSONField(default=list)
    due_by = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=80, blank=True)
    charges_lost_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("payment account")

    def __str__(self) -> str:
        return str(self.cooperative)
