"""The blocks of an update: what an editor meets, what wagtail-localize finds, what readers see and what mails say."""

import re
import uuid

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.functional import Promise
from wagtail.models import Locale
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from home.mail import composing
from home.models import OutgoingMail
from pledges.enums import FulfilmentState, PaymentState
from pledges.models import PledgeItem
from tests.campaigns.reading import words
from tests.campaigns.walking import Walker, any_image, texts_in
from tests.factories.pledges import make_pledge
from tests.updates.making import campaign_page, make_update, make_update_page, tell, text_block
from tests.updates.test_mails import Page
from updates.blocks import UpdateStoryBlock
from updates.enums import MissingLanguage
from updates.models import UpdatePage
from updates.progress import progress_of
from updates.sending import send_news

STORY = UpdateStoryBlock()
#: A notice is shown once it is announced only, which needs rows: test_pages and test_mails have it.
SHOWN = sorted(set(STORY.child_blocks) - {"delay_notice"})


def block(kind, value):
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def picture(caption="Ici"):
    image = {"image": any_image().pk, "alt_text": "La roue", "decorative": False}
    return {"image": image, "caption": caption}


def milestone(**fields):
    return block("milestone", {"title": "La pierre est taillée", "date": "2027-05-01", "state": "done"} | fields)


def fulfilment(heading=""):
    return block("fulfilment", {"heading": heading})


def video():
    value = {"url": "https://vimeo.com/76979871", "title": "Deux minutes au moulin", "duration": 130}
    return block("video", value | {"poster": None, "transcript": "<p>On entend la roue.</p>"})


def thanks(heading=""):
    return block("thanks", {"heading": heading, "text": "<p>Sans vous, rien ne tournerait.</p>"})


def gallery():
    pictures = [block("item", picture(caption)) for caption in ("La roue", "La pierre")]
    return block("gallery", {"heading": "", "pictures": pictures})


@pytest.fixture
def read(on_host, cooperative):
    def get(update, language="fr"):
        page = UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code=language)
        response = on_host(cooperative).get(page.get_url())
        assert response.status_code == 200
        return response.content.decode()

    return get


# What an editor meets


@pytest.mark.parametrize("kind", list(STORY.child_blocks))
def test_each_block_says_what_it_is(kind):
    found = STORY.child_blocks[kind]
    assert found.meta.icon not in {"placeholder", "", None}
    assert isinstance(found.meta.label, Promise)
    assert isinstance(found.get_description(), Promise)
    assert found.meta.template in {f"updates/blocks/{kind}.html", "home/blocks/text.html"}


@pytest.mark.parametrize("kind", sorted(set(SHOWN) - {"text"}))
@pytest.mark.django_db
def test_a_preview_needs_no_row_and_speaks_the_language_of_who_looks(kind, django_assert_num_queries):
    found, shown = STORY.child_blocks[kind], {}
    for language in ("fr", "en"):
        with translation.override(language), django_assert_num_queries(0):
            value = found.get_preview_value()
            shown[language] = words(found.render(value, context={"sample": True, "request": RequestFactory().get("/")}))
    assert shown["fr"] != shown["en"]
    assert min(len(text) for text in shown.values()) > 10


# Translation


@pytest.mark.usefixtures("inside")
def test_every_text_of_every_block_is_translated_and_comes_back(campaign):
    walker = Walker()
    page = make_update_page(campaign, *walker.fill(STORY), publish=False)
    english = Locale.objects.get(language_code="en")
    source, _created = TranslationSource.update_or_create_from_instance(page)
    segments = list(StringSegment.objects.filter(source=source).select_related("string", "context"))
    for one in segments:
        StringTranslation.objects.create(
            translation_of=one.string, locale=english, context=one.context, data=f"EN {one.string.data}"
        )
    Translation.objects.create(source=source, target_locale=english).save_target(publish=False)
    found = [one.string.data for one in segments if one.context.path.startswith("body.")]
    assert sorted(found) == sorted(walker.texts.values())
    body = page.get_translation(english).get_latest_revision_as_object().body
    restored = texts_in(STORY, STORY.get_prep_value(body))
    assert restored == {where: f"EN {text}" for where, text in walker.texts.items()}


@pytest.mark.usefixtures("inside")
def test_days_and_states_come_from_the_source(campaign):
    update = make_update(campaign, milestone(date="2027-06-30", state="to_come"))
    english = UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code="en")
    assert (english.body[0].value["date"].isoformat(), english.body[0].value["state"]) == ("2027-06-30", "to_come")


# What readers see


@pytest.mark.usefixtures("inside")
def test_a_milestone_says_its_day_in_the_language_of_the_page(campaign, read):
    update = make_update(campaign, milestone(), milestone(title="La roue tourne", date="2028-01-15", state="to_come"))
    found = re.findall(r'<section class="milestone.*?</section>', read(update), re.DOTALL)
    assert [words(one) for one in found] == [
        "La pierre est taillée Jalon atteint le 1er mai 2027",
        "La roue tourne Jalon prévu le 15 janvier 2028",
    ]
    assert "Milestone reached on May 1, 2027" in words(read(update, "en"))
    assert "Milestone expected on January 15, 2028" in words(read(update, "en"))


@pytest.mark.usefixtures("inside")
def test_thanks_have_a_heading_of_their_own_or_the_usual_one(campaign, read):
    html = read(make_update(campaign, thanks(), thanks("Aux onze fermes")))
    found = re.findall(r'<section class="thanks".*?</section>', html, re.DOTALL)
    assert [words(one) for one in found] == [
        "Merci Sans vous, rien ne tournerait.",
        "Aux onze fermes Sans vous, rien ne tournerait.",
    ]


@pytest.mark.usefixtures("inside")
def test_a_gallery_shows_its_photos_with_their_words(campaign, read):
    html = read(make_update(campaign, gallery(), block("photo", picture("Seule"))))
    assert re.findall(r"<figcaption[^>]*>([^<]*)", html) == ["La roue", "La pierre", "Seule"]
    assert html.count('alt="La roue"') == 3


@pytest.mark.usefixtures("inside")
def test_a_video_loads_nothing_from_elsewhere_before_a_click(campaign, read):
    html = read(make_update(campaign, video()))
    assert re.findall(r'(?:src|srcset|href)="(https?://[^"]*vimeo[^"]*)"', html) == ["https://vimeo.com/76979871"]
    assert 'class="play" href="https://vimeo.com/76979871"' in html
    assert 'data-video="https://player.vimeo.com/video/76979871' in html
    assert re.findall(r'<script type="module" src="([^"]*video[^"]*)"', html) != []
    assert "On entend la roue." in words(html)


# Fulfilment progress


@pytest.fixture
def handed_over(campaign):
    """Of the flour: 2 to come, 3 sent of which 1 was received, 4 handed over. Of the box: 1 to come."""
    flour, box = campaign.rewards.order_by("position")
    items = {}
    for name, reward, quantity in (("wait", flour, 2), ("sent", flour, 2), ("got", flour, 1), ("met", flour, 4)):
        items[name] = make_pledge(campaign, rewards=[(reward, quantity)]).items.get()
    make_pledge(campaign, rewards=[(box, 1)])
    make_pledge(campaign, rewards=[(box, 5)], paid=False)
    make_pledge(campaign, rewards=[(box, 1)], state="cancelled", paid=False)
    make_pledge(campaign, rewards=[(box, 1)], payment_state=PaymentState.MEND)
    rows = PledgeItem.objects.all()
    rows.filter(pk__in=[items["sent"].pk, items["got"].pk]).update(state=FulfilmentState.SENT)
    rows.filter(pk=items["got"].pk).update(received_at=campaign.deadline)
    rows.filter(pk=items["met"].pk).update(state=FulfilmentState.DELIVERED)
    return campaign


@pytest.mark.usefixtures("inside")
def test_progress_counts_what_is_paid_for_and_no_figure_is_typed(handed_over, read):
    html = read(make_update(handed_over, fulfilment()), "en")
    rows = [words(row) for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", html, re.DOTALL)]
    assert rows == ["The bag of flour 7 of 9 (77%) 5 of 9 (55%)", "The miller's box 0 of 1 (0%) 0 of 1 (0%)"]


@pytest.mark.usefixtures("inside")
def test_progress_follows_and_a_reward_that_came_back_no_longer_counts(handed_over):
    PledgeItem.objects.filter(state=FulfilmentState.SENT).update(state=FulfilmentState.RETURNED)
    assert [(tier.total, tier.sent, tier.confirmed) for tier in progress_of(handed_over)] == [(9, 4, 4), (1, 0, 0)]


@pytest.mark.usefixtures("inside")
def test_progress_is_one_query_however_many_pledges(handed_over, django_assert_num_queries):
    with django_assert_num_queries(1):
        progress_of(handed_over)


@pytest.mark.usefixtures("inside")
def test_before_anything_is_paid_the_block_says_so(campaign, read):
    assert "Aucune contrepartie n’est encore payée." in words(read(make_update(campaign, fulfilment())))


# What mails say


@pytest.mark.usefixtures("inside")
def test_html_and_text_of_a_mail_say_the_same_of_every_block(handed_over):
    tell(make_pledge(handed_over, rewards=[], extra=500).backer, handed_over)
    blocks = [text_block(), block("photo", picture("Seule")), gallery(), video(), milestone(), thanks(), fulfilment()]
    update = make_update(handed_over, *blocks)
    send_news(update, by=None, missing_language=MissingLanguage.NONE)
    message = composing.compose(OutgoingMail.objects.get())
    html = message.alternatives[0][0]
    for said in (Page(html).said, " ".join(message.body.split())):
        said = said.replace("\u00a0", " ")
        for fact in (
            "La pierre est arrivée.",
            "Seule",
            "En images",
            "La roue",
            "La pierre",
            "Deux minutes au moulin",
            "Regarder la vidéo",
            "2 min 10 s",
            "La pierre est taillée",
            "Jalon atteint le 1er mai 2027",
            "Merci",
            "Sans vous, rien ne tournerait.",
            "Où en sont les contreparties",
            "Le sac de farine",
            "7 sur 9 (77 %)",
            "5 sur 9 (55 %)",
        ):
            assert fact in said, fact
    assert "vimeo" not in html + message.body
    assert len(re.findall(r'<img src="http://meule.localhost/', html)) == 3


@pytest.mark.usefixtures("inside")
def test_a_page_with_every_block_costs_no_more_queries_with_more_of_each(handed_over, on_host, cooperative):
    def asked(times):
        blocks = [one() for one in (gallery, video, milestone, thanks) for _time in range(times)]
        url = make_update_page(handed_over, *blocks, fulfilment(), title=f"{times} fois").get_url()
        client = on_host(cooperative)
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len([query for query in captured if "wagtailimages_rendition" not in query["sql"]])

    assert asked(1) == asked(3)


def test_story_is_what_the_page_holds():
    assert type(UpdatePage._meta.get_field("body").stream_block) is UpdateStoryBlock


@pytest.mark.usefixtures("inside")
def test_the_parent_is_the_campaign_page(campaign):
    assert make_update_page(campaign).get_parent().specific == campaign_page(campaign)
