"""Events of nine providers, at their real addresses: stored once, in any order, with one end state; never unproved."""

import base64
import json
import random
from email.message import Message

import pytest
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.core.mail import EmailMultiAlternatives
from django.urls import NoReverseMatch, reverse

from home import backing, outbox
from home.mail import bounces, claims, composing, merging, tracking
from home.mail.registry import kind_of
from home.mail.wanted import still_wanted
from home.models import MailEvent, MailState, NewsConsent, OutgoingMail, Suppression
from home.tenancy import across_cooperatives, within
from tests.factories.pledges import make_backer, make_pledge
from tests.home import provider_events
from tests.home.provider_events import HAPPENINGS, MAILGUN_KEY, MANDRILL_KEY, NAMES, PROVIDERS, SECRET, own_id
from tests.updates.making import make_update, tell
from updates.enums import MissingLanguage
from updates.sending import send_news

WHO = ["accepted", "refused", "unknown", "annoyed"]

#: What happens to the mail of each.
FATES = {
    "accepted": ["accepted", "soft", "delivered", "opened"],
    "refused": ["accepted", "soft"],
    "unknown": ["accepted", "hard"],
    "annoyed": ["accepted", "delivered", "complained"],
}


@pytest.fixture(autouse=True)
def keys(settings):
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": [SECRET],
        "MAILGUN_WEBHOOK_SIGNING_KEY": MAILGUN_KEY,
        "MANDRILL_WEBHOOK_KEY": MANDRILL_KEY,
    }


def mail_to(cooperative, address, state=MailState.SENT, kind="pledge_confirmed", number=1):
    with within(cooperative):
        backer = make_backer(cooperative, name=address.split("@")[0], email=address)
        outbox.queue(kind_of(kind), cooperative=cooperative, subject_key=f"pledge:{number}", to=backer)
        OutgoingMail.objects.filter(backer=backer).update(state=state, attempts=1)
        return OutgoingMail.objects.get(backer=backer)


@pytest.fixture
def mails(cooperative, outsider):
    """One for each fate, and one of another cooperative to the same address as the unknown one."""
    found = {name: mail_to(cooperative, f"{name}@courriel.example") for name in WHO}
    return found | {"elsewhere": mail_to(outsider, "unknown@courriel.example")}


def basic(secret=SECRET):
    return "Basic " + base64.b64encode(secret.encode()).decode()


def post(client, request, secret=SECRET):
    path, said = request
    return client.post(f"/anymail/{path}", HTTP_AUTHORIZATION=basic(secret), **said)


def events_of(provider, mails, **known):
    """In the order in which they happen."""
    told = [(HAPPENINGS.index(one), name, one) for name, fate in FATES.items() for one in fate]
    return [provider(mails[name], happening, **known) for _when, name, happening in sorted(told)]


def told_state():
    """All that events change, but for ids and when they came."""
    fields = ("token", "state", "delivered_at", "bounced_at", "complained_at", "last_error", "sent_at")
    with across_cooperatives():
        return {
            "mails": list(OutgoingMail.objects.order_by("pk").values_list(*fields)),
            "events": sorted(MailEvent.objects.values_list("mail_id", "kind", "is_final", "event_key", "detail")),
            "suppressed": sorted(Suppression.objects.values_list("cooperative_id", "email_key", "reason")),
        }


def forget(mails):
    with across_cooperatives():
        MailEvent.objects.all().delete()
        Suppression.objects.all().delete()
        times = dict.fromkeys(("delivered_at", "bounced_at", "complained_at", "sent_at"))
        OutgoingMail.objects.update(state=MailState.SENT, last_error="", **times)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.__name__)
def test_three_times_and_shuffled_is_the_same_as_once(provider, mails, client):
    requests = events_of(provider, mails)
    assert {post(client, one).status_code for one in requests} == {200}
    once = told_state()
    for seed in range(3):
        forget(mails)
        many = requests * 3
        random.Random(seed).shuffle(many)
        assert {post(client, one).status_code for one in many} == {200}
        assert told_state() == once


@pytest.mark.parametrize("knows_row", [True, False], ids=["by our name", "by the provider's name and the address"])
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.__name__)
def test_what_each_event_says_of_its_mail(provider, mails, client, knows_row):
    name_of = NAMES.get(provider.__name__, own_id)
    with across_cooperatives():
        for mail in mails.values():
            OutgoingMail.objects.filter(pk=mail.pk).update(provider_id=name_of(mail))
    for request in events_of(provider, mails, knows_row=knows_row):
        post(client, request)
    with across_cooperatives():
        rows = {name: OutgoingMail.objects.get(pk=mail.pk) for name, mail in mails.items()}
        suppressed = sorted(Suppression.objects.values_list("cooperative__slug", "email_key", "reason"))
        opened = MailEvent.objects.filter(kind="opened").count()
        strangers = MailEvent.objects.exclude(cooperative__slug="meule").count()
        details = "".join(MailEvent.objects.values_list("detail", flat=True))
    silent = provider.__name__ in provider_events.SILENT_ON_DELIVERY
    dates = {
        name: [bool(row.delivered_at), bool(row.bounced_at), bool(row.complained_at)] for name, row in rows.items()
    }
    assert dates == {
        "accepted": [not silent, False, False],
        "refused": [False, False, False],
        "unknown": [False, True, False],
        "annoyed": [not silent, False, True],
        "elsewhere": [False, False, False],
    }
    assert suppressed == [
        ("meule", "annoyed@courriel.example", "complained"),
        ("meule", "unknown@courriel.example", "bounced"),
    ]
    assert (opened, strangers, "@" in details) == (0, 0, False)
    assert (rows["unknown"].state, rows["elsewhere"].state) == (MailState.SENT, MailState.SENT)


def test_what_was_refused_is_seen_until_it_arrives_after_all(mails, client):
    mail = mails["accepted"]
    for happening, state in (("accepted", "sent"), ("soft", "failed"), ("delivered", "sent")):
        post(client, provider_events.brevo(mail, happening))
        with across_cooperatives():
            row = OutgoingMail.objects.get(pk=mail.pk)
        assert (row.state, "RecipientError" in row.last_error) == (state, state == "failed")


@pytest.mark.parametrize("state", [MailState.IN_DOUBT, MailState.LEAVING, MailState.QUEUED, MailState.FAILED])
@pytest.mark.parametrize("happening", ["accepted", "delivered", "hard", "complained"])
def test_a_mail_in_doubt_is_settled_and_does_not_leave_again(cooperative, client, mailoutbox, state, happening):
    mail = mail_to(cooperative, "doute@courriel.example", state=state)
    post(client, provider_events.mailgun(mail, happening))
    with within(cooperative):
        row = OutgoingMail.objects.get()
    assert (row.state, row.sent_at is not None, row.lease_token) == (MailState.SENT, True, None)
    assert (outbox.send_due(), mailoutbox) == (0, [])


def test_a_worker_that_was_overtaken_by_the_event_changes_nothing(cooperative, client):
    mail = mail_to(cooperative, "course@courriel.example", state=MailState.LEAVING)
    post(client, provider_events.postmark(mail, "delivered"))
    with within(cooperative):
        assert not claims.settle(mail, MailState.LEAVING, state=MailState.IN_DOUBT)
        assert OutgoingMail.objects.get().state == MailState.SENT


def test_a_bounce_is_of_the_address_it_went_to(cooperative, client):
    mail = mail_to(cooperative, "ancienne@courriel.example")
    with within(cooperative):
        backer = mail.backer
        backer.email = backer.email_key = "nouvelle@courriel.example"
        backer.save()
    post(client, provider_events.mailjet(mail, "hard"))
    with within(cooperative):
        assert list(Suppression.objects.values_list("email_key", "reason")) == [
            ("ancienne@courriel.example", backing.BOUNCED)
        ]
        assert not backing.is_suppressed(cooperative, backer.email)


def test_an_address_found_good_by_hand_is_not_refused_by_a_repetition(mails, client, cooperative):
    request = provider_events.sparkpost(mails["unknown"], "hard")
    post(client, request)
    with within(cooperative):
        Suppression.objects.all().delete()
        post(client, request)
        assert not Suppression.objects.exists()


def test_a_mail_whose_reader_was_erased_keeps_no_address(mails, client, cooperative):
    mail = mails["unknown"]
    with within(cooperative):
        OutgoingMail.objects.filter(pk=mail.pk).update(address="")
        post(client, provider_events.sendgrid(mail, "hard"))
        assert MailEvent.objects.get().is_final
        assert not Suppression.objects.exists()


def test_a_complaint_stops_news_and_nothing_else(campaign, client, inside):
    pledge = make_pledge(campaign, email="a@courriel.example")
    tell(pledge.backer, campaign)
    outbox.queue(kind_of("pledge_confirmed"), cooperative=inside, subject_key=pledge.key, to=pledge.backer)
    post(client, provider_events.postmark(OutgoingMail.objects.get(), "complained"))
    assert backing.is_suppressed(inside, pledge.backer.email)
    news = outbox.mail_for(
        kind_of("update_published"),
        cooperative=inside,
        subject_key="update:1",
        to=pledge.backer,
        facts={"topic": str(campaign.translation_key)},
    )
    assert still_wanted([news]) == set()
    receipt = OutgoingMail.objects.get()
    assert still_wanted([receipt]) == {receipt.pk}


def test_who_unsubscribes_by_the_provider_s_own_link_gets_no_more_news(campaign, client, inside):
    pledge = make_pledge(campaign, email="a@courriel.example")
    tell(pledge.backer, campaign)
    send_news(make_update(campaign), by=None, missing_language=MissingLanguage.NONE)
    path, said = provider_events.brevo(OutgoingMail.objects.get(), "complained")
    said["data"] = said["data"].replace('"spam"', '"unsubscribe"')
    for _time in range(2):
        assert post(client, (path, said)).status_code == 200
    assert NewsConsent.objects.get().withdrawn_at is not None
    assert not Suppression.objects.exists()


def test_our_own_message_id_is_enough(mails, client):
    mail = mails["unknown"]
    path, said = provider_events.mailgun(mail, "hard", knows_row=False)
    said["data"] = said["data"].replace(f"{own_id(mail)}@mg.example", mail.message_id.strip("<>"))
    assert post(client, (path, said)).status_code == 200
    with across_cooperatives():
        assert OutgoingMail.objects.get(pk=mail.pk).bounced_at is not None


@pytest.mark.parametrize("name", ["x", "7d3f0f0e-2f5c-4a51-9f0b-1f5a1f3a9f10", 12, None, ["a"]])
def test_what_is_about_no_mail_of_ours_is_left(mails, client, name):
    path, said = provider_events.postmark(mails["unknown"], "hard")
    data = json.loads(said["data"]) | {"Metadata": {"mail": name}, "MessageID": "not-ours"}
    before = told_state()
    assert post(client, (path, said | {"data": json.dumps(data)})).status_code == 200
    assert told_state() == before


@pytest.mark.parametrize(("happening", "for_good"), [("soft", False), ("hard", True), ("delivered", False)])
def test_how_amazon_says_that_an_address_takes_no_mail(mails, happening, for_good):
    """Where its package is not installed, its address answers nothing; what it posts is read all the same."""
    _path, said = provider_events.amazon_ses(mails["unknown"], happening)
    notification = json.loads(said["data"])
    view = AmazonSESTrackingWebhookView.__new__(AmazonSESTrackingWebhookView)
    (event,) = view.esp_to_anymail_events(json.loads(notification["Message"]), notification)
    assert bounces.is_for_good("Amazon SES", event) is for_good
    assert tracking._token_of(event) == mails["unknown"].token


# Who may tell


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.__name__)
def test_what_nothing_proves_is_refused(provider, mails, client, settings):
    request = provider(mails["unknown"], "hard")
    before = told_state()
    for secret in ("tremplin:wrong", "", "x"):
        assert post(client, request, secret=secret).status_code in (400, 401)
    path, said = request
    assert client.post(f"/anymail/{path}", **said).status_code in (400, 401)
    settings.ANYMAIL = {}
    assert post(client, request).status_code == 403
    assert told_state() == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"0", b"NaN", b'"x"', b"[{}]", b'{"a": []}', b"\xff\xfe{", b"[" * 50_000]
)
def test_a_body_that_cannot_be_read_is_refused_whoever_sent_it(mails, client, body):
    for name in ("postmark", "sendgrid", "sparkpost", "mailjet", "brevo"):
        address = f"/anymail/{name}/tracking/"
        answer = client.post(address, body, content_type="application/json", HTTP_AUTHORIZATION=basic())
        assert answer.status_code in (200, 400), name
    assert not MailEvent.objects.exists()


def test_a_wrong_signature_is_refused(mails, client, settings):
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "another", "MANDRILL_WEBHOOK_KEY": "another"}
    before = told_state()
    for provider in (provider_events.mailgun, provider_events.mandrill):
        assert post(client, provider(mails["unknown"], "hard")).status_code == 400
    assert told_state() == before


def test_a_signature_is_enough(mails, client, settings):
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": MAILGUN_KEY}
    path, said = provider_events.mailgun(mails["unknown"], "hard")
    assert client.post(f"/anymail/{path}", **said).status_code == 200
    with across_cooperatives():
        assert Suppression.objects.get().cooperative.slug == "meule"


def test_a_look_changes_nothing_and_no_mail_is_taken_in(client, db):
    for path in ("mailgun/tracking/", "mandrill/", "postmark/tracking/"):
        assert client.head(f"/anymail/{path}").status_code == 200
        assert client.get(f"/anymail/{path}", HTTP_AUTHORIZATION=basic()).status_code == 405
    with pytest.raises(NoReverseMatch):
        reverse("anymail:postmark_inbound_webhook")


# What leaves says which row it is


@pytest.mark.parametrize(
    ("backend", "metadata"),
    [("anymail.backends.postmark.EmailBackend", True), ("anymail.backends.postal.EmailBackend", False)],
)
def test_a_mail_names_its_row_to_a_provider_that_keeps_it(campaign, inside, settings, backend, metadata):
    settings.EMAIL_BACKEND = backend
    pledge = make_pledge(campaign, paid=False)
    outbox.queue(kind_of("pledge_confirmed"), cooperative=inside, subject_key=pledge.key, to=pledge.backer)
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get()
    assert getattr(composing.compose(mail), "metadata", None) == ({"mail": str(mail.token)} if metadata else None)


def test_the_provider_s_name_of_a_mail_is_kept(campaign, inside, settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    pledge = make_pledge(campaign, paid=False)
    outbox.queue(kind_of("pledge_confirmed"), cooperative=inside, subject_key=pledge.key, to=pledge.backer)
    assert outbox.send_due() == 1
    assert OutgoingMail.objects.get().provider_id == "0"


def test_smtp_gives_no_name():
    assert isinstance(EmailMultiAlternatives().message(), Message)
    assert merging.answer_for(EmailMultiAlternatives(), OutgoingMail(address="a@courriel.example")) == ("", "")
