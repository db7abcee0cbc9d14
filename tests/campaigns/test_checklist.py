"""Ready to launch? Ten points, each done or to do, six of which hold the launch back."""

from datetime import date, timedelta

import pytest
from wagtail.models import Locale
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from campaigns import checklist, goal
from campaigns.models import CampaignPage
from home import clock
from tests.factories.campaigns import body_of, make_campaign_page, tier
from tests.factories.reviews import again, make_approved, make_draft

pytestmark = pytest.mark.usefixtures("inside")

VIDEO = {
    "type": "video",
    "id": "0b5a3c1e-0000-4000-8000-000000000001",
    "value": {"url": "https://vimeo.com/1", "title": "Film", "duration": 130, "poster": None, "transcript": "<p>a</p>"},
}

LOSING = goal.TierNet("x", "Sac", 2500, cost=4000, net=2000)


def points(page, cooperative):
    return {point.key: point for point in checklist.of(page, cooperative).points}


def test_a_campaign_that_is_ready_has_nothing_that_blocks(cooperative):
    page = make_approved(cooperative, body=body_of([tier()], extra=[VIDEO]))
    cooperative.sender_verified_at = clock.now()
    checked = checklist.of(page, cooperative)
    assert checked.blocking == []
    assert [point.key for point in checked.missing] == ["goal"]  # there is no budget block yet
    assert checked.heading == "Prête à lancer? 9 points réglés sur 10"


def test_a_first_draft_says_all_that_is_missing_and_where(cooperative):
    page = make_campaign_page(cooperative, publish=False, body=[], goal=None, end_date=None)
    for field in ("legal_name", "address", "phone"):
        setattr(cooperative, field, "")
    cooperative.charges_enabled = False
    found = points(page, cooperative)
    assert [key for key, point in found.items() if not point.done] == [
        "goal", "tiers", "video", "languages", "deadline", "payments", "sender", "legal", "review",
    ]  # fmt: skip
    assert {key for key, point in found.items() if point.blocks} == {
        "languages", "deadline", "payments", "legal", "review",
    }  # fmt: skip
    assert found["legal"].sentence.startswith("Il manque\u00a0: nom légal, adresse, téléphone.")
    assert found["deadline"].url.endswith(f"/pages/{page.pk}/edit/#id_end_date")


@pytest.mark.parametrize(("days", "done"), [(0, False), (1, True), (90, True), (91, False), (-3, False)])
def test_the_deadline_is_within_the_cooperative_s_limit(cooperative, days, done):
    page = make_draft(cooperative, end_date=date.today() + timedelta(days=days), bilingual=False)
    assert points(page, cooperative)["deadline"].done is done


def test_deliveries_come_after_the_deadline(cooperative):
    last = (date.today() + timedelta(days=40)).replace(day=1) + timedelta(days=9)
    same_month, earlier = f"{last:%Y-%m}", f"{last - timedelta(days=20):%Y-%m}"
    page = make_draft(
        cooperative, end_date=last, bilingual=False, tiers=[tier(estimated_delivery=same_month), tier("Boîte", 1)]
    )
    assert points(page, cooperative)["deliveries"].done
    page = make_draft(
        cooperative,
        end_date=last,
        bilingual=False,
        title="Autre",
        tiers=[tier(), tier("Sel", estimated_delivery=earlier)],
    )
    point = points(page, cooperative)["deliveries"]
    assert (point.done, point.blocks) == (False, True)
    assert "«\u00a0Sel\u00a0»" in point.sentence
    assert point.url.endswith(f"#block-{page.tier_blocks[1].id}-section")


def test_a_passage_that_is_not_translated_is_counted(cooperative):
    page = make_draft(cooperative, bilingual=False)
    english = Locale.objects.get(language_code="en")
    assert points(page, cooperative)["languages"].sentence == "La page n’est pas encore traduite en anglais."
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation = Translation.objects.create(source=source, target_locale=english)
    translation.save_target(publish=False)
    segments = list(StringSegment.objects.filter(source=source).exclude(context__path="slug"))
    for segment in segments[1:]:
        StringTranslation.objects.create(
            translation_of=segment.string, locale=english, context=segment.context, data="x", translation_type="manual"
        )
    point = points(again(page), cooperative)["languages"]
    assert point.sentence == "1 passage à traduire en anglais."
    twin = CampaignPage.objects.get(translation_key=page.translation_key, locale=english)
    assert point.url.endswith(f"/pages/{twin.pk}/edit/")
    segment = segments[0]
    StringTranslation.objects.create(
        translation_of=segment.string, locale=english, context=segment.context, data="x", translation_type="manual"
    )
    assert points(again(page), cooperative)["languages"].done


@pytest.mark.parametrize(
    ("assessment", "done"),
    [
        (goal.Assessment(), {"goal": False, "tiers": True}),
        (goal.Assessment(budget_total=90_000, gap=0), {"goal": True, "tiers": True}),
        (goal.Assessment(budget_total=90_000, gap=5), {"goal": False, "tiers": True}),
        (goal.Assessment(budget_total=90_000, gap=0, losing=[LOSING]), {"goal": True, "tiers": False}),
    ],
)
def test_goal_and_tiers_are_advice(cooperative, monkeypatch, assessment, done):
    """What the goal's own module says is the only thing asked of it."""
    monkeypatch.setattr(goal, "assess", lambda page: assessment)
    found = points(make_draft(cooperative, bilingual=False), cooperative)
    assert {key: found[key].done for key in done} == done
    assert not any(found[key].blocks for key in done)
