"""Signed links: bound to one purpose, expiring, revocable by raising a generation that the row keeps."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

from home import clock


class LinkRefused(Exception):
    """The link is not ours, is for another purpose, or has expired."""


@dataclass(frozen=True)
class Link:
    """What a link says: the key of what it opens, and the generation it was made in."""

    subject: str
    generation: int
    expires_at: datetime


def _salt(purpose: str) -> str:
    return f"tremplin.link.{purpose}"


def sign(purpose: str, subject: str, *, lasts: timedelta, generation: int = 0) -> str:
    """A token for one purpose and one subject, valid for `lasts` by the product's clock."""
    expires = int((clock.now() + lasts).timestamp())
    return signing.dumps([subject, generation, expires], salt=_salt(purpose))


def read(purpose: str, token: str) -> Link:
    """What the token says. Raises LinkRefused; the caller checks the generation."""
    try:
        subject, generation, expires = signing.loads(token, salt=_salt(purpose))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkRefused from error
    expires_at = datetime.fromtimestamp(expires, tz=clock.now().tzinfo)
    if expires_at <= clock.now():
        raise LinkRefused
    return Link(subject, generation, expires_at)
