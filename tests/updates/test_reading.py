"""Who may read an update: its source page says so, strangers see nothing of it, a signed link opens it to backers."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from home import backing, links
from home.mail import composing
from home.models import Backer, OutgoingMail
from home.tenancy import within
from pledges.enums import PledgeState
from pledges.links import contribution_url
from tests.campaigns.reading import words
from tests.campaigns.walking import any_image
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_backer, make_pledge, make_refund, payment_of
from tests.updates.making import campaign_page, in_days, make_update, make_update_page, tell, text_block
from tests.updates.test_mails import Page
from updates import reading
from updates.audience import Why, audience_of
from updates.briefing import left_out_line, reason_words
from updates.enums import Audience, MailingKind, MissingLanguage
from updates.models import Update, UpdatePage
from updates.sending import send_news

pytestmark = pytest.mark.usefixtures("inside")

#: What nobody but its readers may meet, wherever it is looked for.
SECRET = re.compile("secret", re.IGNORECASE)


def secret_blocks():
    image = {"image": any_image().pk, "alt_text": "Secret de la photo", "decorative": False}
    photo = {"type": "photo", "id": "0b1d2d2e-5f3e-4f2a-9f0c-1a2b3c4d5e6f", "value": {"image": image, "caption": ""}}
    return text_block("<p>Secret du texte.</p>"), photo


def make_secret(campaign, audience=Audience.BACKERS, tiers=(), **fields):
    """An update in both languages that is not for everyone; its words are secret but for its title."""
    fields = {"summary": "Secret du résumé.", "search_description": "Secret aussi."} | fields
    blocks = [str(reward.block_id) for reward in tiers]
    page = make_update_page(campaign, *secret_blocks(), audience=audience, tiers=blocks, **fields)
    english = page.copy_for_translation(campaign_page(campaign, "en").locale)
    english.title, english.summary = "The stone is here", "Secret summary."
    english.save_revision().publish()
    return Update.objects.select_related("campaign__source_locale", "cooperative__site").get(
        translation_key=page.translation_key
    )


def page_of(update, language="fr"):
    return UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code=language)


def path(url):
    return "/" + url.split("/", 3)[3]


@pytest.fixture
def visitor(on_host, cooperative):
    return on_host(cooperative)


@pytest.fixture
def opened(visitor):
    """What a backer's own link answers."""

    def get(update, backer, language=None):
        return visitor.get(path(reading.address_of(update, backer, language)))

    return get


# The row follows the source page


def test_the_row_says_who_may_read_it_as_its_source_page_does(campaign):
    flour, _box = campaign.rewards.order_by("position")
    day = in_days(30).date()
    update = make_secret(campaign, Audience.TIERS, [flour], public_on=day)
    assert (update.audience, list(update.tiers.all()), update.public_on) == ("tiers", [flour], day)
    page = page_of(update)
    page.audience, page.tiers, page.public_on = Audience.BACKERS, [], None
    page.save_revision().publish()
    update.refresh_from_db()
    assert (update.audience, list(update.tiers.all()), update.public_on) == ("backers", [], None)


def test_a_stale_translation_opens_nothing_that_was_closed_since(campaign, visitor):
    update = make_update(campaign, *secret_blocks(), summary="Secret du résumé.")
    page = page_of(update)
    page.audience = Audience.BACKERS
    page.save_revision().publish()
    english = page_of(update, "en")
    assert english.audience == Audience.PUBLIC
    english.save_revision().publish()
    update.refresh_from_db()
    assert update.audience == Audience.BACKERS
    assert visitor.get(english.get_url()).status_code == 403


def test_a_translation_published_first_is_closed_as_its_source_is(campaign, cooperative):
    type(cooperative).objects.filter(pk=cooperative.pk).update(french_first=False)
    page = make_update_page(campaign, audience=Audience.BACKERS, publish=False)
    english = page.copy_for_translation(campaign_page(campaign, "en").locale)
    english.save_revision().publish()
    assert Update.objects.get().audience == Audience.BACKERS


def test_tiers_of_another_campaign_open_nothing(campaign, cooperative):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    theirs = make_pledge(other)
    update = make_secret(campaign, Audience.TIERS, [other.rewards.first()])
    mine = make_pledge(campaign)
    assert (reading.may_read(update, theirs.backer), reading.may_read(update, mine.backer)) == (False, False)


# Strangers


def test_a_stranger_is_told_whom_it_is_for_and_nothing_of_it(campaign, visitor):
    update = make_secret(campaign)
    response = visitor.get(page_of(update).get_url())
    html = response.content.decode()
    assert response.status_code == 403
    assert "Cette nouvelle est réservée aux personnes qui ont contribué" in words(html)
    assert "Ma contribution" in words(html)
    assert SECRET.findall(html) == []
    assert "La pierre est là" not in html
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store, private", "noindex, nofollow")
    english = visitor.get(page_of(update, "en").get_url())
    assert (english.status_code, SECRET.findall(english.content.decode())) == (403, [])
    assert "This update is for backers of the campaign" in words(english.content.decode())


def test_the_day_it_opens_is_said(campaign, visitor):
    flour = campaign.rewards.first()
    update = make_secret(campaign, Audience.TIERS, [flour], public_on=in_days(30).date())
    said = words(visitor.get(page_of(update, "en").get_url()).content.decode())
    assert "This update is for the backers of some rewards" in said
    with translation.override("en"):
        assert re.search(r"It opens to everyone on \w+ \d+, \d{4}\.", said)


def addresses(campaign):
    """Everything public that could say a word of an update."""
    feeds = [f"/{language}/" for language in ("fr", "en")]
    feeds += [campaign_page(campaign, language).get_url() for language in ("fr", "en")]
    feeds += ["/sitemap.xml", f"/fr/campagnes/{campaign.pk}/chiffres.json", f"/fr/campagnes/{campaign.pk}/widget/"]
    return [*feeds, "/fr/campagnes/?q=secret", "/en/campaigns/?q=secret", "/robots.txt"]


def test_no_public_address_says_a_word_of_it(campaign, visitor):
    update = make_secret(campaign)
    make_update(campaign, title="Ouverte")
    for address in addresses(campaign):
        response = visitor.get(address)
        assert response.status_code == 200, address
        found = response.content.decode().replace("?q=secret", "").replace('value="secret"', "")
        found = found.replace("« secret »", "").replace("“secret”", "").replace("«\u00a0secret\u00a0»", "")
        assert SECRET.findall(found) == [], address
    sitemap = visitor.get("/sitemap.xml").content.decode()
    assert page_of(update).get_url() not in sitemap
    assert page_of(update, "en").get_url() not in sitemap
    assert "/ouverte/" in sitemap


def test_the_campaign_page_shows_that_there_is_one(campaign, visitor):
    make_secret(campaign)
    html = visitor.get(campaign_page(campaign, "en").get_url()).content.decode()
    post = words(re.search(r'<li class="post">.*?</li>', html, re.DOTALL)[0])
    assert re.fullmatch(r"Update number 1 \w+ \d+, \d{4} For backers The stone is here", post)


def test_it_opens_by_itself_on_its_day_where_the_cooperative_is(campaign, visitor):
    day = in_days(30).date()
    update = make_secret(campaign, public_on=day)
    url = page_of(update).get_url()
    midnight = f"{day.isoformat()}T00:00:00-05:00"
    with time_machine.travel(midnight, tick=False) as traveller:
        traveller.shift(timedelta(hours=-2))
        assert visitor.get(url).status_code == 403
        traveller.shift(timedelta(hours=3))
        assert visitor.get(url).status_code == 200
        assert "Secret du résumé." in visitor.get(campaign_page(campaign).get_url()).content.decode()
        assert url in visitor.get("/sitemap.xml").content.decode()


def test_a_mirror_of_it_is_closed_too(campaign, cooperative, visitor):
    page = page_of(make_secret(campaign))
    other = make_campaign(cooperative, title="Autre", slug="autre")
    alias = page.create_alias(parent=campaign_page(other), update_slug="alias")
    response = visitor.get(alias.get_url())
    assert (response.status_code, SECRET.findall(response.content.decode())) == (403, [])
    assert alias.get_url() not in visitor.get("/sitemap.xml").content.decode()


def test_an_editor_previews_it(campaign):
    page = page_of(make_secret(campaign))
    with translation.override("fr"):
        assert "Secret du texte." in page.make_preview_request().render().content.decode()


# Its backers


def test_the_link_opens_it_and_tells_nobody_its_address(campaign, opened):
    backer = make_pledge(campaign).backer
    response = opened(make_secret(campaign), backer)
    assert response.status_code == 200
    assert "Secret du texte." in response.content.decode()
    assert (response["Referrer-Policy"], response["Cache-Control"], response["X-Robots-Tag"]) == (
        "no-referrer",
        "no-store, private",
        "noindex, nofollow",
    )


def test_the_link_leads_to_the_other_language_by_the_same_right(campaign, opened, visitor):
    backer = make_pledge(campaign).backer
    update = make_secret(campaign)
    html = opened(update, backer).content.decode()
    other = re.search(r'<a class="lang" href="([^"]+)"', html)[1]
    assert other == path(reading.address_of(update, backer, "en"))
    assert "The stone is here" in visitor.get(other).content.decode()


def test_without_a_page_in_a_language_the_other_one_is_shown(campaign, visitor):
    backer = make_pledge(campaign, language="en").backer
    page = make_update_page(campaign, audience=Audience.BACKERS)
    update = Update.objects.get(translation_key=page.translation_key)
    response = visitor.get(path(reading.address_of(update, backer)))
    assert (response.status_code, response["Location"]) == (302, path(reading.address_of(update, backer, "fr")))


def backers_of(campaign, other_campaign, outsider):
    """Who could be let in by mistake, beside the one who may."""
    flour, box = campaign.rewards.order_by("position")
    refunded = make_pledge(campaign, rewards=[(flour, 1)])
    make_refund(payment_of(refunded))
    erased = make_pledge(campaign, rewards=[(flour, 1)]).backer
    Backer.objects.filter(pk=erased.pk).update(erased_at=campaign.deadline)
    return {
        "flour": make_pledge(campaign, rewards=[(flour, 1)]).backer,
        "box": make_pledge(campaign, rewards=[(box, 1)]).backer,
        "free": make_pledge(campaign, rewards=[], extra=500).backer,
        "cancelled": make_pledge(campaign, rewards=[(flour, 1)], state=PledgeState.CANCELLED, paid=False).backer,
        "pending": make_pledge(campaign, rewards=[(flour, 1)], state=PledgeState.PENDING, paid=False).backer,
        "dropped": make_pledge(campaign, rewards=[(flour, 1)], state=PledgeState.DROPPED, paid=False).backer,
        "refunded": refunded.backer,
        "erased": Backer.objects.get(pk=erased.pk),
        "other campaign": make_pledge(other_campaign).backer,
        "other cooperative": make_pledge(outsider).backer,
    }


@pytest.mark.parametrize(
    ("audience", "let_in"),
    [(Audience.BACKERS, {"flour", "box", "free"}), (Audience.TIERS, {"flour"})],
)
def test_nobody_else_is_let_in(campaign, cooperative, outsider, opened, audience, let_in):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    everyone = backers_of(campaign, other, make_campaign(outsider))
    update = make_secret(campaign, audience, [campaign.rewards.order_by("position").first()])
    found = set()
    for name, backer in everyone.items():
        response = opened(update, backer)
        html = response.content.decode()
        if response.status_code == 200:
            found.add(name)
        else:
            assert SECRET.findall(html) == [], name
    assert found == let_in


def test_a_cancelled_contribution_closes_the_link_it_had(campaign, opened):
    pledge = make_pledge(campaign)
    update = make_secret(campaign)
    assert opened(update, pledge.backer).status_code == 200
    type(pledge).objects.filter(pk=pledge.pk).update(state=PledgeState.CANCELLED)
    response = opened(update, pledge.backer)
    assert (response.status_code, SECRET.findall(response.content.decode())) == (403, [])


def test_links_for_another_purpose_of_another_house_or_too_old_open_nothing(campaign, outsider, visitor):
    pledge = make_pledge(campaign)
    update = make_secret(campaign)
    subject = f"{update.pk}:{pledge.backer_id}"
    good = reading.token_for(update, pledge.backer)
    with within(outsider):
        theirs = make_secret(make_campaign(outsider))
        foreign = reading.token_for(theirs, pledge.backer)
    wrong = [links.sign("contribution", subject, lasts=reading.LASTS), good[:-2] + "xx", "x", foreign]
    wrong += [links.sign("update", odd, lasts=reading.LASTS) for odd in ("x", "1:x", ":", f"{update.pk}:")]
    assert [visitor.get(f"/fr/contribuer/nouvelle/{token}/").status_code for token in wrong] == [410] * len(wrong)
    with time_machine.travel(in_days(402)):
        assert visitor.get(f"/fr/contribuer/nouvelle/{good}/").status_code == 410


def test_the_page_of_a_contribution_lists_what_its_backer_may_read(campaign, visitor):
    flour, box = campaign.rewards.order_by("position")
    make_update(campaign, title="Pour tout le monde")
    make_secret(campaign, title="Pour qui a contribué")
    make_secret(campaign, Audience.TIERS, [box], title="Pour la boîte")

    def listed(reward):
        html = visitor.get(path(contribution_url(make_pledge(campaign, rewards=[(reward, 1)])))).content.decode()
        section = re.search(r'<section aria-labelledby="news">.*?</section>', html, re.DOTALL)[0]
        return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', section)

    assert [title for _url, title in listed(flour)] == ["Pour qui a contribué", "Pour tout le monde"]
    boxed = listed(box)
    assert [title for _url, title in boxed] == ["Pour la boîte", "Pour qui a contribué", "Pour tout le monde"]
    assert [visitor.get(path(url) if url.startswith("http") else url).status_code for url, _title in boxed] == [200] * 3


# The news of it


def test_a_mail_opens_it_by_a_link_of_the_readers_own(campaign, visitor):
    tell(make_pledge(campaign).backer, campaign)
    send_news(make_secret(campaign), by=None, missing_language=MissingLanguage.SEND_OTHER)
    mail = OutgoingMail.objects.get()
    message = composing.compose(mail)
    link = next(one for one in Page(message.alternatives[0][0]).links if "/contribuer/nouvelle/" in one)
    assert link in message.body
    assert visitor.get(path(link)).status_code == 200


def test_an_open_update_is_read_at_its_public_address(campaign):
    tell(make_pledge(campaign).backer, campaign)
    update = make_update(campaign)
    send_news(update, by=None, missing_language=MissingLanguage.NONE)
    message = composing.compose(OutgoingMail.objects.get())
    assert page_of(update).full_url in message.body


def test_news_for_chosen_tiers_goes_to_their_backers_alone(campaign):
    flour, box = campaign.rewards.order_by("position")
    wanted = make_pledge(campaign, rewards=[(flour, 1), (box, 1)])
    for pledge in (wanted, make_pledge(campaign, rewards=[(box, 1)]), make_pledge(campaign, rewards=[], extra=500)):
        tell(pledge.backer, campaign)
    update = make_secret(campaign, Audience.TIERS, [flour])
    found = audience_of(update, MailingKind.NEWS, [])
    assert (found.total, found.left_out) == (1, {Why.OTHER_TIER: 2})
    send_news(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
    assert [mail.backer for mail in OutgoingMail.objects.all()] == [wanted.backer]


def test_news_for_backers_goes_to_nobody_who_only_follows(campaign):
    """Its mail holds the whole text, which the page keeps from them until it opens to everyone."""
    backer = make_pledge(campaign).backer
    gone = make_pledge(campaign, state=PledgeState.CANCELLED, paid=False).backer
    follower = make_backer(campaign.cooperative)
    for reader in (backer, gone, follower):
        backing.grant_news(reader, campaign.translation_key, text="Oui.", language="fr", confirmed=True)
    update = make_secret(campaign, public_on=in_days(30).date())
    found = audience_of(update, MailingKind.NEWS, [])
    assert (found.total, found.left_out) == (1, {Why.NO_CONTRIBUTION: 2})
    with time_machine.travel(in_days(31)):
        assert audience_of(update, MailingKind.NEWS, []).total == 3
    send_news(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
    assert [mail.backer for mail in OutgoingMail.objects.all()] == [backer]


def test_every_reason_has_its_words(campaign):
    words = reason_words()
    assert set(words) == set(Why)
    assert {why: bool(left_out_line(why, 2)) for why in words if why != Why.READS} == dict.fromkeys(
        set(words) - {Why.READS}, True
    )
