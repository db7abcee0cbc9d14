"""The sending page shows exactly who gets what; its buttons do what they say; nobody else may open it."""

import re
from html import unescape

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.users.models import UserProfile

from home.models import MailState, OutgoingMail, Role
from home.tenancy import across_cooperatives, within
from pledges.models import DatePromise
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import (
    leave_english_alone,
    make_update,
    make_update_page,
    notice_block,
    tell,
    translate_update,
)
from updates.announcing import announce
from updates.enums import MailingKind, MissingLanguage
from updates.models import DelayNotice, Mailing, Update, UpdatePage


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative)


@pytest.fixture
def admin(on_host, cooperative, editor):
    profile = UserProfile.get_for_user(editor)
    profile.preferred_language = "en"
    profile.save()
    client = on_host(cooperative)
    client.force_login(editor)
    return client


@pytest.fixture
def backers(campaign):
    """In French: one of each tier and one without; in English: one of the first tier. All asked for news but one."""
    flour, box = tiers(campaign)
    rows = {
        "Rosalie": {"rewards": [(flour, 1)]},
        "Oumar": {"rewards": [(box, 1)]},
        "Léa": {"rewards": [], "extra": 500},
        "Priya": {"rewards": [(flour, 1)], "language": "en"},
        "Silent": {"rewards": [(box, 1)]},
    }
    made = {}
    for name, fields in rows.items():
        made[name] = make_pledge(campaign, backer_name=name, email=f"{name}@x.example", **fields).backer
    for name, backer in made.items():
        if name != "Silent":
            tell(backer, campaign)
    return made


@pytest.fixture
def news_page(campaign, backers):
    return page_of(make_update(campaign))


@pytest.fixture
def notice_page(campaign, backers):
    return page_of(make_update(campaign, notice_block(tiers(campaign)[:1])))


def tiers(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def page_of(update, language="fr"):
    return UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code=language)


def said(response):
    text = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def state_of_the_world():
    with across_cooperatives():
        models = (Mailing, OutgoingMail, DatePromise, DelayNotice)
        return [model.objects.count() for model in models]


def briefing(page):
    return f"/admin/updates/{page.pk}/"


def test_news_who_gets_it_and_why(admin, news_page):
    text = said(admin.get(briefing(news_page)))
    assert "4 people will get it: 3 in French, 1 in English." in text
    assert "Le sac de farine 1 1 2 La boîte du meunier 1 0 1 No reward 1 0 1" in text.replace(
        "The bag of flour", "Le sac de farine"
    ).replace("The miller's box", "La boîte du meunier")
    assert "1 person will not get it 1 person did not ask for news" in text
    assert "For example: Rosalie, Oumar, Léa, Priya" in text
    assert "Send to 4 people" in text
    assert "As Rosalie will read it, in French" in text
    assert "As Priya will read it, in English" in text


def test_a_delay_shows_what_will_happen(admin, notice_page):
    text = said(admin.get(briefing(notice_page)))
    assert "2 people will get it: 1 in French, 1 in English." in text
    assert "promise March 2028 for “The bag of flour” (until now: October 2027)" in text
    assert "write to 2 people, 1 of them in English" in text
    assert "Announce the new date to 2 people" in text
    assert "no date has changed and no one has been told" in text
    assert "Send to 2 people" in text


def test_looking_changes_nothing(admin, notice_page):
    before = state_of_the_world()
    for url in (briefing(notice_page), "/admin/mailings/"):
        assert admin.get(url).status_code == 200
    for kind in MailingKind:
        for language in ("fr", "en"):
            for part in ("html", "text"):
                if (kind, language) == ("news", "en"):
                    continue
                assert admin.get(f"{briefing(notice_page)}{kind}/{language}/{part}/").status_code == 200
    for act in ("send", "announce"):
        assert admin.get(f"{briefing(notice_page)}{act}/").status_code == 405
    assert state_of_the_world() == before


def test_sending_sends_to_exactly_those(admin, news_page, backers):
    response = admin.post(f"{briefing(news_page)}send/", {"people": "4"}, follow=True)
    assert "4 emails are leaving." in said(response)
    with within(backers["Priya"].cooperative):
        found = sorted(OutgoingMail.objects.values_list("address", "language"))
        assert Mailing.objects.get().created_by.email == "editor@meule.example"
    assert found == [
        ("Léa@x.example", "fr"),
        ("Oumar@x.example", "fr"),
        ("Priya@x.example", "en"),
        ("Rosalie@x.example", "fr"),
    ]


def test_announcing_says_so_and_is_done_once(admin, notice_page):
    response = admin.post(f"{briefing(notice_page)}announce/", {"people": "2"}, follow=True)
    assert "2 emails are leaving. Next news promised by" in said(response)
    assert state_of_the_world() == [1, 2, 2, 1]
    response = admin.post(f"{briefing(notice_page)}announce/", {"people": "2"}, follow=True)
    assert "This notice is announced already." in said(response)
    assert state_of_the_world() == [1, 2, 2, 1]
    text = said(admin.get(briefing(notice_page)))
    assert "Announce the new date" not in text
    assert "2 people get the delay notice instead" in text


def test_a_list_that_changed_meanwhile_is_shown_again(admin, news_page):
    response = admin.post(f"{briefing(news_page)}send/", {"people": "3"}, follow=True)
    assert "The list has changed in the meantime." in said(response)
    assert state_of_the_world() == [0, 0, 0, 0]


def test_the_choice_of_a_missing_language(admin, campaign, backers):
    page = make_update_page(campaign)
    text = said(admin.get(briefing(page)))
    assert "The English text is missing for 1 person. Choose: They wait: their email leaves once" in text
    assert "Send them the French text with a note" in text
    for choice in ("", "nonsense"):
        response = admin.post(f"{briefing(page)}send/", {"people": "4", "missing_language": choice}, follow=True)
        assert "One of the two texts is missing." in said(response)
    assert state_of_the_world() == [0, 0, 0, 0]
    admin.post(f"{briefing(page)}send/", {"people": "4", "missing_language": "send_other"})
    with across_cooperatives():
        assert Mailing.objects.get().missing_language == MissingLanguage.SEND_OTHER


def test_without_french_there_is_no_button(admin, campaign, backers):
    page = make_update_page(campaign)
    english = translate_update(page)
    leave_english_alone(page)
    text = said(admin.get(briefing(english)))
    assert "The French text is missing; add it before sending." in text
    assert "Send to" not in text


def test_a_draft_says_publish_first(admin, campaign):
    page = make_update_page(campaign, publish=False)
    assert "This update is not online. Publish it first." in said(admin.get(briefing(page)))
    assert admin.post(f"{briefing(page)}send/", {"people": "0"}, follow=True).status_code == 404


def test_a_test_goes_to_oneself_alone(admin, notice_page, editor):
    response = admin.post(f"{briefing(notice_page)}delay/en/test/", follow=True)
    assert "The test has left for editor@meule.example." in said(response)
    assert [message.to for message in django_mail.outbox] == [["editor@meule.example"]]
    assert "New date: March 2028" in django_mail.outbox[0].subject
    assert "/contribut" not in django_mail.outbox[0].body
    assert state_of_the_world() == [0, 0, 0, 0]


def test_a_test_without_a_provider_says_so(admin, notice_page, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = admin.post(f"{briefing(notice_page)}delay/en/test/", follow=True)
    assert "The test could not be sent" in said(response)


def test_a_preview_can_do_nothing(admin, notice_page):
    response = admin.get(f"{briefing(notice_page)}delay/fr/html/")
    assert response["Content-Security-Policy"].startswith("sandbox;")
    assert 'lang="fr-CA"' in response.content.decode()
    text = admin.get(f"{briefing(notice_page)}delay/en/text/")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert text.content.decode().startswith("New date: March 2028 for “The bag of flour”")


def test_a_mailing_shows_how_far_it_is_and_what_went_wrong(admin, news_page):
    admin.post(f"{briefing(news_page)}send/", {"people": "4"})
    with across_cooperatives():
        rows = list(OutgoingMail.objects.order_by("id").values_list("id", flat=True))
        for pk, state in zip(rows, [MailState.SENT, MailState.FAILED, MailState.IN_DOUBT], strict=False):
            OutgoingMail.objects.filter(pk=pk).update(state=state)
        mailing = Mailing.objects.get()
    text = said(admin.get(f"/admin/mailings/{mailing.pk}/"))
    assert "1 of 4 sent" in text
    assert "Waiting 1 Sent 1 In doubt 1 Could not be sent 1" in text
    assert "Oumar@x.example Could not be sent" in text
    assert "1 of 4 sent" in said(admin.get("/admin/mailings/"))


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER, None])
def test_other_roles_may_not(on_host, cooperative, notice_page, role):
    client = on_host(cooperative)
    user = make_user(cooperative, role) if role else make_user()
    client.force_login(user)
    for url in (briefing(notice_page), "/admin/mailings/", f"{briefing(notice_page)}delay/fr/html/"):
        assert client.get(url).status_code == 302
    for act in ("send", "announce", "delay/fr/test"):
        assert client.post(f"{briefing(notice_page)}{act}/", {"people": "2"}).status_code == 302
    assert state_of_the_world() == [0, 0, 0, 0]
    assert django_mail.outbox == []


def test_nobody_logged_in_may(on_host, cooperative, notice_page):
    client = on_host(cooperative)
    assert client.post(f"{briefing(notice_page)}announce/", {"people": "2"})["Location"].startswith("/admin/login/")
    assert state_of_the_world() == [0, 0, 0, 0]


def test_an_editor_of_another_cooperative_finds_nothing(on_host, outsider, cooperative, notice_page):
    theirs = make_campaign(outsider)
    with within(outsider):
        their_page = page_of(make_update(theirs))
    client = on_host(outsider)
    client.force_login(make_user(outsider))
    with within(cooperative):
        announce(Update.objects.get(), by=None, missing_language=MissingLanguage.NONE)
        ours = Mailing.objects.get()
    before = state_of_the_world()
    for path in ("", "delay/fr/html/", "news/fr/text/"):
        assert client.get(f"{briefing(notice_page)}{path}", follow=True).status_code == 404
    for act in ("send", "announce", "delay/fr/test"):
        assert client.post(f"{briefing(notice_page)}{act}/", {"people": "2"}, follow=True).status_code == 404
    assert client.get(f"/admin/mailings/{ours.pk}/", follow=True).status_code == 404
    assert client.get(briefing(their_page)).status_code == 200
    listed = said(client.get("/admin/mailings/"))
    assert "Personne ne recevra ce courriel." in said(client.get(briefing(their_page)))
    assert ("sur 2" in listed, state_of_the_world()) == (False, before)


def test_an_outsiders_editor_on_our_host_may_not(on_host, outsider, cooperative, notice_page):
    client = on_host(cooperative)
    client.force_login(make_user(outsider))
    assert client.get(briefing(notice_page)).status_code == 302
    assert client.post(f"{briefing(notice_page)}announce/", {"people": "2"}).status_code == 302
    assert state_of_the_world() == [0, 0, 0, 0]


def queries_for(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_pages_ask_the_same_whatever_the_number_of_backers(admin, campaign):
    page = page_of(make_update(campaign, notice_block(tiers(campaign)[:1])))
    other = page_of(make_update(campaign, title="Autre"))
    asked = []
    for addresses in (["a@x.example"], ["b@x.example", "c@x.example"]):
        for address in addresses:
            tell(make_pledge(campaign, email=address).backer, campaign)
        tell(make_pledge(campaign, email=f"en-{address}", language="en").backer, campaign)
        asked.append(queries_for(admin, briefing(page)))
    assert asked[0] == asked[1]
    assert asked[0] < 90
    counts = []
    for addresses in (["d@x.example"], ["e@x.example", "f@x.example"]):
        for address in addresses:
            tell(make_pledge(campaign, email=address).backer, campaign)
        people = {1: "6", 2: "2"}[len(addresses)]
        admin.post(f"{briefing(other)}send/", {"people": people})
        with across_cooperatives():
            OutgoingMail.objects.update(state=MailState.FAILED)
            mailing = Mailing.objects.latest("pk")
        counts.append(queries_for(admin, f"/admin/mailings/{mailing.pk}/"))
    assert counts[0] == counts[1]
