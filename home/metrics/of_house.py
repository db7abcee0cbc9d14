"""Figures of this room: the queue of tasks, mails, processes, nightly checks, backups, the disk."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django_tasks import TaskResultStatus, task_backends
from django_tasks_db import DatabaseBackend
from django_tasks_db.models import DBTaskResult
from prometheus_client.core import GaugeMetricFamily

from home.metrics.registry import MOST, age, count, gauge, measure
from home.models import Heartbeat, MailState, OutgoingMail, PeriodicJob, SelfCheckRun
from home.models.mail import UNDER_WAY
from home.tenancy import across_cooperatives


@measure
def queue() -> Iterator[GaugeMetricFamily]:
    """Of tasks that wait in the database; in Redis, rq has figures of its own."""
    if not isinstance(task_backends["default"], DatabaseBackend):
        return
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY).ready()
    first = waiting.order_by("enqueued_at").values_list("enqueued_at", flat=True)[:1]
    yield gauge("tasks_waiting", f"Tasks that no worker has taken yet, up to {MOST}.", count(waiting))
    yield gauge("task_queue_age_seconds", "How long the oldest of them waits.", age(next(iter(first), None)))


@measure
def mails() -> Iterator[GaugeMetricFamily]:
    """By state. What was sent is counted by nobody: there is no end to it."""
    with across_cooperatives():
        rows = OutgoingMail.objects.order_by("stage", "id")
        under_way = rows.filter(stage=UNDER_WAY)
        states = Counter(under_way.values_list("state", flat=True)[:MOST])
        oldest = under_way.filter(not_before=None).values_list("created_at", flat=True).first()
        by_state: dict[str, float] = {str(one): states[one] for one in (MailState.QUEUED, MailState.LEAVING)}
        for state in (MailState.HELD, MailState.IN_DOUBT, MailState.FAILED, MailState.SUPPRESSED, MailState.CANCELLED):
            by_state[str(state)] = count(rows.filter(stage=state))
    yield gauge("mails", f"Mails in each state but sent, up to {MOST}.", by_state, by="state")
    yield gauge("mail_queue_age_seconds", "How long the oldest mail that may leave at once waits.", age(oldest))


@measure
def processes() -> Iterator[GaugeMetricFamily]:
    """Signs of life, and jobs of the tick that are late."""
    beats = {row.name: age(row.beat_at) for row in Heartbeat.objects.all()}
    late = PeriodicJob.objects.order_by("next_run").values_list("next_run", flat=True).first()
    yield gauge("heartbeat_age_seconds", "Since the last sign of life of worker and tick.", beats, by="process")
    yield gauge("periodic_job_late_seconds", "How long the latest job of the tick is overdue.", age(late))


@measure
def self_checks() -> Iterator[GaugeMetricFamily]:
    """What the last nightly check found, and when that was."""
    last = SelfCheckRun.objects.exclude(finished_at=None).order_by("-day").first()
    if last is None:
        return
    found = {name: float(one["count"]) for name, one in last.found.items()}
    failed = {name: float(bool(one["failed"])) for name, one in last.found.items()}
    yield gauge("self_check_age_seconds", "Since the last nightly check ended.", age(last.finished_at))
    yield gauge("self_check_findings", "What was at fault in it.", found, by="check")
    yield gauge("self_check_failed", "Whether a part of it could not be made (1).", failed, by="check")


@measure
def machine() -> Iterator[GaugeMetricFamily]:
    """What is left of the disk that holds the data, and how old the latest whole backup is."""
    usage = shutil.disk_usage(existing(settings.DATA_DIR))
    yield gauge("disk_free_ratio", "What is free of the disk that holds the data.", usage.free / usage.total)
    if (taken := latest_backup()) is not None:
        yield gauge("backup_age_seconds", "Since the latest whole backup was taken.", age(taken))


def existing(path: Path) -> Path:
    """The path, or what is there of it."""
    return next((one for one in (path, *path.parents) if one.exists()), Path("/"))


def latest_backup() -> datetime | None:
    """When the newest whole one in BACKUP_DIR was taken: its manifest is written last. None: none, or none known."""
    if not settings.BACKUP_DIR:
        return None
    times = [path.stat().st_mtime for path in Path(settings.BACKUP_DIR).glob("*/manifest.json")]
    return datetime.fromtimestamp(max(times), UTC) if times else None
