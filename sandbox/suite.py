"""The whole test suite: what is quick side by side, then Chromium, which mostly waits, with the rest behind it.

`python -m sandbox.suite -k ledger -x` hands its arguments to each pass. The migrations run once for all passes on
SQLite, which begin with a copy of what they made. What the passes behind Chromium say is shown when they are over.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

NO_TEST_SELECTED = 5
PYTEST = [sys.executable, "-m", "pytest"]
SLOWEST = "--durations=12"
SIDE_BY_SIDE = "in two processes", [*PYTEST, "-n", "2", "-m", "not postgres and not browser and not long"]
IN_CHROMIUM = "in Chromium", [*PYTEST, SLOWEST, "-m", "browser"]
ON_POSTGRES = "on PostgreSQL", [sys.executable, "-m", "sandbox.on_postgres", *PYTEST, SLOWEST, "-m", "postgres"]
LONG_ONES = "the long ones", [*PYTEST, SLOWEST, "-m", "long and not postgres and not browser"]

Pass = tuple[str, list[str]]


def main() -> int:
    """0 when every pass that selected a test passed; every pass runs, so that one red test hides no other."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process compiles all anew: 10 s of each pass
    with tempfile.TemporaryDirectory(prefix="tremplin-suite-") as folder, ThreadPoolExecutor(1) as behind:
        _migrate(Path(folder))
        codes = dict([_run(SIDE_BY_SIDE)])
        with tempfile.TemporaryFile("w+") as said:
            others = behind.submit(_run_all, [ON_POSTGRES, LONG_ONES], said)
            codes |= [_run(IN_CHROMIUM)]
            codes |= others.result()
            said.seek(0)
            print(said.read(), flush=True)
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


def _run_all(passes: list[Pass], said: IO[str]) -> dict[str, int]:
    return dict(_run(one, said) for one in passes)


def _run(one: Pass, said: IO[str] | None = None) -> tuple[str, int]:
    name, command = one
    print(f"\n── {name}", file=said, flush=True)
    return name, subprocess.run(
        [*command, *sys.argv[1:]], stdout=said, stderr=said and subprocess.STDOUT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
