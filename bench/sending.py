"""A mailing to many readers: rows written, composed, handed over, settled; against the limits and what one would write.

By SMTP: ready bytes of the same size over as many connections by smtplib, and a loop that builds Django's
`EmailMultiAlternatives` for each reader. By a provider that takes many readers a call: anymail with the same merge
data, made beforehand, in calls of 1,000. pretix mails the buyers of an event by its own mail-out, with as many
processes of its worker as ours has. Every other contender runs in processes of its own against a sink in another
(bench.sinks), which must have counted every reader. Ours writes its rows to PostgreSQL and uses two workers, as the
machine has two cores: they share the mailing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Bound, Contender, Figure, Place, Reading, ratio
from bench.peers import pretix
from bench.running import run
from bench.sinks import sink, taken_by_mailgun, taken_by_smtp
from bench.table import told
from sandbox.postgres import Postgres, postgres

ROOT = Path(__file__).resolve().parent.parent
READERS = 100_000
FEWER = 10
LARGE, SMALL = "large", "small"
#: Connections of ours: two workers with two each. The limit has as many.
CONNECTIONS, WORKERS = 4, 2
#: Readers of a contender that holds all it sends in memory, or that would take minutes.
HELD = 4_000
#: Buyers that pretix writes to: enough to know its rate.
BUYERS = 300


def environment(server: Postgres, data: Path, **more: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PYTHONPATH": f"{ROOT / 'site'}{os.pathsep}{ROOT}",
        "TREMPLIN_DATA": str(data),
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGDATABASE": server.dbname,
        "MAIL_CONNECTIONS": str(CONNECTIONS // WORKERS),
        **more,
    }


def by_smtp(port: int) -> dict[str, str]:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    return {"EMAIL_BACKEND": backend, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port)}


def by_mailgun(port: int) -> dict[str, str]:
    return {
        "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
        "ANYMAIL_MAILGUN_API_KEY": "key",
        "ANYMAIL_MAILGUN_API_URL": f"http://127.0.0.1:{port}/v3",
        "ANYMAIL_MAILGUN_SENDER_DOMAIN": "mg.example",
    }


class Stand:
    """The database with its readers, and the sinks."""

    def __init__(self, server: Postgres, data: Path, smtp: int, mailgun: int, readers: int) -> None:
        self.server, self.data, self.smtp, self.mailgun, self.readers = server, data, smtp, mailgun, readers

    def run(self, *words: str, provider: str = "smtp") -> dict[str, float]:
        """A part of bench.mailing_runs in a process of its own: what it printed."""
        done = self._start(*words, provider=provider)
        said, _nothing = done.communicate()
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} failed.")
        return dict(json.loads(said.splitlines()[-1]))

    def _start(self, *words: str, provider: str) -> subprocess.Popen[bytes]:
        more = by_smtp(self.smtp) if provider == "smtp" else by_mailgun(self.mailgun)
        command = [sys.executable, "-m", "bench.mailing_runs", *words]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment(self.server, self.data, **more), stdout=subprocess.PIPE
        )

    def ours(self, slug: str, provider: str, workers: int) -> Reading:
        """Freeze and send, from the moment the first is asked to until the last worker finds nothing more.

        Workers stand ready beforehand, as they do in production, and begin when they are told to.
        """
        self.run("prepare", slug)
        taken = taken_by_smtp if provider == "smtp" else taken_by_mailgun
        port = self.smtp if provider == "smtp" else self.mailgun
        before, gate = taken(port), self.data / f"gate-{time.monotonic_ns()}"
        told = ("freeze" if number == 0 else "join" for number in range(workers))
        running = [self._start(part, slug, str(gate), provider=provider) for part in told]
        answers = [json.loads(one.communicate()[0].splitlines()[-1]) for one in running]
        mails = sum(answer["mails"] for answer in answers)
        if taken(port) - before != mails or mails != answers[0]["readers"]:
            raise RuntimeError(f"{mails} mails sent, {taken(port) - before} taken, {answers[0]['readers']} readers.")
        seconds = max(answer["ended"] for answer in answers) - answers[0]["began"]
        cpu = sum(answer["cpu_seconds"] for answer in answers)
        peak = max(answer["peak_mb"] for answer in answers)
        return {"per_second": mails / seconds, "cpu_us": cpu / mails * 1e6, "peak_mb": peak}


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    readers = place.size(READERS)
    with ExitStack() as opened:
        data = Path(opened.enter_context(TemporaryDirectory(prefix="tremplin-sending-")))
        server = opened.enter_context(postgres())
        ports = [opened.enter_context(sink(kind)) for kind in ("smtp", "mailgun")]
        ready = Stand(server, data, ports[0], ports[1], readers)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment(server, data), check=True
        )
        ready.run("make", LARGE, str(readers))
        ready.run("make", SMALL, str(max(1, readers // FEWER)))
        held = str(min(HELD, readers))
        theirs = pretix.mails_per_second(place, smtp_port=ready.smtp, recipients=BUYERS, workers=WORKERS)
        peer = opened.enter_context(theirs)
        yield {
            "ready bytes": lambda: ready.run("ready-bytes", LARGE, str(CONNECTIONS), held),
            "EmailMessage loop": lambda: ready.run("message-loop", LARGE, held),
            "ours, SMTP": lambda: ready.ours(LARGE, "smtp", WORKERS),
            "ours, SMTP, a tenth": lambda: ready.ours(SMALL, "smtp", WORKERS),
            "anymail alone": lambda: ready.run("bare-anymail", LARGE, held, provider="mailgun"),
            "ours, provider": lambda: ready.ours(LARGE, "mailgun", WORKERS),
            "pretix": peer,
        }


FIGURE = Figure(
    name="sending",
    about="A mailing, rows included: recipients a second by SMTP and by a provider that takes many a call",
    stand=stand,
    bounds=(
        Bound(
            "SMTP: of ready bytes' recipients per second",
            ratio("ours, SMTP.per_second", "ready bytes.per_second"),
            at_least=0.22,
        ),
        Bound(
            "SMTP: times a loop of Django's EmailMessage",
            ratio("ours, SMTP.per_second", "EmailMessage loop.per_second"),
            at_least=4,
        ),
        Bound(
            "provider: of anymail's recipients per second, same merge data",
            ratio("ours, provider.per_second", "anymail alone.per_second"),
            at_least=0.60,
        ),
        Bound("SMTP: times pretix's mail-out", ratio("ours, SMTP.per_second", "pretix.per_second"), at_least=50),
        Bound(
            "peak memory of a worker: times that for a tenth of the readers",
            ratio("ours, SMTP.peak_mb", "ours, SMTP, a tenth.peak_mb"),
            at_most=1.10,
        ),
    ),
    peers=frozenset({"pretix"}),
)


def main() -> None:
    """This figure alone, of so many readers, once: `python -m bench.sending [READERS]`."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else READERS // 10

    class Sized(Place):
        def size(self, stated: int) -> int:
            return wanted

    with TemporaryDirectory(prefix="tremplin-sending-") as folder:
        print(told(run(FIGURE, Sized(Path(folder), full=False), runs=1)))


if __name__ == "__main__":
    main()
