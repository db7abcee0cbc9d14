"""What someone asked under updates, in their export and once they are erased: shown without a name, or not kept."""

import pytest
from django.urls import reverse
from django.utils import translation

from home import clock
from home.mail import composing
from home.models import Backer, MailState, OutgoingMail, Role
from home.tenancy import within
from pledges import erasing, own_data
from pledges.links import contribution_token
from tests.campaigns.reading import words
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update
from tests.updates.test_reading import page_of
from updates import asked_by, questions
from updates.models import ReaderQuestion

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def update(campaign):
    return make_update(campaign)


@pytest.fixture
def pledge(campaign):
    """Nothing of it is owed any more."""
    return make_pledge(campaign, rewards=[], extra=2500, email="zoe@courriel.example", backer_name="Zoé L’Écuyer-Nuñez")


def ask(update, backer, text="Et le four?", answer="", shown=False):
    asked = questions.ask(update, backer=backer, text=text, language="fr")
    if answer:
        assert questions.answer(asked, by=None, text=answer, shown=shown)
    return asked


def over(campaign):
    end_now(campaign)
    campaign.state = "ended"
    campaign.save()


def kept():
    rows = ReaderQuestion.objects.order_by("pk")
    return [(one.state, one.text, one.answer, one.shown) for one in rows]


def test_all_that_was_asked_is_in_the_export_of_who_asked(update, pledge):
    ask(update, pledge.backer, "Et le four?", "Il chauffe.", shown=True)
    ask(update, pledge.backer, "Et la pierre?")
    ask(update, make_pledge(update.campaign).backer, "Le mien?")
    found = own_data.collected(pledge.backer)["questions_asked"]
    assert [(one["text"], one["answer"], one["state"], one["shown"]) for one in found] == [
        ("Et le four?", "Il chauffe.", "answered", True),
        ("Et la pierre?", "", "waiting", False),
    ]


def test_erased_they_keep_nothing_but_what_was_made_public_and_that_without_a_name(update, pledge):
    ask(update, pledge.backer, "Zoé ici : et le four? zoe@courriel.example", "Bonjour ZOÉ, il chauffe.", shown=True)
    ask(update, pledge.backer, "Et ma commande?", "Elle part, Zoé.")
    ask(update, pledge.backer, "Et la pierre?")
    others = make_pledge(update.campaign, backer_name="Zoé Roy")
    ask(update, others.backer, "Zoé Roy demande?", "Oui, Zoé.", shown=True)
    over(update.campaign)
    assert erasing.erase(pledge) == ""
    assert kept() == [
        ("answered", "… ici : et le four? …", "Bonjour …, il chauffe.", True),
        ("answered", "", "", False),
        ("closed", "", "", False),
        ("answered", "Zoé Roy demande?", "Oui, Zoé.", True),
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Merci, L’Écuyer-Nuñez!", "Merci, …-…!"),
        ("Merci, Zoé L’Écuyer-Nuñez!", "Merci, …!"),
        ("Zoélie et le zoo", "Zoélie et le zoo"),
        ("Écrivez à ZOE@courriel.example.", "Écrivez à …."),
        ("", ""),
    ],
)
def test_only_the_name_and_the_address_go(pledge, text, left):
    assert asked_by.without_name(text, pledge.backer) == left


def test_without_a_name_nothing_is_taken_out():
    assert asked_by.without_name("Et le four?", Backer(email="", name="")) == "Et le four?"


def test_the_public_page_and_the_team_see_it_so(update, pledge, on_host, cooperative):
    shown = ask(update, pledge.backer, "C’est Zoé. Et le four?", "Il chauffe, Zoé.", shown=True)
    hidden = ask(update, pledge.backer, "Et ma commande?", "Elle part.")
    over(update.campaign)
    erasing.erase(pledge)
    visitor = on_host(cooperative)
    html = words(visitor.get(page_of(update).get_url()).content.decode())
    assert ("C’est …. Et le four?" in html, "Zoé" in html) == (True, False)
    visitor.force_login(make_user(cooperative, Role.EDITOR))
    listed = visitor.get("/admin/questions/").content.decode()
    assert "Effacé" in listed
    for one in (shown, hidden):
        detail = visitor.get(f"/admin/questions/{one.pk}/").content.decode()
        assert ("Zoé" in detail, "commande" in detail) == (False, False)
    visitor.post(f"/admin/questions/{hidden.pk}/show/", {"shown": "yes"})
    assert not ReaderQuestion.objects.get(pk=hidden.pk).shown


def test_who_erases_is_told_beforehand_what_stays(update, pledge, on_host, cooperative):
    over(update.campaign)
    visitor = on_host(cooperative)
    sentence = "A question of yours that is shown under an update stays there with its answer, without your name."
    with translation.override("en"):
        address = reverse("contribution_erase", args=[contribution_token(pledge)])
    assert sentence not in visitor.get(address).content.decode()
    ask(update, pledge.backer, "Et le four?", "Il chauffe.", shown=True)
    assert sentence in visitor.get(address).content.decode()


def test_an_answer_that_had_not_left_does_not_leave(update, pledge):
    ask(update, pledge.backer, "Et le four?", "Il chauffe.")
    mail = OutgoingMail.objects.get(kind="question_answered")
    assert "Il chauffe." in composing.compose(mail).body
    over(update.campaign)
    erasing.erase(pledge)
    mail.refresh_from_db()
    assert (mail.state, mail.address) == (MailState.CANCELLED, "")


def test_of_another_cooperative_nothing_is_read_or_erased(update, pledge, outsider):
    with within(outsider):
        theirs = make_campaign(outsider)
        twin = make_pledge(theirs, rewards=[], extra=2500, email=pledge.backer.email, backer_name=pledge.backer.name)
        ask(make_update(theirs), twin.backer, "Le leur, Zoé?", "Oui.", shown=True)
    assert own_data.collected(pledge.backer)["questions_asked"] == []
    over(update.campaign)
    erasing.erase(pledge)
    with within(outsider):
        assert kept() == [("answered", "Le leur, Zoé?", "Oui.", True)]
    assert clock.now() >= Backer.objects.get(pk=pledge.backer_id).erased_at
