"""Events that cannot be handled: they keep no other waiting, are tried more and more rarely, and stay to be seen."""

from datetime import timedelta

import pytest

from home import clock
from home.tenancy import within
from pledges import checkout, ledger_checks, pledging, webhooks
from pledges.enums import PledgeState
from pledges.models import Pledge, StripeEvent
from tests.factories.requests import pledge_request
from tests.pledges.paying import flexible, receive


@pytest.fixture
def campaign(shop):
    return flexible(shop)


def paid_unheard(campaign, double, email):
    """Paid at the provider by someone who closed the browser; the page's id, and no event came."""
    with within(campaign.cooperative):
        row = pledging.begin(campaign.cooperative, pledge_request(campaign, extra=2500, email=email))
        checkout.open_page(row)
        double.pay(row.stripe_session)
        return row


def broken_events(campaign, double, count):
    """So many events of a page that was paid and whose pledge is over: handling each raises."""
    row = paid_unheard(campaign, double, "broken@example.com")
    with within(campaign.cooperative):
        Pledge.objects.filter(pk=row.pledge_id).update(state=PledgeState.LAPSED)
    now = clock.now()
    StripeEvent.objects.bulk_create(
        StripeEvent(
            event_id=f"evt_{number}", account=campaign.cooperative.stripe_account, kind="checkout.session.completed",
            object_id=row.stripe_session, created_at=now, received_at=now,
        )
        for number in range(count)
    )  # fmt: skip


def state_of(row):
    with within(row.cooperative):
        return Pledge.objects.get(pk=row.pledge_id).state


def test_a_whole_page_of_events_that_fail_starves_no_later_one(campaign, shop, stripe_double, monkeypatch):
    monkeypatch.setattr(webhooks, "AT_ONCE", 4)
    broken_events(campaign, stripe_double, 4)
    webhooks.handle_waiting()
    good = paid_unheard(campaign, stripe_double, "good@example.com")
    for payload, signature in stripe_double.events(shop.stripe_account, "checkout.session.completed"):
        webhooks.receive(payload, signature)
    assert state_of(good) == PledgeState.PENDING
    webhooks.handle_waiting()
    assert state_of(good) == PledgeState.CONFIRMED
    with within(shop):
        assert list(ledger_checks.all_findings()) == []


def test_one_that_fails_is_tried_more_and_more_rarely_and_never_given_up(
    campaign, shop, stripe_double, settings, tmp_path
):
    settings.CLOCK_FILE = tmp_path / "clock"
    broken_events(campaign, stripe_double, 1)
    tried = []
    for minute in range(240):
        if webhooks.handle_waiting():
            tried.append(minute)
        clock.advance(timedelta(minutes=1))
    assert tried[:9] == [0, 1, 2, 3, 4, 5, 7, 11, 19]
    assert [later - earlier for earlier, later in zip(tried[-3:], tried[-2:], strict=False)] == [60, 60]
    event = StripeEvent.objects.get(event_id="evt_0")
    assert (event.handled_at, event.attempts, "no longer pending" in event.last_error) == (None, len(tried), True)
    assert list(webhooks.stubborn(shop.stripe_account)) == [event]


def test_one_that_can_be_handled_at_last_is(campaign, shop, stripe_double):
    row = paid_unheard(campaign, stripe_double, "late@example.com")
    stripe_double.fault("GET /v1/checkout/sessions", "500")
    receive(stripe_double, shop, "checkout.session.completed")
    webhooks.handle_waiting()
    event = StripeEvent.objects.get()
    assert (state_of(row), event.handled_at is not None, event.last_error) == (PledgeState.CONFIRMED, True, "")
    assert webhooks.waiting().count() == 0
