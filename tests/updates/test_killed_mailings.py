"""Mailings killed (SIGKILL) again and again, on PostgreSQL, by real SMTP: news reaches nobody twice; what people are
owed reaches everyone, twice at most what was leaving at a kill, as the same mail; nobody is missing without a state.

`KILLED_MAILS` and `MAIL_KILLS` make them as large as a soak asks for, `MEMORY_MAILS` the memory test.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from home import backing, outbox
from home.mail import lanes
from home.models import MailState, OutgoingMail
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.killing import fork, kill, run_all, wait_for
from tests.mail_sink import sink_running
from tests.updates.making import make_update, notice_block
from tests.updates.many import readers_many
from updates import sending
from updates.announcing import announce
from updates.enums import MailingState, MissingLanguage
from updates.figures import figures_of
from updates.sending import send_news

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

MAILS = int(os.environ.get("KILLED_MAILS", "1000"))
KILLS = int(os.environ.get("MAIL_KILLS", "5"))
MEMORY = int(os.environ.get("MEMORY_MAILS", "1500"))

NONE = MissingLanguage.NONE

#: As many as a worker has unless told otherwise; each worker leaves at most so many in doubt when it is killed.
CONNECTIONS = 4
IN_FLIGHT = CONNECTIONS * lanes.AHEAD


@pytest.fixture(autouse=True)
def inside_ours(cooperative):
    with within(cooperative):
        yield


@pytest.fixture
def sink(settings, tmp_path):
    with sink_running(tmp_path) as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.MAIL_CONNECTIONS = CONNECTIONS
        yield running


def work():
    """What a worker does until nothing is due."""
    outbox.send_due()


def until(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)


def leases_end():
    OutgoingMail.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))


def killed_again_and_again(sink, total, between=lambda number: None):
    """Workers killed at moments of chance, two at a time every third time. The ids that were leaving at a kill."""
    in_flight, step = [], total / (KILLS + 1)
    for number in range(KILLS):
        workers = [fork(work) for _worker in range(2 if number % 3 == 2 else 1)]
        wanted = sink.count + random.uniform(step * 0.3, step * 0.8)
        until(lambda wanted=wanted: sink.count >= wanted)
        time.sleep(random.uniform(0, 0.02))
        killed = [kill(pid) for pid in workers]
        assert all(killed), "it had ended before the kill"
        time.sleep(0.2)  # what the dead worker's socket still holds arrives
        left = list(OutgoingMail.objects.filter(state=MailState.LEAVING).values_list("pk", flat=True))
        assert len(left) <= IN_FLIGHT * len(workers)
        in_flight += left
        between(number)
        leases_end()
    while outbox.has_work():
        assert wait_for(fork(work)) == 0
        leases_end()
    return in_flight


def by_state(mailing):
    return Counter(sending.mails_of(mailing).values_list("state", flat=True))


def test_news_killed_again_and_again_reaches_nobody_twice(campaign, cooperative, sink, capsys):
    began = time.monotonic()
    readers = readers_many(campaign, MAILS)
    gone = readers[-10:]
    backing.suppress(cooperative, readers[0].email, backing.BOUNCED)
    backing.withdraw_news(readers[1], campaign.translation_key)
    mailing = send_news(make_update(campaign), by=make_user(cooperative), missing_language=NONE)
    assert figures_of(mailing).total == MAILS - 2

    def unsubscribe(number):
        """Some while it runs."""
        for backer in gone[number * 2 : number * 2 + 2]:
            backing.withdraw_news(backer, campaign.translation_key)

    in_flight = killed_again_and_again(sink, MAILS, unsubscribe)
    left = gone[: KILLS * 2]
    received = Counter(address for _name, address in sink.taken)
    assert received.most_common(1)[0][1] == 1, "somebody got it twice"
    assert not {readers[0].email, readers[1].email, *(one.email for one in left)} & set(received)
    rows = dict(sending.mails_of(mailing).values_list("address", "state"))
    assert len(rows) == MAILS - 2
    assert set(rows.values()) <= {MailState.SENT, MailState.IN_DOUBT, MailState.SUPPRESSED}
    assert {address for address, state in rows.items() if state == MailState.SENT} <= set(received)
    doubtful = set(sending.mails_of(mailing).filter(state=MailState.IN_DOUBT).values_list("pk", flat=True))
    assert doubtful == set(in_flight), "what was leaving at a kill is in doubt, and nothing else"
    assert {a for a, s in rows.items() if s == MailState.SUPPRESSED} == {one.email for one in left}
    sending.finish_all()
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    with capsys.disabled():
        took = time.monotonic() - began
        print(f"\nNews to {MAILS}, {KILLS} kills: {len(received)} got it once, {len(doubtful)} in doubt, {took:.0f} s.")


def test_a_delay_killed_again_and_again_reaches_everyone(campaign, cooperative, sink, capsys):
    began = time.monotonic()
    readers = readers_many(campaign, MAILS)
    backing.withdraw_news(readers[1], campaign.translation_key)
    backing.suppress(cooperative, readers[2].email, backing.COMPLAINED)
    update = make_update(campaign, notice_block([campaign.rewards.order_by("position").first()]))
    mailing = announce(update, by=None, missing_language=NONE)
    assert figures_of(mailing).total == MAILS
    in_flight = killed_again_and_again(sink, MAILS)
    assert by_state(mailing) == {MailState.SENT: MAILS}
    names = Counter(sink.taken)
    assert {address for _name, address in names} == {reader.email for reader in readers}
    assert len(names) == MAILS, "somebody got it as two different mails"
    of_row = {mail.message_id: mail.pk for mail in sending.mails_of(mailing)}
    twice = {of_row[name] for (name, _address), count in names.items() if count > 1}
    assert twice <= set(in_flight)
    assert len(sink.taken) <= MAILS + len(in_flight)
    with capsys.disabled():
        took = time.monotonic() - began
        print(f"\nA delay to {MAILS}, {KILLS} kills: everyone got it, {len(twice)} twice, {took:.0f} s.")


def test_paused_while_a_worker_sends_nothing_leaves_after(campaign, cooperative, sink):
    readers_many(campaign, 400)
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)
    workers = [fork(work) for _worker in range(2)]
    until(lambda: sink.count >= 60)
    assert sending.pause(mailing, by=None)
    assert [wait_for(pid) for pid in workers] == [0, 0]
    stopped = sink.count
    assert 60 <= stopped < 390
    assert by_state(mailing) == {MailState.SENT: stopped, MailState.HELD: 400 - stopped}
    work()
    assert sink.count == stopped
    assert sending.resume(mailing, by=None)
    assert run_all(work, work) == [0, 0]
    assert by_state(mailing) == {MailState.SENT: 400}
    assert set(Counter(sink.taken).values()) == {1}


def test_cancelled_while_workers_send_nobody_gets_it_after(campaign, cooperative, sink):
    readers_many(campaign, 400)
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)
    workers = [fork(work) for _worker in range(2)]
    until(lambda: sink.count >= 60)
    count = sending.cancel(mailing, by=None)
    assert [wait_for(pid) for pid in workers] == [0, 0]
    assert by_state(mailing) == {MailState.SENT: 400 - count, MailState.CANCELLED: count}
    assert (sink.count, count > 10) == (400 - count, True)


def test_pauses_and_resumptions_race_and_everyone_gets_it_once(campaign, cooperative, sink):
    readers_many(campaign, 300)
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)

    def steer():
        with within(cooperative):
            for _turn in range(15):
                sending.pause(mailing, by=None)
                sending.resume(mailing, by=None)

    assert run_all(work, work, steer, steer) == [0, 0, 0, 0]
    sending.resume(mailing, by=None)
    work()
    assert by_state(mailing) == {MailState.SENT: 300}
    assert set(Counter(sink.taken).values()) == {1}


WORKER = """
import sys
sys.path.insert(0, "site")
import django
django.setup()
from home import outbox
handled = outbox.send_due()
print(handled, next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def peak_of(sink, mails):
    """The peak memory, in kB, of a worker of its own that sends that many."""
    where = {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PGDATABASE": connection.settings_dict["NAME"],
        "SMTP_PORT": str(sink.port),
        "MAIL_CONNECTIONS": str(CONNECTIONS),
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }
    done = subprocess.run(
        [sys.executable, "-c", WORKER], env=os.environ | where, capture_output=True, text=True, cwd=django_settings.ROOT
    )
    assert done.returncode == 0, done.stderr
    handled, peak = done.stdout.split()
    assert int(handled) == mails
    return int(peak)


def test_memory_does_not_grow_with_the_number_of_mails(campaign, cooperative, sink, capsys):
    readers_many(campaign, MEMORY)
    few = MEMORY // 10
    mailing = send_news(make_update(campaign), by=None, missing_language=NONE)
    ids = list(sending.mails_of(mailing).order_by("pk").values_list("pk", flat=True))
    OutgoingMail.objects.filter(pk__in=ids[few:]).update(state=MailState.HELD)
    little = peak_of(sink, few)
    OutgoingMail.objects.filter(pk__in=ids[few:]).update(state=MailState.QUEUED)
    OutgoingMail.objects.filter(pk__in=ids[:few]).update(state=MailState.QUEUED)
    much = peak_of(sink, MEMORY)
    assert much <= little * 1.2
    with capsys.disabled():
        print(f"\nPeak memory of a worker: {little // 1024} MB for {few} mails, {much // 1024} MB for {MEMORY}.")
