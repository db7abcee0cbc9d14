"""A product whose far ends may fail: its own database, Stripe's double, a mail server, a cache."""

import pytest
from django.db import connection, connections

from home.tenancy import within
from tests.factories.cooperatives import make_cooperative
from tests.faults.database import copied, in_memory
from tests.faults.product import Product
from tests.mail_sink import sink_running
from tests.stripe_double import double_running


@pytest.fixture(scope="package")
def database(django_db_setup, django_db_blocker):
    """Of these tests alone: the test's own connection leads there meanwhile."""
    with django_db_blocker.unblock():
        before = dict(connection.settings_dict)
        connections.close_all()
        with in_memory() as folder, copied(folder, before) as database:
            connection.settings_dict.update(HOST="127.0.0.1", PORT=str(database.port))
            try:
                yield database
            finally:
                connections.close_all()
                connection.settings_dict.update(HOST=before["HOST"], PORT=before["PORT"])


@pytest.fixture
def sink(settings, tmp_path):
    with sink_running(tmp_path) as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT, settings.MAIL_CONNECTIONS = 1, 2
        yield running


@pytest.fixture(scope="session")
def own_double(tmp_path_factory):
    """Of these tests: it may fall silent."""
    with double_running(tmp_path_factory.mktemp("stripe")) as double:
        yield double


@pytest.fixture
def stripe_double(own_double, settings):
    own_double.reset()
    settings.STRIPE_API_BASE = settings.STRIPE_TEST_API_BASE = own_double.url
    settings.STRIPE_TIMEOUT = 3
    return own_double


@pytest.fixture
def cooperative(database, transactional_db):
    """Ours, committed; everything is taken away again."""
    return make_cooperative("meule", name="La Meule commune")


@pytest.fixture
def product(cooperative, shop, stripe_double, sink, settings, tmp_path):
    """Running, with a clock of its own; the test is in our cooperative's scope."""
    settings.CLOCK_FILE = tmp_path / "clock"
    running = Product(stripe_double)
    running.start_all()
    try:
        with within(shop):
            yield running
    finally:
        running.stop()
