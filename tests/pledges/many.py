"""Thousands of promises in a few statements: a few walked the real path, the others are copies of them."""

import itertools
import uuid

from home import clock
from pledges import checkout, pledging
from pledges.enums import CheckoutState, PledgeState
from pledges.models import Pledge, PledgeConsent, PledgeItem
from tests.factories.requests import pledge_request

GOOD = "4242424242424242"

_numbers = itertools.count(1)


def promise_many(campaign, double, count, *, customers=10, cards=(GOOD,)):
    """`count` confirmed promises of the first tier, of `customers` backers; the cards in turn. Their ids, in order."""
    patterns = [_walk(campaign, double, cards[n % len(cards)]) for n in range(min(customers, count))]
    made = [patterns[n % len(patterns)] for n in range(len(patterns), count)]
    copies = Pledge.objects.bulk_create([_copy(one) for one in made], batch_size=1000)
    items = {one.pk: one.items.get() for one in patterns}
    consents = {one.pk: one.consents.get() for one in patterns}
    pairs = list(zip(copies, made, strict=True))
    PledgeItem.objects.bulk_create([_row_of(items[one.pk], copy) for copy, one in pairs], batch_size=1000)
    PledgeConsent.objects.bulk_create([_row_of(consents[one.pk], copy) for copy, one in pairs], batch_size=1000)
    return [one.pk for one in [*patterns, *copies]]


def _walk(campaign, double, card):
    reward = campaign.rewards.order_by("position").first()
    request = pledge_request(campaign, (reward, 1), email=f"many{next(_numbers)}@example.com")
    row = pledging.begin(campaign.cooperative, request)
    checkout.open_page(row)
    double.pay(row.stripe_session, card)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    return Pledge.objects.get(pk=row.pledge_id, state=PledgeState.CONFIRMED)


def _copy(pledge):
    values = {field.attname: getattr(pledge, field.attname) for field in Pledge._meta.concrete_fields}
    return Pledge(**values | {"id": None, "attempt": uuid.uuid4(), "created_at": clock.now()})


def _row_of(row, pledge):
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**values | {"id": None, "pledge_id": pledge.pk})
