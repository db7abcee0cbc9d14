"""What stands in front is told what was published, at its own end of a socket."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django_tasks_db.models import DBTaskResult

from home.models import Brand
from home.page_cache import front
from home.tasks import tell_front
from home.tenancy import within
from tests.home.page_cache.test_kept_pages import path_of


@contextmanager
def front_running(asked):
    class Handler(BaseHTTPRequestHandler):
        def do_PURGE(self):
            asked.append((self.headers["Host"], self.path))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def asked(settings):
    found = []
    with front_running(found) as location:
        settings.FRONT_CACHE = "HTTPBackend"
        backend = "wagtail.contrib.frontend_cache.backends.HTTPBackend"
        settings.WAGTAILFRONTENDCACHE = {"default": {"BACKEND": backend, "LOCATION": location}}
        yield found


def test_a_new_version_is_told_once_committed(campaign, asked, committed):
    with committed(), within(campaign.cooperative):
        Brand.for_site(campaign.cooperative.site).save()
    told = DBTaskResult.objects.filter(task_path="home.tasks.tell_front")
    assert [one.args_kwargs["args"] for one in told] == [[campaign.cooperative.pk]]


def test_its_pages_lists_and_feeds_are_purged_in_both_languages_and_no_one_else_s(campaign, outsider, asked):
    tell_front.call(campaign.cooperative.pk)
    hosts, paths = {host.partition(":")[0] for host, _path in asked}, {path for _host, path in asked}
    assert hosts == {campaign.cooperative.site.hostname}
    expected = {"/fr/", "/en/", "/fr/campagnes/", "/en/campaigns/", path_of(campaign), path_of(campaign, "en")}
    assert expected <= paths
    assert {path.rpartition(".")[2] for path in paths if "." in path} == {"rss", "atom", "json"}


def test_what_is_everyone_s_is_told_for_everyone(campaign, outsider, asked):
    tell_front.call(None)
    assert {host.partition(":")[0] for host, _path in asked} == {
        campaign.cooperative.site.hostname,
        outsider.site.hostname,
    }


def test_without_anything_in_front_nothing_is_told(campaign, committed):
    with committed(), within(campaign.cooperative):
        Brand.for_site(campaign.cooperative.site).save()
    assert not DBTaskResult.objects.filter(task_path="home.tasks.tell_front").exists()
    assert len(list(front.addresses(campaign.cooperative))) > 8
