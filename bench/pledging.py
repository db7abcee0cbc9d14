"""Pledges accepted over HTTP on PostgreSQL: the review page's form, checked and written, by eight browsers at once.

Each client opens the form and its review once, as a browser does (cookie, token, hidden fields), and agrees to it over
and over as other people from other networks. `paid` follows the way back from the hosted page too: payment, ledger,
receipt. Stripe answers at once within the server's process (bench/pledging_site.py). The limit is a view without
middleware that writes the same rows into the same tables (bench/pledging_bare.py).

An order of pretix causes work of its own at once: it tells its buyer, and its worker takes up what it left. Ours causes
none until it is paid. So pretix is asked twice: `pretix` places orders through its API, without mail and with nobody
working off what they leave; `pretix_done` has its worker beside the server, as its documentation deploys it, and an
order counts once the sink has been handed its mail. The bound is on the former, which favours pretix.
"""

from __future__ import annotations

import importlib
import itertools
import re
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench import dumps
from bench.answers import Answer
from bench.figures import Bound, Contender, Figure, Place, Reading, plain, ratio
from bench.installation import Installed, installed
from bench.load import Load, Story, aside, get, load, post
from bench.peers import pretix
from bench.serving import PROXIED, Served, gunicorn
from bench.sinks import sink

if TYPE_CHECKING:
    from bench.pledging_shop import Offered, Shop

HOST = "meule.localhost"
ORIGIN = {"Origin": f"https://{HOST}"}
CLIENTS = 8
CAMPAIGNS = 100
PLEDGES = 10_000
SETTLING = 200
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')

_people = itertools.count(1)


@dataclass
class Answers:
    """What became of the agreements of one run."""

    accepted: int = 0
    refused: int = 0

    def count(self, answer: Answer) -> None:
        if answer.status == 303:
            self.accepted += 1
        else:
            self.refused += 1


def _from_another_network() -> dict[str, str]:
    number = next(_people)
    return PROXIED | {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


def agreeing(offers: list[Offered], answers: Answers, *, returns: bool) -> Callable[[int], Story]:
    """Clients that agree to one review after the other, over all that is offered; `returns`: and come back as paid."""

    def story(client: int) -> Story:
        token, cookies = yield from _opened(offers[0])
        for turn in itertools.count():
            offer = offers[(turn * CLIENTS + client) % len(offers)]
            said = _agreement(offer) | {"csrfmiddlewaretoken": token}
            answer = yield post(offer.review_path, HOST, said, _from_another_network() | ORIGIN, cookies)
            answers.count(answer)
            if returns and answer.status == 303:
                yield get(urlsplit(answer.header("location")).path, HOST, _from_another_network(), cookies)

    return story


def _opened(offer: Offered) -> Generator[bytes, Answer, tuple[str, dict[str, str]]]:
    """The form and its review, as a browser opens them once: the token of the review, and the cookies."""
    page = yield aside(get(offer.form_path, HOST, _from_another_network()))
    cookies = page.cookies
    typed = _hidden(page) | _agreement(offer)
    del typed["confirm"]
    review = yield aside(post(offer.review_path, HOST, typed, _from_another_network() | ORIGIN, cookies))
    return _hidden(review)["csrfmiddlewaretoken"], cookies


def _hidden(page: Answer) -> dict[str, str]:
    return dict(HIDDEN.findall(page.body.decode()))


def _agreement(offer: Offered) -> dict[str, str]:
    """What a review posts once it is agreed to, of somebody new."""
    return {
        f"quantity_{offer.reward}": "1",
        f"price_{offer.reward}": str(offer.amount),
        "name": "Rosalie Tremblay",
        "email": f"contrib{next(_people)}@courriel.example",
        "language": "fr",
        "attempt": str(uuid.uuid4()),
        "consent": "1",
        "confirm": "1",
    }


def writing(offers: list[Offered], answers: Answers, *, returns: bool) -> Callable[[int], Story]:
    """The same of the bare view, which asks for no token."""

    def story(client: int) -> Story:
        for turn in itertools.count():
            offer = offers[(turn * CLIENTS + client) % len(offers)]
            answer = yield post(f"/pledge/{offer.campaign}/{offer.reward}/", HOST, _agreement(offer), PROXIED)
            answers.count(answer)
            if returns:
                yield get(answer.header("location"), HOST, PROXIED)

    return story


def _measured(
    server: Served, story: Callable[..., Callable[[int], Story]], offers: list[Offered], count: int, returns: bool
) -> Reading:
    answers = Answers()
    with server.weighed() as spent:
        found = load(
            server.port, story(offers, answers, returns=returns), clients=CLIENTS, requests=count * (1 + returns)
        )
    if answers.refused:
        raise RuntimeError(f"{answers.refused} of {answers.refused + answers.accepted} were not accepted.")
    return _reading(found, answers) | {"cpu_ms": spent.cpu_ms / answers.accepted}


def _reading(found: Load, answers: Answers) -> dict[str, float]:
    return {
        "per_second": answers.accepted / found.seconds,
        "p50_ms": found.percentile_ms(0.5),
        "p99_ms": found.percentile_ms(0.99),
    }


def _limited(shop: Shop, server: Served, stock: int) -> Contender:
    """A tier that is asked for a quarter more often than there is of it."""

    def run() -> Reading:
        offer, answers = shop.offer(f"Limitée {next(_people)}", limit=stock), Answers()
        found = load(
            server.port, agreeing([offer], answers, returns=False), clients=CLIENTS, requests=stock + stock // 4
        )
        by_stock, by_items = shop.sold(offer)
        off = abs(by_stock - stock) + abs(by_items - stock) + abs(answers.accepted - stock)
        return _reading(found, answers) | {"off_by": float(off)}

    return run


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    count = place.size(PLEDGES)
    with ExitStack() as until, installed(place.folder) as site:
        shop: Shop = importlib.import_module("bench.pledging_shop").Shop(HOST)  # only now: its models need Django
        spread = [shop.offer(f"Campagne {number}") for number in range(CAMPAIGNS)]
        ours, bare = until.enter_context(_served(site, "site")), until.enter_context(_served(site, "bare"))

        def turn(
            server: Served, story: Callable[..., Callable[[int], Story]], offers: list[Offered], back: bool = False
        ) -> Contender:
            return lambda: _measured(server, story, offers, count, back)

        _settle(site, ours, bare, spread)
        yield {
            "bare": turn(bare, writing, spread),
            "ours": turn(ours, agreeing, spread),
            "hot": turn(ours, agreeing, spread[:1]),
            "limited": _limited(shop, ours, max(1, count // 2)),
            "bare_paid": turn(bare, writing, spread, True),
            "paid": turn(ours, agreeing, spread, True),
            "pretix": until.enter_context(pretix.orders_per_second(place, clients=CLIENTS)),
            "pretix_done": until.enter_context(
                pretix.orders_done_per_second(place, smtp_port=until.enter_context(sink("smtp")), clients=CLIENTS)
            ),
        }


def _settle(site: Installed, ours: Served, bare: Served, offers: list[Offered]) -> None:
    """As after a shop's first minutes, for both alike: processes are warm, and the database knows its tables. Of tables
    that it takes for empty it makes plans that read all of them, until its own housekeeping comes by."""
    for server, story in ((bare, writing), (ours, agreeing)):
        load(server.port, story(offers, Answers(), returns=True), clients=CLIENTS, requests=2 * SETTLING)
    dumps.ask(site.database, "ANALYZE")


@contextmanager
def _served(site: Installed, which: str) -> Iterator[Served]:
    ready = site.get("/healthz", "localhost")
    application = f"bench.pledging_{which}:application"
    with gunicorn(application, site.folder, environment=site.environment, ready=ready) as server:
        yield server


FIGURE = Figure(
    name="pledging",
    about="Pledges accepted over HTTP, Stripe excluded: form validated, stock, items, consent and ledger rows written",
    stand=stand,
    bounds=(
        Bound(
            "of a bare view writing the same rows, over 100 campaigns",
            ratio("ours.per_second", "bare.per_second"),
            at_least=0.4,
        ),
        Bound("of that on one hot campaign", ratio("hot.per_second", "ours.per_second"), at_least=0.8),
        Bound("a limited tier: sold too many or too few", plain("limited.off_by"), at_most=0),
        Bound(
            "paid, with ledger and receipt: of a bare view writing the same rows",
            ratio("paid.per_second", "bare_paid.per_second"),
            at_least=0.4,
        ),
        Bound("times pretix's orders", ratio("ours.per_second", "pretix.per_second"), at_least=20),
    ),
    peers=frozenset({"pretix", "pretix_done"}),
)
