"""The database is restarted (at once, nothing tidied up) in mid-request and in mid-task."""

import os
import time
from threading import Thread

import pytest
from django.core.management import call_command
from django.db import connections

from home.models import MailState, OutgoingMail
from pledges.models import Payment, PaymentAttempt
from tests.factories.campaigns import end_now, make_campaign
from tests.faults.product import Visitor, all_at_once, is_clear, until
from tests.pledges.many import promise_many
from tests.pledges.paying import flexible
from tests.pledges.test_killed_settlements import books_agree, settled_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WHOLE = os.environ.get("WHOLE") == "1"
PLEDGES, RESTARTS = (300, 12) if WHOLE else (20, 2)


def restart(database, after=0.5, meanwhile=lambda: None):
    database.stop_at_once()
    connections.close_all()
    meanwhile()
    time.sleep(after)
    database.start()


def each_mail_once(sink):
    """What is owed reaches everyone; what left twice is the same mail."""
    assert not OutgoingMail.objects.exclude(state=MailState.SENT).exists()
    names = {mail.message_id for mail in OutgoingMail.objects.all()}
    assert {name for name, _address in sink.taken} == names
    assert len(set(sink.taken)) == len(names)


def test_in_the_middle_of_a_request(product, database, shop, sink, stripe_double):
    campaign = flexible(shop, bilingual=False)
    waits = Visitor(product, campaign)
    waits.opens_the_form()
    stripe_double.hold("POST /v1/checkout/sessions", seconds=2.0)
    answers = []
    asking = Thread(target=lambda: answers.append(waits.contributes()))
    asking.start()
    until(lambda: waits.pledges.exists() or answers)  # written; Stripe is being asked
    assert not answers, answers[0].text

    def meanwhile():
        is_clear(Visitor(product, campaign).get(f"/fr/contribuer/{campaign.pk}/"), first="fr")
        is_clear(Visitor(product, campaign, "en").get(f"/en/contribute/{campaign.pk}/"), first="en")
        is_clear(waits.contributes(), first="fr", sent=True)
        asking.join(10)

    restart(database, meanwhile=meanwhile)
    is_clear(answers[0], first="fr", sent=True)
    others = [Visitor(product, campaign) for _number in range(3)]
    for one in others:
        one.opens_the_form()
    for one, answer in zip([waits, *others], all_at_once(*[one.contributes for one in [waits, *others]]), strict=True):
        assert answer.status_code == 303
        product.takes_payment_of(one, answer)
    assert len(stripe_double.journal(shop.stripe_account, "charge")) == 4
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    each_mail_once(sink)
    books_agree(stripe_double, shop)
    product.assert_alive()


def test_in_the_middle_of_a_settlement_and_of_its_mails(product, database, shop, sink, stripe_double):
    campaign = make_campaign(shop, goal=100, bilingual=False)
    promise_many(campaign, stripe_double, PLEDGES, customers=2)
    end_now(campaign)
    for share in range(1, RESTARTS + 1):  # each time with less to do, and a call under way
        stripe_double.hold("POST /v1/payment_intents", seconds=0.5)  # it gets no further before we look
        product.time_passes(seconds=50)
        until(lambda share=share: _begun() >= min(PLEDGES, 1 + PLEDGES * (share - 1) // RESTARTS), seconds=60)
        restart(database)
        assert Payment.objects.filter(paid_at=None).exists(), "it came too late to prove anything"
    product.until(lambda: Payment.objects.filter(paid_at__isnull=False).count() == PLEDGES)
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    product.until(lambda: not PaymentAttempt.objects.filter(answered_at=None).exists())
    settled_once(campaign, stripe_double, PLEDGES)
    books_agree(stripe_double, shop)
    each_mail_once(sink)
    product.assert_alive()
    call_command("check_ledger")


def _begun():
    return PaymentAttempt.objects.count()
