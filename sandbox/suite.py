"""The whole test suite in three passes: side by side, then in a browser while another is on PostgreSQL.

`python -m sandbox.suite -k ledger -x` hands its arguments to each pass. What the pass on PostgreSQL says is shown
when it is over.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

NO_TEST_SELECTED = 5
PYTEST = [sys.executable, "-m", "pytest"]
SIDE_BY_SIDE = "in two processes", [*PYTEST, "-n", "2", "-m", "not postgres and not browser"]
IN_CHROMIUM = "in Chromium", [*PYTEST, "-m", "browser"]
ON_POSTGRES = "on PostgreSQL", [sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-m", "postgres"]


def main() -> int:
    """0 when every pass that selected a test passed; every pass runs, so that one red test hides no other."""
    codes = {SIDE_BY_SIDE[0]: _run(*SIDE_BY_SIDE)}
    with tempfile.TemporaryFile("w+") as said:
        behind = subprocess.Popen([*ON_POSTGRES[1], *sys.argv[1:]], stdout=said, stderr=subprocess.STDOUT)
        try:
            codes[IN_CHROMIUM[0]] = _run(*IN_CHROMIUM)
            codes[ON_POSTGRES[0]] = behind.wait()
        finally:
            if behind.poll() is None:
                behind.terminate()
        said.seek(0)
        print(f"\n── {ON_POSTGRES[0]}\n{said.read()}", flush=True)
    failed = [name for name, code in codes.items() if code not in (0, NO_TEST_SELECTED)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    elif set(codes.values()) == {NO_TEST_SELECTED}:
        print("\nNo test was selected.")
        return NO_TEST_SELECTED
    return int(bool(failed))


def _run(name: str, command: list[str]) -> int:
    print(f"\n── {name}", flush=True)
    return subprocess.run([*command, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
