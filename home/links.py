"""Signed links: bound to one purpose, expiring, revocable by raising a generation that the row keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.core import signing
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import translation

from home import clock

DAY = 86_400

#: Stands for a token in a path.
_PLACE = "the-token-of-one-reader"


_none_signed: ContextVar[bool] = ContextVar("none_signed", default=False)


class LinkRefused(Exception):
    """The link is not ours, is for another purpose, or has expired."""


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
    return _signer(purpose, settings.SECRET_KEY).sign_object([subject, generation, expires])


@lru_cache
def _signer(purpose: str, key: str) -> signing.Signer:
    return signing.Signer(key=key, salt=_salt(purpose))


def path_of(view: str, token: str, language: str) -> str:
    """The path of a view that takes a token and nothing else, in a language. Resolved once, as mails go to many."""
    return _pattern(view, language, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix()).replace(_PLACE, token)


@lru_cache
def _pattern(view: str, language: str, _urls: str, _prefix: str) -> str:
    with translation.override(language):
        return reverse(view, args=[_PLACE])


def read(purpose: str, token: str) -> Link:
    """What the token says. Raises LinkRefused; the caller checks the generation."""
    try:
        subject, generation, expires = signing.Signer(salt=_salt(purpose)).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkRefused from error
    expires_at = datetime.fromtimestamp(expires, tz=clock.now().tzinfo)
    if expires_at <= clock.now():
        raise LinkRefused
    return Link(subject, generation, expires_at)
