"""Pictures, films and documents in a bucket (moto's S3 at the other end of a socket)."""

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from tests.home.test_admin_choices import collection_of

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "ca-central-1"}


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(settings, endpoint, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = boto3.client("s3", endpoint_url=endpoint, **KEYS)
    client.create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    options = {"bucket_name": "media", "endpoint_url": endpoint, "access_key": "key", "secret_key": "secret"}
    options |= {"region_name": KEYS["region_name"], "custom_domain": "media.example.org"}
    options |= {"querystring_auth": False, "file_overwrite": False}
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    }
    yield client
    for found in client.list_objects_v2(Bucket="media").get("Contents", []):
        client.delete_object(Bucket="media", Key=found["Key"])
    client.delete_bucket(Bucket="media")


def names(client):
    return sorted(found["Key"] for found in client.list_objects_v2(Bucket="media").get("Contents", []))


def test_a_picture_and_its_sizes_lie_in_the_bucket_and_are_shown_by_its_host(db, bucket):
    image = get_image_model().objects.create(title="four", file=get_test_image_file(filename="four.png"))
    rendition = image.get_rendition("width-20|format-webp")
    assert rendition.url == "https://media.example.org/" + rendition.file.name
    assert names(bucket) == sorted([image.file.name, rendition.file.name])


def test_two_files_of_one_name_are_two(db, bucket):
    first, second = (default_storage.save("pain.txt", ContentFile(text)) for text in (b"un", b"deux"))
    assert first != second
    assert default_storage.open(first).read() == b"un"


def test_a_document_is_read_by_its_own_address_alone(cooperative, bucket, on_host):
    document = get_document_model().objects.create(
        title="Budget", file=ContentFile(b"prive", name="budget.txt"), collection=collection_of(cooperative)
    )
    response = on_host(cooperative).get(document.url)
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == b"prive"
    assert "media.example.org" not in document.url
