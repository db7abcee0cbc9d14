"""Queries whose SQL is made once a process, and run with other values after that.

Django makes the SQL of a queryset anew each time: of one with many sums that takes longer than running it, and longer
than a whole page may. A ready query is built once with stand-ins for its values; when it is run, the values take the
places that the stand-ins have among its parameters; rows, related rows and prefetching are Django's own.

Whatever is not a value must be part of the `shape`: what changes the SQL itself, and what a builder reads by itself
(the month that it is, a time zone).

PostgreSQL plans a query anew each time as well, and takes five times longer for it than for a row that it finds by its
key. One that is `prepared` it plans once a connection: for what is found by keys, however large the tables are.
"""

import copy
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState
from django_scopes import get_scope, scope

from home.models import Cooperative
from home.prepared import prepared_cursor

#: Of one query; lists of many lengths are as many shapes.
MOST_SHAPES = 200
FIRST = 2_100_000_000  # no row's id
LARGEST = 2**63 - 1

Values = tuple[Any, ...]
Row = TypeVar("Row", bound=models.Model)
Value = TypeVar("Value")


@dataclass(frozen=True)
class _Place:
    """A parameter: fixed, or the value of this number in one of the forms that a database takes it in."""

    fixed: Any = None
    number: int | None = None
    form: Callable[[Any], Any] | None = None

    def filled(self, values: Values) -> Any:
        if self.number is None:
            return self.fixed
        value = values[self.number]
        return self.form(value) if self.form else value


@dataclass(frozen=True)
class _Made:
    """`converters`: of its columns, by how many are asked for."""

    rows: Any
    compiler: Any
    sql: str
    places: Sequence[_Place]
    is_prepared: bool


class Ready:
    """`build(*values, *shape)` gives the queryset; values are numbers, days, moments, UUIDs, and texts looked up as
    they are.
    """

    def __init__(self, build: Callable[..., Any], *, prepared: bool = False) -> None:
        self.build, self.prepared = build, prepared
        self._made: dict[Hashable, _Made] = {}

    def __call__(self, *values: Any, shape: Values = ()) -> list[Any]:
        """Its rows. None has an id that is larger than a database can hold: it is not asked for one."""
        if any(isinstance(value, int) and not -LARGEST <= value <= LARGEST for value in values):
            return []
        running = get_scope()
        cooperative: Cooperative | None = running.get("cooperative")
        # What was built without a scope must serve nobody who has one, or who was to have one.
        key = (*map(type, values), shape, cooperative is None, running.get("_enabled", True))
        filled = values if cooperative is None else (*values, cooperative.pk)
        if (made := self._made.get(key)) is None:
            made = self._make(values, shape, cooperative)
            if len(self._made) >= MOST_SHAPES:
                self._made.clear()
            self._made[key] = made
        return list(_run(made, filled))

    def _make(self, values: Values, shape: Values, cooperative: Cooperative | None) -> _Made:
        """Within the scope of a stand-in, if there is one: its id is one value more."""
        stand_ins = tuple(_stand_in(value, number) for number, value in enumerate(values))
        if cooperative is None:
            return _compiled(self.build(*stand_ins, *shape), stand_ins, len(values), self.prepared)
        house = FIRST - 1
        with scope(cooperative=Cooperative(pk=house)):
            return _compiled(self.build(*stand_ins, *shape), (*stand_ins, house), len(values), self.prepared)


def padded(values: Iterable[Value]) -> list[Value]:
    """Up to 1, 2, 4, 8… of them, the last one again and again: lists of any length, looked up by `in`, are few shapes.

    Of none there are none.
    """
    found = list(values)
    wanted = 1 << (len(found) - 1).bit_length() if found else 0
    return found + found[-1:] * (wanted - len(found))


def row_of(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """A row that a page shows, from the values of some of its columns; any other is read when it is asked for.

    It is made as Django makes what was pickled, without a constructor: those of pages and pictures take longer than
    everything else about them, and do nothing for what has been saved.
    """
    row = model.__new__(model)
    row.__dict__.update(zip(names, values, strict=True))
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def same_row(row: Row) -> Row:
    """One more of a row that a page shows, which shares its values and may stand beside other rows (`put_beside`)."""
    made = row_of(type(row), (), ())
    made.__dict__.update({name: value for name, value in row.__dict__.items() if name != "_state"})
    return made


def put_beside(row: models.Model, name: str, other: models.Model) -> None:
    """`other` is what the foreign key `name` leads to: as Django would find it, without its questions."""
    row._state.fields_cache[name] = other


@cache
def fields_of(model: type[models.Model]) -> tuple[str, ...]:
    """The names of all its columns, those of its parents included."""
    return tuple(column.attname for column in model._meta.concrete_fields)


def _stand_in(value: Any, number: int) -> Any:
    if isinstance(value, uuid.UUID):
        return uuid.UUID(int=FIRST + number)
    if isinstance(value, datetime):
        return value.replace(year=1, month=1, day=1 + number)
    if isinstance(value, date):
        return date(1, 1, 1 + number)
    return f"stand-in {number}" if isinstance(value, str) else FIRST + number


def _compiled(rows: Any, stand_ins: Values, told: int, prepared: bool) -> _Made:
    connection = connections[rows.db]
    compiler = rows.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    known = {form(it) if form else it: (number, form) for number, it, form in _forms(stand_ins, connection)}
    places = [_Place(param) if param not in known else _Place(None, *known[param]) for param in params]
    missing = set(range(told)) - {place.number for place in places}
    if missing:
        raise ValueError(f"Values {sorted(missing)} are nowhere in the query: {sql}")
    _keep_converters(compiler)
    return _Made(rows, compiler, sql, places, prepared)


def _keep_converters(compiler: Any) -> None:
    """How the columns are read follows from the query too, and Django finds it out at each run."""
    known = compiler.get_converters([column for column, *_sql in compiler.select[: compiler.col_count]])
    compiler.get_converters = lambda columns: known


def _forms(stand_ins: Values, connection: Any) -> Iterator[tuple[int, Any, Callable[[Any], Any] | None]]:
    """Each stand-in as it is, and as a database without such a type takes it."""
    for number, it in enumerate(stand_ins):
        yield number, it, None
        if isinstance(it, uuid.UUID):
            yield number, it, lambda value: value.hex
        elif isinstance(it, datetime):
            yield number, it, connection.ops.adapt_datetimefield_value
        elif isinstance(it, date):
            yield number, it, connection.ops.adapt_datefield_value


def _run(made: _Made, values: Values) -> models.QuerySet[Any]:
    """A queryset like the one that was built, whose compiler has its SQL already, and the converters of its columns."""
    known = made.rows
    sql, params = made.sql, tuple(place.filled(values) for place in made.places)

    def get_compiler(using: str | None = None, connection: Any = None, elide_empty: bool = True) -> Any:
        compiler = copy.copy(made.compiler)
        compiler.connection = connection or connections[using or known.db]
        compiler.as_sql = lambda *args, **kwargs: (sql, params)
        if made.is_prepared:
            compiler.execute_sql = lambda *args, **kwargs: [_fetched(compiler, sql, params)]
        return compiler

    query = copy.copy(known.query)
    query.get_compiler = get_compiler
    rows = known.__class__(model=known.model, query=query, using=known.db)
    for name in ("_prefetch_related_lookups", "_iterable_class", "_fields"):
        setattr(rows, name, getattr(known, name))
    return rows


def _fetched(compiler: Any, sql: str, params: Values) -> list[Any]:
    """All rows, as a compiler gives them: without columns that were only there to order by."""
    with prepared_cursor(compiler.connection) as cursor:
        cursor.execute(sql, params)
        rows: list[Any] = cursor.fetchall()
    return [row[: compiler.col_count] for row in rows] if compiler.has_extra_select else rows
