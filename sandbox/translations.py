"""The French catalogue against the code: nothing missing, nothing doubtful.

- `python -m sandbox.translations --update` writes locale/fr/LC_MESSAGES/django.po;
- `python -m sandbox.translations --check` fails when something is missing, fuzzy or badly set.

Two marks in a translator's comment of an entry change what is asked of it:
`# Override: <why>` keeps an entry that our code does not use (a string of
Wagtail's said our way), and `# Allow: word, word` accepts these words there.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from sandbox.typography import english_faults, french_faults

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
SOURCES = ("site/config", "home", "campaigns", "pledges", "updates", "templates")
KINDS = {".py", ".html", ".txt", ".xml"}
KEYWORDS = (  # what Django's own makemessages looks for, beside xgettext's defaults for Python
    "gettext_noop",
    "gettext_lazy",
    "ngettext_lazy:1,2",
    "pgettext:1c,2",
    "npgettext:1c,2,3",
    "pgettext_lazy:1c,2",
    "npgettext_lazy:1c,2,3",
)

Key = tuple[str, str | None]


class ExtractionFailed(Exception):
    """xgettext could not read the code; the text is what it said."""


# ---------------------------------------------------------------- extraction


def sources(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in KINDS and "migrations" not in path.parts and path.is_file():
                yield path


def extract(root: Path) -> polib.POFile:
    """Every string of the code that is to be translated, as `makemessages` finds them."""
    with tempfile.TemporaryDirectory() as directory:
        names = [_readable(path, root, Path(directory)) for path in sources(root)]
        command = ["xgettext", "--language=Python", "--from-code=UTF-8", "--sort-by-file", "--no-wrap"]
        command += ["--add-comments=Translators", "--output=-", "--files-from=-"]
        command += [f"--keyword={keyword}" for keyword in KEYWORDS]
        answer = subprocess.run(command, cwd=directory, input="\n".join(names), capture_output=True, text=True)
    if answer.returncode != 0:
        raise ExtractionFailed(answer.stderr.strip())
    return polib.pofile(answer.stdout.replace("charset=CHARSET", "charset=UTF-8", 1))


def _readable(path: Path, root: Path, directory: Path) -> str:
    """Copy a source to where xgettext reads it; a template as the Python it stands for."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(root)
    copy = directory / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text if path.suffix == ".py" else templatize(text, origin=str(name)), encoding="utf-8")
    return str(name)


# ---------------------------------------------------------------- the catalogue


def merge(catalogue: polib.POFile, extracted: polib.POFile) -> None:
    """Bring the catalogue up to date in place: new strings empty, unused ones obsolete."""
    known = {_key(entry): entry for entry in catalogue}
    for found in extracted:
        entry = known.pop(_key(found), None)
        if entry is None:
            found.flags = [flag for flag in found.flags if flag != "fuzzy"]
            catalogue.append(found)
            continue
        entry.occurrences, entry.comment, entry.obsolete = found.occurrences, found.comment, False
        entry.flags = [flag for flag in entry.flags if flag == "fuzzy"] + found.flags
        if found.msgid_plural and not entry.msgid_plural:
            entry.msgid_plural, entry.msgstr_plural, entry.msgstr = found.msgid_plural, found.msgstr_plural, ""
    for entry in known.values():
        entry.obsolete = not is_override(entry)
    for entry in [entry for entry in catalogue if entry.obsolete and not is_filled(entry)]:
        catalogue.remove(entry)


def new_catalogue() -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Project-Id-Version": "Tremplin",
        "Language": "fr",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n > 1);",
    }
    return catalogue


def update(root: Path, path: Path) -> str:
    """Write the catalogue and say what a translator has to do."""
    catalogue = polib.pofile(str(path), wrapwidth=100) if path.exists() else new_catalogue()
    merge(catalogue, extract(root))
    # By the first place each stands: line numbers would change with every edit of the code.
    catalogue.sort(key=lambda entry: (entry.obsolete, min([place for place, _ in entry.occurrences], default="")))
    for entry in catalogue:
        entry.occurrences = sorted({(place, "") for place, _ in entry.occurrences})
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    waiting = len([entry for entry in catalogue if not entry.obsolete and not is_filled(entry)])
    return f"{path.relative_to(root)}: {len(catalogue)} entries, {waiting} to translate."


def _key(entry: polib.POEntry) -> Key:
    return entry.msgid, entry.msgctxt


def is_override(entry: polib.POEntry) -> bool:
    return any(line.startswith("Override:") for line in entry.tcomment.splitlines())


def is_filled(entry: polib.POEntry) -> bool:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    return bool(texts) and all(texts)


def allowed(entry: polib.POEntry) -> set[str]:
    """The words that the entry's comment accepts there."""
    lines = [line.removeprefix("Allow:") for line in entry.tcomment.splitlines() if line.startswith("Allow:")]
    return {word.strip().casefold() for line in lines for word in line.split(",")}


# ---------------------------------------------------------------- the check


def check(root: Path, path: Path) -> list[str]:
    """What is wrong with the catalogue, one line each."""
    if not path.exists():
        return [f"{path} does not exist: python -m sandbox.translations --update writes it"]
    catalogue = polib.pofile(str(path))
    known = {_key(entry) for entry in catalogue if not entry.obsolete}
    faults = [f"missing: {_shown(entry)}" for entry in extract(root) if _key(entry) not in known]
    for entry in catalogue:
        if not entry.obsolete:
            faults += [f"{fault}: {_shown(entry)}" for fault in entry_faults(entry)]
    return faults + _format_faults(path)


def entry_faults(entry: polib.POEntry) -> list[str]:
    """What is wrong with one entry of the catalogue."""
    if "fuzzy" in entry.flags:
        return ["fuzzy"]
    if not is_filled(entry):
        return ["untranslated"]
    accepted = allowed(entry)
    faults: list[str] = []
    for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
        faults += french_faults(text, accepted)
    if not is_override(entry):
        for text in filter(None, [entry.msgid, entry.msgid_plural]):
            faults += english_faults(text, accepted)
    return list(dict.fromkeys(faults))


def _format_faults(path: Path) -> list[str]:
    """What msgfmt objects to: placeholders or line ends that differ."""
    command = ["msgfmt", "--check-format", "--output-file=/dev/null", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return answer.stderr.strip().splitlines() if answer.returncode else []


def _shown(entry: polib.POEntry) -> str:
    where = f" ({':'.join(filter(None, entry.occurrences[0]))})" if entry.occurrences else ""
    text = re.sub(r"\s+", " ", entry.msgid).strip()
    return f"“{text[:90]}{'…' if len(text) > 90 else ''}”{where}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.translations")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail when the French is not complete and clean")
    action.add_argument("--update", action="store_true", help="write new strings of the code into the catalogue")
    asked = parser.parse_args(arguments)
    if shutil.which("xgettext") is None:
        print("Translations not looked at: xgettext is not installed (make services installs it).", file=sys.stderr)
        return 1 if asked.update or os.environ.get("REQUIRE_SERVICES") == "1" else 0
    try:
        if asked.update:
            print(update(ROOT, CATALOGUE))
            return 0
        faults = check(ROOT, CATALOGUE)
    except ExtractionFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print("\n".join(faults) or "French: complete, none fuzzy, typography held.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
