"""The clock of the machine jumps a day ahead, and back: what was taken meanwhile is not kept for that day."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from home import outbox, ticking
from home.mail import claims
from home.models import Backer, MailState, OutgoingMail, PeriodicJob
from home.tenancy import within
from pledges import pacing, settlement, webhooks
from pledges.models import Payment, PaymentAttempt, RateBucket, StripeEvent
from tests.factories.campaigns import end_now, make_campaign
from tests.killing import killed_at
from tests.pledges.many import promise_many
from tests.pledges.test_killed_settlements import books_agree, settled_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)
PLEDGES = 6


def a_day_ahead():
    return time_machine.travel(timezone.now() + DAY, tick=True)


@pytest.fixture(autouse=True)
def in_our_scope(shop):
    with within(shop):
        yield


def test_periodic_work_goes_on_at_once(monkeypatch):
    ran = []
    monkeypatch.setattr(ticking, "_jobs", {})
    ticking.periodic("counted", every=timedelta(seconds=30))(lambda: ran.append(timezone.now()))
    ticking.run_due()
    with a_day_ahead():
        ticking.run_due()
    ticking.run_due()
    ticking.run_due()
    assert len(ran) == 3, "once at each of the three times, and not again before its own"
    assert PeriodicJob.objects.get(name="counted").next_run < timezone.now() + timedelta(minutes=1)


def test_a_settlement_whose_worker_died_in_the_jump_is_finished_after_it(shop, stripe_double, sink):
    campaign = make_campaign(shop, goal=100, bilingual=False)
    promise_many(campaign, stripe_double, PLEDGES, customers=2)
    end_now(campaign)
    with a_day_ahead():
        assert killed_at("pledges.gateway.charge", "after", lambda: _settle(campaign), nth=3) < 0
    assert Payment.objects.filter(lease_until__gt=timezone.now() + DAY / 2).exists()
    assert PaymentAttempt.objects.filter(answered_at=None, started_at__gt=timezone.now() + DAY / 2).exists()
    _settle(campaign)
    settled_once(campaign, stripe_double, PLEDGES)
    books_agree(stripe_double, shop)
    outbox.send_due()
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.SENT}
    assert len(sink.taken) == len(set(sink.taken)) == OutgoingMail.objects.count()


def _settle(campaign):
    with within(campaign.cooperative):
        settlement.settle(type(campaign).objects.select_related("cooperative__site").get(pk=campaign.pk))


def test_what_was_begun_by_the_clock_ahead_is_looked_up_before_it_is_asked_again(shop, stripe_double):
    """Nobody knows how old its key is: Stripe may have forgotten it, and would charge a second time."""
    campaign = make_campaign(shop, goal=100, bilingual=False)
    promise_many(campaign, stripe_double, 1)
    end_now(campaign)
    with a_day_ahead():
        assert killed_at("pledges.gateway.charge", "after", lambda: _settle(campaign)) < 0
    stripe_double.advance(hours=25)
    _settle(campaign)
    settled_once(campaign, stripe_double, 1)


def test_mail_that_a_clock_put_off_for_a_day_leaves_now_and_what_somebody_put_off_does_not(shop):
    now = timezone.now()
    backer = Backer.objects.create(
        cooperative=shop, email="a@x.example", email_key="a@x.example", name="A", created_at=now
    )
    rows = [
        OutgoingMail(
            cooperative=shop,
            kind="pledge_confirmed",
            subject_key=f"pledge:{number}",
            reader_key="backer:1",
            backer=backer,
            address=backer.email,
            language="fr",
            created_at=now,
            not_before=now + DAY,
            attempts=attempts,
        )
        for number, attempts in enumerate([0, 1])
    ]
    put_off, waits = OutgoingMail.objects.bulk_create(rows)
    assert [mail.pk for mail in claims.claim()] == [waits.pk]
    OutgoingMail.objects.filter(pk=waits.pk).update(lease_until=now + DAY)
    assert [mail.pk for mail in claims.claim()] == [waits.pk]
    assert claims.claim() == []
    assert put_off.pk != waits.pk


def test_events_and_the_pace_of_calls_go_on(shop):
    now = timezone.now()
    StripeEvent.objects.create(
        event_id="evt_1", account="", kind="x", created_at=now, received_at=now, retry_at=now + DAY
    )
    assert webhooks.waiting().count() == 1
    RateBucket.objects.update_or_create(name=pacing.NAME, defaults={"tokens": 0.0, "filled_at": now + DAY})
    assert pacing.take(1) < 1, "it does not wait for the day"
    RateBucket.objects.update(tokens=50.0)
    assert pacing.take(1) == 0
    assert RateBucket.objects.get().filled_at < timezone.now() + timedelta(minutes=1)
