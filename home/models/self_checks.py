"""What the nightly checks of the whole installation found."""

from django.db import models


class SelfCheckRun(models.Model):
    """One a day. `found`: by check, how many faults (`count`), the first of them (`first`), why it could not be made
    (`failed`). Names rows and objects of Stripe by their numbers, nobody.

    `told_at`: when the operator was written to of it; empty where all was well and nobody needed to be.
    """

    day = models.DateField(unique=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    found = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def is_well(self) -> bool:
        return not any(one["count"] or one["failed"] for one in self.found.values())
