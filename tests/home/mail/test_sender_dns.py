"""SPF, DKIM and DMARC of a sending address, asked of a real DNS server on loopback, on a click only."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from home.mail import sender_dns
from home.mail.sender_dns import Record, Verdict
from home.models import Role
from tests.factories.cooperatives import make_user
from tests.home.dns_far_end import dns_running

DOMAIN = "meule.example"
SPF, DMARC = "v=spf1 include:spf.mail.example ~all", "v=DMARC1; p=quarantine"
KEY = "v=DKIM1; k=rsa; p=MIGfMA0GCSq"


@pytest.fixture
def server(settings):
    with dns_running() as running:
        settings.DNS_SERVERS = [running.address]
        settings.SPF_INCLUDE, settings.DKIM_SELECTORS = "spf.mail.example", ["pm"]
        yield running


@pytest.fixture
def client(cooperative):
    visitor = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    visitor.force_login(make_user(cooperative, Role.EDITOR))
    return visitor


def verdicts(address=f"nouvelles@{DOMAIN}"):
    return {one.record: one.verdict for one in sender_dns.check(address, f"bonjour@{DOMAIN}")}


def test_all_in_place(server):
    server.texts = {DOMAIN: ["other=1", SPF], f"pm._domainkey.{DOMAIN}": [KEY], f"_dmarc.{DOMAIN}": [DMARC]}
    assert verdicts() == dict.fromkeys(Record, Verdict.GOOD)


def test_nothing_there_and_what_to_add(server):
    found = sender_dns.check(f"nouvelles@{DOMAIN}", f"bonjour@{DOMAIN}")
    assert [(one.record, one.name, one.verdict, one.wanted) for one in found] == [
        (Record.SPF, DOMAIN, Verdict.MISSING, "v=spf1 include:spf.mail.example ~all"),
        (Record.DKIM, f"pm._domainkey.{DOMAIN}", Verdict.MISSING, ""),
        (Record.DMARC, f"_dmarc.{DOMAIN}", Verdict.MISSING, f"v=DMARC1; p=none; rua=mailto:bonjour@{DOMAIN}"),
    ]


@pytest.mark.parametrize(
    ("name", "texts", "record", "verdict"),
    [
        (DOMAIN, [SPF, "v=spf1 -all"], Record.SPF, Verdict.SEVERAL),
        (DOMAIN, ["v=spf1 include:elsewhere.example ~all"], Record.SPF, Verdict.INCOMPLETE),
        (DOMAIN, ["something else"], Record.SPF, Verdict.MISSING),
        (f"pm._domainkey.{DOMAIN}", ["v=DKIM1; p="], Record.DKIM, Verdict.INCOMPLETE),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; rua=mailto:x@x.example"], Record.DMARC, Verdict.INCOMPLETE),
        (f"_dmarc.{DOMAIN}", [DMARC, DMARC + " "], Record.DMARC, Verdict.SEVERAL),
    ],
)
def test_what_is_wrong(server, name, texts, record, verdict):
    server.texts = {name: texts}
    assert verdicts()[record] == verdict


def test_the_policy_of_the_domain_above_counts(server):
    server.texts = {f"_dmarc.{DOMAIN}": [DMARC]}
    assert verdicts(f"x@infos.{DOMAIN}")[Record.DMARC] == Verdict.GOOD
    assert f"_dmarc.infos.{DOMAIN}" in server.asked
    assert "_dmarc.example" not in server.asked


def test_no_answer_is_said_and_keeps_nothing_from_the_others(server, monkeypatch):
    monkeypatch.setattr(sender_dns, "PATIENCE", 0.3)
    server.silent = {DOMAIN}
    server.texts = {f"_dmarc.{DOMAIN}": [DMARC]}
    assert verdicts() == {Record.SPF: Verdict.UNKNOWN, Record.DKIM: Verdict.MISSING, Record.DMARC: Verdict.GOOD}


LOCAL = ["localhost", "meule.local", "10.0.0.1", "[10.0.0.1]", "", "printer.lan", "a" * 64 + ".b"]


@pytest.mark.parametrize("domain", LOCAL)
def test_what_is_local_is_not_asked_about(server, domain):
    assert (sender_dns.check(f"x@{domain}", "x@x.example"), server.asked) == ([], [])


def test_a_look_asks_nothing_and_a_click_says_it_all(server, client):
    server.texts = {DOMAIN: [SPF], f"_dmarc.{DOMAIN}": ["v=DMARC1; x=<script>alert(1)</script>"]}
    address = reverse("sender_verification")
    page = client.get(address).content.decode()
    assert (server.asked, f"Check {DOMAIN}" in page) == ([], True)
    page = client.post(address, {"act": "dns"}).content.decode()
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for said in ("In place", SPF, "Nothing there yet", "There, but incomplete", f"rua=mailto:bonjour@{DOMAIN}"):
        assert said in shown
    assert "<script>alert(1)" not in page


def test_a_click_needs_its_token_and_a_role(server, cooperative):
    for role, options, status in ((Role.EDITOR, {"enforce_csrf_checks": True}, 403), (Role.TREASURER, {}, 302)):
        visitor = Client(HTTP_HOST=cooperative.site.hostname, **options)
        visitor.force_login(make_user(cooperative, role))
        assert visitor.post(reverse("sender_verification"), {"act": "dns"}).status_code == status
    assert server.asked == []
