from datetime import date

from django.db import migrations

#: Code, names, rate in thousandths of a percent, first day. Canada: 5 % since 2008; Québec: 9.975 % since 2013.
RATES = [
    ("gst", "TPS", "GST", 5_000, date(2008, 1, 1)),
    ("qst", "TVQ", "QST", 9_975, date(2013, 1, 1)),
]


def add(apps, schema_editor):
    rates = apps.get_model("pledges", "TaxRate").objects
    for code, french, english, rate, starts_on in RATES:
        rates.get_or_create(
            code=code, starts_on=starts_on, defaults={"name_fr": french, "name_en": english, "rate": rate}
        )


class Migration(migrations.Migration):

    dependencies = [("pledges", "0003_whole_money")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
