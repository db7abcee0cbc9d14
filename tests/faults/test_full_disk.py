"""The disk is full: that of the database, and that of the cache and of pictures."""

import os
import shutil
import subprocess

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections

from home import outages
from home.models import MailState, OutgoingMail
from tests.faults.database import full, on_a_disk_of
from tests.faults.product import Visitor, is_clear
from tests.pledges.paying import flexible
from tests.pledges.test_killed_settlements import books_agree

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is small enough to fill"),
]


@pytest.fixture
def small_disk(database, tmp_path):
    """What the database holds, its log apart, on a disk with 6 MB left."""
    database.stop_at_once()
    connections.close_all()
    with on_a_disk_of(6, database.base) as folder:
        database.start()
        yield folder
        database.stop_at_once()
        connections.close_all()
        kept = database.base.with_name("base.kept")
        subprocess.run(["cp", "-a", folder, kept], check=True)
    shutil.rmtree(database.base)
    kept.rename(database.base)
    database.start()


def test_the_database_s(small_disk, product, database, shop, sink, stripe_double):
    campaign = flexible(shop, bilingual=False)
    came, refused = [], []
    with full(small_disk):
        for _number in range(30):  # the last pages of its tables have some room
            visitor = Visitor(product, campaign)
            visitor.opens_the_form()  # reading goes on
            answer = visitor.contributes()
            if answer.status_code != 303:
                is_clear(answer, first="fr", sent=True)
                refused.append(visitor)
            else:
                came.append((visitor, answer))
            if len(refused) == 2:
                break
        assert len(refused) == 2
        assert Visitor(product, campaign, "en").get("/en/").status_code == 200
        assert not any(one.pledges.exists() for one in refused), "half of it was written"
    for visitor in refused:
        came.append((visitor, visitor.contributes()))
    for visitor, answer in came:
        assert answer.status_code == 303
        product.takes_payment_of(visitor, answer)
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    assert len(set(sink.taken)) == len(came)
    books_agree(stripe_double, shop)
    product.assert_alive()


@pytest.fixture
def small_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    with on_a_disk_of(1, folder):
        yield folder


def test_that_of_the_cache_and_of_pictures(small_folder, settings, cooperative, client):
    """Counts of attempts go on in memory, what serves once serves nobody; a picture is not taken."""
    here = {"BACKEND": "home.file_cache.ForgivingFileCache", "LOCATION": small_folder / "cache"}
    settings.CACHES = {"default": here, "pages": here | {"BACKEND": "home.file_cache.FileCache"}}
    settings.MEDIA_ROOT = small_folder / "media"
    cache = caches["default"]
    assert cache.add("before", 1, 600)
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    with full(small_folder):
        assert not cache.add("code", 1, 600)
        assert cache.get("code") is None
        assert [cache.incr("code") for _time in range(3)] == [1, 2, 3]
        assert client.get("/fr/").status_code == 200
        with pytest.raises(OSError) as raised:
            default_storage.save("grande.png", ContentFile(bytes(2**21)))
        assert outages.is_outage(raised.value), "whoever sends a picture is told to try again"
    assert cache.get("before") == 1
    assert cache.add("code", 1, 600)
    assert not cache.add("code", 1, 600)
