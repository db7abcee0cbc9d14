"""The mail of an update that thanks: its own words once the campaign has succeeded, and to nobody twice."""

from html import unescape

import pytest

from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage
from home import clock
from home.mail import composing
from home.models import OutgoingMail
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, tell, text_block, thanks_block
from updates.enums import MailingKind, MissingLanguage
from updates.models import UpdatePage
from updates.rehearsing import rehearse
from updates.sending import SendingRefused, send_news
from updates.texts import texts_of

pytestmark = pytest.mark.usefixtures("inside")

NBSP = "\u00a0"
WORD = "Grâce à vous, la pierre tourne."


def succeed(campaign, state=CampaignState.FUNDED, *, pledged=120_000, backers=14):
    now = clock.now()
    Campaign.objects.filter(pk=campaign.pk).update(
        state=state, outcome=state, decided_at=now, pledged_at_deadline=pledged, backers_at_deadline=backers
    )
    campaign.refresh_from_db()


def add_wall(campaign):
    for page in CampaignPage.objects.filter(translation_key=campaign.translation_key):
        page.body.append(("wall", {}))
        page.save_revision().publish()


def news_of(campaign, *blocks, language="fr"):
    tell(make_pledge(campaign, language=language).backer, campaign)
    update = make_update(campaign, *(blocks or [thanks_block(WORD)]))
    send_news(update, by=None, missing_language=MissingLanguage.NONE)
    return OutgoingMail.objects.get()


def said(mail):
    message = composing.compose(mail)
    return message, " ".join(message.body.split(" ")), unescape(message.alternatives[0].content)


def test_thanks_say_how_many_the_result_and_the_team_s_own_words(campaign):
    succeed(campaign)
    mail = news_of(campaign)
    assert mail.kind == "thanks"
    message, text, html = said(mail)
    assert message.subject == "Merci de la part de toute l’équipe"
    for part in (text, html):
        assert "14 personnes ont contribué, dont vous. " in part
        assert f"1{NBSP}200{NBSP}$ promis sur 1{NBSP}000{NBSP}$ (120{NBSP}%)" in part
        assert WORD in part
        assert "Lire la nouvelle en ligne" in part
    assert f"14 personnes ont rendu «{NBSP}Remettre la meule en marche{NBSP}» possible." in html
    assert message.message()["List-Unsubscribe"]


def test_thanks_in_english(campaign):
    succeed(campaign, backers=1)
    message, text, html = said(news_of(campaign, language="en"))
    assert message.subject == "Thank you from the whole team"
    for part in (text, html):
        assert "1 person contributed, and it was you. " in part
    assert "1 person made “Get the millstone turning” possible." in html


def test_the_button_leads_to_the_wall_where_there_is_one(campaign):
    add_wall(campaign)
    succeed(campaign)
    _message, text, html = said(news_of(campaign))
    for part in (text, html):
        assert "Voir le mur de remerciements" in part
        assert f"http://meule.localhost/fr/contribuer/{campaign.pk}/mur/" in part
        assert "Lire la nouvelle en ligne" in part


@pytest.mark.parametrize("state", [None, CampaignState.MISSED])
def test_before_a_success_it_is_news_like_any_other(campaign, state):
    if state:
        succeed(campaign, state)
    assert news_of(campaign).kind == "update_published"


def test_without_a_word_of_thanks_it_is_news_like_any_other(campaign):
    succeed(campaign)
    assert news_of(campaign, text_block()).kind == "update_published"


def test_nobody_gets_the_same_update_twice_because_thanks_were_added(campaign):
    succeed(campaign)
    news_of(campaign, text_block())
    page = UpdatePage.objects.get(locale__language_code="fr")
    page.body.append(("thanks", {"heading": "", "text": f"<p>{WORD}</p>"}))
    page.save_revision().publish()
    tell(make_pledge(campaign).backer, campaign)
    update = page.update
    send_news(update, by=None, missing_language=MissingLanguage.NONE)
    assert sorted(OutgoingMail.objects.values_list("kind", flat=True)) == ["thanks", "update_published"]
    with pytest.raises(SendingRefused):
        send_news(update, by=None, missing_language=MissingLanguage.NONE)


def test_a_preview_shows_the_same_mail(campaign):
    succeed(campaign)
    backer = make_pledge(campaign).backer
    tell(backer, campaign)
    update = make_update(campaign, thanks_block(WORD))
    message = rehearse(update, texts_of(update), MailingKind.NEWS, backer)
    assert message.subject == "Merci de la part de toute l’équipe"
