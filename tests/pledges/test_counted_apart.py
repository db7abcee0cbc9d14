"""Of many contributions the figures of deliveries are counted by the clock; of few, for whoever asks."""

from datetime import timedelta

import pytest
import time_machine

from campaigns.models import Reward
from home import clock
from home.tenancy import within
from pledges import counted_apart
from pledges.delivery_figures import annotate_deliveries, count_deliveries
from pledges.enums import FulfilmentState
from pledges.fulfilment import today_in
from pledges.models import PledgeItem
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from updates import portfolios

FIGURES = ("pk", "promised", "sent", "received", "last_arrival", "kept_total", "kept_in_time")


def figures(cooperative, read=annotate_deliveries):
    with within(cooperative):
        return list(read(Reward.objects.order_by("pk"), cooperative).values_list(*FIGURES))


def promises(cooperative):
    return [(one.reward.pk, one.people) for one in portfolios.promises_of(cooperative, today_in(cooperative))]


def count(cooperative):
    with within(cooperative):
        counted_apart.count(cooperative, *portfolios.waiting_for(cooperative, today_in(cooperative)))


def test_few_are_counted_as_they_stand(campaign, cooperative):
    make_pledge(campaign)
    assert list(counted_apart.due()) == []
    assert figures(cooperative)[0][1:3] == (1, 0)


def test_many_are_as_they_were_counted(campaign, cooperative, outsider, monkeypatch):
    monkeypatch.setattr(counted_apart, "MANY", 2)
    make_pledge(campaign), make_pledge(campaign), make_pledge(make_campaign(outsider))
    assert list(counted_apart.due()) == [cooperative]
    with within(cooperative):
        PledgeItem.objects.update(first_month=today_in(cooperative).replace(day=1))
    count(cooperative)
    make_pledge(campaign)
    with within(cooperative):
        PledgeItem.objects.update(state=FulfilmentState.SENT, left_at=clock.now())
        assert [people for _reward, people in promises(cooperative)] == [2]
    assert figures(cooperative)[0][1:3] == (2, 0)
    assert list(counted_apart.due()) == []
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        assert list(counted_apart.due()) == [cooperative]
    count(cooperative)
    assert figures(cooperative) == figures(cooperative, count_deliveries)
    assert figures(cooperative)[0][1:3] == (3, 3)
    with within(cooperative):
        assert promises(cooperative) == []


@pytest.mark.parametrize("days", [40])
def test_what_was_counted_last_month_says_nothing_of_this_one(campaign, cooperative, days):
    make_pledge(campaign)
    count(cooperative)
    with within(cooperative), time_machine.travel(clock.now() + timedelta(days=days)):
        assert counted_apart.waiting_of(cooperative) is None
