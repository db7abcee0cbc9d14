"""The whole test suite: what is quick side by side, then Chromium, which mostly waits, with the rest behind it.

`python -m sandbox.suite -k ledger -x` hands its arguments to each pass. What the passes behind it say is shown when
they are over.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import IO

NO_TEST_SELECTED = 5
PYTEST = [sys.executable, "-m", "pytest"]
SIDE_BY_SIDE = "in two processes", [*PYTEST, "-n", "2", "-m", "not postgres and not browser and not long"]
IN_CHROMIUM = "in Chromium", [*PYTEST, "-m", "browser"]
ON_POSTGRES = "on PostgreSQL", [sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-m", "postgres"]
LONG_ONES = "the long ones", [*PYTEST, "-m", "long and not postgres and not browser"]

Pass = tuple[str, list[str]]


def main() -> int:
    """0 when every pass that selected a test passed; every pass runs, so that one red test hides no other."""
    codes = dict([_run(SIDE_BY_SIDE)])
    with tempfile.TemporaryFile("w+") as said, ThreadPoolExecutor(1) as behind:
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
