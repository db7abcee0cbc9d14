"""Another machine, as far as the product can tell: its own database in this process, until the block ends."""

from contextlib import contextmanager

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
