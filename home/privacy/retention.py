"""What is past its time goes: rules that each room registers, run once a day, some rows at a time.

    rule("pledges.email_changes", months(12), _changes, deleted)

A rule finds the rows that are late at a moment and does away with them; a row that it has dealt with is not found
again. Each batch is a transaction of its own, so that a worker that dies has done whole batches, and the next run goes
on. What each did stands in RetentionRun. The register (home.privacy.register) names the rule of each thing held.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home import clock
from home.models import RetentionRun
from home.privacy.words import Term
from home.tenancy import across_cooperatives

log = logging.getLogger(__name__)

#: Rows of a transaction, and transactions of a rule in one run: what is left waits for the next day.
BATCH, MOST = 200, 200


@dataclass(frozen=True)
class Rule:
    """`late` are the rows older than a moment; `act` does away with those of these keys and says how many it did.

    `said` is the span as the register says it; `what` says what goes, where nothing in the register is of this rule.
    """

    key: str
    after: timedelta
    said: str | Promise
    late: Callable[[datetime], QuerySet[Any]]
    act: Callable[[QuerySet[Any]], int]
    what: str | Promise = ""


_rules: dict[str, Rule] = {}


def rule(
    key: str,
    after: timedelta,
    said: str | Promise,
    late: Callable[[datetime], QuerySet[Any]],
    act: Callable[[QuerySet[Any]], int],
    what: str | Promise = "",
) -> Rule:
    """Register a rule, when its room is loaded."""
    _rules[key] = Rule(key, after, said, late, act, what)
    return _rules[key]


def rules() -> list[Rule]:
    return [_rules[key] for key in sorted(_rules)]


def deleted(rows: QuerySet[Any]) -> int:
    """The rows go, with what hangs on them."""
    count = rows.count()
    rows.delete()
    return count


def emptied(**columns: Any) -> Callable[[QuerySet[Any]], int]:
    """These columns are emptied; `late` must not find a row whose columns are."""
    return lambda rows: rows.update(**columns)


def term_of(kept: str) -> str | Promise:
    """How long, in words, of what a group of the register says. Raises KeyError where nothing says it."""
    if kept in _rules:
        return _rules[kept].said
    if kept not in Term.values:
        raise KeyError(kept)
    return Term(kept).label


def run() -> dict[str, int]:
    """All rules, one after the other: what each did. One that fails keeps no other waiting, and is tried next day."""
    done = {}
    for one in rules():
        try:
            done[one.key] = apply(one)
        except Exception:  # whatever is wrong with a rule is its own, and the log says so
            log.exception("the rule of retention %s failed", one.key)
    return done


def apply(one: Rule) -> int:
    """One rule, in all cooperatives: how many rows it did away with."""
    done, last = 0, None
    with across_cooperatives():
        late = one.late(clock.now() - one.after).order_by("pk")
        for _number in range(MOST):
            following = late.filter(pk__gt=last) if last is not None else late
            keys = list(following.values_list("pk", flat=True)[:BATCH])
            if not keys:
                break
            done, last = done + _batch(one, late, keys), keys[-1]
    _note(one, done)
    return done


def _batch(one: Rule, late: QuerySet[Any], keys: list[Any]) -> int:
    """Asked again within the transaction: what has changed meanwhile may be late no longer."""
    with transaction.atomic():
        return one.act(late.model._base_manager.filter(pk__in=late.filter(pk__in=keys).values("pk")))


def _note(one: Rule, done: int) -> None:
    values = {"ran_at": clock.now(), "done": done}
    row, created = RetentionRun.objects.get_or_create(rule=one.key, defaults=values | {"total": done})
    if not created:
        RetentionRun.objects.filter(pk=row.pk).update(**values, total=F("total") + done)


def keys_said(kept: Iterable[str]) -> set[str]:
    """Those that neither a rule nor a Term says."""
    return {one for one in kept if one not in _rules and one not in Term.values}


NINETY_DAYS, A_YEAR, TWO_YEARS = timedelta(days=90), timedelta(days=365), timedelta(days=731)
THREE_YEARS, SEVEN_YEARS = timedelta(days=1096), timedelta(days=2557)
AFTER_90_DAYS, AFTER_A_YEAR = _("90 days"), _("One year")
