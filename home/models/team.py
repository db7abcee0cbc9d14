"""Joining a team and moving between the teams one belongs to."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from home.languages import CHOICES, FRENCH
from home.models.cooperative import Cooperative, Role
from home.tenancy import ScopedManager


class Crossing(models.Model):
    """Someone's way to the host of a cooperative, opened once within a minute (home.people.switching).

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


class Invitation(models.Model):
    """A role in a team, offered to an address (normalised) until `expires_at` (home.people.inviting).

    `generation` is raised whenever its link is made anew, so that links sent before open nothing. `language` is that
    of its mail.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(_("email"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    language = models.CharField(_("language"), max_length=2, choices=CHOICES, default=FRENCH)
    generation = models.PositiveIntegerField(default=0)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cooperative", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_waiting_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"
