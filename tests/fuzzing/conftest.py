"""The two houses of the canary: built once, full of everything, one of them of a word that nobody else may read."""

import logging

import pytest

from tests.canary.conftest import houses, ours, their_files, theirs  # noqa: F401 (fixtures)
from tests.fuzzing.watching import watched
from tests.home.provider_events import MAILGUN_KEY, MANDRILL_KEY, SECRET


@pytest.fixture(scope="package", autouse=True)
def changed(django_db_setup, django_db_blocker):
    """Which tables were changed. Begun outside transactions: to undo part of one with triggers of its own is slow."""
    with django_db_blocker.unblock(), watched() as asked:
        yield asked


@pytest.fixture(autouse=True)
def providers(settings):
    """Mail providers prove what they tell; Stripe cannot be reached, and nothing is asked of anyone."""
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": [SECRET],
        "MAILGUN_WEBHOOK_SIGNING_KEY": MAILGUN_KEY,
        "MANDRILL_WEBHOOK_KEY": MANDRILL_KEY,
    }
    settings.STRIPE_API_BASE = settings.STRIPE_TEST_API_BASE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def silence():
    """Each of thousands of refusals is a line."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
