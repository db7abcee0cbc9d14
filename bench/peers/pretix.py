"""pretix, as its makers say to install it, in an environment of its own: what it does of what ours does.

Three contenders, for figures that compare with them. Each is a context manager that yields a contender, or, where
pretix cannot be installed, one that says so (`bench.figures.missing`): name it among the figure's `peers`.

    with pretix.orders_per_second(place, clients=8, workers=2) as theirs:
        yield {"ours": ours, "bare": bare, "pretix": theirs}

- `orders_per_second`: orders through its REST API by `clients` at once, against gunicorn with as many workers and
  threads as ours and a PostgreSQL of its own. Reads `per_second`, `p50_ms`, `p99_ms`, `cpu_ms`, `refused`.
- `orders_done_per_second`: the same with all that follows from an order, as its documentation deploys it: each tells
  its buyer by mail, and its Celery worker runs beside the server. So many orders are placed by `clients` at once, and
  the clock runs until the sink at `smtp_port` has been handed the mail of each. Reads `per_second`,
  `accepted_per_second` (while they were placed), `cpu_ms` (of server and worker, an order).
- `mails_per_second`: a mail to the buyers of so many orders by its mail-out, through SMTP to the sink that listens on
  `smtp_port`; its Celery worker sends, with a Redis of its own. Reads `per_second`, `recipients`. It sends some 12 a
  second: 300 buyers are enough to know its rate.
- `shop_page`: its shop's page, anonymous. Reads `per_second`, `p50_ms`, `p99_ms`, `cpu_ms`.

Each starts what it needs when it is entered and ends it when left; entering takes half a minute, the first time ever a
few minutes (pretix is installed, its tables are made).

What its work is: an order of one ticket to be paid by "manual", with its log entries and its check of a quota that has
room for all; a mail rendered for each buyer, with a row of its own. pretix's translations, static files and
styles come compiled in its package.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import dumps, serving
from bench.figures import Contender, Place, Reading
from bench.load import Load, get, load, post, repeat
from bench.peers.installing import ROOT, environment_of, or_missing
from sandbox.postgres import Postgres, binaries, postgres
from sandbox.processes import dies_with_parent, stop
from sandbox.redis import Redis, redis

INSIDE = ROOT / "bench/peers/pretix_inside.py"
SHOP = "/bench/bench/"
ORDERS = "/api/v1/organizers/bench/events/bench/orders/"
MAIL_WITHIN = 600.0
BUSY = 409


@dataclass(frozen=True)
class House:
    """A pretix with one event and no orders: its environment and its folder."""

    python: Path
    folder: Path
    database: Postgres
    environment: dict[str, str]

    def run(self, *command: str) -> None:
        """Something inside of it (bench/peers/pretix_inside.py)."""
        # -P: the folder of the script holds a module that is called pretix as well.
        words = [str(word) for word in (self.python, "-P", INSIDE, *command)]
        subprocess.run(words, env=self.environment, cwd=self.folder, check=True)

    @contextmanager
    def served(self, workers: int, threads: int) -> Iterator[serving.Served]:
        with serving.gunicorn(
            "pretix.wsgi",
            self.folder,
            environment=self.environment,
            workers=workers,
            threads=threads,
            python=self.python,
            config=None,
            ready=get("/healthcheck/", "localhost"),
        ) as server:
            load(server.port, repeat(get(SHOP, "localhost")), clients=workers * threads, requests=4 * workers * threads)
            yield server

    @contextmanager
    def working(self, workers: int) -> Iterator[serving.Served]:
        """Its Celery worker, in so many processes; it serves nothing, but is weighed as a server is."""
        options = f"-A pretix.celery_app worker -c {workers} -l warning --without-gossip --without-mingle"
        command = [str(self.python), "-m", "celery", *options.split(), "--without-heartbeat"]  # it is the only worker
        with (self.folder / "celery.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=log, stderr=log, preexec_fn=dies_with_parent()
            )
            try:
                yield serving.Served(0, process.pid, self.folder / "celery.log")
            finally:
                stop(process, patience=20)


@contextmanager
def _standing(place: Place, smtp_port: int = 9) -> Iterator[House]:
    """PeerMissing or RedisMissing where it cannot stand. Mail goes to `smtp_port`; port 9 takes none."""
    environment = environment_of("pretix")
    with TemporaryDirectory(dir=place.folder) as name, postgres("pretix") as database, redis() as broker:
        folder = Path(name)
        (folder / "pretix.cfg").write_text(_configuration(folder, database, broker, smtp_port))
        said = {"PRETIX_CONFIG_FILE": str(folder / "pretix.cfg"), "DJANGO_SETTINGS_MODULE": "pretix.settings"}
        known = serving.clean_environment() | said
        house = House(environment / "bin/python", folder, database, known)
        made_by = hashlib.sha256(INSIDE.read_bytes() + str(binaries()).encode()).hexdigest()
        _fill(house, environment / f"tables-{made_by[:12]}.dump")
        yield house


def _fill(house: House, tables: Path) -> None:
    """Its tables and its event: from what was kept, or made and kept."""
    if tables.exists():
        dumps.restore(house.database, tables)
        return
    migrate = [str(house.python), "-m", "pretix", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=house.environment, cwd=house.folder, stdout=subprocess.DEVNULL, check=True)
    house.run("found")
    dumps.ask(house.database, "ANALYZE")
    dumps.keep(house.database, tables)


def _configuration(folder: Path, database: Postgres, broker: Redis, smtp_port: int) -> str:
    queues = broker.url.removesuffix("/0")
    return f"""
[pretix]
instance_name=bench
url=http://localhost
datadir={folder}
loglevel=WARNING
[database]
backend=postgresql
name={database.dbname}
user={database.user}
host={database.host}
port={database.port}
[mail]
host=127.0.0.1
port={smtp_port}
[redis]
location={broker.url}
sessions=true
[celery]
broker={queues}/1
backend={queues}/2
"""


# ---------------------------------------------------------------- the contenders


def orders_per_second(
    place: Place, *, clients: int = 8, workers: int = 2, threads: int = 4, seconds: float = 15, mailed: bool = False
) -> AbstractContextManager[Contender]:
    """Orders of one ticket each, placed by `clients` at once for so many seconds. `mailed`: each writes the mail that
    tells its buyer, as its shop does, and leaves it to a worker, which does not run."""
    return or_missing(_orders(place, clients, workers, threads, seconds, mailed))


@contextmanager
def _orders(
    place: Place, clients: int, workers: int, threads: int, seconds: float, mailed: bool
) -> Iterator[Contender]:
    with _standing(place) as house, house.served(workers, threads) as server:
        request = _order(house, mailed)
        # Each of its processes has seen one before it counts.
        load(server.port, repeat(request), clients=clients, requests=2 * clients, also=frozenset({BUSY}))
        yield lambda: _read(server, request, clients, seconds)


def _order(house: House, mailed: bool) -> bytes:
    """One ticket, as its API is asked for it."""
    order = {
        "email": "buyer@example.org",
        "locale": "en",
        "sales_channel": "web",
        "payment_provider": "manual",
        "send_email": mailed,
        "positions": [{"item": int(dumps.ask(house.database, "SELECT id FROM pretixbase_item"))}],
    }
    token = dumps.ask(house.database, "SELECT token FROM pretixbase_teamapitoken")
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    return post(ORDERS, "localhost", json.dumps(order).encode(), headers)


def orders_done_per_second(
    place: Place, *, smtp_port: int, clients: int = 8, workers: int = 2, threads: int = 4, orders: int = 200
) -> AbstractContextManager[Contender]:
    """So many orders of one ticket, and the mail of each, with its worker in as many processes as ours."""
    return or_missing(_orders_done(place, smtp_port, clients, workers, threads, orders))


@contextmanager
def _orders_done(
    place: Place, smtp_port: int, clients: int, workers: int, threads: int, orders: int
) -> Iterator[Contender]:
    with (
        _standing(place, smtp_port) as house,
        house.served(workers, threads) as server,
        house.working(workers) as worker,
    ):
        request = _order(house, mailed=True)
        _order_and_wait(house, server, request, clients, 2 * clients)
        yield lambda: _read_done(house, server, worker, request, clients, orders)


def _read_done(
    house: House, server: serving.Served, worker: serving.Served, request: bytes, clients: int, orders: int
) -> Reading:
    begun = time.monotonic()
    with server.weighed() as served, worker.weighed() as worked:
        found = _order_and_wait(house, server, request, clients, orders)
    done = found.requests - found.statuses[BUSY]
    return {
        "per_second": done / (time.monotonic() - begun),
        "accepted_per_second": done / found.seconds,
        "cpu_ms": (served.cpu_ms + worked.cpu_ms) / done,
    }


def _order_and_wait(house: House, server: serving.Served, request: bytes, clients: int, orders: int) -> Load:
    """Place orders, and wait until the mail of each has been handed over."""
    before = _sent(house)
    found = load(server.port, repeat(request), clients=clients, requests=orders, also=frozenset({BUSY}))
    _wait_for_mails(house, before + found.requests - found.statuses[BUSY])
    return found


def shop_page(
    place: Place, *, clients: int = 8, workers: int = 2, threads: int = 4, seconds: float = 10
) -> AbstractContextManager[Contender]:
    """The page of its shop with its product, read by `clients` at once for so many seconds."""
    return or_missing(_shop(place, clients, workers, threads, seconds))


@contextmanager
def _shop(place: Place, clients: int, workers: int, threads: int, seconds: float) -> Iterator[Contender]:
    with _standing(place) as house, house.served(workers, threads) as server:
        yield lambda: _read(server, get(SHOP, "localhost"), clients, seconds)


def _read(server: serving.Served, request: bytes, clients: int, seconds: float) -> Reading:
    """Its locks give up after some seconds, which it answers with 409: that counts as refused, not as an order."""
    with server.weighed() as spent:
        found: Load = load(server.port, repeat(request), clients=clients, seconds=seconds, also=frozenset({BUSY}))
    refused = found.statuses[BUSY]
    done = max(1, found.requests - refused)
    rates = {"per_second": done / found.seconds, "cpu_ms": spent.cpu_ms / done, "refused": float(refused)}
    return found.reading | rates


def mails_per_second(
    place: Place, *, smtp_port: int, recipients: int = 300, workers: int = 2
) -> AbstractContextManager[Contender]:
    """One mail-out to so many buyers, by as many processes of its worker as ours has."""
    return or_missing(_mails(place, smtp_port, recipients, workers))


@contextmanager
def _mails(place: Place, smtp_port: int, recipients: int, workers: int) -> Iterator[Contender]:
    with _standing(place, smtp_port) as house, house.working(workers):
        house.run("buyers", str(recipients))
        yield lambda: _mail_out(house, recipients)


def _mail_out(house: House, recipients: int) -> Reading:
    """From the first mail that it wrote down until the last was handed over, by its own clock: what it waits for before
    does not count."""
    dumps.ask(house.database, "DELETE FROM pretixbase_outgoingmail")
    house.run("mail")
    _wait_for_mails(house, recipients)
    took = "SELECT extract(epoch FROM max(sent) - min(created)) FROM pretixbase_outgoingmail"
    return {"per_second": recipients / float(dumps.ask(house.database, took)), "recipients": float(recipients)}


def _wait_for_mails(house: House, wanted: int) -> None:
    end = time.monotonic() + MAIL_WITHIN
    while _sent(house) < wanted:
        if time.monotonic() > end:
            raise RuntimeError(f"pretix sent {_sent(house)} of {wanted} mails in {MAIL_WITHIN:.0f} s")
        time.sleep(0.25)


def _sent(house: House) -> int:
    return int(dumps.ask(house.database, "SELECT count(*) FROM pretixbase_outgoingmail WHERE status = 'sent'"))
