"""« Poser une question »: asked under an update, answered once by mail, shown without a name."""

import re
from datetime import timedelta

import pytest
import time_machine
from wagtail.users.models import UserProfile

from home import clock
from home.mail import composing
from home.models import Backer, OutgoingMail, Role
from home.tenancy import within
from tests.campaigns.reading import words
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, make_update_page, tell
from tests.updates.test_mails import Page
from tests.updates.test_reading import make_secret, page_of, path
from updates import questions, reading
from updates.enums import MissingLanguage, QuestionState
from updates.models import ReaderQuestion
from updates.sending import send_news

pytestmark = pytest.mark.usefixtures("inside")

ASKED = {"text": "Et le four?", "email": "lise@x.example", "language": "fr"}


@pytest.fixture
def update(campaign):
    return make_update(campaign)


@pytest.fixture
def visitor(on_host, cooperative):
    return on_host(cooperative)


@pytest.fixture
def admin(visitor, cooperative):
    editor = make_user(cooperative)
    profile = UserProfile.get_for_user(editor)
    profile.preferred_language = "en"
    profile.save()
    visitor.force_login(editor)
    return visitor


def form_of(update):
    return f"/fr/campagnes/{update.campaign_id}/nouvelles/{update.number}/question/"


def ask(update, *, name="", **fields):
    return questions.ask(update, **({"text": "Et le four?", "email": "lise@x.example", "language": "fr"} | fields))


def rows():
    return [(one.text, one.backer.email, one.language, one.state) for one in ReaderQuestion.objects.order_by("pk")]


# Asking


def test_the_page_leads_to_a_form_at_its_own_address(update, visitor):
    html = visitor.get(page_of(update).get_url()).content.decode()
    assert f'href="{form_of(update)}"' in html
    assert "<form" not in html
    assert "csrfmiddlewaretoken" not in html
    assert 'name="text"' in visitor.get(form_of(update)).content.decode()
    assert rows() == []


@pytest.mark.parametrize("known", [True, False])
def test_anyone_may_ask_and_the_answer_is_the_same(update, visitor, known):
    if known:
        make_pledge(update.campaign, email="lise@x.example")
    response = visitor.post(form_of(update), ASKED)
    assert (response.status_code, response["Location"]) == (303, f"{form_of(update)}?sent")
    assert words(visitor.get(response["Location"]).content.decode()).count("Votre question est envoyée") == 2
    assert rows() == [("Et le four?", "lise@x.example", "fr", "waiting")]
    assert OutgoingMail.objects.count() == 0


def test_asking_changes_nothing_of_someone_known(update, visitor):
    backer = make_pledge(update.campaign, email="lise@x.example", backer_name="Lise", language="en").backer
    visitor.post(form_of(update), ASKED)
    again = Backer.objects.get(pk=backer.pk)
    assert (again.name, again.language, again.news_consents.count()) == ("Lise", "en", 0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "  "}, "Écrivez votre question."),
        ({"text": "x" * 1001}, "1000 caractères"),
        ({"email": "lise"}, "Entrez une adresse de courriel complète"),
        ({"language": "es"}, "Sélectionnez un choix valide"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(update, visitor, fields, message):
    html = visitor.post(form_of(update), ASKED | fields).content.decode()
    assert message in words(html)
    assert "lise" in html
    assert rows() == []


def test_the_same_question_sent_twice_is_one(update, visitor):
    visitor.post(form_of(update), ASKED)
    visitor.post(form_of(update), ASKED)
    assert len(rows()) == 1


def test_one_address_asks_three_an_hour_and_keeps_what_it_typed(update, visitor):
    for number in range(questions.MOST_OF_ONE):
        ask(update, text=f"{number}?")
    html = visitor.post(form_of(update), ASKED | {"text": "Une de trop?"}).content.decode()
    assert "Beaucoup de questions sont arrivées depuis une heure." in words(html)
    assert "bonjour@meule.example" in html
    assert "Une de trop?" in html
    assert len(rows()) == questions.MOST_OF_ONE
    ask(update, email="autre@x.example")
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        ask(update, text="Une de trop?")
    assert len(rows()) == questions.MOST_OF_ONE + 2


def test_all_addresses_together_have_a_limit_too(update, monkeypatch):
    monkeypatch.setattr(questions, "MOST_OF_ALL", 2)
    for number in range(2):
        ask(update, email=f"{number}@x.example")
    with pytest.raises(questions.TooMany):
        ask(update, email="3@x.example")
    ask(make_update(make_campaign(update.cooperative, title="Autre", slug="autre")))


def test_about_a_draft_another_house_or_an_update_for_others_nothing_is_asked(campaign, outsider, visitor):
    secret = make_secret(campaign)
    theirs = make_update(make_campaign(outsider))
    make_update_page(campaign, publish=False)
    assert visitor.post(form_of(secret), ASKED).status_code == 403
    assert visitor.post(form_of(theirs), ASKED).status_code == 404
    assert visitor.post(f"/fr/campagnes/{campaign.pk}/nouvelles/2/question/", ASKED).status_code == 404
    assert rows() == []


def test_a_backer_asks_by_their_link_without_an_address(campaign, visitor):
    update = make_secret(campaign)
    backer = make_pledge(campaign, email="lise@x.example").backer
    here = path(reading.own_addresses_of(update.pk, backer, update.cooperative, "fr")[1])
    page = visitor.get(path(reading.address_of(update, backer)))
    assert f'href="{here}"' in page.content.decode()
    form = visitor.get(here)
    assert 'name="email"' not in form.content.decode()
    assert form["Referrer-Policy"] == "strict-origin"
    response = visitor.post(here, {"text": "Et le four?", "language": "en", "email": "x@x.example"})
    assert (response.status_code, response["Location"]) == (303, f"{here}?sent")
    assert rows() == [("Et le four?", "lise@x.example", "en", "waiting")]


def test_a_link_that_no_longer_opens_it_asks_nothing(campaign, visitor):
    update = make_secret(campaign)
    pledge = make_pledge(campaign)
    here = path(reading.own_addresses_of(update.pk, pledge.backer, update.cooperative, "fr")[1])
    type(pledge).objects.filter(pk=pledge.pk).update(state="cancelled")
    assert visitor.post(here, {"text": "Et le four?", "language": "fr"}).status_code == 403
    assert visitor.post(here.replace("/question/", "x/question/"), {"text": "?", "language": "fr"}).status_code == 410
    assert rows() == []


def test_the_mail_of_an_update_leads_to_the_form(update, visitor):
    backer = make_pledge(update.campaign).backer
    tell(backer, update.campaign)
    send_news(update, by=None, missing_language=MissingLanguage.NONE)
    message = composing.compose(OutgoingMail.objects.get())
    link = next(one for one in Page(message.alternatives[0][0]).links if one.endswith("/question/"))
    assert link in message.body
    assert visitor.get(path(link)).status_code == 200


# Answering


def test_the_list_has_those_to_answer_first(update, admin):
    for text in ("Un?", "Deux?", "Trois?"):
        ask(update, text=text)
    questions.answer(ReaderQuestion.objects.get(text="Un?"), by=None, text="Oui.", shown=False)
    html = admin.get("/admin/questions/").content.decode()
    assert re.findall(r'<a href="/admin/questions/\d+/">([^<]+)', html) == ["Deux?", "Trois?", "Un?"]
    assert [one.text for one in questions.waiting_questions(update.cooperative)] == ["Deux?", "Trois?"]


def test_an_answer_leaves_by_mail_in_the_language_of_the_question_once(update, admin):
    asked = ask(update, language="en", text="And the “oven” & co?")
    url = f"/admin/questions/{asked.pk}/"
    assert 'name="answer"' in admin.get(url).content.decode()
    for text in ("It is being <b>rebuilt</b>.", "Again."):
        assert admin.post(url, {"answer": text}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.answered_by.email, asked.shown) == (
        QuestionState.ANSWERED,
        "It is being <b>rebuilt</b>.",
        "editor@meule.example",
        False,
    )
    mail = OutgoingMail.objects.get()
    message = composing.compose(mail)
    assert (mail.kind, mail.address, message.subject) == (
        "question_answered",
        "lise@x.example",
        "Answer to your question",
    )
    for said in (Page(message.alternatives[0][0]).said, " ".join(message.body.split())):
        assert "about the update “The stone is here”:" in said
        assert "And the “oven” & co?" in said
        assert "It is being <b>rebuilt</b>." in said
        assert "Another question? Reply to this email." in said
        assert "Read the update online" in said
        assert "because you contributed" not in said
    assert page_of(update, "en").full_url in message.body


def test_an_answer_about_an_update_for_backers_opens_it(campaign, visitor):
    update = make_secret(campaign)
    asked = ask(update, backer=make_pledge(campaign).backer)
    questions.answer(asked, by=None, text="Oui.", shown=True)
    message = composing.compose(OutgoingMail.objects.get())
    link = next(one for one in Page(message.alternatives[0][0]).links if "/contribuer/nouvelle/" in one)
    assert "Oui." in visitor.get(path(link)).content.decode()
    assert visitor.get(page_of(update).get_url()).status_code == 403


def test_without_words_nothing_is_answered(update, admin):
    asked = ask(update)
    response = admin.post(f"/admin/questions/{asked.pk}/", {"answer": " ", "shown": "on"})
    assert "This field is required." in response.content.decode()
    assert (ReaderQuestion.objects.get().state, OutgoingMail.objects.count()) == ("waiting", 0)


def test_what_is_shown_has_no_name_and_only_what_the_team_shows(update, admin, visitor):
    make_pledge(update.campaign, email="lise@x.example", backer_name="Lise Roy")
    shown, kept, waiting = ask(update), ask(update, text="Et ma commande?"), ask(update, text="Et encore?")
    english = ask(update, text="And the oven?", language="en", email="sam@x.example")
    questions.answer(shown, by=None, text="Il chauffe.", shown=True)
    questions.answer(kept, by=None, text="On vous écrit.", shown=False)
    questions.answer(english, by=None, text="It is warm.", shown=True)
    assert not questions.show(waiting, shown=True)
    html = words(visitor.get(page_of(update).get_url()).content.decode())
    assert "Et le four? Il chauffe. Réponse donnée le" in html
    assert [text in html for text in ("Lise", "Et ma commande?", "Et encore?", "And the oven?")] == [False] * 4
    assert "And the oven? It is warm." in words(visitor.get(page_of(update, "en").get_url()).content.decode())
    admin.post(f"/admin/questions/{shown.pk}/show/", {"shown": "no"})
    admin.post(f"/admin/questions/{kept.pk}/show/", {"shown": "yes"})
    html = words(visitor.get(page_of(update).get_url()).content.decode())
    assert ("Et le four?" in html, "Et ma commande?" in html) == (False, True)


def test_closing_sends_nothing_and_is_final(update, admin):
    asked = ask(update)
    admin.post(f"/admin/questions/{asked.pk}/close/")
    admin.post(f"/admin/questions/{asked.pk}/", {"answer": "Oui."})
    assert (ReaderQuestion.objects.get().state, OutgoingMail.objects.count()) == ("closed", 0)


def test_get_changes_nothing(update, admin):
    asked = ask(update)
    for action in ("close", "show"):
        assert admin.get(f"/admin/questions/{asked.pk}/{action}/").status_code == 405
    assert ReaderQuestion.objects.get().state == "waiting"


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_other_roles_are_kept_out(update, visitor, cooperative, role):
    asked = ask(update)
    visitor.force_login(make_user(cooperative, role))
    addresses = ["/admin/questions/", f"/admin/questions/{asked.pk}/"]
    assert [visitor.get(url).status_code for url in addresses] == [302, 302]
    visitor.post(f"/admin/questions/{asked.pk}/", {"answer": "Oui."})
    assert ReaderQuestion.objects.get().state == "waiting"


def test_another_cooperatives_questions_are_not_found(update, outsider, admin):
    theirs = make_campaign(outsider)
    with within(outsider):
        asked = ask(make_update(theirs), text="Le leur?")
    assert "Le leur?" not in admin.get("/admin/questions/").content.decode()
    urls = [f"/admin/questions/{asked.pk}/{action}" for action in ("", "close/", "show/")]
    answers = [admin.post(url, {"answer": "Oui.", "shown": "yes"}, follow=True).status_code for url in urls]
    assert answers == [404] * 3
    with within(outsider):
        assert ReaderQuestion.objects.get().state == "waiting"
