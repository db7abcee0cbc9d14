"""Each night once: what is checked, what is kept of it, and who is written to."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from home import tasks
from home.models import SelfCheckRun
from home.self_checks import running, telling
from home.self_checks.registry import _checks, self_check
from home.tenancy import within
from pledges.models import Payment
from tests.factories.pledges import make_pledge

ZONE = ZoneInfo("America/Toronto")
NIGHT = datetime(2026, 11, 30, 3, 10, tzinfo=ZONE)


@pytest.fixture
def operator(settings):
    settings.OPERATOR_EMAIL = ["exploitation@plateforme.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def only(monkeypatch):
    """Of what is registered, nothing but what the test registers."""

    def register(name, function):
        self_check(name, f"Title of {name}", f"Advice on {name}")(function)

    before = dict(_checks)
    _checks.clear()
    yield register
    _checks.clear()
    _checks.update(before)


@pytest.fixture(autouse=True)
def from_three(settings):
    settings.SELF_CHECK_FROM_HOUR = 3


def night(*, days=0, hours=0):
    return time_machine.travel(NIGHT + timedelta(days=days, hours=hours), tick=False)


def told():
    tasks.tell_of_checks.call()
    return [one.subject for one in mail.outbox]


def test_all_that_is_promised_is_checked():
    assert {"files", "ledger", "promises", "stripe", "terms"} <= set(_checks)


def test_it_is_due_once_a_night_after_three(db, only):
    with night(hours=-1):
        assert not running.is_due()
    with night():
        assert running.is_due()
        assert running.run().is_well
        assert not running.is_due() and running.run() is None
    with night(days=1):
        assert running.is_due()


def test_it_is_never_due_where_the_settings_say_so(db, settings):
    settings.SELF_CHECK_FROM_HOUR = None
    with night():
        assert not running.is_due()


def test_one_that_died_is_made_again_after_some_hours(db, only):
    with night():
        SelfCheckRun.objects.create(day=running.today(), started_at=timezone.now())
        assert not running.is_due() and running.run() is None
    with night(hours=7):
        assert running.is_due() and running.run().finished_at


def test_what_is_found_is_kept_the_first_of_it_in_words(db, only):
    only("many", lambda: (f"row:{n}" for n in range(25)))
    only("none", lambda: [])
    with night():
        found = running.run().found
    assert found["many"]["count"] == 25 and len(found["many"]["first"]) == running.SHOWN
    assert found["none"] == {"count": 0, "first": [], "failed": ""}


def test_one_that_cannot_be_made_is_a_finding_and_keeps_no_other(db, only):
    def broken():
        yield "row:1"
        raise RuntimeError("no such thing")

    only("a", broken)
    only("b", lambda: ["row:2"])
    with night():
        run = running.run()
    assert run.found["a"] == {"count": 1, "first": ["row:1"], "failed": "RuntimeError"}
    assert run.found["b"]["count"] == 1 and not run.is_well


def test_the_operator_is_told_of_faults_each_night_in_both_languages(db, only, operator):
    only("ledger", lambda: ["payment:12: differs"])
    for day in range(2):
        with night(days=day):
            running.run()
            told()
            assert len(told()) == day + 1  # asked again, once
    body = mail.outbox[0].body
    assert mail.outbox[0].to == ["exploitation@plateforme.example"]
    assert body.count("payment:12: differs") == 2 and "Title of ledger" in body and "Advice on ledger" in body
    assert mail.outbox[0].extra_headers["Message-ID"] != mail.outbox[1].extra_headers["Message-ID"]


def test_the_operator_is_told_weekly_that_all_is_well(db, only, operator):
    only("ledger", lambda: [])
    sent = []
    for day in range(9):
        with night(days=day):
            running.run()
            sent.append(len(told()))
    assert sent == [1, 1, 1, 1, 1, 1, 1, 2, 2]


def test_the_tick_asks_for_both(db, only, operator, monkeypatch):
    asked = []
    monkeypatch.setattr(type(tasks.check_all), "enqueue", lambda task: asked.append(task.name))
    only("ledger", lambda: ["x"])
    with night():
        tasks.nudge_self_checks()
        running.run()
        tasks.nudge_self_checks()
        told()
        tasks.nudge_self_checks()
    assert asked == ["check_all", "tell_of_checks"]


def test_nobody_is_told_where_nobody_is_named(db, only, operator, settings):
    settings.OPERATOR_EMAIL = []
    only("ledger", lambda: ["x"])
    with night():
        running.run()
        assert told() == []


def test_a_mail_that_did_not_leave_is_tried_again(db, only, settings, operator):
    only("ledger", lambda: ["x"])
    with night():
        running.run()
        settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
        with pytest.raises(OSError):
            telling.tell(telling.to_tell())
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert len(told()) == 1


def test_a_ledger_that_does_not_agree_is_found(campaign, stripe_double):
    """The real checks, on rows of both rooms."""
    make_pledge(campaign)
    with night():
        assert running.run().found["ledger"]["count"] == 0
        with within(campaign.cooperative):
            Payment.objects.update(amount=F("amount") + 1)
        assert running.run_again().found["ledger"]["count"] > 0


def test_stripe_that_does_not_answer_is_a_finding(shop, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    with night():
        assert running.run().found["stripe"]["failed"] == "Unavailable"


def test_the_command_makes_them_and_shows_them(db, only, capsys):
    only("ledger", lambda: ["payment:12: differs"])
    with pytest.raises(CommandError) as ended:
        call_command("self_check")
    assert ended.value.returncode == 1 and "payment:12: differs" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("self_check", show=True)
    _checks.clear()
    call_command("self_check")
