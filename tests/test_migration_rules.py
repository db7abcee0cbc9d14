"""Migrations run while the version before them still serves: what would break it, or stop it, is refused.

A step that is safe for a reason that no rule sees says so in its file: `# waived: <rule>: <the reason>`.
docs/operations.md (“Migrations without a pause”) says how each is done instead.
"""

import importlib
import inspect
import re
from functools import cache

import pytest
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models.signals import pre_migrate
from django.test.utils import CaptureQueriesContext

from home.schema_steps import AddIndexAside, RemoveIndexAside

#: The last of each room when the rules came: nobody ran those before with anything to lose.
BEFORE_THE_RULES = {"home": "0004", "campaigns": "0002", "pledges": "0003", "updates": "0001"}

WAIVER = re.compile(r"^\s*# waived: ([a-z-]+): \S.{9,}$", re.MULTILINE)

TAKING_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
OF_DATA = (migrations.RunPython, migrations.RunSQL)
HARMLESS_BESIDE_DATA = (migrations.SeparateDatabaseAndState,)


@cache
def loader():
    return MigrationLoader(None)


def new_ones():
    for (room, name), migration in sorted(loader().disk_migrations.items()):
        if room in BEFORE_THE_RULES and name[:4] > BEFORE_THE_RULES[room]:
            yield room, name, migration


def unsafe(room, migration, state):
    """The names of the rules that a migration breaks. `state`: of the models before it."""
    steps = list(migration.operations)
    made = {step.name_lower for step in steps if isinstance(step, migrations.CreateModel)}
    if any(isinstance(step, OF_DATA) for step in steps) and any(_is_of_schema(step) for step in steps):
        yield "data-beside-schema"
    for step in steps:
        if getattr(step, "model_name_lower", None) not in made:
            yield from _unsafe(room, migration, step, state)


def _is_of_schema(step):
    return not isinstance(step, OF_DATA + HARMLESS_BESIDE_DATA)


def _unsafe(room, migration, step, state):
    if isinstance(step, TAKING_AWAY):
        yield "takes-away"
    elif isinstance(step, migrations.AddField):
        yield from _added(step.field)
    elif isinstance(step, migrations.AlterField):
        before = state.models[room, step.model_name_lower].fields[step.name]
        yield from _altered(before, step.field)
    elif isinstance(step, migrations.AddIndex | migrations.RemoveIndex):
        if not isinstance(step, AddIndexAside | RemoveIndexAside) or migration.atomic:
            yield "index-locks"
    elif isinstance(step, migrations.AddConstraint | migrations.AlterUniqueTogether):
        yield "constraint-locks"


def _added(field):
    if isinstance(field, models.GeneratedField):
        yield "rewrites-table"
    elif not (field.null or field.many_to_many or field.has_db_default()):
        yield "required-column"
    if getattr(field, "unique", False) or (field.db_index and not field.remote_field):
        yield "index-locks"


def _altered(before, after):
    if before.null and not after.null:
        yield "required-column"
    if _kind(before) != _kind(after) or (after.max_length or 10**9) < (before.max_length or 10**9):
        yield "rewrites-table"
    if (after.db_index and not before.db_index) or (after.unique and not before.unique):
        yield "index-locks"


def _kind(field):
    return "FileField" if isinstance(field, models.FileField) else field.get_internal_type()


def test_new_migrations_break_no_rule():
    faults = []
    for room, name, migration in new_ones():
        waived = set(WAIVER.findall(inspect.getsource(importlib.import_module(migration.__module__))))
        state = loader().project_state((room, name), at_end=False)
        faults += [f"{room}.{name}: {rule}" for rule in unsafe(room, migration, state) if rule not in waived]
    assert faults == []


def made_of(*steps, atomic=True):
    return type("Migration", (migrations.Migration,), {"operations": list(steps), "atomic": atomic})("x", "home")


INDEX = models.Index(fields=["beat_at"], name="x")
UNIQUE = models.UniqueConstraint(fields=["beat_at"], name="x")
TABLE = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])


def noted(*args):
    return None


@pytest.mark.parametrize(
    ("migration", "rules"),
    [
        (made_of(migrations.RemoveField("heartbeat", "beat_at")), ["takes-away"]),
        (made_of(migrations.RenameField("heartbeat", "beat_at", "at")), ["takes-away"]),
        (made_of(migrations.DeleteModel("Heartbeat")), ["takes-away"]),
        (made_of(migrations.RenameModel("Heartbeat", "Beat")), ["takes-away"]),
        (made_of(migrations.AddField("heartbeat", "x", models.IntegerField())), ["required-column"]),
        (made_of(migrations.AddField("heartbeat", "x", models.IntegerField(default=1))), ["required-column"]),
        (made_of(migrations.AddField("heartbeat", "x", models.IntegerField(db_default=1))), []),
        (made_of(migrations.AddField("heartbeat", "x", models.IntegerField(null=True))), []),
        (made_of(migrations.AddField("heartbeat", "x", models.IntegerField(null=True, unique=True))), ["index-locks"]),
        (made_of(migrations.AlterField("heartbeat", "name", models.CharField(max_length=5))), ["rewrites-table"]),
        (made_of(migrations.AlterField("heartbeat", "name", models.TextField())), ["rewrites-table"]),
        (made_of(migrations.AlterField("heartbeat", "name", models.CharField(max_length=90))), []),
        (made_of(migrations.AddIndex("heartbeat", INDEX)), ["index-locks"]),
        (made_of(AddIndexAside("heartbeat", INDEX)), ["index-locks"]),
        (made_of(AddIndexAside("heartbeat", INDEX), atomic=False), []),
        (made_of(migrations.AddConstraint("heartbeat", UNIQUE)), ["constraint-locks"]),
        (made_of(TABLE, migrations.AddIndex("new", INDEX), migrations.AddConstraint("new", UNIQUE)), []),
        (made_of(TABLE, migrations.RunPython(noted)), ["data-beside-schema"]),
        (made_of(migrations.RunPython(noted)), []),
    ],
)
def test_each_rule_is_kept(migration, rules):
    state = loader().project_state(("home", "0004_on_postgresql"))
    assert list(unsafe("home", migration, state)) == rules


@pytest.mark.parametrize(
    ("text", "waived"),
    [
        ("# waived: takes-away: no code reads it since the release before", ["takes-away"]),
        ("# waived: takes-away:", []),
        ("# waived: takes-away: yes", []),
    ],
)
def test_a_waiver_has_a_reason(text, waived):
    assert WAIVER.findall(text) == waived


def test_each_step_that_can_be_taken_is_thought_of():
    """A new Django may bring others: they are put under a rule, or here."""
    known = {
        *TAKING_AWAY, *OF_DATA, *HARMLESS_BESIDE_DATA, AddIndexAside, RemoveIndexAside, migrations.CreateModel,
        migrations.AddField, migrations.AlterField, migrations.AddIndex, migrations.RemoveIndex,
        migrations.AddConstraint, migrations.AlterUniqueTogether,
        # These lock for a moment, and rewrite nothing.
        migrations.AlterConstraint if hasattr(migrations, "AlterConstraint") else migrations.AddConstraint,
        migrations.AlterIndexTogether, migrations.AlterModelManagers, migrations.AlterModelOptions,
        migrations.AlterModelTableComment, migrations.AlterOrderWithRespectTo, migrations.RemoveConstraint,
        migrations.RenameIndex,
    }  # fmt: skip
    given = {one for one in vars(migrations).values() if inspect.isclass(one) and issubclass(one, Operation)}
    assert given - known == set()


def indexes():
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "home_heartbeat"))


def put_aside_and_taken_away():
    """The index as each step leaves it: forth, back, and forth by the other."""
    before = loader().project_state(("home", "0004_on_postgresql"))
    after = before.clone()
    adding, removing = AddIndexAside("heartbeat", INDEX), RemoveIndexAside("heartbeat", INDEX.name)
    adding.state_forwards("home", after)
    for step, states in (
        (adding.database_forwards, (before, after)),
        (adding.database_backwards, (after, before)),
        (adding.database_forwards, (before, after)),
        (removing.database_forwards, (after, before)),
    ):
        with connection.schema_editor(atomic=False) as editor:
            step("home", editor, *states)
        yield INDEX.name in indexes()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_and_taken_away_beside_those_who_write():
    with CaptureQueriesContext(connection) as asked:
        assert list(put_aside_and_taken_away()) == [True, False, True, False]
    changed = [query["sql"] for query in asked if "INDEX" in query["sql"].upper() and "home_heartbeat" in query["sql"]]
    assert all("CONCURRENTLY" in sql for sql in changed if sql.startswith("CREATE"))


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_and_taken_away_where_nobody_can_write_meanwhile():
    assert list(put_aside_and_taken_away()) == [True, False, True, False]


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_migration_waits_for_no_lock_for_long():
    heard = []

    def hear(**kwargs):
        heard.append(shown())

    def shown():
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

    pre_migrate.connect(hear)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(hear)
    assert set(heard) == {"5s"} and shown() == "0"
