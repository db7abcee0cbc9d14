"""The inbox as its users meet it: through SMTP and HTTP."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from sandbox.mail.pages import opening_links_outside
from sandbox.processes import free_port

from .conftest import ROOT, Inbox, compose


def test_what_is_sent_is_shown_decoded(inbox: Inbox) -> None:
    inbox.send(compose())

    (message,) = inbox.messages()

    assert message["from"] == "Coop L’Érable <bonjour@erable.example>"
    assert message["to"] == message["envelope_to"] == ["eloise@example.org"]
    assert message["envelope_from"] == "bonjour@erable.example"
    assert message["subject"] == "Votre reçu – 45 $"
    assert message["message_id"] == "<pledge-1@erable.example>"
    assert message["list_unsubscribe"] == "<http://erable.localhost/desabonnement/1>"
    assert message["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert message["language"] == "fr-CA"
    assert message["text"] == "Bonjour Éloïse,\n\nMerci.\n"
    assert "<h1>Merci</h1>" in message["html"]
    assert message["headers"]["Subject"] == "Votre reçu – 45 $"
    assert message["received_at"].endswith("+00:00")


def test_hidden_recipients_are_in_the_envelope_only(inbox: Inbox) -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        client.send_message(compose(), to_addrs=["eloise@example.org", "hidden@example.org"])

    (message,) = inbox.messages("?to=hidden@")

    assert message["to"] == ["eloise@example.org"]
    assert message["envelope_to"] == ["eloise@example.org", "hidden@example.org"]


def test_messages_are_filtered_and_come_oldest_first(inbox: Inbox) -> None:
    for address in ("a@example.org", "b@example.org", "a@example.org"):
        inbox.send(compose(to=address))
    inbox.send(compose(to="a@example.org", subject="Une NOUVELLE étape"))
    every = inbox.messages()

    assert [message["id"] for message in every] == sorted(message["id"] for message in every)
    assert len(inbox.messages("?to=A@EXAMPLE")) == 3
    assert [message["id"] for message in inbox.messages("?subject=nouvelle%20%C3%89tape")] == [every[3]["id"]]
    assert inbox.messages(f"?to=a@example.org&since_id={every[0]['id']}") == [every[2], every[3]]


def test_forgetting_all_leaves_nothing_and_gives_no_number_twice(inbox: Inbox) -> None:
    inbox.send(compose())
    (before,) = inbox.messages()

    assert inbox.ask("/api/messages", "DELETE").json() == {"deleted": 1}
    assert inbox.messages() == []
    inbox.send(compose())
    assert inbox.messages()[0]["id"] > before["id"]


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    inbox = Inbox(free_port(), free_port(), tmp_path)
    try:
        inbox.start()
        inbox.send(compose())
        inbox.stop()
        inbox.start()
        assert [message["subject"] for message in inbox.messages()] == ["Votre reçu – 45 $"]
    finally:
        inbox.stop()


def test_a_message_without_anything_is_kept_too(inbox: Inbox) -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        client.sendmail("a@example.org", ["b@example.org"], b"\xff\xfe not really a message")

    (message,) = inbox.messages()

    assert message["subject"] == message["message_id"] == message["html"] == message["language"] == ""
    assert inbox.ask(f"/messages/{message['id']}").status == 200
    assert inbox.ask("/").status == 200


@pytest.mark.parametrize("charset", ["iso-8859-1", "no-such-charset"])
def test_bodies_in_other_charsets_are_readable(inbox: Inbox, charset: str) -> None:
    raw = f'Subject: x\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\ncaf'.encode() + b"\xe9\r\n"
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        client.sendmail("a@example.org", ["b@example.org"], raw)

    assert inbox.messages()[0]["text"] in ("café\n", "caf\ufffd\n")


# ---------------------------------------------------------------- pages


def test_the_list_shows_the_newest_first_and_escapes(inbox: Inbox) -> None:
    inbox.send(compose(subject="Ancien"))
    inbox.send(compose(subject="<script>alert(1)</script>"))

    page = inbox.ask("/").body.decode()

    assert "<script>" not in page
    assert page.index("&lt;script&gt;") < page.index("Ancien")
    assert "fr-CA" in page


def test_the_list_goes_on_to_older_messages(inbox: Inbox) -> None:
    with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
        for number in range(103):
            client.send_message(compose(subject=f"Message {number:03}"))
    oldest = inbox.messages()[2]["id"]

    first = inbox.ask("/").body.decode()
    assert "Message 102" in first
    assert "Message 002" not in first
    assert "before_id=" in first

    rest = inbox.ask(f"/?before_id={oldest + 1}").body.decode()
    assert "Message 002" in rest
    assert "Message 003" not in rest


def test_the_html_part_is_framed_and_can_load_nothing(inbox: Inbox) -> None:
    inbox.send(compose())
    number = inbox.messages()[0]["id"]

    page = inbox.ask(f"/messages/{number}")
    assert f'<iframe src="/messages/{number}/html"' in page.body.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.body.decode()
    assert "script" not in page.headers["Content-Security-Policy"]

    part = inbox.ask(f"/messages/{number}/html")
    policy = part.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert '<base target="_blank">' in part.body.decode()


def test_the_message_is_downloaded_byte_for_byte(inbox: Inbox) -> None:
    sent = compose()
    inbox.send(sent)

    answer = inbox.ask(f"/messages/{inbox.messages()[0]['id']}.eml")

    assert answer.headers["Content-Type"] == "message/rfc822"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert message_from_bytes(answer.body)["Message-ID"] == sent["Message-ID"]
    assert b"\r\n\r\n" in answer.body


@pytest.mark.parametrize("path", ["/messages/999999", "/messages/999999.eml", "/messages/999999/html"])
def test_a_message_that_is_not_there_is_a_404(inbox: Inbox, path: str) -> None:
    assert inbox.ask(path).status == 404


def test_a_number_that_is_none_is_refused(inbox: Inbox) -> None:
    assert inbox.ask("/api/messages?since_id=yesterday").status == 400


def test_another_host_name_is_refused(inbox: Inbox) -> None:
    assert inbox.ask("/", host="inbox.example.org").status == 400
    assert inbox.ask("/", host="localhost").status == 200


def test_links_of_a_fragment_open_outside_the_frame() -> None:
    assert opening_links_outside("<p>x</p>") == '<base target="_blank"><p>x</p>'
    assert opening_links_outside("<html><HEAD lang=a><title>") == '<html><HEAD lang=a><base target="_blank"><title>'


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("code", ["451", "550"])
def test_a_recipient_is_refused_as_often_as_ordered(inbox: Inbox, code: str) -> None:
    inbox.ask("/_sandbox/faults", "POST", {"refuse": code, "match": "eloise", "times": 1})

    inbox.send(compose(to="other@example.org"))
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        inbox.send(compose())
    assert refusal.value.recipients["eloise@example.org"][0] == int(code)
    inbox.send(compose())

    assert [message["envelope_to"] for message in inbox.messages()] == [["other@example.org"], ["eloise@example.org"]]


def test_a_hang_keeps_the_message_whose_sender_gave_up(inbox: Inbox) -> None:
    inbox.ask("/_sandbox/faults", "POST", {"hang": 5, "times": 1})

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected, socket.timeout)):
        inbox.send(compose(), timeout=0.5)

    assert len(inbox.messages()) == 1
    inbox.send(compose())
    assert len(inbox.messages()) == 2


def test_an_order_of_nothing_clears_the_others(inbox: Inbox) -> None:
    inbox.ask("/_sandbox/faults", "POST", {"refuse": "550"})
    assert inbox.ask("/_sandbox/faults", "POST", {"refuse": None}).json() == []
    inbox.send(compose())
    assert len(inbox.messages()) == 1


@pytest.mark.parametrize("order", [{"refuse": "999"}, {"times": 0, "hang": 1}, {"hang": -1}, {"delay": 3}, ["451"]])
def test_an_order_that_makes_no_sense_is_refused(inbox: Inbox, order: object) -> None:
    answer = inbox.ask("/_sandbox/faults", "POST", order)
    assert answer.status == 400
    assert answer.json()["error"]
    assert inbox.ask("/_sandbox/faults").json() == []


# ---------------------------------------------------------------- the command


def test_only_a_loopback_address_is_accepted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.mail", "--smtp-port", "1", "--http-port", "2", "--data", str(tmp_path)]
    answer = subprocess.run([*command, "--host", "0.0.0.0"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 2
    assert "not a loopback address" in answer.stderr
