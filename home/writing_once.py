"""A row that is written once, whoever comes second: one statement, without a savepoint around it."""

from django.db import connection
from django.db.models import Model


def insert_once(row: Model) -> bool:
    """Write a new row and give it its id. False, and no id, where a unique constraint has one like it already.

    PostgreSQL waits for one that is just being written. For rows that have no signals and no defaults of the database.
    """
    meta, quote = row._meta, connection.ops.quote_name
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    key = quote(str(meta.pk.column))
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING {key}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        written = cursor.fetchone()
    if written is None:
        return False
    row.pk, row._state.adding, row._state.db = written[0], False, connection.alias
    return True
