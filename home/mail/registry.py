"""Every kind of mail that can leave: who reads it, in which category, and what fills it.

Each app registers its kinds when it is loaded (`<app>/emails.py`). A mail outside this registry cannot be queued.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from home.models.mail import OutgoingMail

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Context = dict[str, Any]

#: Characters that no text of ours holds: what stands between them is the name of a field.
OPEN, CLOSE = "\ue0f0", "\ue0f1"


def place(name: str) -> str:
    """Where a field that is a reader's own goes, in what many readers share."""
    return f"{OPEN}{name}{CLOSE}"


@dataclass(frozen=True)
class Apart:
    """What sets one mail of a shared kind apart. Mails of equal `key` say the same but for their `fields`."""

    key: Hashable = ()
    fields: dict[str, str] = field(default_factory=dict)


class Category(StrEnum):
    """Service mail is always sent; news has a one-click unsubscribe; team mail goes to people who log in."""

    SERVICE = "service"
    NEWS = "news"
    TEAM = "team"


@dataclass(frozen=True)
class MailKind:
    """`fill` is called at sending, in the reader's language, and returns what the templates read.

    Templates stand in `emails/<app>/<key>.{subject.txt,txt,html}`. `choice` is what team mail is called where its
    reader may switch it off (translated lazily); without one it is always sent.

    A kind that goes to many has `apart`: its mails of one subject and language are rendered once for all that its key
    calls the same, so that `fill` must hold nothing of one reader but `place(...)`, and sign no link. `apart` is
    called for each mail, in its language too.
    """

    key: str
    app: str
    category: Category
    purpose: str
    fill: Callable[[OutgoingMail], Context]
    choice: "StrPromise | str" = ""
    apart: Callable[[OutgoingMail], Apart] | None = None

    @property
    def template(self) -> str:
        return f"emails/{self.app}/{self.key}"


_kinds: dict[str, MailKind] = {}


def register(kind: MailKind) -> MailKind:
    """Add a kind. Raises ValueError if another one has its key."""
    if _kinds.get(kind.key, kind) != kind:
        raise ValueError(f"Two kinds of mail are called {kind.key}.")
    _kinds[kind.key] = kind
    return kind


def kind_of(key: str) -> MailKind:
    """The kind of that name. Raises KeyError for one that was never registered."""
    return _kinds[key]


def all_kinds() -> list[MailKind]:
    return sorted(_kinds.values(), key=lambda kind: (kind.app, kind.key))
