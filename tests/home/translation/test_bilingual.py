"""The two languages as one work: translated from the draft, and published together or not at all."""

import json
import re
import uuid
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied
from wagtail.models import Locale, Page, PageLogEntry
from wagtail_localize.models import OverridableSegment, StringSegment, StringTranslation, Translation, TranslationSource
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from campaigns import lifecycle, publishing
from campaigns.models import Campaign
from home.cooperatives.founding import welcome
from home.models import HomePage, Role, TextPage
from home.tenancy import within
from home.translation import bilingual
from home.translation.bilingual import EnglishIncomplete, NothingPublished
from home.translation.passages import passages_of
from tests.factories.campaigns import make_campaign_page, tier, translate
from tests.factories.cooperatives import make_user
from updates.models import UpdatePage


@pytest.fixture(autouse=True)
def scope(inside):
    """All of this is done inside our cooperative."""


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


def text(words):
    return {"type": "text", "id": str(uuid.uuid4()), "value": {"text": words}}


@pytest.fixture
def page(cooperative):
    """A French page of text, a draft."""
    page = TextPage(
        title="Nos conditions",
        locale=Locale.objects.get(language_code="fr"),
        live=False,
        search_description="Ce que vous acceptez",
        body=[text("<p>Le grain est d’ici.</p><p>La pierre aussi.</p>")],
    )
    page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
    page.save_revision()
    return page


def translate_all(french, *, but=()):
    """What someone types into the translation's editor: every passage in English, except at some paths."""
    locale = Locale.objects.get(language_code="en")
    source = TranslationSource.objects.get(object_id=french.translation_key)
    for segment in StringSegment.objects.filter(source=source).select_related("string", "context"):
        if segment.context.path not in {"slug", *but}:
            StringTranslation.objects.get_or_create(
                translation_of=segment.string,
                context=segment.context,
                locale=locale,
                defaults={"data": f"EN {segment.string.data}"},
            )


def fresh(page):
    return page.specific_class.objects.get(pk=page.pk)


def state(page):
    one = fresh(page)
    return one.title, one.live, one.has_unpublished_changes, one.slug


def test_a_translation_is_prepared_from_the_draft_before_anything_is_public(page, editor):
    english = bilingual.open_translation(page, editor)
    assert (english.locale.language_code, english.live, english.get_parent().locale.language_code) == (
        "en",
        False,
        "en",
    )
    strings = StringSegment.objects.filter(source__object_id=page.translation_key).order_by("order")
    assert [one.string.data for one in strings] == [
        "Nos conditions",
        "nos-conditions",
        "Ce que vous acceptez",
        "Le grain est d’ici.",
        "La pierre aussi.",
    ]
    assert fresh(page).live is False


def test_translating_a_live_page_follows_its_draft_and_changes_nothing_online(page, editor):
    bilingual.open_translation(page, editor)
    translate_all(page)
    bilingual.publish_both(page, editor)
    online = [state(page), state(bilingual.english_of(page))]
    page = fresh(page)
    page.title = "Nos nouvelles conditions"
    page.save_revision()
    english = bilingual.open_translation(page, editor)
    assert StringSegment.objects.filter(string__data="Nos nouvelles conditions").count() == 1
    assert state(english) == online[1]
    assert Page.objects.get(pk=page.pk).title == "Nos conditions"


def test_an_english_page_is_made_below_an_english_parent_made_likewise(cooperative, editor):
    campaign = make_campaign_page(cooperative)
    update = campaign.add_child(
        instance=UpdatePage(title="La pierre", summary="Là.", locale=campaign.locale, live=False)
    )
    update.save_revision()
    english = bilingual.open_translation(update, editor)
    parent = english.get_parent()
    assert (parent.translation_key, parent.live, parent.alias_of_id) == (campaign.translation_key, False, None)


def test_opening_twice_keeps_what_was_translated(page, editor):
    first = bilingual.open_translation(page, editor)
    translate_all(page)
    assert bilingual.open_translation(page, editor).pk == first.pk
    assert bilingual.missing_in(page, first) == 0
    assert Translation.objects.count() == 1


def test_the_address_follows_from_the_english_title_and_collides_with_none(page, editor):
    english_home = page.get_parent().get_translation(Locale.objects.get(language_code="en"))
    english_home.add_child(
        instance=TextPage(title="X", slug="en-nos-conditions", locale=english_home.locale, live=False)
    )
    bilingual.open_translation(page, editor)
    translate_all(page)
    bilingual.publish_both(page, editor)
    assert state(bilingual.english_of(page)) == ("EN Nos conditions", True, False, "en-nos-conditions-1")


def test_an_address_that_someone_wrote_is_kept(page, editor):
    bilingual.open_translation(page, editor)
    translate_all(page)
    slug = StringSegment.objects.get(context__path="slug")
    locale = Locale.objects.get(language_code="en")
    StringTranslation.objects.update_or_create(
        translation_of=slug.string, context=slug.context, locale=locale, defaults={"data": "terms"}
    )
    bilingual.publish_both(page, editor)
    assert fresh(bilingual.english_of(page)).slug == "terms"


def test_both_go_online_in_one_act(page, editor):
    bilingual.open_translation(page, editor)
    translate_all(page)
    bilingual.publish_both(page, editor)
    english = bilingual.english_of(page)
    assert state(page) == ("Nos conditions", True, False, "nos-conditions")
    assert state(english) == ("EN Nos conditions", True, False, "en-nos-conditions")
    assert english.body[0].value["text"].source.count("EN ") == 2
    log = PageLogEntry.objects.filter(action="wagtail.publish", page__in=[page.pk, english.pk])
    assert [(one.page_id, one.user) for one in log.order_by("pk")] == [(page.pk, editor), (english.pk, editor)]


def test_it_may_be_asked_from_the_english_page(page, editor):
    english = bilingual.open_translation(page, editor)
    translate_all(page)
    bilingual.publish_both(Page.objects.get(pk=english.pk), editor)
    assert (fresh(page).live, fresh(english).live) == (True, True)


def test_one_passage_missing_and_nothing_is_published(page, editor):
    english = bilingual.open_translation(page, editor)
    translate_all(page, but={"search_description"})
    with pytest.raises(EnglishIncomplete) as refused:
        bilingual.publish_both(page, editor)
    assert (refused.value.missing, refused.value.page.pk) == (1, english.pk)
    assert (fresh(page).live, fresh(english).live) == (False, False)


def test_a_passage_changed_in_the_draft_is_missing_again(page, editor):
    english = bilingual.open_translation(page, editor)
    translate_all(page)
    bilingual.publish_both(page, editor)
    page = fresh(page)
    page.title = "Nos nouvelles conditions"
    page.save_revision()
    with pytest.raises(EnglishIncomplete) as refused:
        bilingual.publish_both(page, editor)
    assert refused.value.missing == 1
    assert (Page.objects.get(pk=page.pk).title, fresh(english).title) == ("Nos conditions", "EN Nos conditions")


def test_without_an_english_page_nothing_is_published(page, editor):
    with pytest.raises(EnglishIncomplete) as refused:
        bilingual.publish_both(page, editor)
    assert (refused.value.missing, refused.value.page.pk) == (0, page.pk)
    assert fresh(page).live is False


def test_a_second_page_that_fails_takes_the_first_back(page, editor):
    """The English title is longer than a title may be: found only once the French page is published."""
    english = bilingual.open_translation(page, editor)
    translate_all(page)
    StringTranslation.objects.filter(context__path="title").update(data="x" * 256)
    with pytest.raises(NothingPublished) as refused:
        bilingual.publish_both(page, editor)
    assert refused.value.page.pk == english.pk
    assert (fresh(page).live, fresh(english).live) == (False, False)


def test_a_campaign_lacking_what_publishing_asks_is_not_published(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False)
    lifecycle.approve(publishing.found(page), by=None)
    page.goal = None
    page.save_revision(clean=False)
    bilingual.open_translation(page, editor)
    translate_all(page)
    with pytest.raises(NothingPublished) as refused:
        bilingual.publish_both(page, editor)
    assert refused.value.page.pk == page.pk
    assert refused.value.messages == ["Objectif\u00a0: Ce champ ne peut pas être vide."]


def test_a_campaign_is_published_with_the_figures_of_its_draft(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False, tiers=[tier(amount=3000)])
    lifecycle.approve(publishing.found(page), by=None)
    bilingual.open_translation(page, editor)
    translate_all(page)
    page = fresh(page)
    page.goal = 250_000
    page.tier_blocks[0].value["amount"] = 4200
    page.save_revision()
    bilingual.publish_both(page, editor)
    campaign = Campaign.objects.get()
    english = bilingual.english_of(page)
    assert (campaign.goal, english.goal, english.tier_blocks[0].value["amount"]) == (250_000, 250_000, 4200)
    assert [(one.amount, one.title_fr, one.title_en) for one in campaign.rewards.all()] == [
        (4200, "Le sac de farine", "EN Le sac de farine")
    ]


def test_an_english_page_kept_by_hand_is_published_as_it_was_written(cooperative, editor):
    page = make_campaign_page(cooperative)
    english = translate(page, publish=False)
    bilingual.publish_both(page, editor)
    assert state(english)[:2] == ("Get the millstone turning", True)


def test_who_may_not_publish_both_publishes_neither(page, editor, outsider):
    bilingual.open_translation(page, editor)
    translate_all(page)
    for user in (make_user(outsider, Role.EDITOR), make_user()):
        with pytest.raises(PermissionDenied):
            bilingual.publish_both(page, user)
    assert fresh(page).live is False


def test_a_right_in_one_language_is_not_enough(page, editor, cooperative):
    english = bilingual.open_translation(page, editor)
    translate_all(page)
    english.get_parent().group_permissions.filter(permission__codename="publish_page").delete()
    with pytest.raises(PermissionDenied):
        bilingual.publish_both(page, type(editor).objects.get(pk=editor.pk))
    assert fresh(page).live is False


# ------------------------------------------------------------------ passages


def of_localize(page):
    found = [(one.path, one.string.data) for one in extract_segments(page) if isinstance(one, StringSegmentValue)]
    return sorted(one for one in found if one[0] != "slug")


def test_the_passages_are_those_that_are_offered_for_translation(cooperative, page):
    campaign = make_campaign_page(cooperative)
    for one in (page, campaign):
        stored = one.serializable_data()
        assert sorted(passages_of(type(one), stored)) == of_localize(type(one).objects.get(pk=one.pk))


def test_no_figure_or_date_is_offered_for_translation(cooperative, editor, client):
    page = make_campaign_page(cooperative, publish=False, tiers=[tier(limit=12, retired=True)])
    english = bilingual.open_translation(page, editor)
    strings = StringSegment.objects.filter(source__object_id=page.translation_key)
    assert {one.context.path.split(".")[-1] for one in strings.select_related("context")} == {
        "title",
        "slug",
        "place",
        "tagline",
        "description",
        "heading",
        "text",
    }
    assert [one.context.path for one in OverridableSegment.objects.select_related("context")] == []
    client.force_login(editor)
    html = client.get(f"/admin/pages/{english.pk}/edit/", headers={"host": cooperative.site.hostname}).content.decode()
    props = json.loads(unescape(re.search(r'data-props="([^"]+)"', html)[1]))
    assert [one for one in props["segments"] if one["type"] == "synchronised_value"] == []


def test_a_role_in_two_cooperatives_publishes_in_each(page, editor, outsider):
    """Rights are asked of the pages, not of the host."""
    welcome(editor, outsider, Role.EDITOR)
    bilingual.open_translation(page, editor)
    translate_all(page)
    with within(outsider):
        bilingual.publish_both(page, editor)
    assert fresh(page).live is True
