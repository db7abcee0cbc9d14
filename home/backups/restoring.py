"""Putting a backup back, on a machine that is empty or whose database is given up.

All of it is read and checked before anything is touched. Media come first, then the database, in which the row that
holds the installation is there before any other. What happens when the process dies: the former database stands, or
there are no tables, or the installation is held and `completed_at` is empty: it cannot be released, and is put back
again. Media files are whole, whichever there are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_tasks_db.models import DBTaskResult

from home import clock
from home.backups import media
from home.backups.manifest import BackupRefused, Manifest, media_files
from home.backups.places import Place
from home.backups.taking import check, database
from home.models import Heartbeat, Restoration


@dataclass(frozen=True)
class Restored:
    manifest: Manifest
    files: int
    migrated: bool


def restore(root: Path, name: str = "", *, replace: bool = False) -> Restored:
    """Put a backup back, the latest unless named. Raises BackupRefused, before anything is touched."""
    engine, found = database(), check(root, name)
    if found.engine != engine.ENGINE:
        raise BackupRefused(f"{found.name} is of {found.engine}, and the settings name {engine.ENGINE}.")
    missing = _missing_here(found)
    if not replace and not engine.is_empty():
        raise BackupRefused("The database is not empty: with --replace, all that it holds is given up.")
    place = Place(root)
    files = _media_back(place, found)
    row = Restoration(backup=found.name, taken_at=found.taken_at, begun_at=clock.now())
    engine.load(place.root / found.name / found.database.name, _mark(row))
    return Restored(found, files, _complete(row, migrate=bool(missing)))


def _missing_here(found: Manifest) -> set[str]:
    """Migrations that are here and not in the backup. Raises BackupRefused where it has some that are not here."""
    there, known, missing = set(found.migrations), set[str](), set[str]()
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        own, former = f"{app}.{name}", {f"{its_app}.{its_name}" for its_app, its_name in migration.replaces}
        known |= {own, *former}
        if own not in there and not (former and former <= there):
            missing.add(own)
    if newer := sorted(there - known):
        raise BackupRefused(f"{found.name} was made by a newer version, which has {', '.join(newer[:5])}.")
    return missing


def _media_back(place: Place, found: Manifest) -> int:
    if found.bucket:
        return 0
    return media.put_back(media_files(place.root / found.name), place.objects, Path(settings.MEDIA_ROOT))


def _mark(row: Restoration) -> tuple[str, list[Any]]:
    """The statement that writes the row into a database that has nothing but its tables."""
    fields = [one for one in row._meta.concrete_fields if getattr(row, one.attname) is not None]
    values = [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields]
    quote = connection.ops.quote_name
    names, places = ", ".join(quote(str(one.column)) for one in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(row._meta.db_table)} ({names}) VALUES ({places})", values  # noqa: S608


def _complete(row: Restoration, *, migrate: bool) -> bool:
    """What must be true before it may be released. Tasks were hints; who was alive is not known to be."""
    database().go_on_from_afar()
    if migrate:
        call_command("migrate", verbosity=0, skip_checks=True)
    DBTaskResult.objects.all().delete()
    Heartbeat.objects.all().delete()
    caches["pages"].clear()
    Restoration.objects.filter(pk=row.pk).update(completed_at=clock.now())
    return migrate
