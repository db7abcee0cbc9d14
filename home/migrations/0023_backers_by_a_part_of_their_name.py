from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS backer_by_part ON home_backer
    USING gin (UPPER(name::text) gin_trgm_ops, UPPER(email::text) gin_trgm_ops);
"""


def create(apps, schema_editor):
    """A part of a name or address is found without looking at everyone. SQLite has no such index: it looks at all."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS backer_by_part")


class Migration(migrations.Migration):

    dependencies = [("home", "0022_a_mail_leaves_by_few_writes")]

    operations = [migrations.RunPython(create, drop)]
