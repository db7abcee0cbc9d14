"""Joining a team and moving between the teams one belongs to."""

from typing import Any

from django.conf import settings
from django.db import models

from home.models.cooperative import Cooperative
from home.tenancy import ScopedManager


class Crossing(models.Model):
    """Someone's way to the host of a cooperative, opened once within a minute (home.switching).

    `cooperative` is where it leads; `proof` is how the person had proved who they are, and is emptied when it is used.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    path = models.TextField()
    proof: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    def __str__(self) -> str:
        return f"{self.user_id} · {self.cooperative_id}"
