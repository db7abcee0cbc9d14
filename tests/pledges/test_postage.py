"""What mailing a tier costs its backer, and what of it taxes are due on."""

import uuid

import pytest

from campaigns.enums import DeliveryZone
from campaigns.models import Reward
from pledges import postage
from tests.factories.campaigns import body_of, make_campaign, tier


def zone(name, price):
    return {"type": "item", "id": str(uuid.uuid4()), "value": {"zone": name, "price": price}}


@pytest.fixture
def tiers(cooperative, inside):
    """One with prices, one mailed anywhere within its amount, one to pick up."""
    body = body_of(
        [
            tier("A", 3_000, postage=[zone("canada", 1_200), zone("quebec", 800)]),
            tier("B", 1_100),
            tier("C", 1_200, handover="pickup", pickup_place="Le moulin", pickup_hours="Le samedi"),
        ]
    )
    campaign = make_campaign(cooperative, body=body, bilingual=False)
    return {reward.title_fr: reward for reward in campaign.rewards.all()}


def test_the_price_is_that_of_the_zone(tiers):
    assert postage.prices_of(tiers["A"]) == {"quebec": 800, "canada": 1_200}
    assert [postage.price_to(tiers["A"], name) for name in ("quebec", "canada")] == [800, 1_200]


def test_a_zone_without_a_price_is_not_mailed_to(tiers):
    assert postage.price_to(tiers["A"], "world") is None


def test_without_prices_it_is_mailed_anywhere_within_its_amount(tiers):
    assert postage.prices_of(tiers["B"]) == {}
    assert [postage.price_to(tiers["B"], name) for name in ("quebec", "world")] == [0, 0]


def test_what_is_picked_up_costs_no_postage(tiers):
    tiers["A"].handover = "pickup"
    assert postage.prices_of(tiers["A"]) == {}
    assert postage.price_to(tiers["C"], "quebec") == 0


def test_the_zones_of_several_tiers_nearest_first(tiers):
    assert postage.zones_for(tiers.values()) == [DeliveryZone.QUEBEC, DeliveryZone.CANADA]
    assert postage.zones_for([tiers["B"], tiers["C"]]) == []


@pytest.mark.parametrize(
    ("amount", "taxable", "price", "expected"),
    [
        (3_000, 0, 800, 0),
        (3_000, 3_000, 800, 3_800),
        (3_000, 3_000, 0, 3_000),
        (3_000, 1_000, 800, 1_267),  # a third of the postage, half up
        (0, 0, 800, 0),
    ],
)
def test_postage_is_taxed_as_what_is_in_the_parcel(amount, taxable, price, expected):
    assert postage.taxable_of(Reward(amount=amount, taxable=taxable), price) == expected
