"""Events that never came: found in Stripe's list, handled once, whatever happens on the way."""

from datetime import timedelta

import pytest

from home import clock, ticking
from home.tenancy import within
from pledges import checkout, gateway, pledging, polling, tasks, webhooks
from pledges.enums import PledgeState
from pledges.models import EventPoll, Pledge, StripeEvent
from tests.factories.requests import pledge_request
from tests.pledges.paying import flexible, receive


@pytest.fixture
def campaign(shop):
    return flexible(shop)


def left_unseen(campaign, double, count=1):
    """Paid at Stripe by people who closed their browser, and no event came."""
    with within(campaign.cooperative):
        for number in range(count):
            request = pledge_request(campaign, extra=2500, email=f"b{number}@example.com")
            row = pledging.begin(campaign.cooperative, request)
            checkout.open_page(row)
            double.pay(row.stripe_session)


def states(shop):
    with within(shop):
        return list(Pledge.objects.order_by("pk").values_list("state", flat=True))


def poll(shop):
    with within(shop):
        return polling.poll_cooperative(shop)


def test_what_was_dropped_is_found_and_handled(shop, campaign, stripe_double):
    left_unseen(campaign, stripe_double)
    assert states(shop) == [PledgeState.PENDING]
    assert poll(shop) >= 1
    webhooks.handle_waiting()
    assert states(shop) == [PledgeState.CONFIRMED]
    assert poll(shop) == 0


def test_what_came_is_stored_once(shop, campaign, stripe_double):
    left_unseen(campaign, stripe_double)
    receive(stripe_double, shop, "checkout.session.completed")
    before = StripeEvent.objects.filter(kind="checkout.session.completed").count()
    poll(shop)
    assert StripeEvent.objects.filter(kind="checkout.session.completed").count() == before == 1


def test_one_that_dies_between_two_pages_reads_all_of_them_again(shop, campaign, stripe_double, monkeypatch):
    monkeypatch.setattr(polling, "CHUNK", 2)
    left_unseen(campaign, stripe_double, 3)
    stored, store = [], webhooks.store

    def dies(head):
        if len(stored) == 2:
            raise KeyboardInterrupt
        stored.append(head.id)
        return store(head)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(polling.webhooks, "store", dies)
        poll(shop)
    assert EventPoll.objects.get(account=shop.stripe_account).read_until is None
    poll(shop)
    webhooks.handle_waiting()
    assert states(shop) == [PledgeState.CONFIRMED] * 3


def test_a_page_that_stripe_refuses_moves_nothing_on(shop, campaign, stripe_double):
    left_unseen(campaign, stripe_double)
    stripe_double.fault("GET /v1/events", "500")
    with pytest.raises(gateway.Unavailable):
        poll(shop)
    assert EventPoll.objects.get(account=shop.stripe_account).read_until is None
    assert poll(shop) >= 1


def test_how_far_it_was_read_only_moves_on_and_overlaps(shop, campaign, stripe_double):
    left_unseen(campaign, stripe_double)
    poll(shop)
    first = EventPoll.objects.get(account=shop.stripe_account).read_until
    StripeEvent.objects.all().delete()
    assert poll(shop) >= 1  # within the overlap, what is not stored is found again
    later = first + timedelta(days=1)
    EventPoll.objects.filter(account=shop.stripe_account).update(read_until=later)
    assert poll(shop) == 0
    assert EventPoll.objects.get(account=shop.stripe_account).read_until == later


@pytest.mark.parametrize(("days", "said"), [(29, 0), (31, 1)])
def test_what_stripe_no_longer_lists_is_said(shop, campaign, stripe_double, caplog, days, said):
    left_unseen(campaign, stripe_double)
    poll(shop)
    EventPoll.objects.filter(account=shop.stripe_account).update(read_until=clock.now() - timedelta(days=days))
    poll(shop)
    assert len([one for one in caplog.records if "run reconcile_stripe" in one.getMessage()]) == said


def test_another_account_is_read_apart(shop, campaign, outsider, stripe_double):
    stripe_double.open_account(outsider)
    left_unseen(campaign, stripe_double)
    with within(outsider):
        polling.poll_cooperative(outsider)
    assert {event.account for event in StripeEvent.objects.all()} == {outsider.stripe_account}
    assert states(shop) == [PledgeState.PENDING]


def test_the_tick_asks_for_every_account_and_the_platform(shop, outsider, stripe_double):
    stripe_double.open_account(outsider)
    assert ticking._jobs["missed events"].every == timedelta(minutes=5)
    for cooperative in (shop, outsider):
        tasks.poll_cooperative.func(cooperative.pk)
    tasks.poll_platform.func()
    assert set(EventPoll.objects.values_list("account", flat=True)) == {
        "",
        shop.stripe_account,
        outsider.stripe_account,
    }
    assert not EventPoll.objects.filter(polled_at=None).exists()
