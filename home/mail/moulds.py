"""What the mails of a group share, as bytes ready for SMTP; each reader's own fields are put where they stand.

No message is built for a reader. Lines without a field are encoded once; a line with one is encoded again for each
reader, so that whatever a field holds cannot break it. Headers that are a reader's own stand first.
"""

import re
from binascii import b2a_qp
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32
from email.utils import formatdate
from functools import partial
from html import escape
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import forbid_multi_line_headers, sanitize_address

from home.mail import composing, merging
from home.mail.composing import FIELD, Draft
from home.mail.registry import Apart
from home.models import OutgoingMail

#: Headers that the message of nobody in particular has, and a reader's own are put in place of.
REPLACED = ("Content-Type", "MIME-Version", "Date", "Message-ID", "Subject")
CHARSET = "utf-8"
EOL = b"\r\n"
LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)

#: A line that is encoded for each reader: text and names of fields, by turns.
Line = list[str]


class Unfit(ValueError):
    """This mail does not fit into its mould: it is to be composed by itself."""


@dataclass(frozen=True)
class ReadyMail:
    """Bytes that SMTP takes as they are, its dots doubled, without the one that ends them; and the envelope."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True)
class _Piece:
    """Bytes that all share, then a line that is each reader's own. `in_html`: its fields are escaped."""

    shared: bytes
    line: Line
    in_html: bool


class Mould:
    """Made of one mail of a group; fits them all, but for addresses that are not plain (Unfit)."""

    def __init__(self, mail: OutgoingMail, draft: Draft) -> None:
        """Raises TypeError for a mail of a rehearsal, which home.mail.diverting must see as a message."""
        if mail.cooperative.is_rehearsal:
            raise TypeError("A mail of a rehearsal fits no mould.")
        message = composing.bare_message(mail, Draft("", "", ""))
        self._sender = sanitize_address(message.from_email, CHARSET)
        self._subject = draft.subject
        self._boundary = f"=_{uuid4().hex}"
        shared = Message()
        for name, value in message.message().items():
            if name not in REPLACED:
                shared[name] = value
        self._headers = shared.as_bytes(policy=compat32.clone(linesep="\r\n")).removesuffix(EOL)
        self._fixed_subject = "" if FIELD.search(draft.subject) else _subject_line(draft.subject)
        self._pieces, self._end = self._pieces_of(draft)

    def fill(self, mail: OutgoingMail, apart: Apart) -> ReadyMail:
        """Raises Unfit."""
        if not merging.is_plain(mail.address):
            raise Unfit(mail.address)
        plain = apart.fields
        escaped = {name: escape(value) for name, value in plain.items()}
        parts = [self._own_headers(mail, apart), self._headers]
        for piece in self._pieces:
            parts += (piece.shared, _encoded(piece.line, escaped if piece.in_html else plain))
        parts.append(self._end)
        return ReadyMail(self._sender, mail.address, b"".join(parts))

    def _own_headers(self, mail: OutgoingMail, apart: Apart) -> bytes:
        headers = {"To": mail.address, "Date": formatdate(localtime=settings.EMAIL_USE_LOCALTIME)}
        headers |= composing.headers_of(mail, apart)
        written = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if not written.isascii() or written.count("\n") != len(headers):
            raise Unfit(mail.address)
        subject = self._fixed_subject or _subject_line(_put(FIELD.split(self._subject), apart.fields))
        return (written + subject).encode("ascii")

    def _pieces_of(self, draft: Draft) -> tuple[list[_Piece], bytes]:
        shared = bytearray(
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{self._boundary}"'.encode()
        )
        shared += EOL * 2
        pieces: list[_Piece] = []
        for kind, content in (("plain", draft.text), ("html", draft.html)):
            shared += f'--{self._boundary}\r\nContent-Type: text/{kind}; charset="{CHARSET}"\r\n'.encode()
            shared += b"Content-Transfer-Encoding: quoted-printable" + EOL * 2
            for text in content.split("\n"):
                line = FIELD.split(text.removesuffix("\r"))
                if len(line) > 1:
                    pieces.append(_Piece(bytes(shared), line, kind == "html"))
                    shared.clear()
                else:
                    shared += _encoded(line, {})
                shared += EOL
        return pieces, bytes(shared) + f"--{self._boundary}--\r\n".encode()


def of_message(message: EmailMultiAlternatives) -> ReadyMail:
    """A message that was built for one reader, as its bytes."""
    (recipient,) = message.recipients()
    data = LEADING_DOT.sub(b"..", message.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
    sender = sanitize_address(message.from_email, CHARSET)
    ends = data if data.endswith(EOL) else data + EOL
    return ReadyMail(sender, sanitize_address(recipient, CHARSET), ends)


def _subject_line(subject: str) -> str:
    """As Django writes it. Raises Unfit where it would be two lines."""
    try:
        _name, value = forbid_multi_line_headers("Subject", subject, CHARSET)
    except ValueError as error:
        raise Unfit(subject) from error
    return "Subject: " + re.sub(r"\r?\n", "\r\n", str(value)) + "\r\n"


def _put(line: Line, fields: dict[str, str]) -> str:
    return "".join(fields[part] if number % 2 else part for number, part in enumerate(line))


def _encoded(line: Line, fields: dict[str, str]) -> bytes:
    """Quoted-printable, broken softly at 76 characters, its leading dots doubled."""
    text = _put(line, fields) if len(line) > 1 else line[0]
    encoded = EOL.join(map(_quoted, text.encode().split(b"\n"))) if "\n" in text else _quoted(text.encode())
    return LEADING_DOT.sub(b"..", encoded) if b"." in encoded else encoded


_qp = partial(b2a_qp, quotetabs=False, istext=False)


def _quoted(line: bytes) -> bytes:
    return _qp(line).replace(b"\n", EOL)
