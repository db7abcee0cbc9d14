"""A session asks again who is there: after hours of nothing, after two weeks in any case."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from home.models import AuditEntry, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user

HOME, CONFIRM = "/admin/", "/admin/confirm/"
AT = "2026-11-28T12:00:00Z"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lifetimes(settings):
    settings.SESSION_ASKS_AFTER_IDLE, settings.SESSION_ASKS_AFTER = timedelta(hours=12), timedelta(days=14)


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


def device(cooperative):
    return Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr-CA", REMOTE_ADDR="203.0.113.5")


def log_in(client, user):
    assert client.post("/admin/login/", {"login": user.email, "password": "secret"})["Location"] == HOME
    return client


def test_after_hours_of_nothing_it_asks_and_goes_on_where_one_was(cooperative, editor):
    with time_machine.travel(AT, tick=False) as clock:
        client = log_in(device(cooperative), editor)
        clock.shift(timedelta(hours=11, minutes=59))
        assert client.get(HOME).status_code == 200
        clock.shift(timedelta(hours=12, minutes=1))
        assert client.get("/admin/images/")["Location"] == f"{CONFIRM}?next=%2Fadmin%2Fimages%2F"
        assert client.get(CONFIRM).status_code == 200
        assert client.post(CONFIRM, {"password": "secret", "next": "/admin/images/"})["Location"] == "/admin/images/"
        assert client.get("/admin/images/").status_code == 200


def test_an_open_window_is_nobody(cooperative, editor):
    """What it asks by itself does not keep the session young."""
    with time_machine.travel(AT, tick=False) as clock:
        client = log_in(device(cooperative), editor)
        for _quarter in range(3):
            clock.shift(timedelta(hours=5))
            client.post("/admin/editing-sessions/ping/wagtailcore/page/1/1/", {})
        assert client.get(HOME)["Location"].startswith(CONFIRM)


def test_after_two_weeks_it_asks_in_any_case(cooperative, editor):
    with time_machine.travel(AT, tick=False) as clock:
        client = log_in(device(cooperative), editor)
        for _day in range(27):
            clock.shift(timedelta(hours=11, minutes=50))
            assert client.get(HOME).status_code == 200
        clock.shift(timedelta(hours=11, minutes=50))
        answer = client.get(HOME)
        clock.shift(timedelta(hours=11, minutes=50))
        assert (answer.status_code, client.get(HOME)["Location"].split("?")[0]) == (200, CONFIRM)


def test_one_ends_all_sessions_but_this_one(cooperative, editor):
    here, lost = log_in(device(cooperative), editor), log_in(device(cooperative), editor)
    assert "Terminer mes autres sessions" in here.get("/admin/two-step/").content.decode()
    assert here.get("/admin/two-step/sessions/end/").status_code == 405
    assert lost.get(HOME).status_code == 200
    assert here.post("/admin/two-step/sessions/end/")["Location"] == "/admin/two-step/"
    assert lost.get(HOME)["Location"].startswith("/admin/login/")
    assert here.get(HOME).status_code == 200
    with within(cooperative):
        assert list(AuditEntry.objects.values_list("act", "actor")) == [("sessions_ended", editor.pk)]
        assert list(OutgoingMail.objects.values_list("kind", "address")) == [("log_in_changed", editor.email)]


def test_log_ins_are_logged_without_a_name(cooperative, editor, caplog):
    client = device(cooperative)
    with caplog.at_level(logging.INFO, logger="home.log_in"):
        client.post("/admin/login/", {"login": editor.email, "password": "wrong"})
        log_in(client, editor)
    assert [record.getMessage() for record in caplog.records if record.name == "home.log_in.watch"] == [
        "A log-in was refused at meule.localhost.",
        f"Person {editor.pk} logged in at meule.localhost.",
    ]
    assert not re.search(r"@|203\.0\.113", caplog.text)
