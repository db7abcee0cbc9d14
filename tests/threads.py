"""Several acts at the same moment, each in a thread with a database connection of its own."""

import threading

from django.db import connections

from home.tenancy import within

LONGEST = 60


def in_threads(*functions):
    """Run them at once. Returns the errors that they raised; one that does not come back counts as one."""
    barrier, errors = threading.Barrier(len(functions)), []

    def run(function):
        try:
            barrier.wait(20)
            function()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    return errors + [TimeoutError(thread.name) for thread in threads if thread.is_alive()]


def scoped(cooperative, function, *args):
    """The same function, run in a cooperative's scope."""

    def run():
        with within(cooperative):
            function(*args)

    return run
