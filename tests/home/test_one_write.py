"""A file sent while a page is being written, and its search entry, are one transaction."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.signals import post_save
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection

from home.models import Role
from tests.factories.cooperatives import make_user

#: The smallest there is.
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "kind", "file"),
    [
        (Image, "image", SimpleUploadedFile("four.gif", GIF)),
        (Document, "document", SimpleUploadedFile("four.vtt", b"WEBVTT\n")),
    ],
)
def test_the_worker_finds_nothing_before_the_form_is_done(client, cooperative, model, kind, file):
    seen = []

    def note(instance, **kwargs):
        seen.append((instance.title, connection.in_atomic_block))

    client.force_login(make_user(cooperative, Role.EDITOR))
    post_save.connect(note, sender=model)
    collection = Collection.objects.get(name=cooperative.name)
    fields = {"title": "Le four", "file": file, "collection": collection.pk}
    data = {f"{kind}-chooser-upload-{name}": value for name, value in fields.items()}
    url = reverse({"image": "wagtailimages_chooser:create", "document": "wagtaildocs_chooser:create"}[kind])
    client.post(url, data, headers={"host": "meule.localhost"})
    post_save.disconnect(note, sender=model)
    assert seen == [("Le four", True)]
