"""Who may read the figures, and what stands there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from home import ticking
from home.models import MailState, OutgoingMail, SelfCheckRun
from home.tenancy import within
from pledges.models import Settlement, StripeEvent
from tests.factories.pledges import make_backer, make_pledge

TOKEN = "a-token-that-nobody-guesses"


def figures(**headers):
    answer = Client(headers={"host": "any.example", **headers}).get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("tremplin_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "203.0.113.9", 404),
        ("", {}, "", 404),
        ("", {"x-forwarded-for": "203.0.113.9"}, "127.0.0.1", 404),
        ("", {"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", 404),
        ("", {"x-forwarded-proto": "https"}, "127.0.0.1", 404),
        (TOKEN, {}, "127.0.0.1", 404),
        (TOKEN, {"authorization": f"Bearer {TOKEN}"}, "203.0.113.9", 200),
        (TOKEN, {"authorization": f"bearer {TOKEN}", "x-forwarded-for": "203.0.113.9"}, "127.0.0.1", 200),
        (TOKEN, {"authorization": f"Bearer {TOKEN}x"}, "127.0.0.1", 404),
        (TOKEN, {"authorization": f"Basic {TOKEN}"}, "127.0.0.1", 404),
        (TOKEN, {"authorization": "Bearer é"}, "127.0.0.1", 404),
    ],
)
def test_who_may_read_them(db, settings, token, headers, address, status):
    settings.METRICS_TOKEN = token
    answer = Client(headers={"host": "any.example", **headers}).get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == status
    assert (answer.content == b"") is (status == 404) and answer["Cache-Control"] == "no-store"


def test_only_get_reads_them(db):
    assert Client(headers={"host": "any.example"}).post("/metrics").status_code == 404


def test_an_empty_installation_has_figures(db):
    found = figures()
    assert found["tasks_waiting",] == 0 and found["mails", "queued"] == 0 and found["events_waiting",] == 0
    assert {value for name, value in found.items() if name[0] == "measure_failed"} == {0}
    assert 0 < found["disk_free_ratio",] < 1


def test_the_figures_are_those_of_the_rows(campaign, settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text("{}")
    cooperative, now = campaign.cooperative, timezone.now()
    ticking.beat("worker")
    pledge = make_pledge(campaign, payment_state="due")
    with within(cooperative):
        Settlement.objects.create(
            cooperative=cooperative,
            campaign=campaign,
            started_at=now - timedelta(minutes=5),
            grace_ends_at=now + timedelta(days=7),
        )
        for number, state in enumerate([MailState.QUEUED, MailState.QUEUED, MailState.IN_DOUBT, MailState.SENT]):
            OutgoingMail.objects.create(
                cooperative=cooperative, kind="receipt", subject_key=f"payment:{number}", reader_key="backer:1",
                backer=make_backer(cooperative), address="a@b.example", language="fr", state=state,
                created_at=now - timedelta(minutes=3),
            )  # fmt: skip
    StripeEvent.objects.create(
        event_id="evt_1", account="acct_1", kind="x", object_id="y", created_at=now, attempts=6,
        received_at=now - timedelta(minutes=2),
    )  # fmt: skip
    SelfCheckRun.objects.create(
        day=now.date(), finished_at=now - timedelta(hours=4), found={"ledger": {"count": 2, "first": [], "failed": ""}}
    )
    found = figures()
    number = str(campaign.pk)
    assert (found["mails", "queued"], found["mails", "in_doubt"], found["mails", "failed"]) == (2, 1, 0)
    assert 170 < found["mail_queue_age_seconds",] < 200
    assert 0 <= found["heartbeat_age_seconds", "worker"] < 30
    assert found["settlement_payments", number, "due"] == 1 and 290 < found["settlement_age_seconds", number] < 330
    assert (found["events_waiting",], found["event_attempts",]) == (1, 6)
    assert 110 < found["event_age_seconds",] < 140
    assert found["self_check_findings", "ledger"] == 2 and 14_000 < found["self_check_age_seconds",] < 15_000
    assert 0 <= found["backup_age_seconds",] < 60
    assert pledge.backer.name not in str(found)


def test_a_measure_that_fails_is_said_so_and_keeps_no_other(db):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE home_heartbeat")
    found = figures()
    assert found["measure_failed", "home.metrics.of_house.processes"] == 1
    assert found["measure_failed", "home.metrics.of_house.mails"] == 0 and ("mails", "queued") in found


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_look_is_quick_over_many_mails(cooperative):
    """By the plans: none reads a whole table of those that grow."""
    from django.test.utils import CaptureQueriesContext

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO home_outgoingmail (cooperative_id, kind, subject_key, occasion, reader_key, address, language,"
            " batch, facts, state, held_for, token, provider_id, attempts, last_error, created_at)"
            " SELECT %s, 'receipt', 'payment:' || n, '', 'backer:1', 'a@b.example', 'fr', '', '{}', 'sent', '',"
            " gen_random_uuid(), '', 0, '', now() FROM generate_series(1, 30000) n",
            [cooperative.pk],
        )
        cursor.execute("ANALYZE home_outgoingmail")
    with CaptureQueriesContext(connection) as asked:
        figures()
    plans = []
    for query in asked.captured_queries:
        if query["sql"].startswith("SELECT") and "home_outgoingmail" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query["sql"])
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
    assert len(plans) >= 6
    assert not [plan for plan in plans if "Seq Scan on home_outgoingmail" in plan]
