"""What leaves: each reader's language, the same facts in HTML and text, the footer of its category."""

import re
import uuid
from html.parser import HTMLParser

import pytest

from campaigns.models import RewardVariant
from home import formats
from home.mail import composing
from home.models import OutgoingMail
from tests.factories.pledges import make_pledge
from tests.updates.making import (
    NEXT_EN,
    REASON_EN,
    REASON_FR,
    make_update,
    make_update_page,
    month,
    notice_block,
    tell,
    text_block,
)
from updates.announcing import announce
from updates.audience import changes_in
from updates.enums import MailingKind, MissingLanguage
from updates.models import DelayNotice, Update
from updates.rehearsing import rehearse
from updates.sending import send_news
from updates.story import as_text
from updates.texts import texts_of

pytestmark = pytest.mark.usefixtures("inside")

NONE, SEND_OTHER = MissingLanguage.NONE, MissingLanguage.SEND_OTHER


class Page(HTMLParser):
    """What a person reads, and where the links go."""

    def __init__(self, html):
        super().__init__()
        self.words, self.links, self.hidden = [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in {"style", "title"}:
            self.hidden += 1
        if href := dict(attrs).get("href"):
            self.links.append(href)

    def handle_endtag(self, tag):
        if tag in {"style", "title"}:
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    @property
    def said(self):
        return " ".join(" ".join(self.words).split())


def composed(mail):
    message = composing.compose(mail)
    html, _kind = message.alternatives[0]
    return message, Page(html), html


@pytest.fixture
def news(campaign):
    def send(*blocks, language="fr", missing=NONE, bilingual=True, name="Rosalie d’Aragon", **fields):
        tell(make_pledge(campaign, language=language, backer_name=name).backer, campaign)
        send_news(make_update(campaign, *blocks, bilingual=bilingual, **fields), by=None, missing_language=missing)
        return OutgoingMail.objects.get()

    return send


@pytest.fixture
def delay(campaign):
    def send(*, language="fr", missing=NONE, bilingual=True, rewards=None, new=None, name="O'Neil & fils"):
        chosen = rewards or [campaign.rewards.first()]
        make_pledge(campaign, language=language, rewards=[(one, 1) for one in chosen], backer_name=name)
        block = notice_block(chosen, **({"month": new} if new else {}))
        announce(make_update(campaign, block, bilingual=bilingual), by=None, missing_language=missing)
        return OutgoingMail.objects.get()

    return send


def test_news_is_written_in_the_readers_language(news):
    message, page, html = composed(news(language="en"))
    assert message.subject == "The stone is here"
    assert '<html lang="en-CA"' in html
    for said in (page.said, message.body):
        assert "It weighs 900 kg." in said
        assert "Read the update online" in said
        assert "View my contribution" not in said
        assert "The stone has arrived." in said
        assert "La pierre est arrivée." not in said


def test_news_in_french(news):
    message, page, html = composed(news())
    assert (message.subject, '<html lang="fr-CA"' in html) == ("La pierre est là", True)
    assert "La pierre est arrivée." in page.said
    assert "La pierre est arrivée." in message.body


def test_headers_of_news(news):
    mail = news()
    message, page, _html = composed(mail)
    sent = message.message()
    link = sent["List-Unsubscribe"]
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["Message-ID"] == mail.message_id
    assert (sent["Content-Language"], sent["Auto-Submitted"], sent["Reply-To"]) == (
        "fr-CA",
        "auto-generated",
        "bonjour@meule.example",
    )
    assert (sent["From"], message.to) == ("La Meule commune <nouvelles@meule.example>", [mail.address])
    assert link.strip("<>") in page.links
    assert link.strip("<>") in message.body


def test_a_delay_has_no_one_click_link_and_says_why_it_came(delay):
    mail = delay(language="en")
    message, page, _html = composed(mail)
    sent = message.message()
    assert (sent["List-Unsubscribe"], sent["List-Unsubscribe-Post"]) == (None, None)
    reason = "You receive this email because you contributed to the campaign “Get the millstone turning”."
    for said in (page.said, message.body):
        assert reason in said
        assert "La Meule commune, coopérative de solidarité" in said
        assert "4, chemin du Moulin" in said
        assert "418 555-0142" in said
        assert "Mireille Dubé" in said
        assert "nsubscribe" not in said


def test_a_delay_says_old_and_new_month_reason_and_choice(delay):
    message, page, html = composed(delay(language="en"))
    assert message.subject == "New date: March 2028 for “The bag of flour”"
    for said in (page.said, " ".join(message.body.split())):
        assert "“The bag of flour”, expected in October 2027, is now expected in March 2028." in said
        assert "We apologize for the delay." in said
        assert REASON_EN in said
        assert NEXT_EN in said
        assert f"Next news by {formats.day(DelayNotice.objects.get().next_news_on, 'en')}." in said
        assert "You may accept the new date or ask for a refund." in said
        assert "If you do not answer, nothing is accepted on your behalf." in said
        assert "You may also correct your address." in said
        assert "View and answer" in said
    assert len(html.encode()) < 60_000


def test_the_button_opens_the_readers_contribution(delay, client):
    message, page, _html = composed(delay())
    link = next(link for link in page.links if "/fr/" in link)
    assert link.startswith("http://meule.localhost/fr/")
    assert link in message.body


def test_a_name_is_written_as_it_is_in_both_parts(delay):
    message, page, html = composed(delay(language="en"))
    assert message.body.startswith("Hello O'Neil & fils,")
    assert "Hello O'Neil & fils," in page.said
    assert "<script" not in html


def test_a_month_moved_closer_makes_no_excuse(delay):
    message, page, _html = composed(delay(language="en", new="2027-02"))
    assert message.subject == "Sooner than expected: February 2027 for “The bag of flour”"
    for said in (page.said, message.body):
        assert "apologize" not in said
        assert "You have nothing to do: this date needs no answer." in said
        assert "accept" not in said


def test_several_rewards_have_one_mail(delay, campaign):
    message, page, _html = composed(delay(language="en", rewards=list(campaign.rewards.all())))
    assert message.subject == "New date: March 2028 for 2 rewards"
    for said in (page.said, " ".join(message.body.split())):
        for title in ("The bag of flour", "The miller's box"):
            assert f"“{title}”, expected in October 2027, is now expected in March 2028." in said


def test_a_second_delay_keeps_the_first_month_in_sight(campaign):
    make_pledge(campaign, language="en")
    flour = campaign.rewards.first()
    announce(make_update(campaign, notice_block([flour], month="2028-01")), by=None, missing_language=NONE)
    announce(make_update(campaign, notice_block([flour]), title="Encore"), by=None, missing_language=NONE)
    message, page, _html = composed(OutgoingMail.objects.order_by("-id").first())
    for said in (page.said, " ".join(message.body.split())):
        assert "expected in January 2028, is now expected in March 2028. First expected in October 2027." in said


def test_without_english_a_note_stands_at_the_top(delay):
    message, page, html = composed(delay(language="en", bilingual=False, missing=SEND_OTHER))
    note = "This message is in French only for now. The English version will appear here: http://meule.localhost/en/"
    for said in (page.said, " ".join(message.body.split())):
        assert note in said
        assert REASON_FR in said
    assert f'<span lang="fr-CA">{REASON_FR}</span>' in html


def test_news_without_english_too(news):
    message, page, html = composed(news(language="en", bilingual=False, missing=SEND_OTHER))
    assert message.subject == "La pierre est là"
    for said in (page.said, " ".join(message.body.split())):
        assert "This message is in French only for now." in said
        assert "La pierre est arrivée." in said
    assert '<div lang="fr-CA">' in html


def test_news_shows_a_notice_only_once_announced(campaign):
    flour, box = campaign.rewards.all()
    tell(make_pledge(campaign, rewards=[(box, 1)], language="en").backer, campaign)
    make_pledge(campaign, rewards=[(flour, 1)])
    update = make_update(campaign, text_block(), notice_block([flour]))
    mail = send_news(update, by=None, missing_language=NONE) and OutgoingMail.objects.get()
    _message, page, _html = composed(mail)
    assert REASON_EN not in page.said
    announce(update, by=None, missing_language=NONE)
    message, page, _html = composed(mail)
    for said in (page.said, " ".join(message.body.split())):
        assert "“The bag of flour”: new date, March 2028" in said
        assert REASON_EN in said


def test_addresses_in_the_text_are_whole(news):
    mail = news(text_block('<p>Voir <a href="/fr/">la campagne</a> et <a href="https://x.example/">ici</a>.</p>'))
    message, page, _html = composed(mail)
    assert "http://meule.localhost/fr/" in page.links
    assert "la campagne (http://meule.localhost/fr/) et ici (https://x.example/)." in message.body


def test_a_very_long_update_ends_with_its_address(news):
    blocks = [text_block(f"<p>{number} {'mot ' * 2000}</p>") for number in range(12)]
    message, page, html = composed(news(*blocks))
    assert len(html.encode()) < 60_000
    assert "La suite de cette nouvelle est en ligne." in message.body
    assert "La suite de cette nouvelle est en ligne." in page.said


def test_text_keeps_paragraphs_and_lists():
    assert as_text("<p>Un</p><ul><li>deux</li><li>trois</li></ul><p>quatre<br/>cinq</p>") == (
        "Un\n\n- deux\n- trois\n\nquatre\ncinq"
    )


def test_no_script_style_attribute_from_the_text_or_outside_request(delay):
    _message, _page, html = composed(delay())
    assert re.findall(r"<(?:script|link|iframe)", html) == []
    assert re.findall(r"(?:src|url)\s*[=(]", html) == []


def test_a_rehearsal_opens_nothing_of_the_backers(campaign):
    pledge = make_pledge(campaign, language="en")
    tell(pledge.backer, campaign)
    update = make_update(campaign, notice_block([campaign.rewards.first()]))
    texts = texts_of(update)
    assert [change.month for change in changes_in(texts)] == [month()]
    for kind in MailingKind:
        message = rehearse(update, texts, kind, pledge.backer)
        page = Page(message.alternatives[0][0])
        assert [link for link in page.links if "unsubscribe" in link or "contribut" in link] == []
        assert "List-Unsubscribe" not in message.extra_headers
    assert "“The bag of flour”, expected in October 2027, is now expected in March 2028." in page.said
    assert list(OutgoingMail.objects.all()) == []


def test_the_consent_date_stands_in_the_footer(news):
    mail = news(language="en")
    consent = mail.backer.news_consents.get()
    message, page, _html = composed(mail)
    day = formats.local_day(consent.granted_at, "America/Toronto", "en")
    for said in (page.said, message.body):
        assert f"You receive this news because you asked for it on {day}." in said


def test_a_draft_has_nothing_to_send(campaign):
    make_update_page(campaign, publish=False)
    assert list(Update.objects.all()) == []


def test_a_delay_names_the_form_that_was_chosen(campaign):
    flour = campaign.rewards.first()
    size = RewardVariant.objects.create(
        reward=flour, block_id=uuid.uuid4(), position=0, label_fr="Seigle", label_en="Rye"
    )
    make_pledge(campaign, language="en").items.update(variant=size)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=NONE)
    message, page, _html = composed(OutgoingMail.objects.get())
    assert "“The bag of flour (Rye)”" in message.subject
    for said in (page.said, message.body):
        assert "“The bag of flour (Rye)”, expected in October 2027, is now expected in March 2028." in said
