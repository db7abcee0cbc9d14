"""Shared fixtures. What is faked stands at the far end of a socket, never in our own code."""

import gc
import os
import sqlite3
from contextlib import closing

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from home.tenancy import across_cooperatives, within
from tests import emptying
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative
from tests.stripe_double import double_running

if "DATABASE_TEMPLATE" in os.environ and "PGDATABASE" not in os.environ:  # made beforehand, for many sessions

    @pytest.fixture(scope="session")
    def django_db_setup(django_test_environment, django_db_blocker):
        """A copy in memory of a database that was migrated already."""
        with django_db_blocker.unblock():
            connection.settings_dict["NAME"] = "file:copy?mode=memory&cache=shared"
            connection.close()
            connection.ensure_connection()
            with closing(sqlite3.connect(os.environ["DATABASE_TEMPLATE"])) as template:
                template.backup(connection.connection)
        yield

else:

    @pytest.fixture(scope="session")
    def django_db_setup(django_db_setup, django_db_blocker):
        """The real migrations ran; page references are kept where tests flush tables."""
        return django_db_setup


if "PGDATABASE" in os.environ:

    @pytest.fixture(scope="session", autouse=True)
    def emptied_fast():
        """After a test that commits (Django has no setting for how)."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptying.empty())
            yield


@pytest.fixture(autouse=True)
def media_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {name: {"BACKEND": memory, "LOCATION": name} for name in ("default", "pages")}
    cache.clear()


@pytest.fixture(autouse=True)
def language(settings):
    """Each test begins in the product's own language, whatever the requests of the one before left active."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def cooperative(db):
    """Ours, at meule.localhost."""
    return make_cooperative("meule", name="La Meule commune")


@pytest.fixture
def outsider(db):
    """Another cooperative, whose data could leak."""
    return make_cooperative("large", name="Le Large")


@pytest.fixture
def campaign(cooperative):
    """A live all-or-nothing campaign of ours with two tiers, one of them limited to 10."""
    return make_campaign(cooperative)


@pytest.fixture
def inside(cooperative):
    """The test runs in the scope of our cooperative."""
    with within(cooperative):
        yield cooperative


@pytest.fixture
def everywhere(db):
    """The test looks at every cooperative at once."""
    with across_cooperatives():
        yield


@pytest.fixture
def on_host(client):
    """A client that asks as a visitor of a cooperative's host."""

    def bind(cooperative):
        client.defaults["HTTP_HOST"] = cooperative.site.hostname
        return client

    return bind


@pytest.fixture(scope="session")
def stripe_server(tmp_path_factory):
    """The Stripe double, as a process of its own on loopback."""
    with double_running(tmp_path_factory.mktemp("stripe")) as double:
        yield double


@pytest.fixture
def stripe_double(stripe_server, settings):
    """A clean double, which the product speaks to with the real package; accounts are made by `make_account`."""
    stripe_server.reset()
    settings.STRIPE_API_BASE = settings.STRIPE_TEST_API_BASE = stripe_server.url
    return stripe_server


@pytest.fixture
def shop(cooperative, stripe_double):
    """Our cooperative with an account of its own at the double."""
    stripe_double.open_account(cooperative)
    return cooperative


def pytest_collection_finish(session):
    """What was loaded by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_sessionfinish(session, exitstatus):
    """Where every service must be there, a skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_SERVICES") == "1" and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1


@pytest.fixture
def in_the_shop(shop, settings, tmp_path):
    """In the shop's scope, with a clock of the test's own to set forward."""
    settings.CLOCK_FILE = tmp_path / "clock"
    with within(shop):
        yield
