"""Sums of a campaign's money: of few contributions as they stand, of many as the clock counted them."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from home import clock
from home.models import Role
from home.tenancy import within
from pledges import money_counts
from pledges.enums import PaymentState
from pledges.models import CampaignCount, Payment
from pledges.money_counts import SUMMED, Counts, counts_of
from pledges.settlement_report import report_of
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of

MANY = 2


@pytest.fixture
def many(campaign, monkeypatch):
    monkeypatch.setattr(money_counts, "MANY", MANY)
    make_pledge(campaign, fee=100)
    make_refund(payment_of(make_pledge(campaign, fee=100)), amount=500)
    return campaign


def sums(counts):
    return {what: sorted(map(str, counts.rows(what))) for what in SUMMED}


@pytest.mark.usefixtures("inside")
def test_few_are_summed_as_they_stand(campaign):
    make_pledge(campaign)
    assert money_counts.due() == []
    assert counts_of(campaign).counted_at is None
    assert counts_of(campaign).rows("pledges") == [["confirmed", 1, 3000]]


@pytest.mark.usefixtures("inside")
def test_many_are_as_they_were_counted_until_they_are_again(many):
    assert money_counts.due() == [many.pk]
    money_counts.keep(many)
    before = sums(Counts(many))
    make_pledge(many)
    assert sums(counts_of(many)) == before != sums(Counts(many))
    assert report_of(many, counts_of(many)).whole.collected.count == 2
    assert report_of(many).whole.collected.count == 3
    money_counts.keep(many)
    assert sums(counts_of(many)) == sums(Counts(many))


@pytest.mark.usefixtures("inside")
def test_what_changed_is_counted_after_a_minute_the_rest_after_ten(many):
    money_counts.keep(many)
    CampaignCount.objects.update(took=0)
    Payment.objects.update(state=PaymentState.PAID, decline_code="x")  # nothing that a tally knows of

    def due_after(minutes):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
            return money_counts.due()

    assert (due_after(2), due_after(11)) == ([], [many.pk])
    make_pledge(many)
    assert (due_after(0), due_after(2)) == ([], [many.pk])


def test_the_screens_show_what_was_kept_and_of_when(many, cooperative, outsider, on_host):
    treasurer, page = on_host(cooperative), reverse("pledges_settlement", args=[many.pk])
    treasurer.force_login(make_user(cooperative, Role.TREASURER))
    assert "comptées" not in treasurer.get(page).content.decode()
    with within(cooperative):
        money_counts.keep(many)
    make_pledge(many)
    shown = treasurer.get(page)
    assert "comptées" in shown.content.decode()
    assert [(line.count, line.amount) for line in shown.context["pledges"]] == [(2, 6000)]
    other = make_campaign(outsider)
    assert treasurer.get(reverse("pledges_settlement", args=[other.pk]), follow=True).status_code == 404
