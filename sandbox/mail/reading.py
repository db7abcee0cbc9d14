"""What a person or a test wants to know about a message, read from its raw bytes."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass(frozen=True)
class Reading:
    """One message, decoded. A part or header that is not there is an empty string."""

    sender: str
    to: list[str]
    subject: str
    message_id: str
    list_unsubscribe: str
    list_unsubscribe_post: str
    language: str
    text: str
    html: str
    headers: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.sender,
            "to": self.to,
            "subject": self.subject,
            "message_id": self.message_id,
            "list_unsubscribe": self.list_unsubscribe,
            "list_unsubscribe_post": self.list_unsubscribe_post,
            "language": self.language,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
        }


def read(raw: bytes) -> Reading:
    """Decode a message. A header that comes several times is joined with newlines."""
    message = message_from_bytes(raw, policy=policy.default)
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}\n{value}" if name in headers else str(value)
    return Reading(
        sender=str(message["From"] or ""),
        to=_addresses(message),
        subject=str(message["Subject"] or "").strip(" "),
        message_id=str(message["Message-ID"] or "").strip(),
        list_unsubscribe=str(message["List-Unsubscribe"] or ""),
        list_unsubscribe_post=str(message["List-Unsubscribe-Post"] or ""),
        language=str(message["Content-Language"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=headers,
    )


def _addresses(message: EmailMessage) -> list[str]:
    found: list[str] = []
    for header in message.get_all("To", []) + message.get_all("Cc", []):
        found += [address.addr_spec for address in header.addresses]
    return found


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        text = raw.decode(charset, errors="replace")
    except LookupError:  # a charset that Python does not know
        text = raw.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n")
