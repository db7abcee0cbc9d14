"""Another email address: asked for on one's own page, confirmed from there, told to the old one, undone from it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from home import backing, clock
from home.mail import composing
from home.models import Backer, MailState, NewsConsent, OutgoingMail
from home.tenancy import within
from pledges import email_changes, erasing, own_data, unreachable
from pledges.email_changes import ChangeRefused
from pledges.links import contribution_token
from pledges.models import EmailChange, Pledge
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_backer, make_pledge
from tests.pledges.test_answering import said
from tests.updates.making import make_update, tell
from updates import questions

pytestmark = pytest.mark.usefixtures("inside")

OLD, NEW = "zoe@courriel.example", "Zoe@Nouveau.example"


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def pledge(campaign):
    return make_pledge(campaign, email=OLD, language="en")


def own(pledge, name="_email", language="en"):
    pledge.refresh_from_db()
    with translation.override(language):
        return reverse(f"contribution{name}", args=[contribution_token(pledge)])


def link_in(kind):
    """Where the button of the latest mail of that kind leads, and whom it goes to."""
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").filter(kind=kind).latest("pk")
    message = composing.compose(mail)
    [link] = re.findall(r"https?://[^\s]+/email/[^\s]+", message.body)
    return "/" + link.split("/", 3)[3], mail.address


def address_of(pledge):
    backer = Backer.objects.get(pk=pledge.backer_id)
    return backer.email, backer.email_key


def mails():
    return list(OutgoingMail.objects.order_by("pk").values_list("kind", "address"))


def test_the_whole_way_there_and_back(visitor, pledge):
    assert "We write to you at z…@courriel.example." in said(visitor.get(own(pledge)))
    shown = said(visitor.post(own(pledge), {"email": f" {NEW} "}, follow=True))
    assert "Open the email just sent to the new address to confirm it. Until then, nothing changes." in shown
    assert (address_of(pledge), mails()) == ((OLD, OLD), [("email_changed_new", NEW)])
    confirm, to = link_in("email_changed_new")
    assert to == NEW
    for method in (visitor.get, visitor.head, visitor.get):
        assert method(confirm).status_code == 200
    assert f"Emails about your contributions will go to {NEW}." in said(visitor.get(confirm))
    assert address_of(pledge) == (OLD, OLD)
    assert f"Emails about your contributions now go to {NEW}." in said(visitor.post(confirm))
    assert address_of(pledge) == (NEW, NEW.casefold())
    assert mails()[1:] == [("email_changed_old", OLD)]
    assert visitor.get(own(pledge, "")).status_code == 200
    undo, to = link_in("email_changed_old")
    assert to == OLD
    before = own(pledge, "")
    assert visitor.get(undo).status_code == 200
    assert address_of(pledge) == (NEW, NEW.casefold())
    assert "The change is undone" in said(visitor.post(undo))
    assert address_of(pledge) == (OLD, OLD)
    assert mails()[2:] == [("link_renewed", OLD)]
    assert visitor.get(before).status_code == 410
    assert visitor.get(own(pledge, "")).status_code == 200
    for link in (confirm, undo):
        assert visitor.post(link).status_code == 410
    assert (address_of(pledge), len(mails())) == ((OLD, OLD), 3)


def test_in_french(visitor, pledge):
    assert "Changer mon adresse de courriel" in said(visitor.get(own(pledge, "", "fr")))
    shown = said(visitor.post(own(pledge, language="fr"), {"email": NEW}, follow=True))
    assert "Ouvrez le courriel qui vient de partir vers la nouvelle adresse pour la confirmer." in shown
    with translation.override("fr"):
        EmailChange.objects.update(confirmed_at=None)
        change = EmailChange.objects.get()
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get(kind="email_changed_new")
    mail.language = "fr"
    link = email_changes.url_for(email_changes.CONFIRM, change, mail)
    assert "/fr/" in link
    assert "Confirmez votre nouvelle adresse" in said(visitor.get("/" + link.split("/", 3)[3]))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter a complete email address"),
        ("zoe", "Enter a complete email address"),
        (OLD.upper(), "We already write to this address."),
    ],
)
def test_what_cannot_be_is_said_at_the_field_and_kept(visitor, pledge, typed, words):
    answer = visitor.post(own(pledge), {"email": typed})
    assert words in said(answer)
    assert answer.context["form"]["email"].value() == typed
    assert (EmailChange.objects.count(), mails()) == (0, [])


def test_three_an_hour_and_the_latest_alone_confirms(visitor, pledge):
    first = email_changes.ask(pledge, "a@x.example")
    for name in "bc":
        email_changes.ask(pledge, f"{name}@x.example")
    assert "Several addresses were tried" in said(visitor.post(own(pledge), {"email": "d@x.example"}))
    with pytest.raises(ChangeRefused, match="over"):
        email_changes.confirm(first)
    email_changes.confirm(EmailChange.objects.get(new_email="c@x.example"))
    assert address_of(pledge)[0] == "c@x.example"


def test_each_link_works_for_its_time_only(visitor, pledge):
    change = email_changes.ask(pledge, NEW)
    confirm, _to = link_in("email_changed_new")
    with time_machine.travel(email_changes.confirm_by(change) + timedelta(seconds=1), tick=True):
        assert visitor.post(confirm).status_code == 410
    email_changes.confirm(change)
    undo, _to = link_in("email_changed_old")
    change.refresh_from_db()
    with time_machine.travel(email_changes.undo_by(change) + timedelta(seconds=1), tick=True):
        assert visitor.post(undo).status_code == 410
    assert address_of(pledge)[0] == NEW


def test_the_first_address_undoes_whatever_came_after_it(visitor, pledge):
    """Someone who has the link moves the address on and on; its owner takes it back, once and for all."""
    email_changes.confirm(email_changes.ask(pledge, "b@x.example"))
    undo_first, to = link_in("email_changed_old")
    assert to == OLD
    email_changes.confirm(email_changes.ask(pledge, "c@x.example"))
    undo_second, to = link_in("email_changed_old")
    assert to == "b@x.example"
    email_changes.ask(pledge, "d@x.example")
    confirm_third, _to = link_in("email_changed_new")
    assert visitor.post(undo_first).status_code == 200
    for link in (undo_second, confirm_third, undo_first):
        assert visitor.post(link).status_code == 410
    assert address_of(pledge) == (OLD, OLD)


def test_a_link_of_one_purpose_serves_no_other(visitor, pledge):
    email_changes.confirm(email_changes.ask(pledge, NEW))
    undo, _to = link_in("email_changed_old")
    assert visitor.post(undo.removesuffix("undo/")).status_code == 410
    assert address_of(pledge)[0] == NEW


def test_what_waits_goes_to_the_new_address(pledge):
    tell(pledge.backer, pledge.campaign)
    change = email_changes.ask(pledge, NEW)
    rows = {"cooperative": pledge.cooperative, "backer": pledge.backer, "address": OLD, "created_at": clock.now()}
    for n, state in enumerate((MailState.QUEUED, MailState.HELD, MailState.SENT)):
        OutgoingMail.objects.create(
            **rows, kind="thanks", subject_key=f"update:{n}", reader_key="backer:1", state=state, language="fr"
        )
    email_changes.confirm(change)
    found = OutgoingMail.objects.filter(kind="thanks").order_by("pk").values_list("address", flat=True)
    assert list(found) == [NEW, NEW, OLD]
    assert OutgoingMail.objects.get(kind="email_changed_old").address == OLD


def test_an_address_that_took_no_mail_is_left_behind(pledge, cooperative):
    backing.suppress(cooperative, OLD, backing.BOUNCED)
    assert [one.pk for one in unreachable.backers_of(cooperative)] == [pledge.backer_id]
    email_changes.confirm(email_changes.ask(pledge, NEW))
    assert list(unreachable.backers_of(cooperative)) == []


def test_another_backers_address_is_not_taken(visitor, pledge, campaign):
    other = make_pledge(campaign, email=NEW)
    visitor.post(own(pledge), {"email": NEW})
    confirm, _to = link_in("email_changed_new")
    shown = visitor.post(confirm)
    assert (shown.status_code, "Other contributions were made with this address." in said(shown)) == (409, True)
    assert (address_of(pledge)[0], address_of(other)[0]) == (OLD, NEW)
    assert EmailChange.objects.get().confirmed_at is None


def test_who_only_followed_by_the_new_address_is_the_same_person(pledge, campaign, cooperative):
    follower = make_backer(cooperative, email=NEW, name="")
    backing.grant_news(follower, campaign.translation_key, text="Oui", language="fr", confirmed=True)
    tell(pledge.backer, campaign)
    email_changes.confirm(email_changes.ask(pledge, NEW))
    assert not Backer.objects.filter(pk=follower.pk).exists()
    assert address_of(pledge) == (NEW, NEW.casefold())
    consents = NewsConsent.objects.filter(backer=pledge.backer, topic=campaign.translation_key)
    assert sorted(one.withdrawn_at is None for one in consents) == [False, True]


def test_who_asked_something_by_it_is_not(pledge, campaign, cooperative):
    asker = make_backer(cooperative, email=NEW, name="")
    questions.ask(make_update(campaign), backer=asker, text="Et le four?", language="fr")
    with pytest.raises(ChangeRefused, match="taken"):
        email_changes.confirm(email_changes.ask(pledge, NEW))
    assert address_of(pledge)[0] == OLD


def test_it_is_exported_and_erased(pledge, campaign):
    email_changes.confirm(email_changes.ask(pledge, NEW))
    found = own_data.collected(Backer.objects.get(pk=pledge.backer_id))["email_changes"]
    assert [(one["old_email"], one["new_email"]) for one in found] == [(OLD, NEW)]
    Pledge.objects.filter(pk=pledge.pk).update(state="cancelled")
    assert erasing.erase(Pledge.objects.select_related("backer", "cooperative").get(pk=pledge.pk)) == ""
    assert EmailChange.objects.count() == 0


def test_of_another_cooperative_nothing_is_confirmed_or_taken(visitor, pledge, outsider):
    with within(outsider):
        make_pledge(make_campaign(outsider), email=NEW)
    email_changes.ask(pledge, NEW)
    confirm, _to = link_in("email_changed_new")
    visitor.defaults["HTTP_HOST"] = outsider.site.hostname
    assert visitor.post(confirm).status_code == 410
    visitor.defaults["HTTP_HOST"] = pledge.cooperative.site.hostname
    assert visitor.post(confirm).status_code == 200
    assert address_of(pledge)[0] == NEW
