"""The chains of tasks that share a settlement: one task a lane, whatever died or came twice."""

from datetime import timedelta

import pytest

from home import clock
from pledges import lanes
from pledges.models import SettlementLane


@pytest.fixture(autouse=True)
def product_clock(settings, tmp_path, inside):
    settings.CLOCK_FILE = tmp_path / "clock"


def numbers(woken):
    return [number for number, _token in woken]


def test_each_lane_is_given_out_once(campaign):
    assert numbers(lanes.wake(campaign, 2)) == [0, 1]
    assert lanes.wake(campaign, 2) == []
    assert numbers(lanes.wake(campaign, 3)) == [2]


def test_a_lane_is_entered_once_with_a_token_and_has_another_from_then_on(campaign):
    [(number, token)] = lanes.wake(campaign, 1)
    entered = lanes.enter(campaign, number, token)
    assert entered not in (None, token)
    assert lanes.enter(campaign, number, token) is None
    assert str(SettlementLane.objects.get().token) == entered


def test_a_batch_that_has_a_next_one_keeps_its_lane(campaign):
    [(number, token)] = lanes.wake(campaign, 1)
    entered = lanes.enter(campaign, number, token)
    assert lanes.leave(campaign, number, entered, more=True) is True
    assert lanes.wake(campaign, 1) == []
    assert lanes.enter(campaign, number, entered) is not None


def test_a_lane_at_rest_is_woken_by_the_next_tick(campaign):
    [(number, token)] = lanes.wake(campaign, 1)
    entered = lanes.enter(campaign, number, token)
    assert lanes.leave(campaign, number, entered, more=False) is False
    assert lanes.wake(campaign, 1) == [(0, entered)]


def test_a_lane_whose_worker_died_is_given_out_again_and_the_dead_one_enqueues_nothing(campaign):
    [(number, token)] = lanes.wake(campaign, 1)
    slow = lanes.enter(campaign, number, token)
    clock.advance(lanes.LOST - timedelta(seconds=2))
    assert lanes.wake(campaign, 1) == []
    clock.advance(timedelta(seconds=2))
    [(again, same)] = lanes.wake(campaign, 1)
    assert (again, same) == (number, slow)
    assert lanes.enter(campaign, number, same) is not None
    assert lanes.leave(campaign, number, slow, more=True) is False


def test_a_task_that_waited_long_in_the_queue_is_still_let_in_once(campaign):
    [(number, token)] = lanes.wake(campaign, 1)
    clock.advance(lanes.LOST)
    assert lanes.wake(campaign, 1) == [(number, token)]
    assert [lanes.enter(campaign, number, token) is None for _task in range(2)] == [False, True]


def test_lanes_are_a_campaign_s_own(campaign, cooperative):
    from tests.factories.campaigns import make_campaign

    other = make_campaign(cooperative, title="Le four", bilingual=False)
    assert numbers(lanes.wake(campaign, 1)) == numbers(lanes.wake(other, 1)) == [0]
