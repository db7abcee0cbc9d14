"""The whole test suite: what is quick in two processes, then what is slow side by side, so that no core waits.

`python -m sandbox.suite -k ledger -x` hands its arguments to each pass. The migrations run once for all passes on
SQLite, which begin with a copy of what they made. What a slow pass says is shown when it is over.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

NO_TEST_SELECTED = 5
PYTEST = [sys.executable, "-m", "pytest"]
SLOWEST = "--durations=12"
QUICK = "in two processes", [*PYTEST, "-n", "2", "-m", "not postgres and not browser and not long"]

#: The longest first: the others fill what is left of two cores. The journeys mostly wait, for a browser or the tick.
SLOW = [
    ("in Chromium", [*PYTEST, SLOWEST, "-m", "browser and not demo"]),
    ("the long ones", [*PYTEST, SLOWEST, "-m", "long and not postgres and not browser"]),
    ("in Chromium, the demo", [*PYTEST, SLOWEST, "-m", "browser and demo"]),
    ("on PostgreSQL", [sys.executable, "-m", "sandbox.on_postgres", *PYTEST, SLOWEST, "-m", "postgres"]),
]
#: At once: two that reckon and one that waits. More would only make each slower, until what waits gives up.
LANES = 3

Pass = tuple[str, list[str]]

_one_speaks = Lock()


def main() -> int:
    """0 when every pass that selected a test passed; every pass runs, so that one red test hides no other."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process compiles all anew: 10 s of each pass
    with tempfile.TemporaryDirectory(prefix="tremplin-suite-") as folder, ThreadPoolExecutor(LANES) as lanes:
        _migrate(Path(folder))
        print(f"── {QUICK[0]}", flush=True)
        codes = {QUICK[0]: subprocess.run([*QUICK[1], *sys.argv[1:]], check=False).returncode}
        print(f"\n── side by side: {', '.join(name for name, _command in SLOW)}", flush=True)
        codes |= dict(lanes.map(_run, SLOW))
    failed = [name for name, code in codes.items() if code not in (0, NO_TEST_SELECTED)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    elif set(codes.values()) == {NO_TEST_SELECTED}:
        print("\nNo test was selected.")
        return NO_TEST_SELECTED
    return int(bool(failed))


def _migrate(folder: Path) -> None:
    """Run every migration in a file that the passes copy (tests/conftest.py)."""
    settings = {"TREMPLIN_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment = {name: value for name, value in os.environ.items() if name != "PGDATABASE"} | settings
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"], env=environment, check=True
    )
    os.environ["DATABASE_TEMPLATE"] = str(folder / "tremplin.sqlite3")


def _run(one: Pass) -> tuple[str, int]:
    name, command = one
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        code = subprocess.run([*command, *sys.argv[1:]], stdout=said, stderr=subprocess.STDOUT, check=False).returncode
        said.seek(0)
        with _one_speaks:
            print(f"\n── {name}, {time.monotonic() - began:.0f} s\n{said.read()}", flush=True)
    return name, code


if __name__ == "__main__":
    sys.exit(main())
