"""The updates of a campaign for feed readers: valid, whole, in each language, nothing of what is for backers alone."""

import re
from datetime import datetime
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import CampaignState
from home import clock
from tests.campaigns.walking import Walker
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from tests.updates import feed_rules
from tests.updates.feed_rules import ATOM, CONTENT, LANGUAGE, XML_LANG
from tests.updates.making import (
    REASON_EN,
    campaign_page,
    in_days,
    make_update,
    make_update_page,
    notice_block,
    text_block,
)
from tests.updates.test_reading import make_secret, page_of
from updates.announcing import announce
from updates.blocks import UpdateStoryBlock
from updates.enums import MissingLanguage
from updates.models import Update

pytestmark = pytest.mark.usefixtures("inside")

NAMES = {"fr": "/fr/campagnes/{}/nouvelles.{}", "en": "/en/campaigns/{}/updates.{}"}


@pytest.fixture
def fetched(on_host, cooperative):
    def get(campaign, kind="rss", language="fr", **headers):
        response = on_host(cooperative).get(NAMES[language].format(campaign.pk, kind), headers=headers)
        assert response.status_code == 200
        return response.content.decode()

    return get


@pytest.fixture
def delayed(campaign):
    """Two updates with every block, and one that announced a delay of the flour."""
    walker = Walker()
    blocks = [one for one in walker.fill(UpdateStoryBlock()) if one["type"] != "delay_notice"]
    make_update(campaign, *blocks)
    make_update_page(campaign, text_block('<p>Voir <a href="/fr/">ici</a> &amp; là.</p>'), title="« Farine » & <son>")
    flour = campaign.rewards.order_by("position").first()
    make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    late = make_update(campaign, notice_block([flour]), title="Un retard")
    announce(late, by=None, missing_language=MissingLanguage.NONE)
    return campaign


def items(text):
    return ElementTree.fromstring(text.encode()).findall("channel/item")


def entries(text):
    return ElementTree.fromstring(text.encode()).findall(f"{ATOM}entry")


def titles(text):
    return [item.findtext("title").replace("\u00a0", " ") for item in items(text)]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_both_feeds_keep_to_their_rules(delayed, fetched, language):
    assert feed_rules.faults_of_rss(fetched(delayed, "rss", language)) == []
    assert feed_rules.faults_of_atom(fetched(delayed, "atom", language)) == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_empty_feed_keeps_to_them_too(campaign, fetched, language):
    assert feed_rules.faults_of_rss(fetched(campaign, "rss", language)) == []
    with time_machine.travel(in_days(3)):
        later = fetched(campaign, "atom", language)
    assert feed_rules.faults_of_atom(later) == []
    assert later == fetched(campaign, "atom", language)


def test_a_feed_of_what_is_yet_to_open_bears_no_date_to_come(cooperative, fetched):
    coming = make_campaign(cooperative, title="Le four", launch=False)
    text = fetched(coming, "atom")
    assert feed_rules.faults_of_atom(text) == []
    said = ElementTree.fromstring(text.encode()).findtext(f"{ATOM}updated")
    assert datetime.fromisoformat(said) <= clock.now() < coming.deadline


def test_updates_are_numbered_and_delays_say_their_month(delayed, fetched):
    assert titles(fetched(delayed)) == [
        "Nouvelle date : mars 2028 pour « Le sac de farine »",
        "Nouvelle 3 : Un retard",
        "Nouvelle 2 : « Farine » & <son>",
        "Nouvelle 1 : La pierre est là",
    ]
    assert titles(fetched(delayed, language="en")) == [
        "New date: March 2028 for “The bag of flour”",
        "Update 3: The stone is here",
        "Update 2: « Farine » & <son>",
        "Update 1: The stone is here",
    ]


def test_a_delay_has_its_old_and_its_new_month(delayed, fetched):
    flour = delayed.rewards.order_by("position").first()
    again = make_update(delayed, notice_block([flour], month="2028-05"), title="Encore")
    announce(again, by=None, missing_language=MissingLanguage.NONE)
    found = [item for item in items(fetched(delayed, language="en")) if item.findtext("title").startswith("New date")]
    second, first = found
    line = "“The bag of flour”, expected in {}, is now expected in {}."
    assert line.format("October 2027", "March 2028") in first.findtext(CONTENT)
    assert line.format("March 2028", "May 2028") in second.findtext(CONTENT)
    assert REASON_EN in first.findtext(CONTENT)
    assert first.findtext("link").startswith("http://meule.localhost/en/")


def test_a_feed_holds_the_whole_text_with_absolute_addresses(delayed, fetched):
    content = items(fetched(delayed))[2].findtext(CONTENT)
    assert 'Voir <a href="http://meule.localhost/fr/">ici</a> &amp; là.' in content
    assert "Elle pèse 900 kg." in content


def test_an_entry_says_its_language(delayed, fetched):
    assert [entry.get(XML_LANG) for entry in entries(fetched(delayed, "atom", "en"))] == [
        "en-CA",
        "en-CA",
        "fr-CA",
        "en-CA",
    ]
    assert [item.findtext(LANGUAGE) for item in items(fetched(delayed, language="en"))][2] == "fr-CA"


def test_an_entry_keeps_its_id_whatever_becomes_of_it(campaign, fetched):
    update = make_update(campaign)
    before = {language: fetched(campaign, "atom", language) for language in ("fr", "en")}
    page = page_of(update)
    page.title, page.slug = "Autrement", "autrement"
    page.save_revision().publish()
    after = {language: fetched(campaign, "atom", language) for language in ("fr", "en")}
    ids = {
        (moment, language): entries(text[language])[0].findtext(f"{ATOM}id")
        for moment, text in (("before", before), ("after", after))
        for language in ("fr", "en")
    }
    assert ids["before", "fr"] == ids["after", "fr"] != ids["before", "en"] == ids["after", "en"]
    assert entries(after["fr"])[0].findtext(f"{ATOM}title").endswith("Autrement")
    rss = {item.findtext("guid") for item in items(fetched(campaign))}
    assert rss == {ids["after", "fr"]}


def test_nothing_of_what_is_not_for_everyone(campaign, fetched):
    make_secret(campaign)
    for kind in ("rss", "atom"):
        for language in ("fr", "en"):
            text = fetched(campaign, kind, language)
            assert re.search("secret|La pierre|The stone", text, re.IGNORECASE) is None


def test_of_a_delay_told_to_backers_only_the_months_are_public(campaign, fetched):
    flour = campaign.rewards.order_by("position").first()
    make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    page = make_update_page(campaign, notice_block([flour]), audience="backers")
    update = Update.objects.select_related("campaign__source_locale", "cooperative__site").get()
    type(campaign.cooperative).objects.filter(pk=campaign.cooperative_id).update(french_first=False)
    announce(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
    (item,) = items(fetched(campaign))
    content = item.findtext(CONTENT).replace("\u00a0", " ")
    assert "« Le sac de farine », prévue pour octobre 2027, l’est maintenant pour mars 2028." in content
    assert "La carrière" not in content
    assert page.slug not in item.findtext("link")


def test_drafts_and_other_campaigns_stay_out(campaign, cooperative, outsider, fetched, on_host):
    make_update_page(campaign, publish=False)
    other = make_campaign(cooperative, title="Autre", slug="autre")
    make_update(other, title="Ailleurs")
    theirs = make_campaign(outsider)
    assert titles(fetched(campaign)) == []
    assert on_host(cooperative).get(NAMES["fr"].format(theirs.pk, "rss")).status_code == 404
    type(other).objects.filter(pk=other.pk).update(state=CampaignState.DRAFT)
    assert on_host(cooperative).get(NAMES["fr"].format(other.pk, "atom")).status_code == 404


def test_what_xml_cannot_hold_is_left_out(campaign, fetched):
    make_update_page(campaign, text_block("<p>Un\x0bdeux</p>"), title="Trois\x08quatre")
    text = fetched(campaign)
    assert feed_rules.faults_of_rss(text) == []
    assert "Undeux" in text
    assert "Troisquatre" in text


def test_pages_say_where_their_feeds_are(campaign, on_host, cooperative):
    update = make_update(campaign)
    client = on_host(cooperative)
    for url in (campaign_page(campaign).get_url(), page_of(update).get_url()):
        html = client.get(url).content.decode()
        found = re.findall(r'<link rel="alternate" type="(application/[^"]+)" title="[^"]+" href="([^"]+)"', html)
        host = "http://meule.localhost"
        assert found == [
            ("application/rss+xml", host + NAMES["fr"].format(campaign.pk, "rss")),
            ("application/atom+xml", host + NAMES["fr"].format(campaign.pk, "atom")),
        ]


def test_a_reader_that_has_it_is_told_so_and_types_are_right(campaign, on_host, cooperative):
    client = on_host(cooperative)
    for kind in ("rss", "atom"):
        url = NAMES["fr"].format(campaign.pk, kind)
        first = client.get(url)
        assert first["Content-Type"] == f"application/{kind}+xml; charset=utf-8"
        assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 304
        assert client.post(url).status_code == 405


def test_queries_do_not_grow_with_updates(cooperative, fetched):
    def asked(count):
        campaign = make_campaign(cooperative, title=f"Avec {count}", slug=f"avec-{count}")
        for number in range(count):
            make_update(campaign, title=f"Nouvelle {number}")
        fetched(campaign)
        with CaptureQueriesContext(connection) as captured:
            fetched(campaign)
        return len(captured)

    assert asked(1) == asked(3)
