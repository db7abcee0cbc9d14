"""New rows in one statement, whose SQL is made once for a model: for what is written by the thousand, one at a time.

Without signals. What is written once needs no savepoint to find out that it came second.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

from home.prepared import prepared_cursor

Row = TypeVar("Row", bound=Model)
Fields = list["Field[Any, Any]"]

#: What is said of rows that a unique constraint has already.
SKIP = " ON CONFLICT DO NOTHING"


def insert(row: Model) -> None:
    """Write a new row and give it its id. Raises IntegrityError."""
    [[key]] = _run([row])
    _is_written(row, key)


def insert_all(rows: Sequence[Model]) -> None:
    """Write some new rows of one model, which are not told their ids. Raises IntegrityError."""
    if rows:
        _run(rows)


def insert_once(row: Model) -> bool:
    """Write a new row and give it its id. False, and no id, where a unique constraint has one like it already.

    PostgreSQL waits for one that is just being written.
    """
    written = _run([row], SKIP)
    for [key] in written:
        _is_written(row, key)
    return bool(written)


def insert_taking(row: Model, of: Model, **taken: str) -> bool:
    """As `insert_once`, with some fields as the row of `of` has them at this moment, none of which may be empty there.

    `taken` says which is taken from which. The row in hand keeps what it had.
    """
    fields, sql = _made_taking(type(row), type(of), tuple(taken.items()))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(row, fields), of.pk, *[""] * len(taken)])
        written = cursor.fetchone()
    if written:
        _is_written(row, written[0])
    return bool(written)


def insert_new(rows: Sequence[Row], name: str) -> list[Row]:
    """As `insert_once`, for some rows of one model that differ in the field of this name: those that were written."""
    by_name = {getattr(row, name): row for row in rows}
    written = []
    for key, told in _run(rows, SKIP, name) if rows else []:
        _is_written(by_name[told], key)
        written.append(by_name[told])
    return written


def _is_written(row: Model, key: Any) -> None:
    row.pk, row._state.adding, row._state.db = key, False, connection.alias


def _run(rows: Sequence[Model], conflict: str = "", told: str = "") -> list[Any]:
    """The id of each row that was written, and the column of it that is asked for."""
    fields, sql = _made(type(rows[0]), len(rows), conflict, told)
    values = [value for row in rows for value in _values(row, fields)]
    with prepared_cursor(connection) as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _values(row: Model, fields: Fields) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@lru_cache(maxsize=200)
def _made(model: type[Model], count: int, conflict: str, told: str) -> tuple[Fields, str]:
    """The columns but the id, and the statement."""
    meta, quote = model._meta, connection.ops.quote_name
    fields = [field for field in meta.local_concrete_fields if not (field.primary_key or field.generated)]
    asked = [meta.pk, *(field for field in fields if field.name == told)]
    columns, back = (", ".join(quote(str(field.column)) for field in some) for some in (fields, asked))
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * count)
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {places}{conflict} RETURNING {back}"  # noqa: S608 (columns of our own models)
    return fields, sql


@lru_cache(maxsize=200)
def _made_taking(model: type[Model], other: type[Model], taken: tuple[tuple[str, str], ...]) -> tuple[Fields, str]:
    """The columns but the id and what is taken, and the statement."""
    meta, quote, of_other = model._meta, connection.ops.quote_name, dict(taken)
    every: Any = [field for field in meta.local_concrete_fields if not (field.primary_key or field.generated)]
    fields = [*(one for one in every if one.name not in of_other), *(one for one in every if one.name in of_other)]
    own = [field for field in fields if field.name not in of_other]
    others: Any = [other._meta.get_field(of_other[one.name]) for one in fields[len(own) :]]
    read = [quote(field.column) for field in others]
    where = " AND ".join([f"{quote(str(other._meta.pk.column))} = %s", *(f"{column} <> %s" for column in read)])
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(field.column) for field in fields)}) "  # noqa: S608 (columns of our own models)
        f"SELECT {', '.join([*['%s'] * len(own), *read])} FROM {quote(other._meta.db_table)} WHERE {where}{SKIP} "
        f"RETURNING {quote(str(meta.pk.column))}"
    )
    return own, sql
