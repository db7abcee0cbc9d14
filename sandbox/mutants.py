"""Mutate the modules of money one change at a time, and see whether their fast tests notice.

`python -m sandbox.mutants` prints the score and the survivors; it fails under 85 %. What is mutated and which tests run
stands in pyproject.toml. The database is made once: every mutant's tests begin with a copy of it, in memory.
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
MUTMUT = [str(Path(sys.executable).parent / "mutmut")]
WANTED = 85.0
RESULT = re.compile(r"^\s+(\S+__mutmut_\d+): (.+)$", re.MULTILINE)
NOTICED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
#: What is no change that a test could see, or was asked to be left alone.
APART = {"skipped"}


def main() -> int:
    """0 when enough mutants were noticed."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="tremplin-mutants-") as folder:
        environment = os.environ | {"TREMPLIN_DATA": folder, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        environment.pop("PGDATABASE", None)
        _call([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
        environment["DATABASE_TEMPLATE"] = str(Path(folder) / "tremplin.sqlite3")
        code = subprocess.run([*MUTMUT, "run", *sys.argv[1:]], cwd=ROOT, env=environment, check=False).returncode
        listed = subprocess.run(
            [*MUTMUT, "results", "--all", "true"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    found = dict(RESULT.findall(listed.stdout))
    return 1 if code or not found else _judge(found)


def _judge(found: dict[str, str]) -> int:
    counted = {name: result for name, result in found.items() if result not in APART}
    survivors = sorted(name for name, result in counted.items() if result not in NOTICED)
    for module, total in sorted(Counter(_module_of(name) for name in counted).items()):
        lived = sum(_module_of(name) == module for name in survivors)
        print(f"{module}: {total - lived} of {total} noticed")
    for name in survivors:
        print(f"survived ({counted[name]}): {name}")
    score = 100 * (len(counted) - len(survivors)) / len(counted)
    print(f"Mutation score: {score:.1f} % of {len(counted)} mutants (at least {WANTED:.0f} % is wanted).")
    return int(score < WANTED)


def _module_of(name: str) -> str:
    return re.split(r"\.x[_ǁ]", name)[0]


def _call(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
