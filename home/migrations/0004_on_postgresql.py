from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS backer_by_part ON home_backer
    USING gin (UPPER(name::text) gin_trgm_ops, UPPER(email::text) gin_trgm_ops);
"""


def leave_room(apps, schema_editor):
    """A row is claimed, begins to leave and is sent within moments: its page has room for what it becomes, so that
    PostgreSQL writes to no index for the first two."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE home_outgoingmail SET (fillfactor = 50)")


def leave_none(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE home_outgoingmail RESET (fillfactor)")


def create(apps, schema_editor):
    """A part of a name or address is found without looking at everyone. SQLite has no such index: it looks at all."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS backer_by_part")


class Migration(migrations.Migration):

    replaces = [
        ("home", "0022_a_mail_leaves_by_few_writes"),
        ("home", "0023_backers_by_a_part_of_their_name"),
    ]

    dependencies = [("home", "0003_first_rows")]

    operations = [
        migrations.RunPython(leave_room, leave_none),
        migrations.RunPython(create, drop),
    ]
