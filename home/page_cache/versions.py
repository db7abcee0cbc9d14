"""The versions of what public pages show: one of each cooperative, in the shared store, new on each commit.

Each room says which tables its pages show (`show`). Every write to one of them, however it is made (a model, a
queryset, Wagtail's own code), gives the cooperative in whose scope it was made a new version once it is committed; one
made outside of any scope gives one to all. So no writer has to know that pages are kept. Tables of contributions are
not among them: a launch would empty the cache with each (home.page_cache.pulse looks after their figures).
"""

import re
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from home.page_cache import pulse, store
from home.tenancy import current_cooperative

#: New with every version that anything gets; read before a page is made, and again after.
ANY = "version:any"
#: New with what was written outside of a scope.
ALL = "version:all"

WRITTEN = re.compile(r'(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "(\w+)"')
COLUMNS = re.compile(r'"(\w+)" = ')
WRITES = frozenset("IUD")
UPDATE, WHERE = "UPDATE", " WHERE "

#: Of each table shown, the columns that no public page shows.
_shown: dict[str, frozenset[str]] = {}
#: Tables that figures are made from.
_moved: set[str] = set()
#: Tables whose rows show at more hosts than the one at which they are written.
_everywhere: set[str] = set()


def of(cooperative_id: int) -> str:
    return f"version:{cooperative_id}"


def show(*shown: type[models.Model], but: Iterable[str] = (), everywhere: bool = False) -> None:
    """Public pages show rows of these models, and of what links them to others; all columns `but` some."""
    for model in shown:
        tables = [model._meta.db_table, *(field.m2m_db_table() for field in model._meta.local_many_to_many)]
        for table in tables:
            _shown[table] = frozenset(but)
            if everywhere:
                _everywhere.add(table)


def bump(cooperative_id: int | None) -> None:
    """What was kept of the cooperative's pages is over; None: of everyone's.

    ANY comes first: whoever made a page meanwhile then reads a new ANY, or the former version of the cooperative.
    """
    token = uuid.uuid4().hex
    store.write(ANY, token, seconds=None)
    store.write(ALL if cooperative_id is None else of(cooperative_id), token, seconds=None)
    for tell in _listeners:
        tell(cooperative_id)


def move(*moved: type[models.Model]) -> None:
    """Figures that public pages show are made from rows of these models."""
    _moved.update(model._meta.db_table for model in moved)


_listeners: list[Callable[[int | None], None]] = []


def on_bump(tell: Callable[[int | None], None]) -> None:
    """Also call this after each new version (home.page_cache.front)."""
    _listeners.append(tell)


def current(keys: Iterable[str]) -> dict[str, str]:
    """The versions now, in this order; a first one for what has none."""
    wanted = list(keys)
    found = store.read(wanted)
    for key in wanted:
        if key not in found:
            first = uuid.uuid4().hex
            found |= {key: first} if store.add(key, first, seconds=None) else store.read([key])
    return found


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Look at what this connection writes. Called for each new one."""
    if _note_write not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note_write)


def _note_write(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    result = execute(sql, params, many, context)
    if settings.PAGE_CACHE and isinstance(sql, str) and sql[:1] in WRITES and (match := WRITTEN.match(sql)):
        table = match[1]
        cooperative = None if table in _everywhere else current_cooperative()
        house = cooperative.pk if cooperative else None
        if table in _moved:
            _on_commit(context["connection"], pulse.stir, house)
        elif table in _shown and not _is_hidden(sql, _shown[table]):
            _on_commit(context["connection"], bump, house)
    return result


def _is_hidden(sql: str, hidden: frozenset[str]) -> bool:
    """Whether a statement writes nothing but columns that no page shows."""
    return bool(hidden) and sql.startswith(UPDATE) and hidden.issuperset(COLUMNS.findall(sql.partition(WHERE)[0]))


def _on_commit(connection: BaseDatabaseWrapper, tell: Callable[[int | None], None], house: int | None) -> None:
    """Once a transaction; a savepoint that is rolled back takes its own with it, and none of another's."""
    now = set(connection.savepoint_ids)
    waiting: list[Any] = connection.run_on_commit
    for savepoints, act, *_robust in waiting:
        if isinstance(act, partial) and act.func is tell and act.args == (house,) and savepoints <= now:
            return
    transaction.on_commit(partial(tell, house), using=connection.alias, robust=True)
