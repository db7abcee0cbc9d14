"""Another machine, as far as the product can tell: its own database in this process, until the block ends."""

import os
import sqlite3
from contextlib import closing, contextmanager

from django.db import connections


@contextmanager
def another_database(name):
    """Whatever asks the database meanwhile asks the one of this name, which may not be there yet."""
    ours = connections["default"]
    other = ours.copy()
    other.settings_dict["NAME"] = str(name)
    connections["default"] = other
    try:
        yield other
    finally:
        other.close()
        connections["default"] = ours


def migrated(path):
    """A database in a file, as it is before anything was written; in the tests’ own, which nothing was committed to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    template = os.environ.get("DATABASE_TEMPLATE")
    with closing(sqlite3.connect(path)) as made:
        if template:
            with closing(sqlite3.connect(template)) as rows:
                rows.backup(made)
        else:
            rows = sqlite3.connect(connections["default"].settings_dict["NAME"], uri=True)
            with closing(rows):
                rows.backup(made)
    return path
