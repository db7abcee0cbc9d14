"""Mutate the modules of money one change at a time, and see whether their fast tests notice.

`python -m sandbox.mutants` prints the score and the survivors; it fails under 85 %. What is mutated and which tests run
stands in pyproject.toml. The database is made once: every mutant's tests begin with a copy of it, in memory. All of it
happens in a copy of the checkout, which may be worked on meanwhile and where nothing is left behind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUTMUT = str(Path(sys.executable).parent / "mutmut")
#: What a checkout holds besides its sources.
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "var", "staticfiles", "screenshots", "mutants")
WANTED = 85.0
RESULT = re.compile(r"^\s+(\S+__mutmut_\d+): (.+)$", re.MULTILINE)
NOTICED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
#: What is no change that a test could see, or was asked to be left alone.
APART = {"skipped"}


def main() -> int:
    """0 when enough mutants were noticed."""
    with tempfile.TemporaryDirectory(prefix="tremplin-mutants-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        environment = os.environ | {"TREMPLIN_DATA": folder, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        environment.pop("PGDATABASE", None)

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, cwd=copy, env=environment, check=True, text=True, stdout=subprocess.PIPE)

        run(sys.executable, "manage.py", "migrate", "--verbosity", "0")
        environment["DATABASE_TEMPLATE"] = str(Path(folder) / "tremplin.sqlite3")
        code = subprocess.run([MUTMUT, "run", *sys.argv[1:]], cwd=copy, env=environment, check=False).returncode
        found = {} if code else dict(RESULT.findall(run(MUTMUT, "results", "--all", "true").stdout))
        if any("pledges" in one or "campaigns" in one for one in sys.argv[1:]):  # those mutants only
            found = {name: result for name, result in found.items() if result != "not checked"}
        for name in _survivors(found):
            print(run(MUTMUT, "show", name).stdout, flush=True)
    return _judge(found) if found else 1


def _survivors(found: dict[str, str]) -> list[str]:
    return sorted(name for name, result in found.items() if result not in NOTICED | APART)


def _judge(found: dict[str, str]) -> int:
    counted = {name: result for name, result in found.items() if result not in APART}
    survivors = _survivors(counted)
    for module, total in sorted(Counter(_module_of(name) for name in counted).items()):
        lived = sum(_module_of(name) == module for name in survivors)
        print(f"{module}: {total - lived} of {total} noticed, {100 * (total - lived) / total:.1f} %")
    for name in survivors:
        print(f"survived ({counted[name]}): {name}")
    score = 100 * (len(counted) - len(survivors)) / len(counted)
    print(f"Mutation score: {score:.1f} % of {len(counted)} mutants (at least {WANTED:.0f} % is wanted).")
    return int(score < WANTED)


def _module_of(name: str) -> str:
    return re.split(r"\.x[_ǁ]", name)[0]


if __name__ == "__main__":
    sys.exit(main())
