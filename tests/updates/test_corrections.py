"""A text changed after it was sent leaves a trace for ever; nothing else does."""

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import transaction
from wagtail.models import Locale
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from home import clock
from home.models import OutgoingMail
from pledges.models import DatePromise
from tests.campaigns.reading import words
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, make_update_page, notice_block, tell, text_block, translate_update
from tests.updates.test_blocks import milestone
from tests.updates.test_reading import page_of
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import Correction, Mailing, Update, UpdatePage
from updates.sending import send_news

pytestmark = pytest.mark.usefixtures("inside")

NONE = MissingLanguage.NONE


@pytest.fixture
def sent(campaign):
    """An update with two paragraphs and a milestone, in both languages, sent to one backer."""
    tell(make_pledge(campaign).backer, campaign)
    update = make_update(campaign, text_block("<p>Elle pèse 900 kg.</p><p>Elle vient de <b>loin</b>.</p>"), milestone())
    send_news(update, by=None, missing_language=NONE)
    return update


def rewrite(update, *, language="fr", by=None, text=None, **fields):
    """What an editor changes and publishes."""
    page = page_of(update, language)
    for name, value in fields.items():
        setattr(page, name, value)
    if text is not None:
        page.body[0].value["text"].source = text
    page.save_revision(user=by).publish(user=by)
    return UpdatePage.objects.get(pk=page.pk)


def passages():
    return [(one.language, one.passages) for one in Correction.objects.all()]


def test_each_changed_passage_is_kept_with_who_and_when(sent, cooperative):
    editor = make_user(cooperative)
    before = clock.now()
    rewrite(sent, by=editor, title="La pierre arrive", text="<p>Elle pèse 950 kg.</p><p>Elle vient de <b>loin</b>.</p>")
    correction = Correction.objects.get()
    assert (correction.update, correction.language, correction.made_by) == (sent, "fr", editor)
    assert before <= correction.made_at <= clock.now()
    assert correction.passages == [
        {"before": "La pierre est là", "now": "La pierre arrive"},
        {"before": "Elle pèse 900 kg.", "now": "Elle pèse 950 kg."},
    ]


def test_what_was_added_removed_and_a_day_that_moved(sent):
    page = page_of(sent)
    page.body[1].value["date"] = page.body[1].value["date"].replace(month=6)
    page.body.append(("text", {"text": "<p>En plus.</p>"}))
    page.body[0].value["text"].source = "<p>Elle vient de <b>loin</b>.</p>"
    page.save_revision().publish()
    (found,) = Correction.objects.all()
    assert found.passages == [
        {"before": "Elle pèse 900 kg.", "now": ""},
        {"before": "", "now": "En plus."},
        {"before": "Jalon atteint le 1er mai 2027", "now": "Jalon atteint le 1er juin 2027"},
    ]


def test_nothing_is_written_where_nothing_changed_for_readers(sent):
    rewrite(sent)
    rewrite(sent, seo_title="Autre", search_description="Autre")
    page = page_of(sent)
    page.body.insert(0, page.body.pop(1))
    page.save_revision().publish()
    assert passages() == []


def test_before_it_is_sent_nothing_is_a_correction(campaign):
    rewrite(make_update(campaign), title="Autrement")
    assert passages() == []


def test_before_it_is_due_nothing_is_a_correction(sent):
    Mailing.objects.update(send_at=clock.now() + timedelta(days=1))
    rewrite(sent, title="Autrement")
    assert passages() == []
    Mailing.objects.update(send_at=clock.now() - timedelta(days=1))
    rewrite(sent, title="Encore")
    assert passages() == [("fr", [{"before": "Autrement", "now": "Encore"}])]


def test_a_draft_and_a_publication_to_come_change_nothing_yet(sent):
    page = page_of(sent)
    page.title = "Autrement"
    page.save_revision()
    page.go_live_at = clock.now() + timedelta(days=2)
    page.save_revision().publish()
    assert passages() == []


def test_a_translation_that_comes_after_the_mail_corrects_nothing(campaign):
    tell(make_pledge(campaign).backer, campaign)
    type(campaign.cooperative).objects.filter(pk=campaign.cooperative_id).update(french_first=False)
    page = make_update_page(campaign)
    update = Update.objects.select_related("campaign__source_locale", "cooperative__site").get()
    english = page.copy_for_translation(Locale.objects.get(language_code="en"))
    english.save_revision().publish()
    send_news(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
    rewrite(update, language="en", title="The stone", summary="Heavy.", text="<p>It is here.</p>")
    assert passages() == []
    rewrite(update, language="en", title="The big stone")
    assert passages() == [("en", [{"before": "The stone", "now": "The big stone"}])]


def test_a_first_translation_corrects_nothing(campaign):
    tell(make_pledge(campaign).backer, campaign)
    page = make_update_page(campaign)
    send_news(
        Update.objects.select_related("campaign__source_locale", "cooperative__site").get(),
        by=None,
        missing_language=MissingLanguage.SEND_OTHER,
    )
    translate_update(page)
    assert passages() == []


def test_a_translation_corrected_in_its_own_editor_leaves_its_trace(sent, django_capture_on_commit_callbacks):
    """wagtail-localize writes what is online before it publishes it."""
    source, _new = TranslationSource.update_or_create_from_instance(page_of(sent))
    translation = Translation.objects.create(source=source, target_locale=Locale.objects.get(language_code="en"))
    title = StringSegment.objects.get(source=source, context__path="title")

    def publish_as(words):
        StringTranslation.objects.update_or_create(
            translation_of=title.string,
            context=title.context,
            locale=translation.target_locale,
            defaults={"data": words, "translation_type": StringTranslation.TRANSLATION_TYPE_MANUAL},
        )
        with django_capture_on_commit_callbacks(execute=True):
            translation.save_target(publish=True)

    publish_as("The stone")
    Correction.objects.all().delete()
    publish_as("The big stone")
    assert passages() == [("en", [{"before": "The stone", "now": "The big stone"}])]


def test_the_words_of_a_notice_are_those_announced(campaign):
    make_pledge(campaign)
    update = make_update(campaign, text_block(), notice_block([campaign.rewards.first()]))
    announce(update, by=None, missing_language=NONE)
    page = page_of(update)
    page.body[1].value["reason"] = "Une autre raison."
    page.save_revision().publish()
    assert passages() == []


def test_a_correction_that_fails_with_its_publication_leaves_neither(sent):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rewrite(sent, title="Autrement")
        raise ZeroDivisionError
    assert (passages(), page_of(sent).title) == ([], "La pierre est là")


def test_correcting_sends_nothing_and_promises_nothing(sent):
    before = OutgoingMail.objects.count()
    rewrite(sent, title="Autrement")
    assert (OutgoingMail.objects.count(), DatePromise.objects.count()) == (before, 0)


def test_each_correction_stays_under_the_update_in_its_language(sent, on_host, cooperative):
    with time_machine.travel("2026-12-01T12:00:00-05:00", tick=False):
        rewrite(sent, summary="Elle pèse 950 kg.")
    with time_machine.travel("2026-12-03T12:00:00-05:00", tick=False):
        rewrite(sent, summary="Elle pèse <b> 960 kg.")
    html = on_host(cooperative).get(page_of(sent).get_url()).content.decode()
    found = [words(one) for one in re.findall(r'<details class="fold">.*?</details>', html, re.DOTALL)]
    assert found == [
        "Corrigée le 1er décembre 2026 Elle disait Elle pèse 900 kg. Elle dit maintenant Elle pèse 950 kg.",
        "Corrigée le 3 décembre 2026 Elle disait Elle pèse 950 kg. Elle dit maintenant Elle pèse <b> 960 kg.",
    ]
    assert "Corrected on" not in on_host(cooperative).get(page_of(sent, "en").get_url()).content.decode()


def test_a_corrected_update_is_newer_in_the_feeds_of_its_language(sent, on_host, cooperative):
    with time_machine.travel("2027-01-05T12:00:00+00:00", tick=False):
        rewrite(sent, title="Autrement")
    changed = {}
    for language, name in (("fr", "campagnes/{}/nouvelles.atom"), ("en", "campaigns/{}/updates.atom")):
        text = on_host(cooperative).get(f"/{language}/{name.format(sent.campaign_id)}").content
        entry = ElementTree.fromstring(text).find("{http://www.w3.org/2005/Atom}entry")
        changed[language] = entry.findtext("{http://www.w3.org/2005/Atom}updated")
    assert changed["fr"] == "2027-01-05T12:00:00+00:00"
    assert changed["en"] == sent.published_at.isoformat()
