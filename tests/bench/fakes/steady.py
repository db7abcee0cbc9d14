import os
from contextlib import contextmanager

from bench.figures import Bound, Figure, missing, ratio


@contextmanager
def stand(place):
    yield {
        "ours": lambda: {"per_second": float(os.environ.get("FAKE_RATE", "80"))},
        "limit": lambda: {"per_second": 100.0},
        "peer": missing("its package is not there"),
    }


FIGURE = Figure(
    name="steady",
    about="Two rates that never change, and a peer that is not there",
    stand=stand,
    bounds=(
        Bound("of the limit's rate", ratio("ours.per_second", "limit.per_second"), at_least=0.5),
        Bound("times the peer's rate", ratio("ours.per_second", "peer.per_second"), at_least=20),
    )[: int(os.environ.get("FAKE_BOUNDS", "2"))],
    peers=frozenset({"peer"}),
)
