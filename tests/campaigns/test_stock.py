"""The stock of a limited tier: exactly what its limit lets be taken, one row at a time."""

import pytest

from campaigns import stock
from campaigns.models import RewardStock


@pytest.fixture
def tiers(campaign, inside):
    """One without a limit, and one limited to 10."""
    return list(campaign.rewards.order_by("position"))


@pytest.fixture
def box(tiers):
    return tiers[1]


def counts():
    return list(RewardStock.objects.order_by("pk").values_list("limit", "held", "promised"))


def test_what_is_left_can_be_taken_and_no_more(box):
    assert stock.take(box, 4) is True
    assert stock.take(box, 7) is False
    assert counts() == [(10, 4, 0)]
    assert stock.take(box, 6) is True
    assert stock.take(box, 1) is False
    assert counts() == [(10, 10, 0)]


def test_what_is_promised_is_taken_too(box):
    stock.take(box, 9)
    stock.confirm(box.pk, 9)
    assert counts() == [(10, 0, 9)]
    assert stock.take(box, 2) is False
    assert stock.take(box, 1) is True
    assert counts() == [(10, 1, 9)]


def test_a_tier_without_a_limit_is_never_short_and_has_no_row(tiers):
    plain, _box = tiers
    assert stock.take(plain, 1_000_000) is True
    for move in (stock.confirm, stock.release_held, stock.release_promised):
        move(plain.pk, 5)
    assert counts() == [(10, 0, 0)]


def test_what_was_held_comes_back(box):
    stock.take(box, 5)
    stock.release_held(box.pk, 3)
    assert counts() == [(10, 2, 0)]
    assert stock.take(box, 8) is True


def test_what_was_promised_comes_back(box):
    stock.take(box, 5)
    stock.confirm(box.pk, 5)
    stock.release_promised(box.pk, 2)
    assert counts() == [(10, 0, 3)]
    assert stock.take(box, 8) is False
    assert stock.take(box, 7) is True


def test_what_was_promised_is_held_again(box):
    stock.take(box, 6)
    stock.confirm(box.pk, 6)
    stock.hold_again(box.pk, 2)
    assert counts() == [(10, 2, 4)]
    assert stock.take(box, 5) is False
    assert stock.take(box, 4) is True


def test_only_the_tier_s_own_row_moves(box, outsider):
    from home.tenancy import within
    from tests.factories.campaigns import make_campaign

    with within(outsider):
        other = make_campaign(outsider, bilingual=False).rewards.order_by("position").last()
    stock.take(box, 2)
    stock.confirm(box.pk, 1)
    assert counts() == [(10, 1, 1), (10, 0, 0)]
    stock.take(other, 3)
    stock.release_held(other.pk, 1)
    stock.confirm(other.pk, 2)
    stock.release_promised(other.pk, 1)
    assert counts() == [(10, 1, 1), (10, 0, 1)]
    stock.hold_again(box.pk, 1)
    assert counts() == [(10, 2, 0), (10, 0, 1)]


def test_a_limit_may_not_fall_below_what_is_taken(box):
    stock.take(box, 6)
    stock.confirm(box.pk, 2)
    assert stock.set_limit(box, 5) is False
    assert counts() == [(10, 4, 2)]
    assert stock.set_limit(box, 6) is True
    assert stock.take(box, 1) is False
    assert stock.set_limit(box, 7) is True
    assert stock.take(box, 1) is True
    assert counts() == [(7, 5, 2)]


def test_the_first_limit_of_a_tier_makes_its_row(tiers):
    plain, _box = tiers
    assert stock.set_limit(plain, 3) is True
    assert sorted(counts()) == [(3, 0, 0), (10, 0, 0)]


@pytest.mark.parametrize(("held", "promised"), [(1, 0), (0, 1)])
def test_a_limit_is_lifted_only_while_nobody_has_taken_one(held, promised, box):
    RewardStock.objects.update(held=held, promised=promised)
    assert stock.forget(box) is False
    assert counts() == [(10, held, promised)]
    RewardStock.objects.update(held=0, promised=0)
    assert stock.forget(box) is True
    assert counts() == []
    assert stock.forget(box) is False
