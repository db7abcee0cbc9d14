"""A row in hand changed by one statement, whose SQL is made once for its model: for what changes by the thousand.

Without signals. Whose row it is was asked when it was read.
"""

from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def rewrite(row: Model, *, unless: str = "", **values: Any) -> bool:
    """Write these fields of a row, to the database and to the row, unless one (`unless`) is set there already.

    False, and nothing is written, where it is or the row is gone.
    """
    fields, sql = _made(type(row), tuple(values), unless)
    written = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*written, row.pk])
        if not cursor.rowcount:
            return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


@lru_cache(maxsize=200)
def _made(model: type[Model], names: tuple[str, ...], unless: str) -> tuple[list["Field[Any, Any]"], str]:
    meta, quote = model._meta, connection.ops.quote_name
    fields: list[Any] = [meta.get_field(name) for name in names]
    written = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    where = f"{quote(str(meta.pk.column))} = %s"
    if unless:
        where += f" AND {quote(str(meta.get_field(unless).column))} IS NULL"
    return fields, f"UPDATE {quote(meta.db_table)} SET {written} WHERE {where}"  # noqa: S608
