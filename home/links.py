"""Signed links: bound to one purpose, expiring, revocable by raising a generation that the row keeps."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hmac import HMAC

from django.conf import settings
from django.core import signing
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from home import clock

DAY = 86_400

#: As `signing.Signer.sign_object` writes what it signs.
_compact = json.JSONEncoder(separators=(",", ":")).encode

#: Stands for a token in a path.
_PLACE = "the-token-of-one-reader"


_none_signed: ContextVar[bool] = ContextVar("none_signed", default=False)


class LinkRefused(Exception):
    """The link is not ours, is for another purpose, or has expired."""


class LinkExpired(LinkRefused):
    """It is ours, and its time is over. `subject` is what it was about: enough to mail another one, and no more."""

    def __init__(self, subject: str) -> None:
        super().__init__("expired")
        self.subject = subject


@dataclass(frozen=True)
class Link:
    """What a link says: the key of what it opens, and the generation it was made in."""

    subject: str
    generation: int
    expires_at: datetime


@contextmanager
def none_signed() -> Iterator[None]:
    """What follows is for many readers: a link of one of them is a fault, and raises RuntimeError."""
    token = _none_signed.set(True)
    try:
        yield
    finally:
        _none_signed.reset(token)


def _salt(purpose: str) -> str:
    return f"tremplin.link.{purpose}"


def sign(purpose: str, subject: str, *, lasts: timedelta, generation: int = 0) -> str:
    """A token for one purpose and one subject, valid for `lasts` and the rest of that day by the product's clock.

    The same all day long, so that a mail sent again carries the same link.
    """
    if _none_signed.get():
        raise RuntimeError(f"A link for {purpose} was signed in what many readers share.")
    expires = (int((clock.now() + lasts).timestamp()) // DAY + 1) * DAY
    said = signing.b64_encode(_compact([subject, generation, expires]).encode()).decode()
    mac = _keyed(purpose, settings.SECRET_KEY).copy()
    mac.update(said.encode())
    return f"{said}:{signing.b64_encode(mac.digest()).decode()}"


@lru_cache
def _keyed(purpose: str, key: str) -> HMAC:
    """What `signing.Signer` would make anew for each of a mailing's links. To be copied."""
    signer = signing.Signer(key=key, salt=_salt(purpose))
    return salted_hmac(f"{_salt(purpose)}signer", "", signer.key, algorithm=signer.algorithm)


def path_of(view: str, token: str, language: str) -> str:
    """The path of a view that takes a token and nothing else, in a language. Resolved once, as mails go to many."""
    return paths_of([view], token, language)[0]


def paths_of(views: Iterable[str], token: str, language: str) -> list[str]:
    """Those of several views, of one token."""
    urls, prefix = get_urlconf() or settings.ROOT_URLCONF, get_script_prefix()
    return [_pattern(view, language, urls, prefix).replace(_PLACE, token) for view in views]


@lru_cache
def _pattern(view: str, language: str, _urls: str, _prefix: str) -> str:
    with translation.override(language):
        return reverse(view, args=[_PLACE])


def read(purpose: str, token: str) -> Link:
    """What the token says. Raises LinkRefused, LinkExpired of them; the caller checks the generation."""
    try:
        subject, generation, expires = signing.Signer(salt=_salt(purpose)).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkRefused from error
    expires_at = datetime.fromtimestamp(expires, tz=clock.now().tzinfo)
    if expires_at <= clock.now():
        raise LinkExpired(str(subject))
    return Link(subject, generation, expires_at)


#: A signed key, as it stands in an address: what it says, perhaps a moment, and 43 letters of signature (27 once).
#: Begun where a word begins, and never gone back over: an address of thousands of letters is read once.
_SIGNED = re.compile(
    r"(?<![A-Za-z0-9_.-])[A-Za-z0-9_.-]++(?:(?::|%3A)[A-Za-z0-9_-]{1,12})?(?::|%3A)[A-Za-z0-9_-]{27,}+", re.IGNORECASE
)
#: The two parts by which Django names who chooses a new password.
_PASSWORD = re.compile(r"(password_reset/confirm/)[^/\s]+/[^/\s\"'?]+", re.IGNORECASE)
#: The name of a payment page in the address that it leads back to, which shows a contribution for an hour.
_NAMED = re.compile(r"(?<=/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[/?#\s\"']|$)", re.IGNORECASE)
_HIDDEN = "…"


def masked(text: str) -> str:
    """The text without the keys that stand in it: for logs, mails about faults, and whatever others may read."""
    return _PASSWORD.sub(rf"\1{_HIDDEN}", _NAMED.sub(_HIDDEN, _SIGNED.sub(_HIDDEN, text)))


def holds_secret(address: str) -> bool:
    """Whether a path, with its query or without, opens something to whoever has it."""
    return bool(_SIGNED.search(address) or _NAMED.search(address) or _PASSWORD.search(address))
