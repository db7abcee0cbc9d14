"""`make run`, with small stand-ins in the place of the site: what it does when things go wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import environment
from sandbox.bootstrap import too_old
from sandbox.processes import free_port, is_free
from sandbox.run import MARK, Stand, claimed, reset, table
from sandbox.supervisor import Warnings

ROOT = Path(__file__).resolve().parents[2]

# Each child leaves its number, and that of a process of its own, where the test finds it.
CHILD = """
import os, pathlib, signal, subprocess, sys, time
name, numbers, what = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
if what == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleeper = subprocess.Popen(["sleep", "600"])
(numbers / f"{name}.part").write_text(f"{os.getpid()} {sleeper.pid}")
(numbers / f"{name}.part").rename(numbers / f"{name}.pid")
print("INFO ordinary chatter")
print("WARNING something odd", flush=True)
if what.startswith("exit"):
    time.sleep(0.5)
    print("the last words", flush=True)
    sys.exit(int(what[4:]))
time.sleep(600)
"""

RUN = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started the tests may have had it ignored
from sandbox.run import Plan, Stand, run
from sandbox.supervisor import Child
port, data, numbers, child = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
def make(name, what, **more):
    return Child(name, [sys.executable, child, name, numbers, what], **more)
names = dict(word.split("=") for word in sys.argv[5:])
prepare = names.pop("prepare", None)
stand_ins = [make("far", names.pop("far", "sleep"), stand_in=True)]
plan = Plan(stand_ins, make("prepare", prepare) if prepare else None, [make(n, w) for n, w in names.items()])
sys.exit(run(Stand(port, data), plan))
"""


class Run:
    """A supervisor in its own process, with children that this test can count."""

    def __init__(self, directory: Path, port: int | None = None, **children: str) -> None:
        self.port = port or free_ports()
        self.numbers = directory / "numbers"
        self.numbers.mkdir(exist_ok=True)
        self.data = directory / "var"
        child, script = directory / "child.py", directory / "run.py"
        child.write_text(CHILD)
        script.write_text(RUN)
        words = [f"{name}={what}" for name, what in children.items()]
        command = [sys.executable, str(script), str(self.port), str(self.data), str(self.numbers), str(child), *words]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until_started(self, *names: str) -> None:
        until(lambda: all((self.numbers / f"{name}.pid").exists() for name in names))

    def end(self, timeout: float = 20) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=timeout)
        return self.process.returncode, said

    def alive(self) -> list[int]:
        numbers = [int(n) for path in self.numbers.glob("*.pid") for n in path.read_text().split()]
        assert numbers, "no child ever started"
        return [number for number in numbers if is_alive(number)]


def is_alive(number: int) -> bool:
    """Whether the process runs; one that only waits to be reaped by somebody does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def free_ports() -> int:
    while True:
        first = free_port()
        if all(is_free(port) for port in range(first, first + 4)):
            return first


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
pytestmark = needs_proc


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_leaves_no_process(tmp_path: Path, wish: signal.Signals) -> None:
    run = Run(tmp_path, web="sleep", worker="sleep")
    run.until_started("far", "web", "worker")

    run.process.send_signal(wish)
    code, said = run.end()

    assert code == 0, said
    assert run.alive() == []


def test_a_child_that_dies_is_named_and_takes_everything_along(tmp_path: Path) -> None:
    run = Run(tmp_path, web="sleep", worker="exit7")

    code, said = run.end()

    assert code == 1
    assert "“worker” ended with exit code 7" in said
    assert "the last words" in said
    assert run.alive() == []


def test_a_child_that_is_killed_is_named_too(tmp_path: Path) -> None:
    run = Run(tmp_path, web="sleep")
    run.until_started("web")

    os.kill(int((run.numbers / "web.pid").read_text().split()[0]), signal.SIGKILL)
    code, said = run.end()

    assert code == 1
    assert "“web” was ended by SIGKILL" in said
    assert run.alive() == []


def test_a_failing_preparation_starts_no_site(tmp_path: Path) -> None:
    run = Run(tmp_path, prepare="exit3", web="sleep")

    code, said = run.end()

    assert code == 1
    assert "“prepare” ended with exit code 3" in said
    assert not (run.numbers / "web.pid").exists()
    assert run.alive() == []


def test_a_preparation_that_succeeds_is_followed_by_the_site(tmp_path: Path) -> None:
    run = Run(tmp_path, prepare="exit0", web="sleep")
    run.until_started("prepare", "web")

    run.process.send_signal(signal.SIGINT)

    assert run.end()[0] == 0
    assert run.alive() == []


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    run = Run(tmp_path, web="stubborn")
    run.until_started("far", "web")

    run.process.send_signal(signal.SIGINT)
    time.sleep(1)
    run.process.send_signal(signal.SIGINT)  # asked twice, it waits no longer
    begun = time.monotonic()

    assert run.end()[0] == 0
    assert time.monotonic() - begun < 4
    assert run.alive() == []


def test_children_do_not_survive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    run = Run(tmp_path, web="sleep")
    run.until_started("far", "web")
    leaders = [int(path.read_text().split()[0]) for path in run.numbers.glob("*.pid")]
    sleepers = [int(path.read_text().split()[1]) for path in run.numbers.glob("*.pid")]

    run.process.kill()
    run.process.wait()

    try:
        until(lambda: not any(is_alive(leader) for leader in leaders), seconds=5)
    finally:
        for sleeper in sleepers:  # grandchildren are their leader's business, which here does not care
            os.kill(sleeper, signal.SIGKILL)


def test_warnings_are_shown_and_chatter_is_kept_in_the_log(tmp_path: Path) -> None:
    run = Run(tmp_path, web="sleep")
    run.until_started("web")
    log = run.data / "log" / "web.log"
    until(lambda: log.exists() and "WARNING" in log.read_text())

    run.process.send_signal(signal.SIGINT)
    _, said = run.end()

    assert "[web] WARNING something odd" in said
    assert "chatter" not in said
    assert "ordinary chatter" in log.read_text()


def test_a_port_in_use_is_named_and_nothing_starts(tmp_path: Path) -> None:
    first = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", first + 2))
        other.listen()
        run = Run(tmp_path, port=first, web="sleep")
        code, said = run.end()

    assert code == 1
    assert f"Port {first + 2} is in use" in said
    assert "make run PORT=" in said
    assert list(run.numbers.iterdir()) == []


def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path, web="sleep")
    run.until_started("web")
    try:
        code, said = Run(tmp_path, web="sleep").end()
        assert code == 1
        assert f"process {run.process.pid}" in said
        assert reset(run.data) == 1
        assert run.data.exists()
    finally:
        run.process.send_signal(signal.SIGINT)
        run.end()
    assert reset(run.data) == 0
    assert not run.data.exists()


def test_reset_spares_a_directory_that_make_run_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with claimed(tmp_path):
        pass

    assert reset(tmp_path) == 1
    assert (tmp_path / "thesis.txt").exists()
    assert not (tmp_path / MARK).exists()


def test_reset_of_nothing_is_no_error(tmp_path: Path) -> None:
    assert reset(tmp_path / "var") == 0


def test_the_table_has_the_rows_of_the_demo_and_the_stand_ins(tmp_path: Path) -> None:
    stand = Stand(8000, tmp_path)
    row = '[{"what": "Editor", "address": "http://a.localhost:8000/admin/", "login": "rita", "password": "demo"}]'
    stand.addresses.write_text(row)

    shown = table(stand)

    assert "Editor" in shown and "rita" in shown and "http://a.localhost:8000/admin/" in shown
    assert "http://localhost:8001/" in shown and "http://localhost:8002/" in shown


def test_tracebacks_are_shown_whole() -> None:
    warnings = Warnings()
    lines = ["hello", "Traceback (most recent call last):", '  File "x.py"', "    boom()", "ValueError: no", "bye"]
    assert [line for line in lines if warnings.wants(line)] == lines[1:5]


# ---------------------------------------------------------------- set-up


def test_an_old_python_gets_one_clear_sentence() -> None:
    complaint = too_old((3, 10, 4), "/usr/bin/python3")
    assert complaint is not None
    assert "Python 3.11 or newer" in complaint
    assert "/usr/bin/python3 is Python 3.10.4" in complaint
    assert too_old((3, 11, 0), "python3") is None
    assert too_old((4, 0), "python4") is None


def test_bootstrap_can_be_read_by_an_old_python() -> None:
    import ast

    ast.parse((ROOT / "sandbox" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 4))


def test_uv_installs_from_where_pip_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"UV_FIND_LINKS": "/mine"})
    settings = "\n".join(
        [
            "global.index-url='http://mirror.invalid/a'",
            "install.index-url='http://mirror.invalid/b'",
            "global.extra-index-url='\\nhttp://c.invalid\\nhttp://d.invalid'",
            "global.find-links='/wheels'",
            ":env:.cert='/ca.pem'",
            "global.timeout='60'",
        ]
    )
    assert environment.uv_environment(settings) == {
        "UV_DEFAULT_INDEX": "http://mirror.invalid/b",
        "UV_INDEX": "http://c.invalid http://d.invalid",
        "UV_FIND_LINKS": "/mine",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_the_fingerprint_follows_the_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==1")
    before = [environment.fingerprint(tmp_path, dev=dev) for dev in (False, True)]
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==2")
    assert environment.fingerprint(tmp_path, dev=False) == before[0]
    assert environment.fingerprint(tmp_path, dev=True) != before[1]
