"""Early birds and add-ons where a pledge is made: to the last second, and an add-on with a reward only."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from campaigns.models import Reward
from home import clock
from home.tenancy import within
from pledges import pledging
from pledges.choosing import ChosenReward, PledgeRefused
from pledges.forms import quantity_name
from pledges.models import Pledge
from tests.campaigns.test_operations import request_for
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, make_campaign, tier
from tests.pledges.test_choosing import confirmed, form_data

SECOND = timedelta(seconds=1)


@pytest.fixture
def campaign(cooperative):
    body = [*body_of([tier(), tier("Offre du printemps", 2500)]), add_ons(tier("Un mélange", 900))]
    campaign = make_campaign(cooperative, bilingual=False, body=body)
    with within(cooperative):
        now = clock.now()
        Reward.objects.filter(position=1).update(
            available_from=now - timedelta(days=1), available_until=now + timedelta(days=2)
        )
    return campaign


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(Reward.objects.order_by("position"))


def url(name, campaign, language="en"):
    with translation.override(language):
        return reverse(name, args=[campaign.pk])


def refused(campaign, request):
    with within(campaign.cooperative), pytest.raises(PledgeRefused) as refusal:
        pledging.begin(campaign.cooperative, request)
    return refusal.value.code


@pytest.mark.parametrize("late", [timedelta(), SECOND])
def test_an_early_bird_is_taken_until_its_last_second(campaign, rewards, late):
    early = rewards[1]
    with time_machine.travel(early.available_until - SECOND + late, tick=False):
        if late:
            assert refused(campaign, request_for(campaign, early)) == "not_offered"
        else:
            with within(campaign.cooperative):
                assert pledging.begin(campaign.cooperative, request_for(campaign, early)).pledge.amount == 2500
    with within(campaign.cooperative):
        assert Pledge.objects.count() == (0 if late else 1)


def test_nothing_is_taken_before_it_opens(campaign, rewards):
    early = rewards[1]
    with time_machine.travel(early.available_from - SECOND, tick=False):
        assert refused(campaign, request_for(campaign, early)) == "not_offered"


def test_the_form_shows_what_is_offered_now(campaign, rewards, on_host):
    visitor = on_host(campaign.cooperative)
    form = visitor.get(url("contribute", campaign)).context["form"]
    assert [choice.reward for choice in form.tiers()] == rewards[:2]
    assert [choice.reward for choice in form.add_ons()] == rewards[2:]
    with time_machine.travel(rewards[1].available_until, tick=False):
        form = visitor.get(url("contribute", campaign)).context["form"]
    assert [choice.reward for choice in form.tiers()] == rewards[:1]


def test_an_early_bird_that_ends_meanwhile_is_said_at_its_field_and_the_rest_is_kept(campaign, rewards, on_host):
    visitor = on_host(campaign.cooperative)
    data = form_data((rewards[0], 1), (rewards[1], 1))
    with time_machine.travel(rewards[1].available_until, tick=False):
        for posted in (data, data | {"confirm": "1", "consent": "1"}):
            form = visitor.post(url("contribute_review", campaign), posted).context["form"]
            assert {name: str(messages[0]) for name, messages in form.errors.items()} == {
                quantity_name(rewards[1]): (
                    "The early bird “Offre du printemps” ended while you were filling in the page. Nothing was charged."
                )
            }
            assert form[quantity_name(rewards[0])].value() == "1"
    with within(campaign.cooperative):
        assert Pledge.objects.count() == 0


def test_an_add_on_comes_with_a_reward(campaign, rewards, on_host):
    visitor = on_host(campaign.cooperative)
    for make in (form_data, confirmed):
        form = visitor.post(url("contribute_review", campaign), make((rewards[2], 1))).context["form"]
        assert {name: str(messages[0]) for name, messages in form.errors.items()} == {
            quantity_name(rewards[2]): (
                "An add-on comes on top of a reward. Choose a reward too, or set this quantity to 0."
            )
        }
    alone = request_for(campaign, rewards[2])
    assert refused(campaign, alone) == "alone"
    together = visitor.post(url("contribute_review", campaign), form_data((rewards[0], 1), (rewards[2], 2)))
    assert together.context["total"] == 3000 + 2 * 900


def test_both_are_promised(campaign, rewards):
    request = request_for(campaign, rewards[0])
    request.chosen.append(ChosenReward(rewards[2].pk, 2, 900))
    with within(campaign.cooperative):
        pledge = pledging.begin(campaign.cooperative, request).pledge
        assert pledge.amount == 4800
        assert list(pledge.items.order_by("reward__position").values_list("reward_id", "quantity")) == [
            (rewards[0].pk, 1),
            (rewards[2].pk, 2),
        ]


def test_add_ons_stand_in_their_own_group(campaign, rewards, on_host):
    html = on_host(campaign.cooperative).get(url("contribute", campaign)).content.decode()
    groups = re.findall(r"<fieldset[^>]*><legend[^>]*>([^<]+)</legend>", html)
    assert groups[:2] == ["Rewards", "Add-ons"]
    of_add_ons = html.split('<legend class="display">Add-ons</legend>')[1].split("</fieldset>")[0]
    assert f'name="{quantity_name(rewards[2])}"' in of_add_ons
    assert f'name="{quantity_name(rewards[0])}"' not in of_add_ons
