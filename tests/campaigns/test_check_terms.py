"""Where page and terms part, each way is said; what publishing would write is mended, what is frozen is not."""

import uuid
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaigns import lifecycle, publishing, term_checks
from campaigns.models import Campaign, CampaignPage, Reward, RewardStock
from campaigns.queries import freeze
from home import clock
from home.tenancy import within
from tests.factories.campaigns import make_campaign, make_campaign_page, tier


@pytest.fixture
def page(campaign):
    return CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")


@pytest.fixture
def twin(campaign):
    return CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="en")


def found(page):
    """(what, mendable) of every difference of a page, its tiers by position."""
    page = CampaignPage.objects.get(pk=page.pk)
    names = {str(child.id): f"#{position}" for position, child in enumerate(page.tier_blocks)}
    result = []
    for difference in term_checks.differences(page):
        what = difference.what
        for block_id, name in names.items():
            what = what.replace(block_id, name)
        result.append((what, difference.mendable))
    return result


def reward(position):
    return Reward.objects.order_by("position")[position]


@pytest.mark.usefixtures("inside", "campaign")
def test_what_was_just_published_agrees():
    assert list(term_checks.all_differences()) == []


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"amount": 1}, "tier #0 amount"),
        ({"estimated_delivery": date(2030, 1, 1)}, "tier #0 estimated_delivery"),
        ({"position": 7}, "tier #0 position"),
        ({"handover": "pickup"}, "tier #0 handover"),
        ({"retired_at": clock.now()}, "tier #0 retired"),
        ({"limit": 4}, "tier #1 limit"),
        ({"title_fr": "Autre"}, "tier #0 title_fr"),
        ({"description_fr": "Autre"}, "tier #0 description_fr"),
    ],
)
def test_terms_of_a_tier_that_differ_are_said_and_mended(page, fields, what):
    Reward.objects.filter(pk=reward(int("#1" in what)).pk).update(**fields)
    assert found(page) == [(what, True)]
    assert term_checks.mend() == 2
    assert list(term_checks.all_differences()) == []


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(("fields", "what"), [({"title_en": "Old"}, "title_en"), ({"tagline_en": "Old"}, "tagline_en")])
def test_texts_of_the_translation_are_its_own(page, twin, fields, what):
    Campaign.objects.update(**fields)
    assert (found(page), found(twin)) == ([], [(what, True)])
    term_checks.mend()
    assert list(term_checks.all_differences()) == []


@pytest.mark.usefixtures("inside")
def test_a_translation_with_other_figures_is_no_difference(twin):
    for child in twin.tier_blocks:
        child.value["amount"] = 1
    twin.goal = 5
    twin.save()
    assert list(term_checks.all_differences()) == []


@pytest.mark.usefixtures("inside")
def test_a_tier_unknown_to_the_terms_and_one_gone_from_the_page(page):
    first = reward(0)
    Reward.objects.filter(pk=first.pk).update(block_id=uuid.uuid4())
    assert [what.split()[0] for what, mendable in found(page) if mendable] == ["tier", "tier"]
    term_checks.mend()
    assert list(term_checks.all_differences()) == []
    assert Reward.objects.get(pk=first.pk).retired_at is not None


@pytest.mark.usefixtures("inside")
def test_what_is_frozen_is_said_and_stays(page):
    first, second = reward(0), reward(1)
    freeze(first, clock.now())
    RewardStock.objects.update(promised=6)
    for child in page.tier_blocks:
        child.value["amount"] += 100
        child.value["limit"] = 5 if child.value["limit"] else None
    page.tier_blocks[0].value["estimated_delivery"] = date(2031, 1, 1)
    page.goal += 1
    page.end_date += timedelta(days=1)
    page.save()
    assert found(page) == [
        ("goal", False),
        ("deadline", False),
        ("tier #0 amount", False),
        ("tier #0 estimated_delivery", False),
        ("tier #1 amount", True),
        ("tier #1 limit", False),
    ]
    assert term_checks.mend() == 2
    assert [mendable for _what, mendable in found(page)] == [False] * 5
    assert [(r.amount, r.limit) for r in Reward.objects.order_by("position")] == [(3000, None), (6600, 10)]
    assert second.amount == 6500


def test_a_live_page_without_terms_gets_them(page, campaign, cooperative):
    with within(cooperative):
        RewardStock.objects.all().delete()
        Reward.objects.all().delete()
        Campaign.objects.all().delete()
        assert found(page) == [("campaign", True)]
        term_checks.mend()
        assert list(term_checks.all_differences()) == []
        assert Campaign.objects.get().source_locale.language_code == "fr"


def test_drafts_and_unpublished_pages_are_left_alone(cooperative):
    page = make_campaign_page(cooperative, publish=False, live=False)
    assert list(term_checks.all_differences()) == []
    with within(cooperative):
        lifecycle.approve(publishing.found(page), by=None)
        page.save_revision().publish()
        Reward.objects.update(amount=1)
        page = CampaignPage.objects.get(pk=page.pk)
        page.unpublish()
        assert list(term_checks.all_differences()) == []


def _run(*arguments):
    out = StringIO()
    try:
        call_command("check_terms", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_the_command_reads_every_cooperative_and_mends_when_asked(campaign, outsider):
    theirs = make_campaign(outsider, tiers=[tier("Sel", 1000)])
    assert _run() == (0, "Pages and terms agree.\n")
    with within(outsider):
        Reward.objects.filter(campaign=theirs).update(amount=1)
        page = CampaignPage.objects.get(translation_key=theirs.translation_key, locale__language_code="fr")
        block = Reward.objects.get().block_id
    assert _run() == (1, f"page {page.pk}, tier {block} amount: page 1000, terms 1\n")
    assert _run("--mend") == (0, "Terms written again from 2 pages.\nPages and terms agree.\n")
    with within(outsider):
        assert Reward.objects.get().amount == 1000
