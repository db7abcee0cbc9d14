"""The record of what people did that others must be able to check: money, people, settings.

Each room registers its acts; `record` is called in the transaction of the act itself, so that there is never one
without the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.functional import Promise

from home.models import AuditEntry, Cooperative, User

Words = str | Promise


@dataclass(frozen=True)
class Act:
    """`label` says what was done, as a noun phrase: “Refund asked for”. `is_money` acts are about money."""

    key: str
    label: Words
    is_money: bool


@dataclass(frozen=True)
class Fact:
    """How a fact is told: `show` makes a text of its value, all facts of the entry and the cooperative."""

    key: str
    label: Words
    show: Callable[[Any, dict[str, Any], Cooperative], str]


@dataclass(frozen=True)
class Subject:
    """How a row that an entry is about is told: what it is, and the admin's page of it, if there is one."""

    kind: str
    label: Words
    page: str


_acts: dict[str, Act] = {}
_facts: dict[str, Fact] = {}
_subjects: dict[str, Subject] = {}


def act(key: str, label: Words, *, is_money: bool = False) -> str:
    """Register an act; its key, to be kept in a constant. Raises ValueError for a key that means something else."""
    known = _acts.setdefault(key, Act(key, label, is_money))
    if str(known.label) != str(label):
        raise ValueError(f"{key} is an act already: {known.label}")
    return key


def fact(key: str, label: Words, show: Callable[[Any, dict[str, Any], Cooperative], str]) -> None:
    """Register how facts of this key are told; one that nobody registered is shown as it is kept."""
    _facts[key] = Fact(key, label, show)


def about(model: type[models.Model], label: Words, page: str = "") -> None:
    """Register how rows of a model are told; `page` is the name of an address of the admin that takes their id."""
    kind = str(model._meta.model_name)
    _subjects[kind] = Subject(kind, label, page)


def fact_of(key: str) -> Fact | None:
    return _facts.get(key)


def subject_of(kind: str) -> Subject | None:
    return _subjects.get(kind)


def acts() -> dict[str, Act]:
    return dict(_acts)


def record(
    key: str, *, cooperative: Cooperative, by: User | None, subject: models.Model | None = None, **facts: Any
) -> AuditEntry:
    """Write one act down, in the scope of its cooperative. Raises KeyError for an act that nobody registered.

    `by` is None for what the clock or a provider did. `facts` are what JSON can hold.
    """
    return AuditEntry.objects.create(
        cooperative=cooperative,
        actor=by,
        actor_name=f"{by} <{by.email}>" if by is not None else "",
        act=_acts[key].key,
        subject=f"{subject._meta.model_name}:{subject.pk}" if subject is not None else "",
        facts=facts,
    )
