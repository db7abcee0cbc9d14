"""Taking a backup while the site runs: the database in one snapshot, then media, then the manifest, then its name.

The database comes first, so that each file that it names was there before the media are read.

What happens when the process dies:
- anywhere before the rename at the end: there is no new backup, the former ones are untouched, and the next run removes
  what was left;
- after the rename: the backup is whole; old ones and contents that nobody has go at the next run.
"""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.db import connection

from home import clock
from home.backups import manifest, media, places, postgres, sqlite
from home.backups.manifest import MEDIA_LIST, Manifest
from home.backups.places import Place


@dataclass(frozen=True)
class Keep:
    """Of how many days, and of how many weeks, the latest backup is kept."""

    daily: int
    weekly: int


@dataclass(frozen=True)
class Taken:
    manifest: Manifest
    removed: list[str]


def database() -> ModuleType:
    """The module of the database that the settings name."""
    return postgres if connection.vendor == "postgresql" else sqlite


def take(root: Path, keep: Keep) -> Taken:
    """A whole backup, or none. Raises BackupRefused."""
    place = Place(root)
    with place.held():
        before = place.names()
        folder = place.begin(clock.now())
        made = _fill(folder, place, place.root / before[-1] if before else None)
        place.finish(folder)
        return Taken(made, _let_go(place, keep))


def _fill(folder: Path, place: Place, before: Path | None) -> Manifest:
    engine, taken_at = database(), clock.now()
    dumped, migrations = engine.dump(folder)
    count, size = _store_media(folder, place, before)
    made = Manifest(
        name=folder.name.removeprefix(places.UNFINISHED),
        taken_at=taken_at,
        engine=engine.ENGINE,
        database=manifest.part_of(dumped),
        media=manifest.part_of(folder / MEDIA_LIST),
        media_files=count,
        media_bytes=size,
        bucket=settings.MEDIA_BUCKET,
        migrations=migrations,
        versions=manifest.versions(engine.version()),
    )
    manifest.write(made, folder)
    return made


def _store_media(folder: Path, place: Place, before: Path | None) -> tuple[int, int]:
    """Media in a bucket stay there: it keeps versions of its own (docs/operations.md)."""
    if settings.MEDIA_BUCKET:
        (folder / MEDIA_LIST).write_text("")
        return 0, 0
    return media.store(Path(settings.MEDIA_ROOT), place.objects, folder, before)


def _let_go(place: Place, keep: Keep) -> list[str]:
    gone = places.to_remove(place.names(), keep.daily, keep.weekly)
    for name in gone:
        place.remove(name)
    media.forget_unnamed(place.objects, [place.root / name for name in place.names()])
    return gone


def check(root: Path, name: str = "") -> Manifest:
    """Read a whole backup, contents of media too. Raises BackupRefused for what is missing or damaged."""
    place = Place(root)
    folder = place.chosen(name)
    found = manifest.verify(folder)
    media.verify(manifest.media_files(folder), place.objects)
    return found
