from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS unaccent;
DROP TEXT SEARCH CONFIGURATION IF EXISTS fr_unaccent;
CREATE TEXT SEARCH CONFIGURATION fr_unaccent (COPY = french);
ALTER TEXT SEARCH CONFIGURATION fr_unaccent
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem;
"""


def create(apps, schema_editor):
    """Words without their accents, by their French stem. SQLite folds accents by itself."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TEXT SEARCH CONFIGURATION IF EXISTS fr_unaccent")


class Migration(migrations.Migration):

    replaces = [("campaigns", "0006_french_search_on_postgresql")]

    dependencies = [("campaigns", "0001_terms")]

    operations = [migrations.RunPython(create, drop)]
