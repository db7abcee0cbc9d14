"""One call to the provider for many readers, where it fills each reader's own fields by itself (anymail's merge data).

Each reader gets a mail of their own, and sees no other's address. The metadata of each names its row, so that what the
provider tells later finds it (home.mail.tracking).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from home.mail import composing
from home.mail.composing import FIELD, ROW, Draft
from home.mail.registry import Apart
from home.models import OutgoingMail

#: Neither quoted nor of a domain that is written in two ways.
PLAIN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9.-]+", re.IGNORECASE | re.ASCII)

Mails = Sequence[tuple[OutgoingMail, Apart]]


@dataclass(frozen=True)
class Dialect:
    """How a provider writes a field in a text that is not stored with it.

    `marks`: what it would read as its own in an editor's text; such a text leaves mail by mail. `most`: readers of one
    call, fewer than any provider takes but Mailjet: all of them are in doubt if the process dies before the answer.
    """

    written: str
    marks: tuple[str, ...]
    extra: dict[str, Any] = field(default_factory=dict)
    most: int = 500


#: Providers whose anymail backend takes merge data for a text of ours, and headers and metadata for each reader.
DIALECTS = {
    "anymail.backends.mailgun": Dialect("%recipient.{}%", ("%recipient",)),
    "anymail.backends.mailjet": Dialect(
        "[[var:{}]]", ("[[", "{{", "{%"), {"Globals": {"TemplateLanguage": True}}, most=50
    ),
    "anymail.backends.sendgrid": Dialect("-tremplin_{}-", ("-tremplin_",), {"merge_field_format": "-tremplin_{}-"}),
    "anymail.backends.sparkpost": Dialect("{{{{{{{}}}}}}}", ("{{",)),
}


def dialect_of(provider: BaseEmailBackend) -> Dialect | None:
    """None for one that takes a message a reader, SMTP first of all."""
    return DIALECTS.get(type(provider).__module__)


def is_plain(address: str) -> bool:
    """Whether anymail and every provider write it as it stands here: fields are found by it."""
    return PLAIN.fullmatch(address) is not None


def can_carry(dialect: Dialect, draft: Draft, mails: Mails) -> bool:
    """False where the text, or an address that stands twice, wants a message a reader."""
    if any(mark in part for mark in dialect.marks for part in (draft.subject, draft.text, draft.html)):
        return False
    return len({mail.address.casefold() for mail, _apart in mails}) == len(mails)


def message_for(dialect: Dialect, draft: Draft, mails: Mails) -> EmailMultiAlternatives:
    """One message for all of them."""
    marked = Draft(
        FIELD.sub(lambda found: dialect.written.format(f"t_{found[1]}"), draft.subject),
        FIELD.sub(lambda found: dialect.written.format(f"t_{found[1]}"), draft.text),
        FIELD.sub(lambda found: dialect.written.format(f"h_{found[1]}"), draft.html),
    )
    message: Any = composing.bare_message(mails[0][0], marked)
    message.to = [mail.address for mail, _apart in mails]
    message.merge_data = {mail.address: _fields(apart) for mail, apart in mails}
    message.merge_headers = {mail.address: _headers(mail, apart) for mail, apart in mails}
    message.merge_metadata = {mail.address: {ROW: str(mail.token)} for mail, _apart in mails}
    if dialect.extra:
        message.esp_extra = dialect.extra
    return message


def _headers(mail: OutgoingMail, apart: Apart) -> dict[str, str]:
    """All of them: a provider may take those of one mail in place of those of the whole call."""
    return composing.shared_headers_of(mail) | composing.headers_of(mail, apart)


def _fields(apart: Apart) -> dict[str, str]:
    """Each as text and as HTML: providers put them in as they are."""
    plain = {f"t_{name}": value for name, value in apart.fields.items()}
    return plain | {f"h_{name}": escape(value) for name, value in apart.fields.items()}


def answer_for(message: EmailMultiAlternatives, mail: OutgoingMail) -> tuple[str, str]:
    """What the provider said of one reader: anymail's status and the provider's name of the mail."""
    recipients = getattr(getattr(message, "anymail_status", None), "recipients", {})
    said = recipients.get(message.to[0] if len(message.to) == 1 else mail.address)
    if said is None:
        return "", ""
    return said.status or "", "" if said.message_id is None else str(said.message_id)
