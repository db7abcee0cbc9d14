"""A row in hand changed by one statement, whose SQL is made once for its model: for what changes by the thousand.

Without signals. Of a model with a `cooperative`, only where it is still the row's.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from home.prepared import prepared_cursor

Fields = list["Field[Any, Any]"]


def rewrite(row: Model, *, where: Mapping[str, Any] | None = None, **values: Any) -> bool:
    """Write these fields of a row, to the database and to the row, if those of `where` are what they are said to be.

    False, and nothing is written, where one is not, or the row is gone.
    """
    known = dict(where or {})
    if _is_of_a_cooperative(type(row)):
        known["cooperative"] = row.cooperative_id  # type: ignore[attr-defined]
    asked = tuple((name, value is None) for name, value in known.items())
    written, compared, sql = _made(type(row), tuple(values), asked)
    with prepared_cursor(connection) as cursor:
        cursor.execute(sql, [*_prepared(written, values), row.pk, *_prepared(compared, known)])
        if not cursor.rowcount:
            return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


@lru_cache(maxsize=200)
def _is_of_a_cooperative(model: type[Model]) -> bool:
    return any(field.name == "cooperative" for field in model._meta.local_concrete_fields)


def _prepared(fields: Fields, values: Mapping[str, Any]) -> list[Any]:
    return [field.get_db_prep_save(values[field.name], connection) for field in fields]


@lru_cache(maxsize=200)
def _made(
    model: type[Model], names: tuple[str, ...], asked: tuple[tuple[str, bool], ...]
) -> tuple[Fields, Fields, str]:
    """The fields that are written, those that are compared with a value, and the statement."""
    meta, quote = model._meta, connection.ops.quote_name
    written: Any = [meta.get_field(name) for name in names]
    compared: Any = [meta.get_field(name) for name, is_null in asked if not is_null]
    empty: Any = [meta.get_field(name) for name, is_null in asked if is_null]
    news = ", ".join(f"{quote(field.column)} = %s" for field in written)
    conditions = [f"{quote(field.column)} = %s" for field in (meta.pk, *compared)]
    conditions += [f"{quote(field.column)} IS NULL" for field in empty]
    sql = f"UPDATE {quote(meta.db_table)} SET {news} WHERE {' AND '.join(conditions)}"  # noqa: S608 (columns of our own models)
    return written, compared, sql
