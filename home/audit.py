"""The record of what people did that others must be able to check: money, people, settings.

Each room registers its acts; `record` is called in the transaction of the act itself, so that there is never one
without the other.
"""

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


_acts: dict[str, Act] = {}


def act(key: str, label: Words, *, is_money: bool = False) -> str:
    """Register an act; its key, to be kept in a constant. Raises ValueError for a key that means something else."""
    known = _acts.setdefault(key, Act(key, label, is_money))
    if str(known.label) != str(label):
        raise ValueError(f"{key} is an act already: {known.label}")
    return key


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
