"""What campaigns have come to, counted as it happens. Written by triggers (pledges.tallies.triggers) and by folding.

No row of these is the truth: all can be counted again from pledges, payments, refunds and disputes
(pledges.tallies.recounting). Ids without a foreign key: writing one must not lock a campaign, and none holds on to it.
"""

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models

#: The moment of what is counted whatever its moment.
WHOLE = datetime(1970, 1, 1, tzinfo=UTC)


class Tally(models.Model):
    """A change of one sum, or (`is_sum`) the changes folded so far; what counts is the sum of all rows.

    `key` is the reward of what is counted by reward, else 0. `at` is the quarter of an hour of what is counted by
    time (days of every time zone are made of them), else WHOLE.
    """

    campaign_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    key = models.BigIntegerField(default=0)
    at = models.DateTimeField(default=WHOLE)
    amount = models.BigIntegerField(default=0)
    people = models.BigIntegerField(default=0)
    is_sum = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign_id", "kind", "key", "at"], condition=models.Q(is_sum=True), name="tally_sum_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign_id", "kind", "key", "at"], include=["amount", "people"], name="tally_read"),
            models.Index(fields=["id"], condition=models.Q(is_sum=False), name="tally_to_fold"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.kind}"


class TallyPerson(models.Model):
    """Whether a backer counts in a campaign, so that each counts once; its lock orders what happens to one backer.

    `counts` in the progress; `stands` among those who contributed, late ones too; `shows` a name on the wall.
    """

    campaign_id = models.BigIntegerField()
    backer_id = models.BigIntegerField()
    counts = models.BooleanField(default=False)
    stands = models.BooleanField(default=False)
    shows = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign_id", "backer_id"], name="tally_person_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.backer_id}"


class TallyHolder(models.Model):
    """Whether a backer is promised a reward, or holds it while paying."""

    reward_id = models.BigIntegerField()
    backer_id = models.BigIntegerField()
    holds = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["reward_id", "backer_id"], name="tally_holder_once")]

    def __str__(self) -> str:
        return f"{self.reward_id} · {self.backer_id}"


class DeliveryCount(models.Model):
    """How the word on a tier stood when it was counted (pledges.counted_apart), where that takes long."""

    reward_id = models.BigIntegerField(primary_key=True)
    cooperative_id = models.BigIntegerField(db_index=True)
    promised = models.BigIntegerField()
    sent = models.BigIntegerField()
    received = models.BigIntegerField()
    last_arrival = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.reward_id} · {self.promised}"


class CooperativeCount(models.Model):
    """The same of a cooperative: its word kept, and which tiers are waited for.

    `late` are [reward, month, people], `due` those of `month`. `took`: seconds.
    """

    cooperative_id = models.BigIntegerField(primary_key=True)
    kept_total = models.BigIntegerField()
    kept_in_time = models.BigIntegerField()
    month = models.DateField()
    late = models.JSONField()
    due = models.JSONField()
    counted_at = models.DateTimeField()
    took = models.FloatField()

    def __str__(self) -> str:
        return f"{self.cooperative_id} · {self.counted_at:%Y-%m-%d %H:%M}"


class CampaignCount(models.Model):
    """How a campaign's money stood when it was counted (pledges.money_counts), where that takes long.

    `seen`: what was tallied by then, so that it is known whether anything happened since. `took`: seconds.
    """

    campaign_id = models.BigIntegerField(primary_key=True)
    seen = models.JSONField()
    sums = models.JSONField()
    counted_at = models.DateTimeField()
    took = models.FloatField()

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.counted_at:%Y-%m-%d %H:%M}"
