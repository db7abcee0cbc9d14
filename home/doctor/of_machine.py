"""What stands beside the code: database, cache, mail provider, disk, clock, backups, worker and tick."""

import shutil
import smtplib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.core.mail import get_connection
from django.db import Error, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from home import health
from home.doctor.registry import Finding, advice, examine, problem
from home.metrics.of_house import existing, latest_backup
from home.models import Heartbeat, SelfCheckRun

#: What of the disk must be free: a share of it, and so much.
FREE_SHARE, FREE_BYTES = 0.10, 2 * 1024**3
#: How far two clocks may be apart: signatures of events are refused beyond five minutes.
SKEW = timedelta(seconds=30)
#: How old the latest backup and the latest nightly check may be.
BACKUP_AGE, CHECK_AGE = timedelta(hours=26), timedelta(hours=50)


@examine
def database() -> Iterator[Finding]:
    about = _("Database")
    if connection.vendor == "sqlite":
        what = _("It is SQLite: for a first cooperative, not for a busy day.")
        yield advice(about, what, _("Set PGDATABASE and what goes with it (docs/deploy.md)."))
    try:
        with health.patience():
            if not health.is_migrated():
                yield problem(about, _("It is not migrated to this version."), _("Run manage.py migrate."))
    except Error:
        what = _("It does not answer.")
        yield problem(about, what, _("Look whether it runs, and at PGHOST, PGUSER and PGPASSWORD."))


@examine
def alive() -> Iterator[Finding]:
    starts = {"worker": "manage.py work", "tick": "manage.py tick"}
    try:
        with health.patience():
            beats = dict(Heartbeat.objects.values_list("name", "beat_at"))
    except Error:
        return  # said already
    for name, command in starts.items():
        if timezone.now() - beats.get(name, timezone.now() - timedelta(days=1)) > health.STALE:
            what = _("It gave no sign of life for a minute and a half: nothing is sent, debited or settled.")
            yield problem(name, what, _("Start %(command)s, and look at its log.") % {"command": command})


@examine
def cache() -> Iterator[Finding]:
    """A value that was put away can be read back."""
    for name in settings.CACHES:
        key, value = f"doctor:{uuid.uuid4().hex}", uuid.uuid4().hex
        try:
            caches[name].set(key, value, 30)
            works = caches[name].get(key) == value
            caches[name].delete(key)
        except (OSError, ValueError):
            works = False
        except Exception as error:  # noqa: BLE001 (each cache has errors of its own; what it is called is said)
            yield _broken_cache(name, type(error).__name__)
            continue
        if not works:
            yield _broken_cache(name, "")


def _broken_cache(name: str, error: str) -> Finding:
    what = _("What is put into it cannot be read back. %(error)s") % {"error": error}
    return problem(
        f"CACHES[{name}]", what.strip(), _("Look whether REDIS_URL answers, or the data folder is writable.")
    )


@examine
def mail_provider() -> Iterator[Finding]:
    """Whether SMTP lets us in. A provider's own interface is only asked when a mail leaves."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return
    server = get_connection(timeout=5)
    try:
        server.open()
        server.close()
    except smtplib.SMTPAuthenticationError:
        what = _("The mail provider refuses the password.")
        yield problem("SMTP_PASSWORD", what, _("Set SMTP_USER and SMTP_PASSWORD as the provider shows them."))
    except (OSError, smtplib.SMTPException) as error:
        what = _("The mail provider does not answer (%(error)s).") % {"error": type(error).__name__}
        yield problem("SMTP_HOST", what, _("Look at SMTP_HOST and SMTP_PORT, and whether the firewall lets it out."))


@examine
def disk() -> Iterator[Finding]:
    about = _("Disk")
    usage = shutil.disk_usage(existing(settings.DATA_DIR))
    if usage.free < FREE_BYTES or usage.free / usage.total < FREE_SHARE:
        what = _("%(percent)s %% of it is free (%(data)s).")
        facts = {"percent": round(100 * usage.free / usage.total), "data": settings.DATA_DIR}
        yield problem(about, what % facts, _("See “Disk full” in docs/runbook.md."))
    if not settings.MEDIA_BUCKET and not _is_writable(Path(settings.MEDIA_ROOT)):
        what = _("Pictures and documents cannot be written to %(folder)s.") % {"folder": settings.MEDIA_ROOT}
        yield problem("TREMPLIN_DATA", what, _("Let the user of the web server write there."))
    is_hashed = "Manifest" in str(settings.STORAGES["staticfiles"])
    if is_hashed and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        what = _("Styles and scripts were not collected: no page can be shown.")
        yield problem("STATIC_ROOT", what, _("Run manage.py collectstatic --noinput."))


def _is_writable(folder: Path) -> bool:
    trial = existing(folder) / f".doctor-{uuid.uuid4().hex}"
    try:
        trial.touch()
        trial.unlink()
    except OSError:
        return False
    return True


@examine
def clock_of_database() -> Iterator[Finding]:
    """The machine's clock and that of the database's machine."""
    if connection.vendor != "postgresql":
        return
    try:
        with health.patience(), connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
    except Error:
        return  # said already
    if found := skew(there - timezone.now(), "PostgreSQL"):
        yield found


def skew(apart: timedelta, whom: str) -> Finding | None:
    """What to say of a clock that goes otherwise than ours."""
    if abs(apart) <= SKEW:
        return None
    facts = {"seconds": round(abs(apart).total_seconds()), "whom": whom}
    what = _("It is %(seconds)s seconds away from that of %(whom)s: deadlines and signatures go wrong.") % facts
    return problem(_("Clock"), what, _("Set the machine’s clock by NTP (timedatectl set-ntp true)."))


@examine
def backups() -> Iterator[Finding]:
    if not settings.BACKUP_DIR:
        what = _("Nobody knows how old the latest backup is.")
        yield problem("BACKUP_DIR", what, _("Set it to the folder that backups are put into (docs/operations.md)."))
        return
    latest = latest_backup()
    if latest is None or timezone.now() - latest > BACKUP_AGE:
        what = _("There is no whole backup of the last day in %(folder)s.") % {"folder": settings.BACKUP_DIR}
        yield problem("BACKUP_DIR", what, _("Take one now, and look why the nightly one was not taken."))


@examine
def nightly_checks() -> Iterator[Finding]:
    try:
        with health.patience():
            last = SelfCheckRun.objects.exclude(finished_at=None).order_by("-day").first()
    except Error:
        return  # said already
    about = _("Checks of the night")
    if last is None or last.finished_at is None or timezone.now() - last.finished_at > CHECK_AGE:
        what = _("They were not made for two nights.")
        yield advice(about, what, _("Run manage.py self_check, and look whether worker and tick run."))
    elif not last.is_well:
        names = ", ".join(name for name, one in sorted(last.found.items()) if one["count"] or one["failed"])
        what = _("The last ones found something wrong: %(names)s.") % {"names": names}
        yield problem(about, what, _("Run manage.py self_check --show."))
