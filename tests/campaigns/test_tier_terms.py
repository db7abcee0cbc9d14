"""What a tier and an add-on say becomes terms: windows, postage, pick-up, variants, kind; and is checked and mended."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns import queries, term_checks, tier_terms
from campaigns.models import Campaign, CampaignPage, Reward, RewardPostage, RewardVariant
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("inside")


def item(value):
    return {"type": "item", "id": str(uuid.uuid4()), "value": value}


def rich_tiers():
    return [
        tier(
            available_from="2027-03-01T09:00",
            available_until="2027-03-31T23:59",
            postage=[item({"zone": "quebec", "price": 800}), item({"zone": "canada", "price": 0})],
            variants=[item("Petit"), item("Grand")],
            contents=[item("Un sac")],
            unit_cost=450,
            postage_cost=900,
        ),
        tier("Une journée", 6500, handover="pickup", pickup_place="Le moulin", pickup_hours="Le samedi"),
    ]


def add_ons(*items):
    return {"type": "add_ons", "id": str(uuid.uuid4()), "value": list(items)}


@pytest.fixture
def page(cooperative):
    body = [add_ons(tier("Un mélange", 900, limit=5)), *body_of(rich_tiers())]
    end = date.today() + timedelta(days=60)
    return make_campaign_page(cooperative, body=body, end_date=end)


def postage():
    return list(RewardPostage.objects.values_list("zone", "price"))


def variants(language="fr"):
    rows = RewardVariant.objects.order_by("position", "id")
    return [(getattr(row, f"label_{language}"), row.retired_at is None) for row in rows]


def test_publishing_writes_all_that_a_tier_says(page):
    flour, day, mix = Reward.objects.order_by("position")
    assert [reward.kind for reward in (flour, day, mix)] == ["reward", "reward", "addon"]
    assert [reward.is_add_on for reward in (flour, day, mix)] == [False, False, True]
    assert flour.available_from == datetime(2027, 3, 1, 14, tzinfo=UTC)
    assert flour.available_until == datetime(2027, 4, 1, 3, 59, 59, tzinfo=UTC), "the minute that was typed is in it"
    assert postage() == [("quebec", 800), ("canada", 0)]
    assert variants() == [("Petit", True), ("Grand", True)]
    assert (day.pickup_place, day.pickup_hours, day.postage.count()) == ("Le moulin", "Le samedi", 0)
    assert mix.stock.limit == 5
    assert list(term_checks.all_differences()) == []


def test_a_variant_that_leaves_the_page_is_retired_and_comes_back(page):
    tiers = page.tier_blocks
    kept = list(tiers[0].value["variants"].bound_blocks)
    tiers[0].value["variants"].pop(0)
    page.save_revision().publish()
    assert sorted(variants()) == [("Grand", True), ("Petit", False)]
    assert [str(one) for one in RewardVariant.objects.filter(retired_at=None)] == ["Grand"]
    page = CampaignPage.objects.get(pk=page.pk)
    page.tier_blocks[0].value["variants"].insert(0, kept[0].value)
    page.save_revision().publish()
    assert sorted(variants()) == [("Grand", True), ("Petit", False), ("Petit", True)], (
        "another block is another variant"
    )


def test_a_zone_that_leaves_the_page_is_no_longer_mailed_to(page):
    page.tier_blocks[0].value["postage"].pop(0)
    page.tier_blocks[0].value["postage"][0]["price"] = 1200
    page.save_revision().publish()
    assert postage() == [("canada", 1200)]
    page.tier_blocks[0].value["handover"] = "nothing"
    page.save_revision().publish()
    assert postage() == []


def test_the_translation_writes_its_words_and_no_figure(page):
    english = translate(page)
    flour, day = english.tier_blocks
    flour.value["variants"].bound_blocks[0].value = "Small"
    flour.value["available_until"] = None
    flour.value["postage"][0]["price"] = 1
    day.value["pickup_place"], day.value["pickup_hours"] = "The mill", "Saturdays"
    english.save_revision().publish()
    assert variants("en") == [("Small", True), ("Grand", True)]
    assert variants("fr") == [("Petit", True), ("Grand", True)]
    assert postage() == [("quebec", 800), ("canada", 0)]
    first, second, _mix = Reward.objects.order_by("position")
    assert first.available_until is not None
    assert (second.pickup_place_fr, second.pickup_place_en, second.pickup_hours_en) == (
        "Le moulin",
        "The mill",
        "Saturdays",
    )
    assert list(term_checks.all_differences()) == []


@pytest.mark.parametrize(
    ("rows", "change", "what"),
    [
        (lambda: Reward.objects.filter(kind="addon"), {"kind": "reward"}, "kind"),
        (lambda: Reward.objects.filter(position=0), {"available_from": None}, "available_from"),
        (lambda: Reward.objects.filter(position=0), {"available_until": None}, "available_until"),
        (lambda: Reward.objects.filter(position=1), {"pickup_place_fr": "Ailleurs"}, "pickup_place_fr"),
        (lambda: Reward.objects.filter(position=1), {"pickup_hours_fr": "Jamais"}, "pickup_hours_fr"),
        (lambda: RewardPostage.objects.filter(zone="quebec"), {"price": 1}, "postage"),
        (lambda: RewardVariant.objects.filter(position=0), {"label_fr": "Minuscule"}, "label_fr"),
        (
            lambda: RewardVariant.objects.filter(position=0),
            {"retired_at": datetime(2027, 1, 1, tzinfo=UTC)},
            "variants",
        ),
    ],
)
def test_each_difference_is_said_and_mended(page, rows, change, what):
    assert rows().update(**change) == 1
    (difference,) = term_checks.all_differences()
    assert difference.mendable
    assert difference.what.split()[-1] == what
    term_checks.mend()
    assert list(term_checks.all_differences()) == []


def test_a_zone_or_a_variant_without_its_row_is_said_and_mended(page):
    RewardPostage.objects.all().delete()
    RewardVariant.objects.all().delete()
    assert [one.what.split()[-1] for one in term_checks.all_differences()] == ["postage", "variants"]
    term_checks.mend()
    assert (postage(), variants()) == ([("quebec", 800), ("canada", 0)], [("Petit", True), ("Grand", True)])


def test_what_is_offered_follows_the_window_to_the_second(page):
    campaign, flour = Campaign.objects.get(), Reward.objects.get(position=0)
    opens, closes = flour.available_from, flour.available_until
    second = timedelta(seconds=1)

    def offered(at):
        in_rows = flour in queries.rewards_on_sale(campaign, at)
        assert in_rows == flour.is_offered(at)
        return in_rows

    moments = [opens - second, opens, closes - second, closes]
    assert [offered(at) for at in moments] == [False, True, True, False]
    flour.retired_at = opens
    assert not flour.is_offered(opens)


def test_a_window_is_on_the_cooperative_s_clock(page, cooperative):
    cooperative.time_zone = "America/Vancouver"
    local = datetime(2027, 7, 1, 9)
    assert tier_terms.instant(local, cooperative) == datetime(2027, 7, 1, 9, tzinfo=ZoneInfo("America/Vancouver"))
    assert tier_terms.instant(None, cooperative) is None


@pytest.mark.usefixtures("page")
def test_costs_stand_in_no_term():
    names = {field.name for model in (Reward, RewardPostage, RewardVariant) for field in model._meta.get_fields()}
    assert not names & {"unit_cost", "postage_cost"}
