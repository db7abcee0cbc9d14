"""Serve config.wsgi by granian, loaded before its workers are forked as gunicorn's `preload_app` does.

`python bench/peers/granian_forked.py PORT WORKERS THREADS`, with granian among its packages.
"""

import gc
import importlib
import sys

from granian import Granian  # type: ignore[import-not-found]  # in an environment of its own
from granian.constants import HTTPModes, Interfaces  # type: ignore[import-not-found]
from granian.log import LogLevels  # type: ignore[import-not-found]


def load() -> None:
    """What stands in memory now is shared by all workers, as long as nobody writes to it."""
    importlib.import_module("config.wsgi")
    gc.collect()
    gc.freeze()


def main(port: int, workers: int, threads: int) -> None:
    server = Granian(
        "config.wsgi:application",
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        log_level=LogLevels.warning,
    )
    server.on_startup(load)
    server.serve()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
