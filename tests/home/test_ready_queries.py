"""Queries whose SQL is made once: the same rows as Django's own, with each call's own values."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django_scopes.exceptions import ScopeError

from campaigns.models import Campaign, Reward
from home.models import Cooperative, PeriodicJob
from home.ready_queries import Ready, padded, put_beside, same_row
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import make_campaign


def test_each_call_has_its_own_values_and_the_builder_runs_once(campaign, outsider):
    other = make_campaign(campaign.cooperative, title="Un four")
    built = []

    def build(campaign_id):
        built.append(campaign_id)
        return Reward.objects.filter(campaign=campaign_id).select_related("stock").order_by("position")

    ready = Ready(build)
    with within(campaign.cooperative):
        for one in (campaign, other, campaign):
            expected = list(Reward.objects.filter(campaign=one).order_by("position"))
            assert (ready(one.pk), len(expected)) == (expected, 2)
        with CaptureQueriesContext(connection) as captured:
            assert [reward.stock.limit for reward in ready(other.pk) if reward.limit] == [10]
    assert (len(built), len(captured)) == (1, 1)


def test_each_cooperative_sees_its_own_rows(campaign, outsider):
    theirs = make_campaign(outsider, title="SECRET DU LARGE")
    ready = Ready(lambda unit: Campaign.objects.filter(goal_unit=unit))
    for cooperative, expected in ((campaign.cooperative, [campaign]), (outsider, [theirs])):
        with within(cooperative):
            assert ready("money") == expected
    with across_cooperatives():
        assert set(ready("money")) == {campaign, theirs}


def test_outside_of_a_scope_it_is_refused(campaign):
    ready = Ready(lambda unit: Campaign.objects.filter(goal_unit=unit))
    with within(campaign.cooperative):
        ready("money")
    with across_cooperatives():
        ready("money")
    with pytest.raises(ScopeError):
        ready("money")


def test_days_moments_keys_and_numbers_take_their_places(campaign):
    key, moment = campaign.translation_key, datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    PeriodicJob.objects.create(name="essai", next_run=moment)
    jobs = Ready(lambda at: PeriodicJob.objects.filter(next_run=at))
    assert [one.name for one in jobs(moment)] == ["essai"]
    assert jobs(moment.replace(minute=31)) == []
    with within(campaign.cooperative):
        by_key = Ready(lambda uuid: Campaign.objects.filter(translation_key=uuid))
        assert (by_key(key), by_key(uuid4())) == ([campaign], [])
        by_month = Ready(lambda month: Reward.objects.filter(estimated_delivery=month))
        assert (len(by_month(date(2027, 10, 1))), by_month(date(2027, 9, 1))) == (2, [])


def test_shapes_values_lists_and_sums(campaign):
    with within(campaign.cooperative):
        first = Ready(lambda campaign_id, size: Reward.objects.filter(campaign=campaign_id).order_by("position")[:size])
        assert [len(first(campaign.pk, shape=(size,))) for size in (1, 2, 1)] == [1, 2, 1]
        rows = Ready(lambda one: Campaign.objects.filter(pk=one).annotate(n=Count("rewards")).values_list("n"))
        assert rows(campaign.pk) == [(2,)]


def test_a_value_that_is_nowhere_in_the_query_is_an_error(campaign):
    forgetful = Ready(lambda campaign_id: Campaign.objects.filter(state="live"))
    with within(campaign.cooperative), pytest.raises(ValueError, match="nowhere"):
        forgetful(campaign.pk)


def test_prefetching_is_done_for_each_call(campaign):
    ready = Ready(lambda one: Campaign.objects.filter(pk=one).prefetch_related("rewards"))
    with within(campaign.cooperative):
        ready(campaign.pk)
        found = ready(campaign.pk)[0]
        with CaptureQueriesContext(connection) as captured:
            assert len(found.rewards.all()) == 2
    assert len(captured) == 0


def test_one_more_of_a_row_stands_beside_others(campaign):
    with within(campaign.cooperative):
        row = Campaign.objects.select_related("cooperative").get(pk=campaign.pk)
    other = same_row(row)
    put_beside(other, "cooperative", Cooperative(pk=campaign.cooperative_id, name="Une autre"))
    assert (row.cooperative.name, other.cooperative.name) == ("La Meule commune", "Une autre")
    assert (other, other.title_fr, other._state.adding) == (row, row.title_fr, False)


def test_lists_of_many_lengths_are_few_shapes(campaign):
    built = []

    def build(*pks):
        built.append(len(pks))
        return Reward.objects.filter(pk__in=pks).order_by("pk")

    ready = Ready(build)
    with within(campaign.cooperative):
        rewards = sorted(Reward.objects.filter(campaign=campaign).values_list("pk", flat=True))
        for count in range(1, 9):
            asked = (rewards * 4)[:count]
            assert [row.pk for row in ready(*padded(asked))] == sorted(set(asked))
    assert built == [1, 2, 4, 8]
    assert padded([]) == []
