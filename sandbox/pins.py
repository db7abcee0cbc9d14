"""Pin and hash what is installed: `python -m sandbox.pins` (with `--upgrade`: everything at its newest).

What stands in requirements*.in is what we ask for; requirements*.txt is what is installed, whole, for every platform
and Python from 3.11 on, each file of it known by its hash. Without `--upgrade` what is pinned stays, unless an .in file
asks for something else. sandbox/uv.txt is the installer itself (sandbox/environment.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox.environment import ROOT, UV

#: What is read, and what is written from it, in this order: the second includes the first.
PAIRS = (
    ("requirements.in", "requirements.txt"),
    ("requirements-dev.in", "requirements-dev.txt"),
)
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--no-header", "--no-emit-index-url", "--no-strip-extras"]


def main(arguments: list[str]) -> int:
    """0 when all files were written."""
    for source, target in PAIRS:
        _compile([source], target, arguments)
    _compile(["-"], "sandbox/uv.txt", [], said=UV)
    return 0


def _compile(source: list[str], target: str, arguments: list[str], said: str = "") -> None:
    command = [sys.executable, "-m", *COMPILE, *PLAIN, *arguments, *source, "-o", target]
    subprocess.run(command, cwd=Path(ROOT), input=said, text=True, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
