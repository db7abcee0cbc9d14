"""Whoever may add or change images of a collection may do the same with its videos."""

from django.db import migrations

RIGHTS = {"add_image": "add_media", "change_image": "change_media"}


def grant(apps, schema_editor):
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


class Migration(migrations.Migration):

    dependencies = [
        ("home", "0005_backers_without_a_name"),
        ("wagtailmedia", "0005_alter_media_options"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
