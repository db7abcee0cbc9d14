"""The smallest honest goal: exact figures of one campaign, and what must hold for every one."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import goal
from campaigns.budgets import Budget, Line, Source, shares
from campaigns.enums import BudgetKind
from campaigns.goal import STEP, Fees, Mix, TierCost, leaves, losing_tiers, mix_of, needed, smallest_goal
from tests.campaigns.composing import budget, next_goals
from tests.factories.campaigns import body_of, make_campaign_page, tier

FEES = Fees(commission_rate=500, commission_fixed=0, processing_rate=290, processing_fixed=30)

amounts = st.integers(min_value=100, max_value=1_000_000)
costs = st.integers(min_value=0, max_value=1_000_000)
kinds = st.sampled_from(["", *BudgetKind.values])
fees = st.builds(
    Fees,
    commission_rate=st.integers(0, 1_500),
    commission_fixed=st.integers(0, 100),
    processing_rate=st.integers(0, 500),
    processing_fixed=st.integers(0, 100),
)
tiers = st.lists(
    st.builds(TierCost, st.uuids().map(str), st.text(max_size=5), amounts, costs, st.none() | st.integers(1, 5_000)),
    max_size=6,
)
budgets = st.builds(
    Budget,
    st.lists(st.builds(Line, st.text(max_size=3), st.integers(0, 10_000_000), kinds), min_size=1, max_size=6),
    st.lists(st.builds(Source, st.text(max_size=3), st.integers(0, 10_000_000), st.booleans()), max_size=3),
)


@given(budgets, tiers, fees)
def test_the_smallest_goal_leaves_what_is_needed_and_a_dollar_less_does_not(budget, tiers, fees):
    mix = mix_of(tiers, fees)
    smallest = smallest_goal(budget, mix)
    if smallest is None:
        assert mix.rewards + mix.fees >= 1
        return
    assert smallest % STEP == 0
    assert leaves(smallest, budget, mix) >= needed(budget)
    assert smallest == STEP or leaves(smallest - STEP, budget, mix) < needed(budget)


@given(budgets, tiers, fees, st.integers(0, 10_000_000), st.integers(0, 10_000_000))
def test_a_higher_goal_never_leaves_less_where_one_is_enough(budget, tiers, fees, low, more):
    mix = mix_of(tiers, fees)
    if smallest_goal(budget, mix) is not None:
        assert leaves(low, budget, mix) <= leaves(low + more, budget, mix) <= low + more


@given(budgets, tiers, fees)
def test_costs_and_fees_only_ever_raise_the_goal(budget, tiers, fees):
    bare = smallest_goal(budget, Mix())
    smallest = smallest_goal(budget, mix_of(tiers, fees))
    assert bare is not None
    assert smallest is None or smallest >= bare


@given(tiers, fees)
def test_a_tier_loses_exactly_when_it_does_not_bring_in_more_than_it_costs(tiers, fees):
    losing = {one.block_id: one for one in losing_tiers(tiers, fees)}
    for one in tiers:
        assert (one.block_id in losing) is (one.amount - fees.on(one.amount) - one.cost <= 0)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_shares_add_up_and_each_is_within_a_tenth_of_a_percent(amounts):
    found, total = shares(amounts), sum(amounts)
    assert sum(found) == (10_000 if total else 0)
    assert all(
        total == 0 or abs(Fraction(amount * 10_000, total) - share) < 10
        for amount, share in zip(amounts, found, strict=True)
    )


def line(amount, kind="production"):
    return Line("Besoin", amount, kind)


def test_fees_of_one_payment():
    assert FEES.on(5_000) == 250 + 145 + 30
    assert FEES.on(10) == 10


def test_without_costs_the_goal_is_what_is_needed():
    assert smallest_goal(Budget([line(500_000)], [Source("Prêt", 200_000, True)]), Mix()) == 300_000


def test_the_larger_of_what_the_budget_and_the_tiers_say_counts():
    mix = Mix(rewards=Fraction(1, 10), fees=Fraction(1, 20))
    low = Budget([line(850_000), line(20_000, "rewards"), line(50_000, "fees")], [])
    high = Budget([line(850_000), line(200_000, "rewards"), line(50_000, "fees")], [])
    assert smallest_goal(low, mix) == 1_000_000
    assert smallest_goal(high, mix) == -(-1_050_000 * 100 // 95) // 100 * 100 + 100
    assert leaves(1_000_000, low, mix) == 850_000


def test_the_mix_follows_the_limits():
    offered = [TierCost("a", "", 1_000, 100, 30), TierCost("b", "", 2_000, 0, None), TierCost("c", "", 5_000, 1_000, 6)]
    assert mix_of(offered, Fees()).rewards == Fraction(30 * 100 + 6 * 1_000, 30 * 1_000 + 30 * 2_000 + 6 * 5_000)


def test_no_goal_is_enough_where_rewards_cost_what_they_bring_in():
    assert smallest_goal(Budget([line(1_000)], []), mix_of([TierCost("a", "", 1_000, 1_000)], Fees())) is None


def page(goal, *blocks, cooperative):
    return make_campaign_page(
        cooperative, goal=goal, publish=False, body=body_of([tier(unit_cost=800, postage_cost=900)], extra=blocks)
    )


def test_a_page_is_assessed(cooperative):
    written = page(
        600_000,
        budget([("Meule", 450_000, "production"), ("Envois", 100_000, "postage"), ("Frais", 50_000, "fees")]),
        cooperative=cooperative,
    )
    found = goal.assess(written)
    # Of 3 000: 1 700 in rewards and 267 in fees (150 + 87 + 30).
    assert (found.budget_total, found.other_sources, found.needed) == (600_000, 0, 450_000)
    assert found.leaves == 600_000 - 340_000 - 53_400
    assert found.gap == 450_000 - found.leaves
    assert found.smallest_goal == 1_306_900
    assert found.losing == []
    assert not found.is_enough


def test_a_page_without_budget_or_goal_is_tolerated(cooperative):
    found = goal.assess(page(None, next_goals((1, "")), cooperative=cooperative), cooperative)
    assert (found.budget_total, found.needed, found.smallest_goal, found.leaves, found.gap) == (None,) * 5
    assert (found.is_enough, found.is_hopeless) == (False, False)


def test_retired_tiers_and_amounts_still_to_come_count_for_nothing(cooperative):
    body = body_of(
        [tier(unit_cost=3_000, retired=True), tier("Vide", None, unit_cost=100)],
        extra=[budget([("Meule", None, ""), ("Roue", 100_000, "")])],
    )
    found = goal.assess(make_campaign_page(cooperative, goal=100_000, body=body, publish=False))
    assert (found.budget_total, found.losing) == (100_000, [])


def test_a_tier_that_loses_money_is_named(cooperative):
    body = body_of([tier("Le sac", 3_000, unit_cost=2_000, postage_cost=1_000)])
    (lost,) = goal.assess(make_campaign_page(cooperative, body=body)).losing
    assert (lost.title, lost.cost, lost.net) == ("Le sac", 3_000, 3_000 - 150 - 117)


@pytest.mark.parametrize(("typed", "cents"), [("45", 4_500), ("45,50", 4_550), ("", None), (None, None), ("abc", None)])
def test_what_is_being_typed_is_read(typed, cents):
    bound = SimpleNamespace(value=[], bound_blocks=[])
    typed_tier = SimpleNamespace(id="x", value={"amount": typed, "limit": "abc", "title": "Sac"})
    bound.bound_blocks = [typed_tier]
    body = [SimpleNamespace(block_type="reward_tiers", value=bound)]
    assert [one.amount for one in goal.tiers_in(body)] == ([cents] if cents else [])
