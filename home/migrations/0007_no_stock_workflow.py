"""Wagtail's sample review stands above every page; here a campaign alone has one, its cooperative's own."""

from django.db import migrations


def remove(apps, schema_editor):
    apps.get_model("wagtailcore", "Workflow").objects.filter(name="Moderators approval").delete()
    apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name="Moderators approval").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("home", "0006_videos_for_editors"),
        ("wagtailcore", "0053_locale_model"),
    ]

    operations = [migrations.RunPython(remove, migrations.RunPython.noop)]
