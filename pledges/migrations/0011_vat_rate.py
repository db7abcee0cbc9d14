from datetime import date

from django.db import migrations


def add(apps, schema_editor):
    """France's ordinary rate, 20 % since 2014, for cooperatives there. Another country's: see docs/money.md."""
    apps.get_model("pledges", "TaxRate").objects.get_or_create(
        code="vat",
        starts_on=date(2014, 1, 1),
        defaults={"name_fr": "TVA", "name_en": "VAT", "rate": 20_000},
    )


class Migration(migrations.Migration):

    dependencies = [("pledges", "0010_append_only_ledger")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
