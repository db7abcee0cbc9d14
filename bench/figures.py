"""What a benchmark is made of: contenders that are run interleaved, and bounds on the ratios between them.

A module of this folder that measures something holds `FIGURE`. `python -m bench reading` runs one alone, `make bench`
all of them (bench/__main__.py). A figure is no claim about seconds: it compares what ours does with the limit of the
machine (the smallest honest program that does the same work) and with what people would use instead, in one run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

#: One run of a contender: what it measured, by name ("per_second", "cpu_ms", "p99_ms", "peak_mb").
Reading = Mapping[str, float]
#: Runs once and says what it measured. Whatever it needs was set up before.
Contender = Callable[[], Reading]
#: Medians of the readings, by "contender.measure" ("ours.per_second").
Medians = Mapping[str, float]


class PeerMissing(Exception):
    """A peer cannot be measured on this machine; the text says why. What is compared with it is not measured."""


def missing(why: str) -> Contender:
    """What stands for a peer that could not be installed: a contender that says so when its turn comes."""

    def absent() -> Reading:
        raise PeerMissing(why)

    return absent


@dataclass(frozen=True)
class Place:
    """Where a figure may write, and how large it is to be."""

    folder: Path
    full: bool

    def size(self, stated: int) -> int:
        """The stated size for FULL=1, else a tenth of it."""
        return stated if self.full else max(1, stated // 10)


@dataclass(frozen=True)
class Bound:
    """What must hold of a figure: a ratio or a plain measure, at least or at most so much.

    `value` reads the medians; `says` is what the table calls it ("of a bare view's requests per second").
    """

    says: str
    value: Callable[[Medians], float]
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, medians: Medians) -> bool:
        value = self.value(medians)
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


def ratio(one: str, other: str) -> Callable[[Medians], float]:
    """`one` over `other`, both named "contender.measure"."""
    return lambda medians: medians[one] / medians[other]


def plain(one: str) -> Callable[[Medians], float]:
    """The measure itself: a number of queries, megabytes."""
    return lambda medians: medians[one]


@dataclass(frozen=True)
class Figure:
    """One benchmark. `stand` starts what it needs, yields the contenders by name, and ends what it started.

    `runs` is how often each contender runs; their runs are interleaved, so that a machine that slows down slows all.
    `peers` are the contenders that may be missing, where their package cannot be installed (`missing(why)` stands for
    them, or they are not among what `stand` yields): then their bounds are "not measured".
    """

    name: str
    about: str
    stand: Callable[[Place], AbstractContextManager[Mapping[str, Contender]]]
    bounds: tuple[Bound, ...]
    runs: int = 3
    peers: frozenset[str] = field(default_factory=frozenset)
