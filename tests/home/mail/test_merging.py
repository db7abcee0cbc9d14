"""One call for many readers, against the providers' own JSON: each gets their own mail and sees no other's address."""

import json
import re
from datetime import timedelta

import pytest
import time_machine

from home import backing, clock, outbox
from home.mail.composing import Composer
from home.models import MailState, OutgoingMail
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from tests.home.web_far_end import web_provider_running
from tests.updates.making import make_update, notice_block, tell, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.sending import send_news

NONE = MissingLanguage.NONE

MAILGUN_TAKES = {"id": "<2026.1@mg.example>", "message": "Queued. Thank you."}
SPARKPOST_TAKES = {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 3, "id": "7"}}


@pytest.fixture
def mailgun(settings):
    with web_provider_running(MAILGUN_TAKES) as provider:
        settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
        settings.ANYMAIL = {
            "MAILGUN_API_KEY": "key",
            "MAILGUN_API_URL": provider.url,
            "MAILGUN_SENDER_DOMAIN": "mg.example",
        }
        yield provider


@pytest.fixture
def news(campaign):
    def queue(*names, block=None, language="fr"):
        with within(campaign.cooperative):
            for name in names:
                address = f"{name[0].lower()}@x.example"
                tell(make_pledge(campaign, backer_name=name, email=address, language=language).backer, campaign)
            send_news(make_update(campaign, *([block] if block else [])), by=None, missing_language=NONE)
            return list(OutgoingMail.objects.order_by("id"))

    return queue


@pytest.fixture
def delay(campaign):
    def queue(*names):
        with within(campaign.cooperative):
            for name in names:
                make_pledge(campaign, backer_name=name, email=f"{name[0].lower()}@x.example")
            update = make_update(campaign, notice_block([campaign.rewards.first()]))
            announce(update, by=None, missing_language=NONE)
            return list(OutgoingMail.objects.order_by("id"))

    return queue


def states(cooperative):
    with within(cooperative):
        return list(OutgoingMail.objects.order_by("id").values_list("state", flat=True))


def merged(call, mail):
    """What Mailgun makes of a call for one reader: each field of theirs put where it stands, as it is."""
    own = json.loads(call["recipient-variables"][0])[mail.address]

    def filled(text):
        return re.sub(r"%recipient\.([^%]+)%", lambda found: own[found[1]], text)

    return {name: filled(values[0]) for name, values in call.items() if name != "recipient-variables"}


def test_one_call_carries_many_and_each_reads_their_own(news, mailgun, cooperative):
    mails = news("Ana & fils", "Béa <b>", "Chloé")
    with within(cooperative):
        alone = {mail.pk: Composer().compose(mail) for mail in mails}
    assert outbox.send_due() == 3
    (call,) = mailgun.calls
    assert call["to"] == ["a@x.example", "b@x.example", "c@x.example"]
    for mail in mails:
        got = merged(call, mail)
        assert (got["subject"], got["text"], got["html"]) == (
            alone[mail.pk].subject,
            alone[mail.pk].body,
            alone[mail.pk].alternatives[0][0],
        )
        assert got["h:Message-Id"] == mail.message_id
        assert got["h:List-Unsubscribe"] == alone[mail.pk].extra_headers["List-Unsubscribe"]
        assert got["h:List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert got["v:mail"] == str(mail.token)
        others = {other.address for other in mails} - {mail.address}
        assert not any(address in got[part] for address in others for part in ("subject", "text", "html"))
    with within(cooperative):
        found = set(OutgoingMail.objects.values_list("state", "provider_id", "last_error"))
    assert found == {(MailState.SENT, MAILGUN_TAKES["id"], "")}


def test_without_its_list_a_call_would_show_everyone(news, mailgun):
    """Mailgun writes to each alone only where it is given what is theirs."""
    mails = news("Ana", "Béa")
    outbox.send_due()
    own = json.loads(mailgun.calls[0]["recipient-variables"][0])
    assert sorted(own) == [mail.address for mail in mails]


def test_a_delay_in_one_call_with_each_readers_own_link(delay, mailgun, cooperative):
    mails = delay("Ana", "Béa")
    outbox.send_due()
    (call,) = mailgun.calls
    links = {merged(call, mail)["text"].split("http")[1].split()[0] for mail in mails}
    assert len(links) == 2
    with within(cooperative):
        for mail in mails:
            assert merged(call, mail)["text"] == Composer().compose(mail).body


def test_each_language_and_cooperative_has_its_call(news, mailgun, campaign, outsider):
    news("Ana", "Béa")
    theirs = make_campaign(outsider)
    with within(outsider):
        for name in "yz":
            tell(make_pledge(theirs, email=f"{name}@x.example").backer, theirs)
        send_news(make_update(theirs), by=None, missing_language=NONE)
    with within(campaign.cooperative):
        OutgoingMail.objects.filter(address="b@x.example").update(language="en")
    outbox.send_due()
    assert [call["to"] for call in mailgun.calls] == [["a@x.example"], ["b@x.example"], ["y@x.example", "z@x.example"]]


def test_who_unsubscribed_meanwhile_is_not_in_the_call(news, mailgun, cooperative, campaign):
    mails = news("Ana", "Béa", "Chloé")
    with within(cooperative):
        backing.withdraw_news(mails[1].backer, campaign.translation_key)
    outbox.send_due()
    assert [call["to"] for call in mailgun.calls] == [["a@x.example", "c@x.example"]]
    assert states(cooperative) == [MailState.SENT, MailState.SUPPRESSED, MailState.SENT]


def test_news_whose_answer_never_came_is_in_doubt(news, mailgun, cooperative):
    news("Ana", "Béa")
    mailgun.answers = ["take and vanish"]
    outbox.send_due()
    outbox.send_due()
    assert (states(cooperative), len(mailgun.calls)) == ([MailState.IN_DOUBT] * 2, 1)


def test_a_delay_whose_answer_never_came_leaves_again(delay, mailgun, cooperative):
    mails = delay("Ana", "Béa")
    mailgun.answers = ["take and vanish"]
    outbox.send_due()
    assert states(cooperative) == [MailState.QUEUED] * 2
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        outbox.send_due()
    first, second = mailgun.calls
    assert [merged(call, mails[0])["h:Message-Id"] for call in (first, second)] == [mails[0].message_id] * 2
    assert states(cooperative) == [MailState.SENT] * 2


def test_one_bad_address_keeps_no_one_else_from_it(news, mailgun, cooperative):
    """Mailgun refuses the whole call, without saying for whom: each is handed over alone."""
    news("Ana", "Béa", "Chloé")
    refused = (400, {"message": "to parameter is not a valid address"})
    mailgun.answers = [refused, (200, MAILGUN_TAKES), refused, (200, MAILGUN_TAKES)]
    outbox.send_due()
    assert [call["to"] for call in mailgun.calls] == [
        ["a@x.example", "b@x.example", "c@x.example"],
        ["a@x.example"],
        ["b@x.example"],
        ["c@x.example"],
    ]
    assert states(cooperative) == [MailState.SENT, MailState.QUEUED, MailState.SENT]


@pytest.mark.parametrize("status", [401, 429])
def test_a_refusal_that_is_nobodys_fault_waits(news, mailgun, cooperative, status):
    news("Ana", "Béa")
    mailgun.answers = [(status, {"message": "not now"})]
    outbox.send_due()
    assert (states(cooperative), len(mailgun.calls)) == ([MailState.QUEUED] * 2, 1)


def test_a_text_that_speaks_the_providers_language_leaves_mail_by_mail(news, mailgun, cooperative):
    news("Ana", "Béa", block=text_block("<p>Écrivez %recipient.h_reader_name% ici.</p>"))
    outbox.send_due()
    assert [call["to"] for call in mailgun.calls] == [["a@x.example"], ["b@x.example"]]
    assert states(cooperative) == [MailState.SENT] * 2


def test_the_connection_is_kept(news, mailgun, campaign):
    news("Ana", "Béa", "Chloé", block=text_block("<p>%recipient</p>"))
    outbox.send_due()
    assert (len(mailgun.calls), mailgun.connections) == (3, 1)


def test_sparkpost_gets_each_readers_fields(news, settings, cooperative):
    with web_provider_running(SPARKPOST_TAKES) as provider:
        settings.EMAIL_BACKEND = "anymail.backends.sparkpost.EmailBackend"
        settings.ANYMAIL = {"SPARKPOST_API_KEY": "key", "SPARKPOST_API_URL": provider.url}
        mails = news("Ana & fils", "Béa", "Chloé")
        outbox.send_due()
        (call,) = provider.calls
    assert "{{{h_reader_name}}}" in call["content"]["html"]
    assert "{{{t_unsubscribe_url}}}" in call["content"]["text"]
    own = {one["address"]["email"]: one for one in call["recipients"]}
    assert own["a@x.example"]["substitution_data"]["h_reader_name"] == "Ana &amp; fils"
    assert own["a@x.example"]["substitution_data"]["t_reader_name"] == "Ana & fils"
    assert {address: one["metadata"]["mail"] for address, one in own.items()} == {
        mail.address: str(mail.token) for mail in mails
    }
    assert all(one["address"]["header_to"] == one["address"]["email"] for one in own.values())
    with within(cooperative):
        assert set(OutgoingMail.objects.values_list("state", "provider_id")) == {(MailState.SENT, "7")}


def test_what_a_provider_refuses_of_a_call_stays_visible(news, mailgun, settings, cooperative):
    settings.EMAIL_BACKEND = "anymail.backends.mailjet.EmailBackend"
    settings.ANYMAIL = {"MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s", "MAILJET_API_URL": mailgun.url}
    news("Ana", "Béa")

    def taken(address):
        return {"Status": "success", "To": [{"Email": address, "MessageID": 12, "MessageUUID": "u"}]}

    mailgun.answers = [(200, {"Messages": [taken("a@x.example"), {"Status": "error", "Errors": []}]})]
    outbox.send_due()
    assert "[[var:h_reader_name]]" in mailgun.calls[0]["Globals"]["HTMLPart"]
    assert mailgun.calls[0]["Globals"]["TemplateLanguage"] is True
    assert states(cooperative) == [MailState.SENT, MailState.QUEUED]


def test_nothing_of_one_reader_may_stand_in_what_many_share(news, cooperative, monkeypatch):
    """A link signed while a shared text is rendered is a fault, and the mail does not leave."""
    from home.mail.registry import kind_of
    from home.mail.unsubscribing import url_for

    mail = news("Ana")[0]
    kind = kind_of("update_published")
    fill = kind.fill
    object.__setattr__(kind, "fill", lambda mail: fill(mail) | {"button_url": url_for(mail)})
    try:
        with within(cooperative), pytest.raises(RuntimeError, match="many readers share"):
            Composer().compose(mail)
    finally:
        object.__setattr__(kind, "fill", fill)


def test_what_is_shared_is_rendered_once(news, cooperative, django_assert_max_num_queries):
    mails = news("Ana", "Béa", "Chloé")
    with within(cooperative):
        composer = Composer()
        composer.compose(mails[0])
        with django_assert_max_num_queries(2):
            bodies = [
                composer.compose(
                    OutgoingMail.objects.select_related("backer", "cooperative__site").get(pk=mail.pk)
                ).body
                for mail in mails[1:]
            ]
    assert ["Bonjour Béa," in bodies[0], "Bonjour Chloé," in bodies[1], "Ana" in bodies[0]] == [True, True, False]


def test_each_mail_of_a_call_has_all_its_headers(news, mailgun, settings):
    """Mailjet does not say whether the headers of one mail join those of all or take their place."""
    settings.EMAIL_BACKEND = "anymail.backends.mailjet.EmailBackend"
    settings.ANYMAIL = {"MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s", "MAILJET_API_URL": mailgun.url}
    mailgun.answers = [(200, {"Messages": []})]
    news("Ana", "Béa")
    outbox.send_due()
    for one in mailgun.calls[0]["Messages"]:
        assert sorted(one["Headers"]) == [
            "Auto-Submitted",
            "Content-Language",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "Message-ID",
        ]


@pytest.mark.parametrize("address", ["z@éclair.example", '"z z"@x.example'])
def test_an_address_that_may_be_written_in_two_ways_leaves_by_itself(news, mailgun, cooperative, campaign, address):
    """A provider finds the fields of a reader by their address as anymail writes it."""
    with within(cooperative):
        tell(make_pledge(campaign, backer_name="Zoé", email=address).backer, campaign)
    news("Ana", "Béa")
    outbox.send_due()
    assert sorted(len(call["to"]) for call in mailgun.calls) == [1, 2]
