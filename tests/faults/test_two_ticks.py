"""Two ticks and two workers at once: what is done now and then is done once, and so is what they hand out."""

import os
from datetime import timedelta

import pytest
from django.core.management import call_command

from home import ticking
from home.models import MailState, OutgoingMail
from pledges.models import Payment
from tests.factories.campaigns import end_now, make_campaign
from tests.killing import run_all
from tests.pledges.many import promise_many
from tests.pledges.test_killed_settlements import books_agree, settled_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

#: What takes long is told by `make soak` alone.
WHOLE = os.environ.get("WHOLE") == "1"
PLEDGES = 12


def test_each_job_is_taken_by_one(db, tmp_path, monkeypatch):
    monkeypatch.setattr(ticking, "_jobs", {})
    ran = tmp_path / "ran"

    def note(name):
        def run():
            with ran.open("a") as file:
                file.write(f"{name}\n")

        return run

    for number in range(10):
        ticking.periodic(f"job {number}", every=timedelta(hours=1))(note(f"job {number}"))

    def tick():
        for _turn in range(5):
            ticking.run_due()

    assert run_all(tick, tick, tick) == [0, 0, 0]
    assert sorted(ran.read_text().splitlines()) == sorted(f"job {number}" for number in range(10))


if WHOLE:

    def test_what_they_hand_out_is_done_once(product, shop, sink, stripe_double):
        campaign = make_campaign(shop, goal=100, bilingual=False)
        promise_many(campaign, stripe_double, PLEDGES, customers=2)
        product.start("worker2", lambda: call_command("work", interval=0.2, verbosity=0))
        product.start("tick2", lambda: call_command("tick", interval=0.6))
        end_now(campaign)
        product.until(lambda: Payment.objects.exclude(paid_at=None).count() == PLEDGES)
        product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
        settled_once(campaign, stripe_double, PLEDGES)
        books_agree(stripe_double, shop)
        assert len(sink.taken) == len(set(sink.taken)) == OutgoingMail.objects.count()
        product.assert_alive()
