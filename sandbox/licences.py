"""Under which licence we may use what the site is made of: `python -m sandbox.licences --write` (or `--check`).

docs/licences.md is made from what each installed package says of itself, and from what stands in static/vendor/. A
package that says nothing, or a licence that nobody has looked at, fails: somebody reads it and adds a line below.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from sandbox.environment import ROOT

PAGE = ROOT / "docs" / "licences.md"
VENDOR = ROOT / "static" / "vendor"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==\S")
TROVE = "License :: "

#: What a licence is called in packages that do not use its SPDX name.
NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "New BSD": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
}
#: What allows us to use and pass on a package as we do, unchanged beside our own code (MPL-2.0).
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "HPND",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "OFL-1.1",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
}
#: Of packages whose own word names no licence: what their files say, read by somebody.
READ = {
    "async-timeout": "Apache-2.0",  # of older Pythons only
    "colorama": "BSD-3-Clause",  # of Windows only
    "crontab": "LGPL-2.1-only",  # names three versions; its own words are of 2.1
    "tzdata": "Apache-2.0",  # of Windows only
}

HEAD = """# Licences

What the site is made of beside our own code (MPL-2.0), and under which licence. Written by
`python -m sandbox.licences --write` from what the packages of requirements.txt say of themselves; `make lint` holds it.
What only tests and checks need (requirements-dev.txt) is not part of the site.

| package | licence |
| --- | --- |
"""


class Unread(Exception):
    """A licence that nobody has looked at; the text says whose."""


def main(arguments: list[str]) -> int:
    """0 when the page is as it should be, or was written."""
    try:
        page = HEAD + "".join(f"| {' | '.join(line)} |\n" for line in [*_packages(), *_vendored()])
    except Unread as error:
        print(error, file=sys.stderr)
        return 1
    if "--write" in arguments:
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        print("docs/licences.md is behind: python -m sandbox.licences --write", file=sys.stderr)
        return 1
    return 0


def _packages() -> Iterator[tuple[str, str]]:
    """Each of requirements.txt, in its order; those of other systems or Pythons are not installed here."""
    pins = map(PINNED.match, (ROOT / "requirements.txt").read_text().splitlines())
    for name in dict.fromkeys(pin[1] for pin in pins if pin):
        try:
            yield name, _checked(name, READ.get(name) or _said_by(distribution(name)))
        except PackageNotFoundError:
            raise Unread(f"{name} is not installed: make install") from None


def _said_by(package: Distribution) -> str:
    told = package.metadata
    expressions: list[str] = told.get_all("License-Expression") or []
    texts: list[str] = told.get_all("License") or [""]
    said = expressions[0] if expressions else _of_trove(told.get_all("Classifier") or [])
    return said or texts[0].strip().split("\n")[0]


def _checked(name: str, said: str) -> str:
    words = [_spdx(word) for word in re.split(r" (?:AND|OR) ", said.replace("(", "").replace(")", ""))]
    if not said or not set(words) <= ALLOWED:
        raise Unread(f"{name}: “{said}” is no licence that somebody has read: see sandbox/licences.py")
    return " or ".join(words) if " OR " in said else " and ".join(words)


def _of_trove(classifiers: list[str]) -> str:
    found = [one.rsplit(" :: ", 1)[1] for one in classifiers if one.startswith(TROVE) and one.count(" :: ") > 1]
    return " AND ".join(_spdx(one) for one in found)


def _spdx(word: str) -> str:
    return NAMES.get(word.strip(), word.strip())


def _vendored() -> Iterator[tuple[str, str]]:
    """Each folder of static/vendor/ holds its licence: OFL.txt, or a LICENSE whose first line names it."""
    for folder in sorted(path for path in VENDOR.iterdir() if path.is_dir()):
        yield f"`static/vendor/{folder.name}`", _licence_in(folder)


def _licence_in(folder: Path) -> str:
    if (folder / "OFL.txt").exists():
        return "OFL-1.1"
    texts = [path for path in folder.iterdir() if path.name.upper().startswith("LICEN")]
    said = _spdx(texts[0].read_text().strip().split("\n")[0].strip()) if texts else ""
    if said not in ALLOWED:
        raise Unread(f"{folder.name}: no licence that somebody has read: see sandbox/licences.py")
    return said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
