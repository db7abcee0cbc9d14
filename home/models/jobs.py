"""What runs by the clock, and the signs of life of worker and tick."""

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
