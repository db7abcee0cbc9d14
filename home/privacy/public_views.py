"""« Ce que nous gardons »: the register, as anyone may read it at a cooperative's host."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from home.privacy import register
from home.privacy.register import Group
from home.privacy.retention import term_of
from home.privacy.words import Person


@dataclass(frozen=True)
class Held:
    """One thing held, in the reader's language."""

    group: Group
    term: str | Promise


@dataclass(frozen=True)
class Part:
    """What is held about some people."""

    about: str | Promise
    held: list[Held]


def parts() -> list[Part]:
    """The whole register, those whom a visitor may be first; what says the same thing of two rooms stands once."""
    found = []
    for person in Person:
        said: dict[tuple[str, str], Held] = {}
        for group in register.groups():
            if group.of == person:
                said.setdefault((group.said_what, group.kept), Held(group, term_of(group.kept)))
        found.append(Part(person.label, list(said.values())))
    return found


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    if getattr(request, "cooperative", None) is None:
        raise Http404
    return render(request, "home/privacy_register.html", {"parts": parts()})
