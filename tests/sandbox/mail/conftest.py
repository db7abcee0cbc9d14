"""A real inbox in its own process, for the tests of this folder."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from sandbox.processes import dies_with_parent, free_port, stop

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Inbox:
    smtp_port: int
    http_port: int
    data: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox.mail", "--smtp-port", str(self.smtp_port)]
        command += ["--http-port", str(self.http_port), "--data", str(self.data)]
        self.process = subprocess.Popen(command, cwd=ROOT, preexec_fn=dies_with_parent())
        end = time.monotonic() + 20
        while not self._is_up():
            assert self.process.poll() is None, "the inbox did not start"
            assert time.monotonic() < end, "the inbox does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process)

    def _is_up(self) -> bool:
        try:
            return self.ask("/_sandbox/health").status == 200
        except OSError:
            return False

    def ask(self, path: str, method: str = "GET", body: object = None, host: str | None = None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data, method=method)
        if host:
            request.add_header("Host", host)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        return self.ask(f"/api/messages{query}").json()

    def send(self, message: EmailMessage, timeout: float = 10) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=timeout) as client:
            return client.send_message(message)


@pytest.fixture(scope="session")
def _running_inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    inbox = Inbox(free_port(), free_port(), tmp_path_factory.mktemp("mail"))
    try:
        inbox.start()
        yield inbox
    finally:
        inbox.stop()


@pytest.fixture
def inbox(_running_inbox: Inbox) -> Inbox:
    """An inbox without messages and without faults."""
    _running_inbox.ask("/api/messages", "DELETE")
    _running_inbox.ask("/_sandbox/faults", "DELETE")
    return _running_inbox


def compose(to: str = "eloise@example.org", subject: str = "Votre reçu – 45 $") -> EmailMessage:
    """A message such as the site sends: two parts, accents, the headers of news."""
    message = EmailMessage()
    message["From"] = "Coop L’Érable <bonjour@erable.example>"
    message["To"] = f"Éloïse Côté <{to}>"
    message["Subject"] = subject
    message["Message-ID"] = "<pledge-1@erable.example>"
    message["List-Unsubscribe"] = "<http://erable.localhost/desabonnement/1>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Bonjour Éloïse,\n\nMerci.\n")
    message.add_alternative("<!doctype html><html lang='fr'><head></head><body><h1>Merci</h1></body></html>", "html")
    message["Content-Language"] = "fr-CA"
    return message
