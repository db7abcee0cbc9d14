"""`make run`: the site, its worker and its stand-ins, in one terminal.

`python -m sandbox.run [--port 8000] [--verbose]` runs them until somebody stops it;
`python -m sandbox.run --reset` removes the data.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sandbox.processes import is_free
from sandbox.supervisor import Child, ChildDied, Stopped, Supervisor

ROOT = Path(__file__).resolve().parent.parent
WEBHOOK_SECRET = "whsec_tremplin_sandbox"
HEALTHY_WITHIN = 30.0
READY_WITHIN = 90.0
MARK = ".tremplin"


class Refused(Exception):
    """This cannot be done now; the text says why and what would help."""


@dataclass(frozen=True)
class Stand:
    """Where everything of one run is: four ports in a row and a directory of data."""

    port: int
    data: Path

    @property
    def stripe_port(self) -> int:
        return self.port + 1

    @property
    def inbox_port(self) -> int:
        return self.port + 2

    @property
    def smtp_port(self) -> int:
        return self.port + 3

    @property
    def ports(self) -> range:
        return range(self.port, self.port + 4)

    @property
    def addresses(self) -> Path:
        return self.data / "addresses.json"

    def url(self, port: int, path: str = "") -> str:
        return f"http://127.0.0.1:{port}{path}"

    def environment(self) -> dict[str, str]:
        """What every child is told, on top of what the person's shell says."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PORT": str(self.port),
            "TREMPLIN_DATA": str(self.data),
            "STRIPE_API_BASE": self.url(self.stripe_port),
            "STRIPE_SECRET_KEY": "sk_test_tremplin",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp_port),
            "PYTHONUNBUFFERED": "1",
        }


@dataclass(frozen=True)
class Plan:
    """What a run consists of, in the order of its start."""

    stand_ins: list[Child]
    prepare: Child | None
    site: list[Child]
    healthy: list[str] = field(default_factory=list)
    ready: str | None = None


def plan_of(stand: Stand) -> Plan:
    """The real thing."""
    python = sys.executable
    manage = [python, str(ROOT / "manage.py")]
    health = [stand.url(stand.stripe_port, "/_sandbox/health"), stand.url(stand.inbox_port, "/_sandbox/health")]
    stripe = [python, "-m", "sandbox.stripe", "--port", str(stand.stripe_port), "--data", str(stand.data / "stripe")]
    stripe += ["--daily-payouts", "--public-url", f"http://localhost:{stand.stripe_port}"]
    stripe += ["--webhook-url", stand.url(stand.port, "/stripe/webhook/"), "--webhook-secret", WEBHOOK_SECRET]
    mail = [python, "-m", "sandbox.mail", "--smtp-port", str(stand.smtp_port)]
    mail += ["--http-port", str(stand.inbox_port), "--data", str(stand.data / "mail")]
    gunicorn = [python, "-m", "gunicorn", "-c", str(ROOT / "site" / "gunicorn.conf.py")]
    prepare = [python, "-m", "sandbox.prepare", "--addresses", str(stand.addresses)]
    for url in health:
        prepare += ["--wait-for", url]
    return Plan(
        stand_ins=[Child("stripe", [*stripe, "--quiet"], stand_in=True), Child("mail", mail, stand_in=True)],
        prepare=Child("prepare", prepare, chatty=True),
        site=[
            Child("web", [*gunicorn, "--chdir", str(ROOT / "site"), "config.wsgi"], hush="/readyz"),
            Child("worker", [*manage, "work"]),
            Child("tick", [*manage, "tick"]),
        ],
        healthy=health,
        ready=stand.url(stand.port, "/readyz"),
    )


# ---------------------------------------------------------------- run


def run(stand: Stand, plan: Plan, verbose: bool = False) -> int:
    """Run until somebody stops it (0) or something breaks (1). Leaves no process."""
    try:
        with claimed(stand.data):
            refuse_busy_ports(stand)
            return _supervise(stand, plan, verbose)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1


def _supervise(stand: Stand, plan: Plan, verbose: bool) -> int:
    with Supervisor(stand.data / "log", stand.environment(), ROOT, verbose) as supervisor:
        try:
            supervisor.start(plan.stand_ins)
            if plan.prepare is not None:
                supervisor.run_to_end(plan.prepare)
            for url in plan.healthy:
                supervisor.wait_until(partial(_answers, url), HEALTHY_WITHIN, partial(_silence, url))
            supervisor.start(plan.site)
            if plan.ready is not None:
                print("Starting the site…", flush=True)
                supervisor.wait_until(partial(_answers, plan.ready), READY_WITHIN, partial(_silence, plan.ready))
            print(table(stand), flush=True)
            while True:
                supervisor.watch()
        except Stopped:
            print("\nStopping…", flush=True)
            return 0
        except ChildDied as death:
            print(f"\n{death}\nEverything else is being stopped.", file=sys.stderr, flush=True)
            return 1


def refuse_busy_ports(stand: Stand) -> None:
    """All four ports must be free before anything starts."""
    if stand.ports[0] < 1 or stand.ports[-1] > 65535:
        raise Refused(f"PORT={stand.port} is out of range: it and the three ports after it must lie in 1–65535.")
    busy = next((port for port in stand.ports if not is_free(port)), None)
    if busy is None:
        return
    other = next(start for start in range(8000, 65000, 10) if all(map(is_free, range(start, start + 4))))
    raise Refused(
        f"Port {busy} is in use, and a run needs {stand.ports[0]} to {stand.ports[-1]}.\n"
        f"Stop what listens there, or start on other ports: make run PORT={other}"
    )


def _answers(url: str) -> bool:
    return _ask(url)[0] == 200


def _silence(url: str) -> str:
    status, text = _ask(url)
    return f"{url} is not ready. Its last answer: {status or 'none'} {text.strip()[:2000]}"


def _ask(url: str) -> tuple[int, str]:
    """The status and text of an address; status 0 when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=3) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, str(error)


def table(stand: Stand) -> str:
    """Addresses and demo log-ins, as the person at the terminal needs them."""
    rows = json.loads(stand.addresses.read_text()) if stand.addresses.exists() else []
    for what, port in (("Mail inbox", stand.inbox_port), ("Stripe double", stand.stripe_port)):
        if not any(f":{port}" in row.get("address", "") for row in rows):
            rows.append({"what": what, "address": f"http://localhost:{port}/"})
    keys = ("what", "address", "login", "password")
    cells = [["", "Address", "Log-in", "Password"], *([str(row.get(key) or "") for key in keys] for row in rows)]
    aligned = [line for line in cells if any(line[2:])]  # a long address without a log-in may stick out
    widths = [max(len(line[column]) for line in (aligned if column == 1 else cells)) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("─" * width for width in widths if width))
    second = "People log in by their password alone here; SECOND_FACTOR=1 make run asks for more, as production does."
    return "\n".join(["", *lines, "", second, f"Ctrl-C stops everything. Full logs: {stand.data / 'log'}"])


# ---------------------------------------------------------------- the data


@contextmanager
def claimed(data: Path) -> Iterator[None]:
    """Hold the data directory; Refused while another run (or a reset) holds it."""
    is_new = not data.exists() or not any(data.iterdir())
    data.mkdir(parents=True, exist_ok=True)
    if is_new:
        (data / MARK).touch()
    with (data / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refused(f"Tremplin is running with {data} (process {lock.read().strip()}). Stop it first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def reset(data: Path) -> int:
    """Remove the data, so that the next run starts the demo over."""
    if not data.exists():
        print(f"{data} does not exist: the next run starts from nothing anyway.")
        return 0
    if data != ROOT / "var" and not (data / MARK).exists():
        print(f"{data} was not made by make run; remove it yourself if you mean it.", file=sys.stderr)
        return 1
    try:
        with claimed(data):
            shutil.rmtree(data)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"{data} is removed; the next make run starts the demo over.")
    return 0


def main(arguments: list[str] | None = None, planner: Callable[[Stand], Plan] = plan_of) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.run", description="Run Tremplin on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="the site's port; the three after it are used too")
    parser.add_argument("--verbose", action="store_true", help="show all that the parts say, not only warnings")
    parser.add_argument("--reset", action="store_true", help="remove the data and end")
    asked = parser.parse_args(arguments)
    data = Path(os.environ.get("TREMPLIN_DATA") or ROOT / "var").resolve()
    if asked.reset:
        return reset(data)
    stand = Stand(port=asked.port, data=data)
    return run(stand, planner(stand), asked.verbose)


if __name__ == "__main__":
    sys.exit(main())
