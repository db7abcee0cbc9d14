"""Media of a local folder: each content kept once, by its SHA-256, however many backups have it.

A file that is as large and as old as in the backup before is taken to be the same and is not read again. What is
deleted while the backup is taken is left out; what is added may be in it. Media in a bucket are not copied.

What happens when the process dies: an object is written beside its place, brought to the disk and renamed, so that one
that has its name is whole; one that no backup names is removed once a backup is whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from home.backups.manifest import BLOCK, MEDIA_LIST, BackupRefused, MediaFile, media_files, sha256_of
from home.backups.places import OWN, to_disk

PARTIAL = ".partial"


def store(media: Path, objects: Path, folder: Path, before: Path | None) -> tuple[int, int]:
    """Write the list of what the folder holds, and the contents that are new. How many files and bytes it holds."""
    known = {one.path: one for one in media_files(before)} if before else {}
    count = size = 0
    with (folder / MEDIA_LIST).open("w") as lines:
        for path in _files(media):
            if (one := _kept(path, media, objects, known)) is not None:
                lines.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
                count, size = count + 1, size + one.size
    return count, size


def _files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names.sort()
        yield from (Path(folder) / name for name in sorted(files))


def _kept(path: Path, media: Path, objects: Path, known: dict[str, MediaFile]) -> MediaFile | None:
    """None for one that was deleted meanwhile."""
    name = path.relative_to(media).as_posix()
    try:
        stands = path.stat()
        same = known.get(name)
        if same and (same.size, same.modified) == (stands.st_size, stands.st_mtime_ns) and _has(objects, same):
            return same
        digest, size = _copied(path, objects)
    except FileNotFoundError:
        return None
    return MediaFile(name, digest, size, stands.st_mtime_ns)


def _has(objects: Path, one: MediaFile) -> bool:
    return place_of(objects, one.sha256).is_file()


def place_of(objects: Path, digest: str) -> Path:
    return objects / digest[:2] / digest


def _copied(path: Path, objects: Path) -> tuple[str, int]:
    """Its content among the objects: checksum and size of what was read."""
    partial, digest, size = objects / PARTIAL, hashlib.sha256(), 0
    with path.open("rb") as source, partial.open("wb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    place = place_of(objects, digest.hexdigest())
    place.parent.mkdir(mode=OWN, exist_ok=True)
    partial.rename(place)
    to_disk(place.parent)
    return place.name, size


def verify(files: Iterable[MediaFile], objects: Path) -> None:
    """Raises BackupRefused for a content that is missing or damaged."""
    seen: set[str] = set()
    for one in files:
        place = place_of(objects, one.sha256)
        if one.sha256 not in seen and (not place.is_file() or sha256_of(place) != one.sha256):
            raise BackupRefused(f"The content of media file {one.path} is missing or damaged.")
        seen.add(one.sha256)


def put_back(files: Iterable[MediaFile], objects: Path, media: Path) -> int:
    """Each file under its own name, whole or not at all; others that are there stay. How many there are."""
    count = 0
    for one in files:
        path = media / one.path
        if not path.resolve().is_relative_to(media.resolve()):
            raise BackupRefused(f"Media file {one.path} would lie outside of the media folder.")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}{PARTIAL}")
        shutil.copyfile(place_of(objects, one.sha256), partial)
        os.utime(partial, ns=(one.modified, one.modified))
        partial.rename(path)
        count += 1
    os.sync()
    return count


def forget_unnamed(objects: Path, backups: Iterable[Path]) -> int:
    """Remove contents that none of these backups has. How many."""
    named = {one.sha256 for backup in backups for one in media_files(backup)}
    gone = [path for path in objects.glob("*/*") if path.name not in named]
    for path in gone:
        path.unlink()
    return len(gone)
