"""What a backup says of itself: when, of what, by which versions, and the checksum of each of its files.

The manifest is written last and has a checksum of its own beside it. A backup of which anything is missing, or other
than its manifest says, is refused.
"""

import hashlib
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FORMAT = 1
NAME, OWN_SUM, MEDIA_LIST = "manifest.json", "manifest.sha256", "media.jsonl"
BLOCK = 1024 * 1024


class BackupRefused(Exception):
    """It cannot be taken, read or put back; the message says why."""


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class MediaFile:
    """A file as it stood in the media folder; its content is the object of that name."""

    path: str
    sha256: str
    size: int
    modified: int


@dataclass(frozen=True)
class Manifest:
    """`engine`: postgresql or sqlite. `migrations`: app and name of each that was applied, as the snapshot has them.

    `bucket`: where the media lie that are not in the backup; empty: they are in it.
    """

    name: str
    taken_at: datetime
    engine: str
    database: Part
    media: Part
    media_files: int
    media_bytes: int
    bucket: str
    migrations: list[str]
    versions: dict[str, str] = field(default_factory=dict)


def versions(engine: str) -> dict[str, str]:
    """Of what wrote the backup."""
    return {"python": platform.python_version(), "engine": engine} | {
        name: version(name) for name in ("django", "wagtail")
    }


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def part_of(path: Path) -> Part:
    return Part(path.name, sha256_of(path), path.stat().st_size)


def write(manifest: Manifest, folder: Path) -> None:
    text = json.dumps({"format": FORMAT} | asdict(manifest), indent=1, default=_as_text, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n")
    (folder / OWN_SUM).write_text(sha256_of(folder / NAME) + "\n")


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(value)


def read(folder: Path) -> Manifest:
    """The manifest alone, once its own checksum holds. Raises BackupRefused."""
    try:
        told = (folder / OWN_SUM).read_text().strip()
        if sha256_of(folder / NAME) != told:
            raise BackupRefused(f"{folder.name}: the manifest is not what its checksum says.")
        given = json.loads((folder / NAME).read_text())
    except OSError as error:
        raise BackupRefused(f"{folder.name} is not a whole backup: {error}") from error
    if given.pop("format") != FORMAT:
        raise BackupRefused(f"{folder.name} was made in a format that this version does not read.")
    given["taken_at"] = datetime.fromisoformat(given["taken_at"])
    given["database"], given["media"] = Part(**given["database"]), Part(**given["media"])
    return Manifest(**given)


def verify(folder: Path) -> Manifest:
    """The manifest of a backup whose own files are what it says (`media.verify` has the contents it shares).

    Raises BackupRefused.
    """
    manifest = read(folder)
    for part in (manifest.database, manifest.media):
        path = folder / part.name
        if not path.is_file() or path.stat().st_size != part.size or sha256_of(path) != part.sha256:
            raise BackupRefused(f"{folder.name}: {part.name} is missing or damaged.")
    return manifest


def media_files(folder: Path) -> Iterator[MediaFile]:
    """What the media folder held, one at a time."""
    with (folder / MEDIA_LIST).open() as lines:
        for line in lines:
            yield MediaFile(**json.loads(line))
