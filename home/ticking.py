"""Periodic work: registered by each app, taken by a conditional UPDATE, so that two ticks never act at once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from home.backups import standing
from home.models import Heartbeat, PeriodicJob

log = logging.getLogger(__name__)

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
        except Exception:
            log.exception("the periodic job %s failed", job.name)
        else:
            done.append(job.name)
    beat("tick")
    return done


def _take(job: Job) -> bool:
    now = timezone.now()
    PeriodicJob.objects.get_or_create(name=job.name, defaults={"next_run": now})
    due = PeriodicJob.objects.filter(name=job.name, next_run__lte=now)
    return bool(due.update(next_run=now + job.every, last_run=now))


def beat(name: str) -> None:
    """Leave a sign of life, by the machine's clock."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})
