"""Both locales, and none of Wagtail's sample site: an unknown host must find nothing."""

from django.db import migrations


def prepare(apps, schema_editor):
    apps.get_model("wagtailcore", "Site").objects.all().delete()
    Page = apps.get_model("wagtailcore", "Page")
    Page.objects.filter(depth=2).delete()
    Page.objects.filter(depth=1).update(numchild=0)
    Locale = apps.get_model("wagtailcore", "Locale")
    for code in ("fr", "en"):
        Locale.objects.get_or_create(language_code=code)


class Migration(migrations.Migration):
    dependencies = [
        ("home", "0002_cooperatives_pages_and_mail"),
        ("wagtailcore", "0054_initial_locale"),
        ("wagtail_localize", "0001_initial"),
    ]

    operations = [migrations.RunPython(prepare, migrations.RunPython.noop)]
