"""What the page says of a tier: until when, where it is sent and for how much, where it is picked up."""

from tests.campaigns.reading import tiers
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, make_campaign, tier


def test_the_page_says_until_when_and_where_and_for_how_much(cooperative, visit):
    items = {"type": "item", "value": {"zone": "quebec", "price": 800}, "id": "11111111-1111-4111-8111-111111111112"}
    body = [
        *body_of(
            [
                tier("A", 1000, available_until="2030-03-31T23:59", limit=9, postage=[items]),
                tier("B", 1100, available_until="2020-03-31T23:59"),
                tier("C", 1200, available_from="2030-03-01T09:00"),
                tier(
                    "D", 1300, handover="pickup", pickup_place="Le moulin", pickup_hours="Le samedi", unit_cost=999999
                ),
            ]
        ),
        add_ons(tier("E", 900)),
    ]
    html = visit(make_campaign(cooperative, body=body))
    limited, over, later, pickup, _free, more = tiers(html)
    assert "Early bird: until March 31, 2030 at 11:59 p.m. (Eastern Time), or until the last one" in limited
    assert "Québec $8" in limited
    assert "Postage is extra, and is part of what you pay." in limited
    assert "Early bird has ended" in over and "Choose this reward" not in over
    assert "Available from March 1, 2030 at 9:00 a.m." in later and "Choose this reward" not in later
    assert "To pick up Le moulin Le samedi" in pickup
    assert "By mail, postage included" in more and "Choose this reward" not in more
    assert "To be added to a reward, on the next page." in more
    assert "9,999" not in html
