"""Publishing writes the update's row, and nothing else ever: no mail, no promise."""

import pytest
import time_machine
from django.core.management import call_command
from wagtail.models import Locale
from wagtail_localize.models import String, StringTranslation, Translation, TranslationSource
from wagtail_localize.segments.extract import extract_segments

from home.models import OutgoingMail
from home.tenancy import within
from pledges.models import DatePromise
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.factories.pledges import make_pledge
from tests.updates.making import (
    NEXT_FR,
    REASON_FR,
    campaign_page,
    in_days,
    make_update,
    make_update_page,
    month,
    notice_block,
    tell,
    text_block,
    translate_update,
)
from updates.models import DelayNotice, Mailing, Update, UpdatePage
from updates.publishing import project

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def waiting(campaign):
    """Two backers whom a mail or a new month would reach, were one sent or promised."""
    for language in ("fr", "en"):
        tell(make_pledge(campaign, language=language).backer, campaign)
    return campaign


@pytest.fixture
def page(waiting):
    return make_update_page(waiting, text_block(), notice_block([waiting.rewards.first()]))


@pytest.fixture(autouse=True)
def nothing_left_or_promised(inside, waiting, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield
    found = [model.objects.count() for model in (OutgoingMail, Mailing, DatePromise, DelayNotice)]
    assert found == [0, 0, 0, 0]


def numbers():
    return list(Update.objects.order_by("number").values_list("number", "title_fr", "title_en"))


def test_publishing_writes_the_row(page, waiting):
    update = Update.objects.get()
    assert (update.campaign, update.cooperative_id, update.translation_key, update.number) == (
        waiting,
        waiting.cooperative_id,
        page.translation_key,
        1,
    )
    assert (update.title_fr, update.title_en) == ("La pierre est là", "")


def test_a_draft_has_no_row(waiting):
    make_update_page(waiting, publish=False)
    assert numbers() == []


def test_publishing_again_changes_the_title_only(page):
    first = Update.objects.get()
    page.title = "La pierre est bien là"
    page.save_revision().publish()
    page.save_revision().publish()
    again = Update.objects.get()
    assert (again.pk, again.number, again.published_at, again.title_fr) == (
        first.pk,
        1,
        first.published_at,
        "La pierre est bien là",
    )
    assert project(page) == again


def test_translating_adds_the_other_title(page):
    translate_update(page)
    assert numbers() == [(1, "La pierre est là", "The stone is here")]


def test_copying_makes_an_update_of_its_own(page):
    page.copy(update_attrs={"slug": "copie", "title": "Copie"})
    assert numbers() == [(1, "La pierre est là", ""), (2, "Copie", "")]


def test_moving_changes_nothing(page, cooperative):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    page.move(campaign_page(other), pos="last-child")
    assert numbers() == [(1, "La pierre est là", "")]


def test_a_scheduled_page_has_its_row_when_it_goes_live(waiting):
    page = make_update_page(waiting, notice_block([waiting.rewards.first()]), go_live_at=in_days(1))
    assert numbers() == []
    assert not page.live
    with time_machine.travel(in_days(2)):
        call_command("publish_scheduled")
    assert numbers() == [(1, "La pierre est là", "")]


def test_reverting_and_unpublishing_change_nothing(page):
    first = page.get_latest_revision()
    page.title = "Autre titre"
    page.save_revision().publish()
    first.publish()
    UpdatePage.objects.get(pk=page.pk).unpublish()
    assert numbers() == [(1, "La pierre est là", "")]


def test_an_alias_is_no_update(page, cooperative):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    page.create_alias(parent=campaign_page(other), update_slug="alias")
    assert numbers() == [(1, "La pierre est là", "")]


def test_numbers_count_within_a_campaign(page, waiting, cooperative, outsider):
    make_update_page(waiting, title="Deux")
    make_update(make_campaign(cooperative, title="Autre", slug="autre"), title="Un d’une autre")
    with within(outsider):
        make_update(make_campaign(outsider), title="Un d’ailleurs")
    assert numbers() == [
        (1, "La pierre est là", ""),
        (1, "Un d’une autre", "The stone is here"),
        (2, "Deux", ""),
    ]


def test_under_a_campaign_without_terms_nothing_is_written(cooperative, caplog):
    page = make_campaign_page(cooperative, title="Brouillon", slug="brouillon", publish=False)
    update = UpdatePage(title="Tôt", summary="Tôt.", body=[], locale=page.locale)
    page.add_child(instance=update)
    update.save_revision().publish()
    assert (numbers(), caplog.records) == ([], [])


def test_wagtail_localize_copies_dates_and_tiers_and_extracts_the_words(page, waiting, django_user_model):
    source, _created = TranslationSource.update_or_create_from_instance(page)
    segments = {segment.string.data for segment in extract_segments(page) if hasattr(segment, "string")}
    assert {REASON_FR, NEXT_FR, "La pierre est là", "Elle pèse 900 kg."} <= segments
    english = Locale.objects.get(language_code="en")
    translation = Translation.objects.create(source=source, target_locale=english)
    words = {"La pierre est là": "The stone is here", REASON_FR: "A blade broke.", NEXT_FR: "Cutting resumes."}
    for segment in source.stringsegment_set.select_related("string", "context"):
        if segment.string.data in words:
            StringTranslation.objects.create(
                translation_of=segment.string,
                locale=english,
                context=segment.context,
                data=words[segment.string.data],
                translation_type=StringTranslation.TRANSLATION_TYPE_MANUAL,
                tool_name="",
                last_translated_by=django_user_model.objects.create_user(f"{segment.pk}@x.example"),
            )
    translation.save_target(publish=True)
    twin = UpdatePage.objects.get(locale=english)
    mine, theirs = page.delay_blocks[0], twin.delay_blocks[0]
    assert (theirs.id, theirs.value["rewards"], theirs.value["month"], theirs.value["next_news_on"]) == (
        mine.id,
        [str(waiting.rewards.first().block_id)],
        month(),
        mine.value["next_news_on"],
    )
    assert (twin.title, theirs.value["reason"], theirs.value["next_steps"]) == (
        "The stone is here",
        "A blade broke.",
        "Cutting resumes.",
    )
    assert twin.get_parent().specific == campaign_page(waiting, "en")


def test_every_text_of_an_update_is_a_segment(page):
    TranslationSource.update_or_create_from_instance(page)
    strings = set(String.objects.filter(locale=page.locale).values_list("data", flat=True))
    assert {"La pierre est arrivée.", REASON_FR, NEXT_FR, "La pierre est là", "Elle pèse 900 kg."} <= strings
