"""What takes too long for every change: many more stories, what is large and killed often, every page and field.

`python -m sandbox.soak`. The stories are told by two processes, each by chance of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no"]
STORIES = [*PYTEST, "tests/pledges/test_stories.py", "-m", "not postgres and not browser"]
KILLED = [
    *[sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-m", "postgres"],
    "tests/pledges/test_killed_settlements.py::test_killed_again_and_again_it_charges_everyone_once",
]
MAILED = [
    *[sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-s", "-m", "postgres"],
    "tests/updates/test_killed_mailings.py",
    *["-k", "killed or memory"],
]
LOOKED_AT = [
    *[*PYTEST, "-s", "tests/test_bad_input.py", "tests/fuzzing", "tests/pledges/test_card_testing.py", "tests/canary"],
    *["tests/journeys/test_demo_pages.py", "tests/journeys/test_many_machines.py"],
]
FAULTS = [*[sys.executable, "-m", "sandbox.on_postgres", *PYTEST, "-m", "postgres"], "tests/faults"]
TELLERS = 2
TOTAL = 2_000


def main() -> int:
    """0 when all went well. STORIES, KILLED_PLEDGES, KILLS, KILLED_MAILS, MAIL_KILLS, MEMORY_MAILS say how much."""
    began = time.monotonic()
    killed = _run(KILLED, {"KILLED_PLEDGES": "10000", "KILLS": "50"}).wait()
    _say("the killed settlement", killed, began)
    began = time.monotonic()
    mailed = _run(MAILED, {"KILLED_MAILS": "20000", "MAIL_KILLS": "20", "MEMORY_MAILS": "20000"}).wait()
    _say("the killed mailings", mailed, began)
    began = time.monotonic()
    failing = _run(FAULTS, {}, {"WHOLE": "1"}).wait()
    _say("the faults of what it stands on", failing, began)
    began = time.monotonic()
    looked = _run(LOOKED_AT, {}, {"WHOLE": "1"}).wait()
    _say("every page and field", looked, began)
    began = time.monotonic()
    each = int(os.environ.get("STORIES", TOTAL)) // TELLERS
    tellers = [_run(STORIES, {}, {"STORIES": str(each)}) for _teller in range(TELLERS)]
    told = max(teller.wait() for teller in tellers)
    _say(f"{each * TELLERS} stories", told, began)
    return int(bool(killed or mailed or failing or looked or told))


def _run(command: list[str], defaults: dict[str, str], fixed: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=defaults | dict(os.environ) | (fixed or {}))


def _say(what: str, code: int, began: float) -> None:
    minutes = (time.monotonic() - began) / 60
    print(f"── {what}: {'failed' if code else 'passed'} in {minutes:.1f} minutes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
