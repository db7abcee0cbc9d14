"""The mail server takes connections and answers nobody, or refuses: mail waits, and nothing else does."""

import pytest

from home.models import MailState, OutgoingMail
from pledges.models import Payment
from tests.factories.campaigns import end_now, make_campaign
from tests.faults.product import Visitor, silent
from tests.pledges.many import promise_many
from tests.pledges.paying import flexible
from tests.pledges.test_killed_settlements import books_agree, settled_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PLEDGES = 4


def test_it_answers_nobody_then_refuses_for_a_while(product, shop, sink, stripe_double):
    campaign, other = make_campaign(shop, goal=100, bilingual=False), flexible(shop, bilingual=False)
    with sink.refusing("451"):
        with silent(sink.process):
            promise_many(campaign, stripe_double, PLEDGES, customers=2)
            end_now(campaign)
            visitor = Visitor(product, other)
            visitor.opens_the_form()
            assert visitor.pays(visitor.contributes()).status_code == 200  # no page waits for a mail
            product.until(lambda: Payment.objects.exclude(paid_at=None).count() == PLEDGES + 1)
            assert not OutgoingMail.objects.filter(state=MailState.SENT).exists()
        product.until(lambda: OutgoingMail.objects.filter(last_error__contains="451").count() > 1)
        assert not OutgoingMail.objects.filter(state=MailState.SENT).exists()
        assert sink.count == 0
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    settled_once(campaign, stripe_double, PLEDGES)
    books_agree(stripe_double, shop)
    names = {mail.message_id for mail in OutgoingMail.objects.all()}
    assert sorted(name for name, _address in sink.taken) == sorted(names), "each once"
    product.assert_alive()
