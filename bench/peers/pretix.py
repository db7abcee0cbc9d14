"""pretix, as its makers say to install it, in an environment of its own: what it does of what ours does.

Three contenders, for figures that compare with them. Each is a context manager that yields a contender, or, where
pretix cannot be installed, one that says so (`bench.figures.missing`): name it among the figure's `peers`.

    with pretix.orders_per_second(place, clients=8, workers=2) as theirs:
        yield {"ours": ours, "bare": bare, "pretix": theirs}

- `orders_per_second`: orders through its REST API by `clients` at once, against gunicorn with as many workers and
  threads as ours and a PostgreSQL of its own. Reads `per_second`, `p50_ms`, `p99_ms`, `cpu_ms` (of an order).
- `mails_per_second`: a mail to the buyers of so many orders by its mail-out, through SMTP to the sink that listens on
  `smtp_port`; its Celery worker sends, with a Redis of its own. Reads `per_second`, `recipients`.
- `shop_page`: its shop's page, anonymous. Reads `per_second`, `p99_ms`, `cpu_ms`.

Each starts what it needs when it is entered and ends it when left; entering takes a minute or two, the first time ever
a few more (pretix is installed, its tables are made).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Contender, Place, missing


@contextmanager
def orders_per_second(place: Place, *, clients: int = 8, workers: int = 2, threads: int = 4) -> Iterator[Contender]:
    """Orders of one ticket each, placed by `clients` at once."""
    yield missing("it is not stood up yet")


@contextmanager
def mails_per_second(place: Place, *, smtp_port: int, recipients: int, workers: int = 2) -> Iterator[Contender]:
    """One mail-out to so many buyers, by as many processes of its worker as ours has."""
    yield missing("it is not stood up yet")


@contextmanager
def shop_page(place: Place, *, clients: int = 8, workers: int = 2, threads: int = 4) -> Iterator[Contender]:
    """The page of its shop with its products, read by `clients` at once."""
    yield missing("it is not stood up yet")
