"""What the form says at the fields of tiers and add-ons, in the real edit view; nothing is saved by half."""

from datetime import date, timedelta

import pytest

from campaigns import lifecycle, publishing
from campaigns.models import CampaignPage, Reward
from home.models import Role
from home.queries import cooperative_of
from home.tenancy import within
from tests.campaigns.editing import at_home, errors_of, fields_of, fresh, save, tier
from tests.factories import campaigns as making
from tests.factories.pledges import make_pledge


@pytest.fixture
def editor(cooperative):
    return at_home(cooperative)


def add_ons(*values):
    return {"type": "add_ons", "id": "7b1b1c1e-1111-4111-8111-111111111111", "value": list(values)}


def add_on(title="Un sac de mélange", **fields):
    made = making.tier(title, 900, **fields)
    return made


@pytest.fixture
def page(cooperative):
    """A draft with two tiers and an add-on."""
    body = [*making.body_of(making.two_tiers()), add_ons(add_on())]
    return making.make_campaign_page(cooperative, publish=False, body=body)


@pytest.fixture
def live(cooperative):
    return making.make_campaign_page(cooperative)


def said(editor, page, **changes):
    response = save(editor, page, **changes)
    assert response.status_code == 200, response.url
    return errors_of(response)


def test_what_was_not_touched_is_published(editor, page):
    with within(cooperative_of(page)):
        lifecycle.approve(publishing.found(page), by=None)
    assert save(editor, page).status_code == 302
    assert fresh(page).live


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("amount", "0", "The amount must be at least $1."),
        ("amount", "-3", "Enter an amount in figures, for example 45 or 45.50."),
        ("limit", "0", "Ensure this value is greater than or equal to 1."),
        ("limit", "9999999999", "Ensure this value is less than or equal to 1000000."),
        ("estimated_delivery", "octobre 2027", "Enter a month like 2026-10."),
        ("available_until", "demain", "Enter a day and time like 2026-10-31 23:59."),
        ("unit_cost", "cher", "Enter an amount in figures, for example 45 or 45.50."),
    ],
)
def test_a_value_that_cannot_be_is_said_at_its_field_and_kept(editor, page, name, value, message):
    field = tier(page, 0, name)
    response = save(editor, page, **{field: value})
    assert errors_of(response) == {("reward_tiers", 0, name): message}
    assert f'"{value}"' in response.content.decode().replace("&quot;", '"')
    assert not fresh(page).live


def test_an_early_bird_ends_after_it_begins_and_within_the_campaign(editor, page):
    opens, closes = tier(page, 0, "available_from"), tier(page, 0, "available_until")
    end = f"{page.end_date}T23:59"
    after = f"{page.end_date + timedelta(days=1)}T00:00"
    assert said(editor, page, **{opens: end, closes: end}) == {
        ("reward_tiers", 0, "available_until"): "The end comes before the beginning. Choose a later one."
    }
    assert said(editor, page, **{closes: after}) == {
        ("reward_tiers", 0, "available_until"): "The campaign ends before that. Choose its last day at the latest."
    }
    assert said(editor, page, **{opens: after}) == {
        ("reward_tiers", 0, "available_from"): "The campaign is over by then. Choose an earlier day and time."
    }
    assert save(editor, page, **{closes: end}).status_code == 302


def test_a_pick_up_has_a_place_and_hours_once_it_is_published(editor, page):
    pickup = {tier(page, 1, "handover"): "pickup"}
    assert said(editor, page, **pickup) == {
        ("reward_tiers", 1, "pickup_place"): "Say where it is to be picked up.",
        ("reward_tiers", 1, "pickup_hours"): "Say on which days and at what time it can be picked up.",
    }
    assert save(editor, page, publish=False, **pickup).status_code == 302, "a draft is saved from the first word"


def test_a_zone_has_one_price(editor, page):
    zones = tier(page, 0, "postage")
    twice = {f"{zones}-count": "2"}
    for number in range(2):
        here = f"{zones}-{number}"
        twice |= {f"{here}-id": "", f"{here}-order": str(number), f"{here}-deleted": ""}
        twice |= {f"{here}-value-zone": "quebec", f"{here}-value-price": "8"}
    response = save(editor, page, **twice)
    assert response.status_code == 200
    assert "This zone has a price already. Choose another one." in response.content.decode()
    assert not fresh(page).live


@pytest.mark.parametrize(
    ("where", "number", "block"), [((0, "reward_tiers"), 1, "reward_tiers"), ((0, "reward_tiers"), 0, "add_ons")]
)
def test_two_of_one_name_are_said_at_the_second(editor, page, where, number, block):
    name = tier(page, number, "title", block=block)
    assert said(editor, page, **{name: "  le SAC de   farine "}) == {
        (block, number, "title"): "Another reward or add-on has this title. Choose a different one."
    }


def test_titles_not_written_yet_are_no_twins(editor, page):
    blank = {tier(page, number, "title"): "" for number in range(2)}
    assert save(editor, page, publish=False, **blank).status_code == 302


def test_the_last_day_lies_between_today_and_the_longest_campaign(editor, page, cooperative):
    today = date.today()
    longest = cooperative.max_campaign_days
    assert said(editor, page, end_date=f"{today - timedelta(days=2)}") == {
        "end_date": "Choose a day that has not passed."
    }
    too_late = said(editor, page, end_date=f"{today + timedelta(days=longest + 2)}")["end_date"]
    assert too_late.startswith("A campaign lasts 90 days at most. Choose ")


def test_each_message_is_in_the_language_of_its_reader(page, cooperative):
    french = at_home(cooperative, Role.OWNER, language="fr")
    assert said(french, page, end_date="2020-01-01") == {"end_date": "Choisissez un jour qui n’est pas passé."}


def test_what_people_chose_no_longer_changes_and_says_how_many_they_are(editor, live, cooperative):
    with within(cooperative):
        flour, box = Reward.objects.order_by("position")
        campaign = live.campaign
    make_pledge(campaign, rewards=[(flour, 1)])
    one = said(editor, live, **{tier(live, 0, "amount"): "35"})
    assert one[("reward_tiers", 0, "amount")].startswith(
        "The amount no longer changes: 1 person has chosen this reward."
    )
    make_pledge(campaign, rewards=[(flour, 2), (box, 3)])
    said_of = said(
        editor,
        live,
        **{
            tier(live, 0, "amount"): "35",
            tier(live, 0, "estimated_delivery"): "2028-01",
            tier(live, 0, "limit"): "5",
            tier(live, 1, "limit"): "2",
        },
    )
    assert said_of[("reward_tiers", 0, "amount")].startswith("The amount no longer changes: 2 people have chosen")
    assert said_of[("reward_tiers", 0, "estimated_delivery")].startswith("The month has been promised since")
    assert said_of[("reward_tiers", 0, "limit")].startswith("A limit can no longer be added")
    assert said_of[("reward_tiers", 1, "limit")] == "3 are already held or promised: the limit cannot be lower."
    with within(cooperative):
        assert [(one.amount, one.limit) for one in Reward.objects.order_by("position")] == [(3000, None), (6500, 10)]


def test_a_promised_tier_is_not_deleted(editor, live, cooperative):
    with within(cooperative):
        flour = Reward.objects.order_by("position").first()
        campaign = live.campaign
    make_pledge(campaign, rewards=[(flour, 1)])
    gone = {tier(live, 0, "title").replace("-value-title", "-deleted"): "1"}
    assert said(editor, live, **gone)["reward_tiers"].startswith(
        "“Le sac de farine” is promised to 1 person; it cannot be deleted."
    )
    assert [child.value["title"] for child in fresh(live).tier_blocks] == ["Le sac de farine", "La boîte du meunier"]


def test_the_whole_list_is_not_deleted_either(editor, live, cooperative):
    with within(cooperative):
        campaign = live.campaign
    make_pledge(campaign)
    where = next(index for index, one in enumerate(live.body) if one.block_type == "reward_tiers")
    assert "is promised to 1 person" in said(editor, live, **{f"body-{where}-deleted": "1"})["body"]


def test_nobody_waits_for_it_any_more(editor, live, cooperative):
    """It was chosen and cancelled: its row is kept, and the sentence names nobody."""
    with within(cooperative):
        campaign = live.campaign
    make_pledge(campaign, state="cancelled")
    amount = said(editor, live, **{tier(live, 0, "amount"): "35"})[("reward_tiers", 0, "amount")]
    assert amount.startswith("The amount no longer changes: people have chosen this reward.")


def test_goal_model_and_deadline_are_frozen_and_nothing_is_saved(editor, live):
    later = live.end_date + timedelta(days=1)
    found = said(editor, live, goal="5", funding_model="flexible", end_date=later.isoformat())
    assert sorted(found) == ["end_date", "funding_model", "goal"]
    page = CampaignPage.objects.get()
    assert (page.goal, page.end_date, page.latest_revision.content["goal"]) == (live.goal, live.end_date, live.goal)


def test_costs_are_no_term(editor, page, cooperative):
    """They are read from the page by the team's own figures, and stand in no row that a page or a mail reads."""
    assert (
        save(editor, page, **{tier(page, 0, "unit_cost"): "4,50", tier(page, 0, "postage_cost"): "9"}).status_code
        == 302
    )
    value = fresh(page).tier_blocks[0].value
    assert (value["unit_cost"], value["postage_cost"]) == (450, 900)
    assert not {field.name for field in Reward._meta.get_fields()} & {"unit_cost", "postage_cost"}
    assert fields_of(fresh(page))[tier(page, 0, "unit_cost")] == "4,50"
