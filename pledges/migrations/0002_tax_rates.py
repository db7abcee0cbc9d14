from datetime import date

from django.db import migrations

#: Code, names, rate in thousandths of a percent, first day. Canada: 5 % since 2008; Québec: 9.975 % since 2013. France's
#: ordinary rate: 20 % since 2014. Another country's: see docs/money.md.
RATES = [
    ("gst", "TPS", "GST", 5_000, date(2008, 1, 1)),
    ("qst", "TVQ", "QST", 9_975, date(2013, 1, 1)),
    ("vat", "TVA", "VAT", 20_000, date(2014, 1, 1)),
]


def add(apps, schema_editor):
    rates = apps.get_model("pledges", "TaxRate").objects
    for code, french, english, rate, starts_on in RATES:
        rates.get_or_create(
            code=code, starts_on=starts_on, defaults={"name_fr": french, "name_en": english, "rate": rate}
        )


class Migration(migrations.Migration):

    replaces = [("pledges", "0004_tax_rates"), ("pledges", "0011_vat_rate")]

    dependencies = [("pledges", "0001_money")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
