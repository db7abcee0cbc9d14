"""A backup is whole or it is none: what is in it, what is kept of many, and what a process that dies leaves."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from home.backups import manifest, media, taking
from home.backups.manifest import BackupRefused
from home.backups.places import Place, to_remove
from home.backups.taking import Keep
from tests.killing import killed_at
from tests.machines import another_database, migrated

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("PGDATABASE" in os.environ, reason="the rehearsal is PostgreSQL’s"),
]

KEEP = Keep(7, 5)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "backups"


@pytest.fixture(autouse=True)
def machine(db, tmp_path):
    """Its database is a file, to which is committed."""
    with another_database(migrated(tmp_path / "tremplin.sqlite3")) as database:
        yield database


@pytest.fixture
def clock_file(settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    return settings.CLOCK_FILE


@pytest.fixture
def pictures(settings):
    folder = settings.MEDIA_ROOT
    (folder / "images").mkdir(parents=True)
    (folder / "images/meule.webp").write_bytes(b"stone")
    (folder / "images/meule copie.webp").write_bytes(b"stone")
    (folder / "affiche.pdf").write_bytes(b"poster")
    return folder


def later(clock_file, **delta):
    clock_file.write_text(
        str(float(clock_file.read_text() if clock_file.exists() else 0) + timedelta(**delta).total_seconds())
    )


def contents(root):
    return {path.name: path.read_bytes() for path in (root / "objects").glob("*/*")}


def test_it_holds_database_and_media_and_says_what_it_is(root, cooperative, pictures):
    made = taking.take(root, KEEP).manifest
    folder = Place(root).chosen()
    assert (folder.name, manifest.verify(folder)) == (made.name, made)
    with closing(sqlite3.connect(folder / made.database.name)) as copy:
        assert copy.execute("SELECT slug FROM home_cooperative").fetchall() == [("meule",)]
    assert {one.path: one.size for one in manifest.media_files(folder)} == {
        "affiche.pdf": 6, "images/meule copie.webp": 5, "images/meule.webp": 5,
    }  # fmt: skip
    assert sorted(contents(root).values()) == [b"poster", b"stone"]
    assert (made.media_files, made.media_bytes, made.engine) == (3, 16, "sqlite")
    assert "home.0001_user" in made.migrations and made.versions["django"]


def test_only_its_owner_reads_it(root, cooperative):
    taking.take(root, KEEP)
    assert {path.stat().st_mode & 0o077 for path in [root, Place(root).chosen(), root / "objects"]} == {0}


def test_no_key_is_in_it(root, cooperative, settings):
    settings.SECRET_KEY = "the-key-that-signs-and-encrypts"
    taking.take(root, KEEP)
    everything = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert b"the-key-that-signs-and-encrypts" not in everything


def test_media_in_a_bucket_stay_there(root, cooperative, pictures, settings):
    settings.MEDIA_BUCKET = "tremplin-media"
    made = taking.take(root, KEEP).manifest
    assert (made.bucket, made.media_files, contents(root)) == ("tremplin-media", 0, {})


def test_what_did_not_change_is_not_read_again(root, cooperative, pictures, clock_file, monkeypatch):
    taking.take(root, KEEP)
    (pictures / "affiche.pdf").write_bytes(b"another poster")
    later(clock_file, days=1)
    read = []
    real = media._copied
    monkeypatch.setattr(media, "_copied", lambda path, objects: read.append(path.name) or real(path, objects))
    taking.take(root, KEEP)
    assert read == ["affiche.pdf"]
    assert sorted(contents(root).values()) == [b"another poster", b"poster", b"stone"]


def test_old_ones_are_let_go_with_what_they_alone_had(root, cooperative, pictures, clock_file):
    first = taking.take(root, Keep(1, 0)).manifest.name
    (pictures / "affiche.pdf").write_bytes(b"another poster")
    later(clock_file, days=1)
    taken = taking.take(root, Keep(1, 0))
    assert (taken.removed, Place(root).names()) == ([first], [taken.manifest.name])
    assert sorted(contents(root).values()) == [b"another poster", b"stone"]
    assert taking.check(root) == taken.manifest


def test_the_latest_of_days_and_weeks_are_kept():
    names = [f"2026-11-{day:02}T{hour}0000Z" for day in range(1, 29) for hour in ("03", "15")]
    kept = sorted(set(names) - set(to_remove(names, daily=3, weekly=3)))
    assert kept == [f"2026-11-{day}T150000Z" for day in (15, 22, 26, 27, 28)]
    assert to_remove(names[:1], daily=0, weekly=0) == []


def test_two_at_once_are_refused(root, cooperative):
    with Place(root).held(), pytest.raises(BackupRefused, match="Another process"):
        taking.take(root, KEEP)


def damage_database(folder):
    path = folder / "database.sqlite3"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def damage_media(folder):
    next((folder.parent / "objects").glob("*/*")).write_bytes(b"xxxxx")


def change_manifest(folder):
    given = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(given | {"migrations": []}))


@pytest.mark.parametrize(
    "damage",
    [
        damage_database,
        damage_media,
        change_manifest,
        lambda folder: (folder / "media.jsonl").write_text(""),
        lambda folder: (folder / "database.sqlite3").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.sha256").unlink(),
    ],
)
def test_one_that_is_not_what_it_says_is_refused(root, cooperative, pictures, damage):
    taking.take(root, KEEP)
    call_command("back_up", root, check="")
    damage(Place(root).chosen())
    with pytest.raises(CommandError):
        call_command("back_up", root, check="")


#: Where the process dies, in their order; `whole`: there is a second backup by then.
STEPS = [
    ("home.backups.sqlite.dump", "before", 1, False),
    ("home.backups.sqlite.dump", "after", 1, False),
    ("home.backups.media._copied", "after", 1, False),
    ("home.backups.media.store", "after", 1, False),
    ("home.backups.manifest.part_of", "after", 2, False),
    ("home.backups.manifest.write", "before", 1, False),
    ("home.backups.manifest.write", "after", 1, False),
    ("home.backups.places.to_disk", "before", 2, False),
    ("home.backups.taking._let_go", "before", 1, True),
    ("home.backups.media.forget_unnamed", "before", 1, True),
]


@pytest.mark.parametrize(("step", "when", "nth", "whole"), STEPS)
def test_killed_at_each_step_it_is_never_taken_for_whole(
    root, cooperative, pictures, clock_file, step, when, nth, whole
):
    first = taking.take(root, Keep(2, 0)).manifest
    (pictures / "affiche.pdf").write_bytes(b"another poster")
    later(clock_file, days=1)
    assert killed_at(step, when, lambda: taking.take(root, Keep(2, 0)), nth) == -9
    assert (first.name in Place(root).names(), len(Place(root).names())) == (True, 1 + whole)
    for name in Place(root).names():
        taking.check(root, name)
    later(clock_file, days=1)
    taken = taking.take(root, Keep(2, 0))
    assert taking.check(root) == taken.manifest
    assert {path.name for path in root.iterdir()} == {*Place(root).names(), "objects", ".lock"}


def test_it_is_taken_while_somebody_writes(root, cooperative, machine):
    """Rows of a transaction that is not over are not in it."""
    with closing(sqlite3.connect(machine.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE home_cooperative SET slug = 'another'")
        made = taking.take(root, KEEP).manifest
        other.rollback()
    with closing(sqlite3.connect(Place(root).chosen() / made.database.name)) as copy:
        assert copy.execute("SELECT slug FROM home_cooperative").fetchall() == [("meule",)]
