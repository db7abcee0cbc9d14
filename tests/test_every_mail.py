"""Every registered kind of mail, in both languages: what holds for all of them."""

import html
import re
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.template.loader import get_template

from config import ROOT
from home import formats, outbox
from home.languages import LANGUAGES, TAGS
from home.mail import composing
from home.mail.registry import Category, all_kinds, kind_of
from home.models import OutgoingMail
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.samples import SAMPLES, make_mail

KINDS = [kind.key for kind in all_kinds()]
MAX_BYTES, MAX_SUBJECT = 60_000, 78

#: What is a fact wherever it stands: numbers (amounts, dates, times, counts), and what is quoted.
NUMBER = re.compile(r"\d+(?:[\u00a0,.]\d+)*")
QUOTED = re.compile(r"[«“]\s?([^»”]+?)\s?[»”]")
ADDRESS = re.compile(r"https?://[^\s<>)]+")

#: What no template should leave; “None is ready yet.” is a sentence.
UNFILLED = re.compile(r"\{\{|\{%|%\(|\bNone\b(?! is\b)")

#: Amounts as only the other language writes them.
FOREIGN_AMOUNT = {"fr": re.compile(r"\$\d"), "en": re.compile(r"\d[\u00a0 ]\$(?!\d)")}
#: What the team wrote itself stands as it was written.
OWN_WORDS = ("Onésime Ouellet, pour 12 500 $.", "12 500 $")


def plain(text):
    """One line, whose no-break spaces stay."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


class Read:
    """A mail as its reader has it: subject, preview, words of both parts, where they lead."""

    def __init__(self, mail):
        with within(mail.cooperative):
            self.message = composing.compose(mail)
        self.mail, self.html, self.subject = mail, self.message.alternatives[0].content, self.message.subject
        self.preview = self.words(re.search(r'(?s)<div class="preview"[^>]*>(.*?)</div>', self.html)[1])
        body = re.sub(r'(?s)<head>.*?</head>|<div class="preview"[^>]*>.*?</div>', " ", self.html)
        self.shown = re.sub(r" ([.,;:”)])", r"\1", self.words(body))
        self.text = plain(self.message.body)
        self.html_links = {html.unescape(one) for one in re.findall(r'href="(https?://[^"]+)"', self.html)}
        self.text_links = {one.rstrip(".,") for one in ADDRESS.findall(self.message.body)}

    def words(self, markup):
        return plain(html.unescape(re.sub(r"<[^>]+>", " ", markup)))


def facts_of(text):
    """Sorted, each once: addresses apart, whose figures are not for people."""
    bare = ADDRESS.sub(" ", text)
    return sorted(set(NUMBER.findall(bare)) | {plain(one) for one in QUOTED.findall(bare)})


def only_in_one(read):
    return sorted(set(facts_of(read.shown)) ^ set(facts_of(read.text)))


def faults_of(read):
    """Everything that is wrong with a mail, in words."""
    mail, kind, language = read.mail, kind_of(read.mail.kind), read.mail.language
    cooperative = mail.cooperative
    headers = read.message.message()
    footer = (cooperative.legal_name, plain(cooperative.address), cooperative.phone, cooperative.privacy_officer)
    own = read.shown
    for words in OWN_WORDS:
        own = own.replace(words, "")
    foreign = FOREIGN_AMOUNT[language].findall(f"{own} · {read.subject} · {read.preview}")
    checks = {
        f"the parts say other facts: {only_in_one(read)}": not only_in_one(read),
        "the parts lead elsewhere": read.html_links == read.text_links,
        "it is too heavy": len(read.html.encode()) < MAX_BYTES,
        "the subject is too long": 0 < len(read.subject) < MAX_SUBJECT,
        "there is no preview": bool(read.preview),
        "the preview repeats the subject": formats.folded(read.preview) != formats.folded(read.subject),
        "the preview starts as the subject does": not read.preview.startswith(read.subject),
        "the footer lacks who writes": all(one in read.shown and one in read.text for one in footer),
        "the reply goes elsewhere": headers["Reply-To"] == cooperative.contact_email,
        "the sender is another": cooperative.sender_email in str(headers["From"]),
        "the Message-ID changes": headers["Message-ID"] == mail.message_id,
        "the language is not said": f'<html lang="{TAGS[language]}"' in read.html,
        f"an amount is in the other language: {foreign}": not foreign,
        "something is fetched": not re.search(r"(?:src|background)=|url\(|<link|@import|<script", read.html),
        "something is not filled in": not UNFILLED.search(read.shown + read.text + read.subject),
        "one-click unsubscription is not on news alone": (
            (headers["List-Unsubscribe"] is not None, headers["List-Unsubscribe-Post"] is not None)
            == (kind.category == Category.NEWS,) * 2
        ),
    }
    return [fault for fault, holds in checks.items() if not holds]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_each_mail_holds_what_holds_for_all(kind, cooperative):
    for language in LANGUAGES:
        campaign = make_campaign(cooperative, slug=f"campagne-{language}")
        read = Read(make_mail(kind, campaign, language))
        assert (language, faults_of(read)) == (language, [])


def test_every_kind_has_a_sample():
    assert sorted(SAMPLES) == sorted(KINDS)


def test_every_template_is_of_a_registered_kind():
    """What others include has no subject."""
    folder = ROOT / "templates" / "emails"
    subjects = {str(path.relative_to(folder)).removesuffix(".subject.txt") for path in folder.rglob("*.subject.txt")}
    assert subjects == {f"{kind.app}/{kind.key}" for kind in all_kinds()}
    for kind in all_kinds():
        for ending in (".subject.txt", ".txt", ".html"):
            get_template(kind.template + ending)


def test_nothing_is_queued_outside_the_registry(cooperative):
    """Rows are made by the outbox, which takes a registered kind; nothing else sends."""
    with pytest.raises(KeyError):
        kind_of("never_registered")
    makers, senders = set(), set()
    for label in ("home", "campaigns", "pledges", "updates"):
        for path in (ROOT / label).rglob("*.py"):
            code = path.read_text()
            if re.search(r"OutgoingMail\((?!s)", code) and "class OutgoingMail(" not in code:
                makers.add(str(path.relative_to(ROOT)))
            if re.search(r"OutgoingMail\.objects\.(create|bulk_create|get_or_create|update_or_create)\(", code):
                makers.add(str(path.relative_to(ROOT)))
            if re.search(r"\b(send_mail|send_mass_mail|mail_admins|EmailMessage|EmailMultiAlternatives)\(", code):
                senders.add(str(path.relative_to(ROOT)))
    assert makers == {"home/outbox.py"}
    assert senders == {"home/mail/composing.py", "home/self_checks/telling.py"}  # the latter to the operator alone
    unregistered = type(kind_of("sender_check"))("x", "home", Category.TEAM, "x", lambda mail: {})
    with pytest.raises(KeyError):
        outbox.mail_for(unregistered, cooperative=cooperative, subject_key="x", to=make_user(cooperative))


def test_the_list_of_mails_is_up_to_date(tmp_path):
    call_command("list_mails", write=str(tmp_path / "emails.md"), verbosity=0)
    assert (ROOT / "docs" / "emails.md").read_text() == (tmp_path / "emails.md").read_text()


#: What keeps count of visits and work, or who is logged in.
LOGS = {"home.Heartbeat", "home.PeriodicJob"}


#: Where an object stands in memory.
UNSTABLE = re.compile(r" at 0x[0-9a-f]+")


def everything():
    with across_cooperatives():
        models = [
            model
            for label in ("home", "campaigns", "pledges", "updates", "wagtailcore", "sessions", "django_tasks_database")
            for model in apps.get_app_config(label).get_models()
            if model._meta.label not in LOGS
        ]
        return {
            one._meta.label: sorted(UNSTABLE.sub("", repr(row)) for row in one._default_manager.values_list())
            for one in models
        }


@pytest.mark.long
def test_a_link_scanner_changes_nothing(cooperative, client):
    """Every link of every kind's mail, opened by GET and by HEAD, again and again."""
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    links = set()
    for number, kind in enumerate(KINDS):
        mail = make_mail(kind, make_campaign(cooperative, slug=f"campagne-{number}"), LANGUAGES[number % 2])
        links |= Read(mail).html_links
    own = sorted(link for link in links if link.startswith(cooperative.root_url))
    assert len(own) > 30
    before = everything()
    answers = {}
    for _time in range(3):
        for link in own:
            where = urlsplit(link)
            path = where.path + (f"?{where.query}" if where.query else "")
            answers[path] = {client.get(path).status_code, client.head(path).status_code}
    # Django keeps the token of a new password out of the address, in a session of whoever opened it; it is not used up.
    kept = {key for one in Session.objects.all() for key in one.get_decoded()}
    assert kept <= {"_password_reset_token"}
    Session.objects.all().delete()
    after = everything()
    assert [label for label in before if before[label] != after[label]] == []
    assert {path: found for path, found in answers.items() if not found <= {200, 302}} == {}
    with across_cooperatives():
        assert OutgoingMail.objects.count() == len(before["home.OutgoingMail"])
