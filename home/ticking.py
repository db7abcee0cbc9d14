"""Periodic work: registered by each app, taken by a conditional UPDATE, so that two ticks never act at once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from home import leases, outages
from home.backups import standing
from home.models import Heartbeat, PeriodicJob

log = logging.getLogger(__name__)

AFTER_OUTAGE = timedelta(minutes=1)
#: The job by which a worker shows that it is alive.
HEARTBEAT = "heartbeat"


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], object]


_jobs: dict[str, Job] = {}


def periodic(name: str, every: timedelta) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments; it should only enqueue tasks, or be quick."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        _jobs[name] = Job(name, every, function)
        return function

    return register


def run_due() -> list[str]:
    """Run the jobs whose time has come; one that fails does not keep the others from running.

    After a backup was put back only the sign of life is asked for, until it is released (home.backups).
    """
    done = []
    held = standing.is_held()
    for job in [_jobs[HEARTBEAT]] if held else _jobs.values():
        if not _take(job):
            continue
        try:
            job.run()
        except Exception as error:
            log.exception("the periodic job %s failed", job.name)
            if outages.is_outage(error):
                _soon_again(job)
        else:
            done.append(job.name)
    beat("tick")
    return done


def _take(job: Job) -> bool:
    now = timezone.now()
    PeriodicJob.objects.get_or_create(name=job.name, defaults={"next_run": now})
    due = Q(next_run__lte=now) | leases.never_given("next_run", now, job.every)
    rows = PeriodicJob.objects.filter(due, name=job.name)
    return bool(rows.update(next_run=now + job.every, last_run=now))


def _soon_again(job: Job) -> None:
    """What an outage kept from running does not wait for its next day. Raises while the outage lasts."""
    soon = timezone.now() + min(job.every, AFTER_OUTAGE)
    PeriodicJob.objects.filter(name=job.name, next_run__gt=soon).update(next_run=soon)


def beat(name: str) -> None:
    """Leave a sign of life, by the machine's clock."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})
