"""Get this checkout ready to run, starting from nothing but a Python.

This file is read by whatever interpreter the machine has, so it keeps to a
syntax that any Python 3 can parse: an interpreter that is too old must get
one clear sentence, not a SyntaxError. The work itself is in `environment.py`.
"""

import os
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def too_old(version: "tuple[int, ...]", executable: str) -> "str | None":
    """The sentence to show when `version` cannot run the site, else None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    found = ".".join([str(part) for part in version[:3]])
    needed = ".".join([str(part) for part in OLDEST])
    return (
        "Tremplin needs Python " + needed + " or newer, and " + executable + " is Python " + found + ".\n"
        "Install a newer Python, or name one that you have: make run PYTHON=/path/to/python" + needed
    )


def main(arguments: "list[str]") -> int:
    """Refuse an old interpreter; with a good one, set up and return the exit code."""
    complaint = too_old(tuple(sys.version_info[:3]), sys.executable or "python")
    if complaint is not None:
        sys.stderr.write(complaint + "\n")
        return 1
    # Run as a script, the first entry is sandbox/ itself, whose modules
    # (redis, stripe) must not pass for the packages of the same name.
    sys.path[0] = ROOT
    from sandbox.environment import set_up  # noqa: PLC0415  (after sys.path is right)

    return set_up(dev="--dev" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
