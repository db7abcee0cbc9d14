"""The whole test suite in three passes: side by side, in a browser, on PostgreSQL.

`python -m sandbox.suite -k ledger -x` hands its arguments to each pass.
"""

from __future__ import annotations

import subprocess
import sys

NO_TEST_SELECTED = 5
PYTEST = [sys.executable, "-m", "pytest"]
PASSES = {
    "in two processes": [*PYTEST, "-n", "2", "-m", "not postgres and not browser"],
    "in Chromium": [*PYTEST, "-n", "2", "--dist", "loadfile", "-m", "browser"],
    "on PostgreSQL": [sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-m", "postgres"],
}


def main() -> int:
    """0 when every pass that selected a test passed; every pass runs, so that one red test hides no other."""
    codes = {}
    for name, command in PASSES.items():
        print(f"\n── {name}", flush=True)
        codes[name] = subprocess.run([*command, *sys.argv[1:]], check=False).returncode
    failed = [name for name, code in codes.items() if code not in (0, NO_TEST_SELECTED)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    elif set(codes.values()) == {NO_TEST_SELECTED}:
        print("\nNo test was selected.")
        return NO_TEST_SELECTED
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
