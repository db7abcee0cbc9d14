"""The whole product as `make run` starts it, without the demo: web, worker, tick, Stripe double, inbox.

Each is a process of its own on loopback, and the first of its group, which is killed at the end.
"""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from datetime import timedelta

import requests

from config import ROOT


def seven_free_ports():
    """A free port whose six followers are free too, below those that the system lends to outgoing connections."""
    while True:
        first = random.randrange(20_000, 30_000, 10)
        if all(_is_free(first + step) for step in range(7)):
            return first


def _is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Stack:
    def __init__(self, folder, migrated=None, **environment):
        self.folder, self.port, self.migrated = folder, seven_free_ports(), migrated
        self.stripe, self.inbox = (f"http://127.0.0.1:{self.port + step}" for step in (1, 2))
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PORT": str(self.port),
            "TREMPLIN_DATA": str(folder),
            "WEB_WORKERS": "1",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
            **environment,
        }
        self.processes = {}

    def start(self, name, *command, **environment):
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            env=self.environment | environment,
            stdout=log,
            stderr=log,
            process_group=0,
        )

    def start_demo(self):
        """As `make run` does: the demo loaded against the double."""
        self.start_far_ends()
        self.manage("load_demo")
        self.addresses = json.loads(self.manage("demo_addresses"))
        self.start_product()

    def start_all(self):
        self.start_far_ends()
        self.seeded = json.loads(self.run("-m", "tests.journeys.seed"))
        self.start_product()

    def seed(self, module):
        """More of what a story begins with; what the module prints is kept."""
        self.seeded |= json.loads(self.run("-m", module))

    def start_far_ends(self):
        self.start("stripe", "-m", "sandbox.stripe", "--port", self.port + 1, "--data", self.folder / "stripe",
                   "--public-url", f"http://localhost:{self.port + 1}", "--quiet",
                   "--webhook-url", f"http://127.0.0.1:{self.port}/stripe/webhook/",
                   "--webhook-secret", "whsec_tremplin_sandbox")  # fmt: skip
        self.start("inbox", "-m", "sandbox.mail", "--smtp-port", self.port + 3, "--http-port", self.port + 2,
                   "--data", self.folder / "mail")  # fmt: skip
        if self.migrated:
            shutil.copy(self.migrated, self.database)
        else:
            self.migrate()
        self.wait(f"{self.stripe}/_sandbox/health")
        self.wait(f"{self.inbox}/_sandbox/health")

    def start_product(self):
        self.start("web", "-m", "gunicorn", "-c", "site/gunicorn.conf.py", "--no-control-socket", "config.wsgi")
        self.start("worker", "manage.py", "work", "--interval", "0.1")
        self.start("tick", "manage.py", "tick")
        self.wait(f"http://127.0.0.1:{self.port}/readyz", seconds=600)

    @property
    def database(self):
        return self.folder / "tremplin.sqlite3"

    def migrate(self):
        self.manage("migrate", "--verbosity", "0")
        if "PGDATABASE" in self.environment:
            return
        with closing(sqlite3.connect(self.database)) as rows:
            rows.execute("pragma wal_checkpoint(truncate)")

    def manage(self, *arguments):
        return self.run("manage.py", *arguments)

    def run(self, *command):
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait(self, url, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, process in self.processes.items():
                assert process.poll() is None, (self.folder / f"{name}.log").read_text()
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{url} did not answer")

    def stop(self):
        """At once, with their children: nobody looks at the folder after, and each would take a second to tidy up."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):  # it died, and that was noticed
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes.values():
            process.wait(10)

    def url(self, path="/fr/", host="meule"):
        return f"http://{host}.localhost:{self.port}{path}"

    def advance(self, by: timedelta):
        """Set the clocks of the product and of the double forward together."""
        clock = self.folder / "clock"
        seconds = float(clock.read_text() or 0) if clock.exists() else 0.0
        clock.write_text(str(seconds + by.total_seconds()))
        requests.post(f"{self.stripe}/_sandbox/clock", json={"advance": int(by.total_seconds())}, timeout=20)

    def mails(self, **filters):
        return requests.get(f"{self.inbox}/api/messages", params=filters, timeout=20).json()

    def whole_inbox(self):
        """Who has which mail, in which language: sorted (address, language, subject)."""
        return sorted((mail["envelope_to"][0], mail["language"], mail["subject"]) for mail in self.mails())

    def wait_for_mails(self, count, seconds=60, **filters):
        end = time.monotonic() + seconds
        while len(found := self.mails(**filters)) < count and time.monotonic() < end:
            time.sleep(0.3)
        assert len(found) >= count, f"no mail {filters}: {[mail['subject'] for mail in self.mails()]}"
        return found

    def journal(self, account, kind="charge"):
        answer = requests.get(f"{self.stripe}/_sandbox/journal", params={"account": account}, timeout=20)
        return [line for line in map(json.loads, answer.text.splitlines()) if line["kind"] == kind]


@contextmanager
def running_demo(folder, migrated=None):
    stack = Stack(folder, migrated)
    try:
        stack.start_demo()
        yield stack
    finally:
        stack.stop()


@contextmanager
def running(folder, migrated=None, **environment):
    """The product; `environment` are settings of its own."""
    stack = Stack(folder, migrated, **environment)
    try:
        stack.start_all()
        yield stack
    finally:
        stack.stop()
