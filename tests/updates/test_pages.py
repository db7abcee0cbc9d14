"""The public page of an update: its words, and of a delay notice only what was announced."""

import re

import pytest

from campaigns.models import CampaignPage
from tests.campaigns.reading import words
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from tests.updates.making import campaign_page, make_update, make_update_page, notice_block, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import UpdatePage

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def read(on_host, cooperative):
    """The page of an update as a visitor gets it."""

    def get(update, language="en"):
        page = UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code=language)
        response = on_host(cooperative).get(page.get_url())
        assert response.status_code == 200
        return response.content.decode()

    return get


def notices(html):
    return [words(found) for found in re.findall(r'<section class="notice".*?</section>', html, re.DOTALL)]


def test_number_title_summary_words_and_the_way_back(campaign, read):
    make_update(campaign)
    html = read(make_update(campaign, text_block()))
    article = words(html[html.index('<article class="letter">') : html.index("</article>")])
    assert re.fullmatch(
        r"Update 2 · \w+ \d+, \d{4} The stone is here It weighs 900 kg\. The stone has arrived\.", article
    )
    back = CampaignPage.get_url(campaign_page(campaign, "en"))
    assert f'<a href="{back}#updates">Back to “Get the millstone turning”</a>' in html


def test_a_notice_that_was_only_published_is_not_shown(campaign, read):
    flour = campaign.rewards.get(position=0)
    html = read(make_update(campaign, text_block(), notice_block([flour])))
    assert notices(html) == []
    assert "March 2028" not in html
    assert "The quarry broke a blade." not in html


def test_an_announced_notice_shows_each_change(campaign, read):
    flour, box = campaign.rewards.order_by("position")
    make_pledge(campaign, rewards=[(flour, 1), (box, 1)], paid=False)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    later = make_update(campaign, notice_block([flour, box], month="2028-05"))
    announce(later, by=None, missing_language=MissingLanguage.NONE)
    (notice,) = notices(read(later))
    assert "by La Meule commune New date: May 2028" in notice
    assert "The bag of flour was expected in March 2028 now expected in May 2028" in notice
    assert "The miller's box was expected in October 2027 now expected in May 2028" in notice
    assert "The quarry broke a blade. What happens next Cutting resumes on the 15th. Next news by" in notice


def test_an_announced_notice_is_told_in_the_feed(campaign, on_host, cooperative):
    flour = campaign.rewards.get(position=0)
    make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    make_update(campaign, notice_block([flour], month="2029-01"))
    html = on_host(cooperative).get(campaign_page(campaign, "en").get_url()).content.decode()
    assert re.findall(r'<span class="tag tag--late">([^<]+)</span>', html) == ["New date: March 2028"]


def test_a_draft_and_another_cooperatives_update_are_not_found(campaign, outsider, cooperative, on_host):
    draft = make_update_page(campaign, publish=False)
    theirs = make_update_page(make_campaign(outsider), title="La leur")
    path = "/" + theirs.full_url.split("/", 3)[3]
    assert on_host(cooperative).get(draft.get_url()).status_code == 404
    assert on_host(outsider).get(path).status_code == 200
    assert on_host(cooperative).get(path).status_code == 404
