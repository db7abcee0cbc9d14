"""What runs by the clock, the signs of life of worker and tick, and what an operator brought back from a backup."""

import uuid

from django.db import models


class PeriodicJob(models.Model):
    """When a periodic job is next due. Taken by a conditional UPDATE, so that two ticks never run it at once."""

    name = models.CharField(max_length=60, primary_key=True)
    next_run = models.DateTimeField()
    last_run = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of a process; machine time, not the product's clock."""

    name = models.CharField(max_length=20, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Restoration(models.Model):
    """A backup that was put in place of this database. Until `released_at` the installation is held (home.backups).

    `taken_at`: when the backup was taken: what came after it is not here. `compared_at`: when all of it was last held
    against Stripe. `unread`: cooperatives whose account could not be read at the release: they stay held.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    backup = models.CharField(max_length=60)
    taken_at = models.DateTimeField()
    begun_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    unread = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return self.backup
