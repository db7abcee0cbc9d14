"""What thousands of tests begin with is made once a process, and put back row by row whenever it is asked for again.

Founding a cooperative and publishing a campaign is most of what a test costs. On SQLite, within a test's own
transaction, equal calls in equal tables write equal rows: from the third such call on they are inserted as they were.
Elsewhere, while time is moved, and whenever anything differs, the maker itself runs.
"""

import functools
import pickle

import time_machine
from django.db import connection
from django.db.models import Model
from django.utils import translation
from wagtail.models import Site

from home import clock

_seen = set()
_kept = {}


def replayed(maker):
    """The maker's rows are kept and put back. It returns a model instance and depends on its arguments alone."""

    @functools.wraps(maker)
    def make(*arguments, **options):
        if not _may_replay():
            return maker(*arguments, **options)
        key = (maker.__name__, _told(arguments), _told(sorted(options.items())), translation.get_language(), _numbers())
        if key in _kept:
            return _kept[key].put_back()
        if key not in _seen:
            _seen.add(key)
            return maker(*arguments, **options)
        before = _tables()
        made = maker(*arguments, **options)
        _kept[key] = _Kept(before, _tables(), made)
        return made

    return make


def _may_replay():
    ours = connection.vendor == "sqlite" and connection.in_atomic_block
    return ours and not time_machine.escape_hatch.is_travelling() and not clock.offset()


def _told(value):
    """Arguments as text; of a row all its columns, as it may have been changed."""
    if isinstance(value, Model):
        return repr([(field.attname, getattr(value, field.attname)) for field in value._meta.concrete_fields])
    if isinstance(value, list | tuple):
        return repr([_told(one) for one in value])
    return repr(value)


def _numbers():
    """The last number given in each table: the same where the same was made before."""
    return tuple(_rows("select name, seq from sqlite_sequence order by name"))


def _rows(statement):
    with connection.cursor() as cursor:
        # Past Django's wrapper, which would count the query and read a percent sign.
        return cursor.cursor.connection.execute(statement).fetchall()


def _tables():
    """Every row of every table, by table and row number. The search's own tables follow theirs by triggers."""
    names = _rows("select name from sqlite_master where type = 'table' and sql not like '%virtual%' order by name")
    wanted = [name for (name,) in names if not name.startswith("sqlite_") and "_fts" not in name]
    return {name: {row[0]: row[1:] for row in _rows(f'select rowid, * from "{name}"')} for name in wanted}


class _Kept:
    def __init__(self, before, after, made):
        self.made = pickle.dumps(made)
        self.statements = []
        for table, rows in after.items():
            was = before[table]
            assert was.keys() <= rows.keys(), f"{table}: rows were deleted"
            added = [(number, *row) for number, row in rows.items() if number not in was]
            changed = [(number, *row) for number, row in rows.items() if number in was and was[number] != row]
            if changed:
                self._keep("replace", table, changed)
            if added:
                self._keep("insert", table, added)
        self.numbers = _numbers()

    def _keep(self, verb, table, rows):
        columns = [f'"{column[1]}"' for column in _rows(f'pragma table_info("{table}")')]
        has_own = any(column[5] and column[2].lower() == "integer" for column in _rows(f'pragma table_info("{table}")'))
        names, rows = (columns, [row[1:] for row in rows]) if has_own else (["rowid", *columns], rows)
        marks = ", ".join("?" * len(names))
        self.statements.append((f'{verb} into "{table}" ({", ".join(names)}) values ({marks})', rows))

    def put_back(self):
        with connection.cursor() as cursor:
            raw = cursor.cursor.connection
            for statement, rows in self.statements:
                raw.executemany(statement, rows)
            raw.executemany(
                "update sqlite_sequence set seq = ? where name = ?", [(n, name) for name, n in self.numbers]
            )
        Site.clear_site_root_paths_cache()
        return pickle.loads(self.made)
