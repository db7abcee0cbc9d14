"""A backup is put back on an empty machine, or not at all; what it restores is held."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from home import clock, health, outbox, ticking
from home.backups import manifest, restoring, standing, taking
from home.backups.manifest import BackupRefused
from home.backups.places import Place
from home.backups.taking import Keep
from home.mail import since_restored
from home.models import Backer, Cooperative, MailState, OutgoingMail, PeriodicJob, Restoration
from home.tenancy import within
from tests.factories.cooperatives import make_cooperative
from tests.factories.pledges import make_backer
from tests.killing import killed_at
from tests.machines import another_database, migrated

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("PGDATABASE" in os.environ, reason="the rehearsal is PostgreSQL’s"),
]


@pytest.fixture
def backup(db, tmp_path, settings):
    """Of our cooperative with a backer and a picture; its folder."""
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "meule.webp").write_bytes(b"stone")
    with another_database(migrated(tmp_path / "tremplin.sqlite3")):
        make_backer(make_cooperative())
        taking.take(tmp_path / "backups", Keep(7, 5))
    return tmp_path / "backups"


@pytest.fixture
def machine(db, tmp_path, settings):
    """An empty one."""
    settings.MEDIA_ROOT = tmp_path / "elsewhere/media"
    with another_database(tmp_path / "elsewhere/tremplin.sqlite3") as database:
        yield database


def test_on_an_empty_machine_all_is_there_and_held(backup, machine, settings):
    call_command("restore", backup)
    assert [one.slug for one in Cooperative.objects.all()] == ["meule"]
    assert (settings.MEDIA_ROOT / "meule.webp").read_bytes() == b"stone"
    row = Restoration.objects.get()
    assert (row.backup, row.completed_at is None, row.released_at) == (Place(backup).names()[0], False, None)
    assert standing.is_held()


def test_no_number_that_was_given_since_is_given_again(backup, machine):
    restoring.restore(backup)
    cooperative = Cooperative.objects.get()
    with within(cooperative):
        latest = Backer.objects.latest("pk").pk
        assert make_backer(cooperative).pk > latest + 900_000


def test_a_database_that_is_not_empty_is_given_up_only_when_told(backup, machine):
    restoring.restore(backup)
    Cooperative.objects.update(slug="another")
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", backup)
    assert Cooperative.objects.get().slug == "another"
    call_command("restore", backup, replace=True)
    assert Cooperative.objects.get().slug == "meule"


def test_one_that_is_in_use_is_not_replaced(backup, machine):
    restoring.restore(backup)
    with closing(sqlite3.connect(machine.settings_dict["NAME"])) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM home_backer").fetchall()
        with pytest.raises(BackupRefused, match="stop web"):
            restoring.restore(backup, replace=True)
    assert Cooperative.objects.get().slug == "meule"


def told_otherwise(backup, **fields):
    folder = Place(backup).chosen()
    given = json.loads((folder / manifest.NAME).read_text()) | fields
    (folder / manifest.NAME).write_text(json.dumps(given))
    (folder / manifest.OWN_SUM).write_text(manifest.sha256_of(folder / manifest.NAME))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"migrations": ["home.0001_user", "home.9999_of_tomorrow"]}, "newer version"),
        ({"engine": "postgresql"}, "of postgresql"),
        ({"format": 2}, "does not read"),
    ],
)
def test_what_this_version_cannot_be_is_refused(backup, machine, fields, why):
    told_otherwise(backup, **fields)
    with pytest.raises(BackupRefused, match=why):
        restoring.restore(backup)
    assert not os.path.exists(machine.settings_dict["NAME"])


def test_a_damaged_one_touches_nothing(backup, machine, settings):
    next((backup / "objects").glob("*/*")).write_bytes(b"xxxxx")
    with pytest.raises(BackupRefused):
        restoring.restore(backup)
    assert not settings.MEDIA_ROOT.exists() and not os.path.exists(machine.settings_dict["NAME"])


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("home.backups.media.put_back", "after"),
        ("home.backups.sqlite._end_log", "after"),
        ("home.backups.sqlite.load", "after"),
    ],
)
def test_killed_on_the_way_it_is_as_before_or_held(backup, machine, step, when):
    restoring.restore(backup)
    Restoration.objects.update(released_at=clock.now())
    Cooperative.objects.update(slug="former")
    assert killed_at(step, when, lambda: restoring.restore(backup, replace=True)) == -9
    slug, whole = Cooperative.objects.get().slug, not Restoration.objects.filter(completed_at=None).exists()
    assert (slug, standing.is_held(), whole) == (
        ("meule", True, False) if step.endswith("load") else ("former", False, True)
    )
    connection.close()
    restoring.restore(backup, replace=True)
    assert (Cooperative.objects.get().slug, standing.is_held()) == ("meule", True)


# While it is held


@pytest.fixture
def held(db):
    return Restoration.objects.create(
        backup="2026-11-28T030000Z", taken_at=clock.now(), begun_at=clock.now(), completed_at=clock.now()
    )


def test_the_tick_asks_for_signs_of_life_alone(held, cooperative):
    PeriodicJob.objects.all().delete()
    assert ticking.run_due() == [ticking.HEARTBEAT]
    assert health.readiness()["released"] is False
    Restoration.objects.update(released_at=clock.now())
    assert len(ticking.run_due()) > 10
    assert health.readiness()["released"] is True


def mail(cooperative, kind, state=MailState.QUEUED, **fields):
    reader = make_backer(cooperative)
    return OutgoingMail.objects.create(
        cooperative=cooperative, kind=kind, backer=reader, reader_key=f"backer:{reader.pk}", address=reader.email,
        subject_key="pledge:1", language="fr", state=state, created_at=clock.now(), **fields,
    )  # fmt: skip


def states():
    return {one.batch or one.kind: one.state for one in OutgoingMail.objects.all()}


def test_nothing_is_mailed(held, cooperative, inside, mailoutbox):
    mail(cooperative, "pledge_cancelled")
    assert (outbox.has_work(), outbox.send_due(), mailoutbox) == (False, 0, [])
    assert states() == {"pledge_cancelled": MailState.QUEUED}
    Restoration.objects.update(released_at=clock.now())
    assert outbox.has_work()


def test_news_that_may_have_left_is_in_doubt_and_what_is_owed_leaves(held, cooperative, inside):
    mail(cooperative, "campaign_opened", batch="mailing:1")
    mail(cooperative, "campaign_opened", MailState.HELD, batch="mailing:2")
    mail(cooperative, "campaign_opened", MailState.LEAVING, batch="mailing:3")
    mail(cooperative, "campaign_opened", batch="mailing:4", not_before=clock.now() + timedelta(days=1))
    mail(cooperative, "campaign_opened", MailState.SENT, batch="mailing:5")
    mail(cooperative, "pledge_cancelled")
    assert since_restored.doubt_news() == 3
    assert states() == {
        "mailing:1": MailState.IN_DOUBT, "mailing:2": MailState.IN_DOUBT, "mailing:3": MailState.IN_DOUBT,
        "mailing:4": MailState.QUEUED, "mailing:5": MailState.SENT, "pledge_cancelled": MailState.QUEUED,
    }  # fmt: skip


def test_news_that_the_clock_writes_again_is_in_doubt_for_a_while(held, cooperative, inside):
    mail(cooperative, "campaign_last_hours")
    mail(cooperative, "campaign_opened", batch="mailing:1")
    assert since_restored.doubt_what_comes_again() == 0
    Restoration.objects.update(released_at=clock.now())
    assert since_restored.doubt_what_comes_again() == 1
    assert states() == {"campaign_last_hours": MailState.IN_DOUBT, "mailing:1": MailState.QUEUED}
    OutgoingMail.objects.filter(kind="campaign_last_hours").update(state=MailState.QUEUED)
    Restoration.objects.update(released_at=clock.now() - standing.SETTLES * 2)
    assert since_restored.doubt_what_comes_again() == 0
