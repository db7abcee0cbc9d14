"""A goal in units: typed as a whole number, said as units, frozen once live like any goal."""

import pytest
from django.urls import reverse

from campaigns import goal
from campaigns.enums import GoalUnit
from campaigns.models import Campaign, CampaignPage
from tests.campaigns.composing import budget
from tests.campaigns.editing import at_home, fields_of
from tests.campaigns.reading import words
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate

pytestmark = pytest.mark.usefixtures("inside")

#: Two tiers whose average price is 40 $ (30 of one, 30 of the other).
TIERS = [tier("Le sac", 3_000, limit=30), tier("La boîte", 5_000, limit=30)]


def edit(client, page, **changes):
    return client.post(f"/admin/pages/{page.pk}/edit/", fields_of(page, **changes))


@pytest.mark.parametrize(("typed", "units"), [("120", 120), ("1 200", 1_200), ("1\u00a0200", 1_200)])
def test_a_presale_is_typed_as_a_whole_number(cooperative, typed, units):
    page = make_campaign_page(cooperative, publish=False)
    editor = at_home(cooperative)
    assert edit(editor, page, goal_unit="units", goal=typed).status_code == 302
    saved = CampaignPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert (saved.goal_unit, saved.goal) == (GoalUnit.UNITS, units)
    shown = editor.get(f"/admin/pages/{page.pk}/edit/").context["form"]["goal"]
    assert f'value="{units}"' in str(shown)


@pytest.mark.parametrize(
    ("unit", "typed", "message"),
    [
        ("units", "12.5", "Enter a whole number of units, for example 120."),
        ("units", "cent", "Enter a whole number of units, for example 120."),
        ("units", "²", "Enter a whole number of units, for example 120."),
        ("units", "1", "A goal in units is from 2 to 1,000,000."),
        ("units", "1000001", "A goal in units is from 2 to 1,000,000."),
        ("money", "12.505", "Enter an amount in figures, for example 45 or 45.50."),
    ],
)
def test_a_goal_that_cannot_be_is_said_at_its_field_and_kept(cooperative, unit, typed, message):
    page = make_campaign_page(cooperative, publish=False)
    form = edit(at_home(cooperative), page, goal_unit=unit, goal=typed).context["form"]
    assert form.errors == {"goal": [message]}
    assert form["goal"].value() == typed


def test_an_unknown_unit_is_refused(cooperative):
    page = make_campaign_page(cooperative, publish=False)
    assert "goal_unit" in edit(at_home(cooperative), page, goal_unit="pounds").context["form"].errors


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"goal": "130"}, "goal"), ({"goal_unit": "money"}, "goal_unit")],
)
def test_unit_and_goal_are_frozen_once_live(cooperative, changes, field):
    page = make_campaign_page(cooperative, goal=120, goal_unit=GoalUnit.UNITS)
    form = edit(at_home(cooperative), page, **changes).context["form"]
    assert list(form.errors) == [field]
    assert CampaignPage.objects.get(pk=page.pk).goal_unit == GoalUnit.UNITS


def test_publishing_writes_the_unit_and_a_translation_does_not_change_it(cooperative):
    page = make_campaign_page(cooperative, goal=120, goal_unit=GoalUnit.UNITS, launch=False)
    campaign = Campaign.objects.get()
    assert (campaign.goal_unit, campaign.goal) == (GoalUnit.UNITS, 120)
    english = translate(page)
    english.goal_unit = GoalUnit.MONEY
    english.save_revision().publish()
    campaign.refresh_from_db()
    assert (campaign.goal_unit, campaign.goal) == (GoalUnit.UNITS, 120)


def test_is_the_goal_enough_is_reckoned_with_the_average_price():
    body = CampaignPage(body=body_of(TIERS, extra=[budget([("Meule", 400_000, "production")])])).body
    found = goal.assess_words(100, body, goal.Fees(), GoalUnit.UNITS)
    assert (found.brings, found.leaves, found.gap, found.smallest_goal) == (400_000, 400_000, 0, 100)
    assert found.adds_up
    short = goal.assess_words(99, body, goal.Fees(), GoalUnit.UNITS)
    assert (short.brings, short.gap, short.smallest_goal) == (396_000, 4_000, 100)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "200 units bring in about $8,000, at the average price of the rewards."),
        ("fr", "200 unités rapportent environ 8 000 $, au prix moyen des contreparties."),
    ],
)
def test_the_panel_says_it_while_it_is_typed(cooperative, language, sentence):
    body = body_of(TIERS, extra=[budget([("Meule", 100_000, "production")])])
    page = make_campaign_page(cooperative, publish=False, body=body)
    data = fields_of(page, goal_unit="units", goal="200")
    answer = at_home(cooperative, language=language).post(reverse("campaign_goal", args=[page.pk]), data)
    assert sentence in words(answer.content.decode())


def test_a_budget_is_not_held_against_a_number_of_units(cooperative):
    body = body_of(TIERS, extra=[budget([("Meule", 400_000, "production")])])
    page = make_campaign_page(cooperative, body=body, goal=120, goal_unit=GoalUnit.UNITS, launch=False)
    assert edit(at_home(cooperative), page, **{"action-publish": "1"}).status_code == 302
