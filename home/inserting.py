"""New rows in one statement, whose SQL is made once for a model: for what is written by the thousand, one at a time.

Without signals. `insert_once` needs no savepoint to find out that it came second. `change_where` is the conditional
UPDATE of one row, made in the same way.
"""

from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from home.prepared import prepared_cursor


def insert(row: Model) -> None:
    """Write a new row and give it its id. Raises IntegrityError."""
    _run(row, "")


def insert_once(row: Model) -> bool:
    """Write a new row and give it its id. False, and no id, where a unique constraint has one like it already.

    PostgreSQL waits for one that is just being written.
    """
    return _run(row, " ON CONFLICT DO NOTHING")


def _run(row: Model, conflict: str) -> bool:
    fields, sql = _made(type(row), conflict)
    with prepared_cursor(connection) as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields])
        written = cursor.fetchone()
    if written is None:
        return False
    row.pk, row._state.adding, row._state.db = written[0], False, connection.alias
    return True


@lru_cache(maxsize=100)
def _made(model: type[Model], conflict: str) -> tuple[list["Field[Any, Any]"], str]:
    """The columns but the id, and the statement."""
    meta, quote = model._meta, connection.ops.quote_name
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    key = quote(str(meta.pk.column))
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places}){conflict} RETURNING {key}"  # noqa: S608
    return fields, sql


def change_where(row: Model, conditions: dict[str, Any], **values: Any) -> bool:
    """Write values to this row in the database while its columns there have those of `conditions`. False otherwise.

    The row keeps what it has. Of a model with a `cooperative`, only where it is still the row's.
    """
    meta = row._meta
    if any(field.name == "cooperative" for field in meta.local_concrete_fields):
        conditions = conditions | {"cooperative": row.cooperative_id}  # type: ignore[attr-defined]
    fields, sql = _changed(type(row), tuple(values), tuple(conditions))
    said = [*values.values(), *conditions.values(), row.pk]
    with prepared_cursor(connection) as cursor:
        cursor.execute(sql, [field.get_db_prep_save(it, connection) for field, it in zip(fields, said, strict=True)])
        return bool(cursor.rowcount)


@lru_cache(maxsize=100)
def _changed(
    model: type[Model], values: tuple[str, ...], conditions: tuple[str, ...]
) -> tuple[list["Field[Any, Any]"], str]:
    """The columns in the order of the statement, its id last, and the statement."""
    meta, quote = model._meta, connection.ops.quote_name
    known = {field.name: field for field in meta.local_concrete_fields}
    fields = [*(known[name] for name in (*values, *conditions)), meta.pk]
    said = [f"{quote(str(field.column))} = %s" for field in fields]
    put, where = ", ".join(said[: len(values)]), " AND ".join(said[len(values) :])
    return fields, f"UPDATE {quote(meta.db_table)} SET {put} WHERE {where}"  # noqa: S608
