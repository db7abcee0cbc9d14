"""Hosts that a cooperative had before, and that lead on to the one it has."""

from typing import ClassVar

from django.db import models

from home import clock
from home.models.cooperative import Cooperative
from home.tenancy import ScopedManager


class FormerHost(models.Model):
    """One host of before: its links go on working. Nobody else can have it (home.hosts.domains)."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="former_hosts")
    hostname = models.CharField(max_length=253, unique=True)
    left_at = models.DateTimeField(default=clock.now)

    objects = ScopedManager()

    class Meta:
        ordering: ClassVar = ["-left_at", "-pk"]

    def __str__(self) -> str:
        return self.hostname
