from django.db import migrations

RIGHTS = {"add_image": "add_media", "change_image": "change_media"}


def prepare(apps, schema_editor):
    """Both locales, and none of Wagtail's sample site: an unknown host must find nothing."""
    apps.get_model("wagtailcore", "Site").objects.all().delete()
    Page = apps.get_model("wagtailcore", "Page")
    Page.objects.filter(depth=2).delete()
    Page.objects.filter(depth=1).update(numchild=0)
    Locale = apps.get_model("wagtailcore", "Locale")
    for code in ("fr", "en"):
        Locale.objects.get_or_create(language_code=code)


def grant(apps, schema_editor):
    """Whoever may add or change images of a collection may do the same with its videos."""
    Permission = apps.get_model("auth", "Permission")
    GroupCollectionPermission = apps.get_model("wagtailcore", "GroupCollectionPermission")
    for image, media in RIGHTS.items():
        video = Permission.objects.filter(content_type__app_label="wagtailmedia", codename=media).first()
        if video is None:
            continue
        held = GroupCollectionPermission.objects.filter(
            permission__content_type__app_label="wagtailimages", permission__codename=image
        )
        for right in held:
            GroupCollectionPermission.objects.get_or_create(
                group_id=right.group_id, collection_id=right.collection_id, permission=video
            )


def remove(apps, schema_editor):
    """Wagtail's sample review stands above every page; here a campaign alone has one, its cooperative's own."""
    apps.get_model("wagtailcore", "Workflow").objects.filter(name="Moderators approval").delete()
    apps.get_model("wagtailcore", "GroupApprovalTask").objects.filter(name="Moderators approval").delete()


class Migration(migrations.Migration):

    replaces = [
        ("home", "0003_two_languages_no_welcome"),
        ("home", "0006_videos_for_editors"),
        ("home", "0007_no_stock_workflow"),
    ]

    dependencies = [
        ("home", "0002_the_house"),
    ]

    operations = [
        migrations.RunPython(prepare, migrations.RunPython.noop),
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.RunPython(remove, migrations.RunPython.noop),
    ]
