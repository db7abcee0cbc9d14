"""Statements that PostgreSQL plans once a connection, and is given the values of after that.

Django writes the values into each statement, so that no two are the same to the database, and all are planned anew.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def prepared_cursor(connection: BaseDatabaseWrapper) -> Any:
    """A cursor whose statements are prepared once they have come some times (`prepare_threshold` of the settings).

    Elsewhere a cursor as any other. Only for statements whose values PostgreSQL can tell the types of: those that are
    compared with a column or written into one.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:  # a log shows statements with their values
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415 (SQLite needs no psycopg)

    inside: Any = connection  # whose inner parts have no types
    cursor: Any = ServerBindingCursor
    inside.close_if_health_check_failed()
    inside.ensure_connection()
    with inside.wrap_database_errors:
        return inside._prepare_cursor(cursor(inside.connection))
