"""What a test committed on PostgreSQL is taken away again: in tens of milliseconds, where Django's flush takes seconds.

Django truncates every table there is, then makes again all the content types and permissions that it truncated. Here
rows are deleted where there are any, past the triggers that forbid it, and those two tables, which no test changes,
are left alone. As by TRUNCATE, whoever still writes is waited for, and no number is given twice.
"""

from functools import cache

from django.db import connection, transaction

#: What migrating makes of the models alone.
KEPT = {"django_content_type", "auth_permission"}


def empty():
    names = [connection.ops.quote_name(name) for name in _tables()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE")
        for name in full(cursor, names):
            cursor.execute(f"DELETE FROM {name}")


def full(cursor, names):
    """Those that hold a row."""
    asked = [f"SELECT {number} WHERE EXISTS (SELECT FROM {name})" for number, name in enumerate(names)]
    cursor.execute(" UNION ALL ".join(asked))
    return [names[number] for (number,) in cursor.fetchall()]


@cache
def _tables():
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(found) - KEPT)
