"""Stripe answers 500, or takes calls and answers nobody for ten minutes."""

import os
import time
from datetime import timedelta

import pytest

from home import clock
from home.models import MailState, OutgoingMail
from pledges.models import Payment, PaymentAttempt
from tests.factories.campaigns import end_now, make_campaign
from tests.faults.product import Visitor, all_at_once, silent
from tests.pledges.many import promise_many
from tests.pledges.paying import flexible
from tests.pledges.test_killed_settlements import books_agree, settled_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

#: What takes long is told by `make soak` alone.
WHOLE = os.environ.get("WHOLE") == "1"
PLEDGES = 8
FRENCH = "La page de paiement n’a pas pu être ouverte."
FRENCH_OVER = "Le temps réservé au paiement est écoulé"
ENGLISH = "The payment page could not be opened."


def says_so_and_keeps(visitor, answer, words):
    """The review again: what happened, in the reader's language, and what was typed, to be sent again."""
    assert answer.status_code == 200
    assert words in answer.text
    for value in (visitor.name, visitor.email):
        assert f'value="{value}"' in answer.text
    return True


def all_paid_once(product, double, shop, visitors, sink, count=0):
    for visitor in visitors:
        answers = [visitor.contributes() for _time in range(3)]
        answer = answers[-1]
        assert answer.status_code == 303, "sent again, and once more where the time held for it was over"
        product.takes_payment_of(visitor, answer)
    product.until(lambda: Payment.objects.exclude(paid_at=None).count() == len(visitors) + count)
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    product.until(lambda: not PaymentAttempt.objects.filter(answered_at=None).exists())
    assert len(double.journal(shop.stripe_account, "charge")) == len(visitors) + count
    assert len(sink.taken) == len(set(sink.taken)) == OutgoingMail.objects.count()
    books_agree(double, shop)
    product.assert_alive()


if WHOLE:

    def test_it_answers_500(product, shop, sink, stripe_double):
        settled, campaign = make_campaign(shop, goal=100, bilingual=False), flexible(shop)
        promise_many(settled, stripe_double, PLEDGES, customers=2)
        visitors = [Visitor(product, campaign), Visitor(product, campaign, "en")]
        for visitor in visitors:
            visitor.opens_the_form()
        stripe_double.fault("POST /v1/(customers|checkout)", "500", times=2)
        says_so_and_keeps(visitors[0], visitors[0].contributes(), FRENCH)
        says_so_and_keeps(visitors[1], visitors[1].contributes(), ENGLISH)
        stripe_double.fault("POST /v1/payment_intents", "500_after_commit", times=2)
        stripe_double.fault("POST /v1/payment_intents", "500", times=2)
        end_now(settled)
        product.until(lambda: Payment.objects.exclude(paid_at=None).count() == PLEDGES)
        all_paid_once(product, stripe_double, shop, visitors, sink, PLEDGES)
        settled_once(settled, stripe_double, PLEDGES)


def test_it_answers_nobody_for_ten_minutes(product, shop, sink, stripe_double):
    settled, campaign = make_campaign(shop, goal=100, bilingual=False), flexible(shop)
    promise_many(settled, stripe_double, PLEDGES, customers=2)
    visitors = [Visitor(product, campaign, "en" if number % 2 else "fr") for number in range(5)]
    for visitor in visitors:
        visitor.opens_the_form()
    with silent(stripe_double.process):
        end_now(settled)
        answers = all_at_once(*[visitor.contributes for visitor in visitors])
        for visitor, answer in zip(visitors, answers, strict=True):
            says_so_and_keeps(visitor, answer, ENGLISH if visitor.language == "en" else FRENCH)
        began = time.monotonic()
        again = all_at_once(*[visitor.contributes for visitor in visitors])
        assert all(FRENCH in one.text or ENGLISH in one.text for one in again)
        took = sorted(one.elapsed.total_seconds() for one in again)
        assert took[-2] < 2.5, f"all but the one that finds out are told at once: {took}"
        assert visitors[0].get("/fr/").status_code == 200
        assert time.monotonic() - began < 15
        clock.advance(timedelta(minutes=10))
        time.sleep(1)
    stripe_double.advance(minutes=10)
    over = [FRENCH_OVER in visitor.contributes().text for visitor in visitors if visitor.language == "fr"]
    assert all(over), "what was held for them is free again, and they are told so"
    product.until(lambda: Payment.objects.exclude(paid_at=None).count() == PLEDGES)
    all_paid_once(product, stripe_double, shop, visitors, sink, PLEDGES)
    settled_once(settled, stripe_double, PLEDGES)
