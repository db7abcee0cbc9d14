"""The register of what is held about people: every column of every model, read from each room's `held.toml`.

A column that does not stand there is found by `faults` (a system check, and a test): whoever adds one says whom it is
about, why and for how long it is kept and what erasing does with it; or that it says nothing of anybody.

    [groups.address]                      what is kept for one reason, with its words in both languages
    of, ground, erased                    of home.privacy.words
    kept                                  a rule of home.privacy.retention, or a Term
    [models."pledges.DeliveryAddress"]
    address = "recipient line1 …"         these columns are of the group `address`
    nothing = "id cooperative …"          these say nothing of anybody; "*": all others, of models that are not ours
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

from home.languages import LANGUAGES, current
from home.privacy.words import Erased, Ground, Person

OURS = ("home", "campaigns", "pledges", "updates")
NOTHING, ALL = "nothing", "*"


@dataclass(frozen=True)
class Group:
    """What is kept for one reason. `what` and `why` by language; `columns`: ("pledges.Pledge", "message")…

    `outside`: it stands in no table (a cache, a log, another company).
    """

    room: str
    key: str
    of: Person
    ground: Ground
    kept: str
    erased: Erased
    what: dict[str, str]
    why: dict[str, str]
    columns: tuple[tuple[str, str], ...]
    outside: bool

    @property
    def name(self) -> str:
        return f"{self.room}.{self.key}"

    @property
    def said_what(self) -> str:
        """In the reader's language."""
        return self.what[current()]

    @property
    def said_why(self) -> str:
        return self.why[current()]


def path_of(room: str) -> Path:
    return Path(apps.get_app_config(room).path) / "held.toml"


@cache
def _said(room: str) -> dict[str, Any]:
    return tomllib.loads(path_of(room).read_text())


@cache
def groups() -> tuple[Group, ...]:
    """All of them, room by room. Raises ValueError for a word that is not of home.privacy.words."""
    return tuple(_group(room, key, said) for room in OURS for key, said in _said(room)["groups"].items())


def _group(room: str, key: str, said: dict[str, Any]) -> Group:
    held = _said(room)["models"].items()
    return Group(
        room=room,
        key=key,
        of=Person(said["of"]),
        ground=Ground(said["ground"]),
        kept=said["kept"],
        erased=Erased(said["erased"]),
        what={code: said[code]["what"] for code in LANGUAGES},
        why={code: said[code]["why"] for code in LANGUAGES},
        columns=tuple((label, name) for label, lines in held for name in lines.get(key, "").split()),
        outside=said.get("outside", False),
    )


def columns(erased: Erased) -> list[tuple[type[models.Model], str]]:
    """Every column that an erasure treats so, of the models that this installation has."""
    found = [pair for group in groups() if group.erased == erased for pair in group.columns]
    known = _models()
    return [(known[label], name) for label, name in found if label in known and _has(known[label], name)]


def _has(model: type[models.Model], name: str) -> bool:
    """Columns of the search differ from one database to the other."""
    return any(field.name == name for field in model._meta.concrete_fields)


def _models() -> dict[str, type[models.Model]]:
    everything = apps.get_models(include_auto_created=True)
    return {model._meta.label: model for model in everything if not model._meta.proxy}


# ------------------------------------------------------------------ faults


def faults() -> list[str]:
    """What the register lacks or says wrongly, one sentence each."""
    return [*_of_models(), *_of_groups()]


def _of_models() -> Iterator[str]:
    known = _models()
    said = {label: (room, lines) for room in OURS for label, lines in _said(room)["models"].items()}
    for label, model in known.items():
        room = model._meta.app_label if model._meta.app_label in OURS else "home"
        if label not in said:
            yield f"{label} does not stand in {room}/held.toml: say what each of its columns holds about people."
        elif said[label][0] != room:
            yield f"{label} stands in {said[label][0]}/held.toml instead of {room}/held.toml."
        else:
            yield from _of_columns(model, said[label][1])
    yield from (
        f"{label} stands in {room}/held.toml, and there is no such model."
        for label, (room, _lines) in said.items()
        if label not in known and label.partition(".")[0] in OURS
    )


def _of_columns(model: type[models.Model], lines: dict[str, str]) -> Iterator[str]:
    label, is_ours = model._meta.label, model._meta.app_label in OURS
    names = [field.name for field in model._meta.local_concrete_fields]
    listed = [name for line in lines.values() for name in line.split()]
    has_rest = lines.get(NOTHING) == ALL
    if has_rest and is_ours:
        yield f"{label}: “*” is for models that are not ours."
    for name in names:
        if name not in listed and not (has_rest and not is_ours):
            yield f"{label}.{name} is not in the register: whom is it about, why, for how long, what does erasing do?"
        if listed.count(name) > 1:
            yield f"{label}.{name} stands there twice."
    if is_ours:
        yield from (f"{label} has no column {name}." for name in listed if name not in names and name != ALL)
    rooms = [_said(room)["groups"] for room in OURS if label in _said(room)["models"]]
    yield from (f"{label}: there is no group {key}." for key in lines if key != NOTHING and key not in rooms[0])


def _of_groups() -> Iterator[str]:
    for group in groups():
        if not group.columns and not group.outside:
            yield f"{group.name} has no column."
        for code in LANGUAGES:
            if not (group.what[code].strip() and group.why[code].strip()):
                yield f"{group.name} has no words in “{code}”."
