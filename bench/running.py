"""One figure from its standing to its verdicts: the contenders' turns, their medians, and which bounds hold."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench.figures import Bound, Contender, Figure, PeerMissing, Place
from bench.machine import Load, load_now
from sandbox.postgres import PostgresMissing
from sandbox.redis import RedisMissing

Verdict = Literal["held", "missed", "not measured"]
Failure = Literal["", "crashed", "not measured"]


@dataclass(frozen=True)
class Judged:
    """A bound and what came of it; `value` is None where it was not measured."""

    says: str
    value: float | None
    at_least: float | None
    at_most: float | None
    verdict: Verdict


@dataclass
class Outcome:
    """What a figure gave. `failure` is empty unless it could not be measured to its end; then `why` says why."""

    name: str
    about: str
    runs: int
    readings: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    bounds: list[Judged] = field(default_factory=list)
    before: Load | None = None
    after: Load | None = None
    seconds: float = 0.0
    failure: Failure = ""
    why: str = ""

    @property
    def medians(self) -> dict[str, float]:
        return medians(self.readings)

    @property
    def is_missed(self) -> bool:
        return self.failure == "crashed" or any(one.verdict == "missed" for one in self.bounds)

    @property
    def is_incomplete(self) -> bool:
        return self.failure == "not measured" or any(one.verdict == "not measured" for one in self.bounds)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"medians": self.medians}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Outcome:
        known = {name: value for name, value in found.items() if name != "medians"}
        loads = {name: Load(**known[name]) for name in ("before", "after") if known[name] is not None}
        return cls(**known | loads | {"bounds": [Judged(**one) for one in known["bounds"]]})


def run(figure: Figure, place: Place, runs: int, say: Callable[[str], None] = print) -> Outcome:
    """Stand the figure up, give each contender `runs` turns, and judge. Only what it needs may be missing: what it
    raises otherwise is for who called."""
    outcome = Outcome(figure.name, figure.about, runs, before=load_now())
    begun = time.monotonic()
    try:
        with figure.stand(place) as contenders:
            say(f"{figure.name}: standing after {time.monotonic() - begun:.0f} s")
            _take_turns(contenders, outcome, figure.peers, say)
    except (PostgresMissing, RedisMissing) as lack:
        outcome.failure, outcome.why = "not measured", str(lack)
    absent = dict.fromkeys(figure.peers - set(outcome.readings), "it was not there") | outcome.missing
    outcome.missing = {name: absent[name] for name in sorted(absent)}
    outcome.bounds = [judge(bound, outcome, figure.peers) for bound in figure.bounds]
    outcome.after, outcome.seconds = load_now(), time.monotonic() - begun
    return outcome


def _take_turns(
    contenders: Mapping[str, Contender], outcome: Outcome, peers: Iterable[str], say: Callable[[str], None]
) -> None:
    """a, b, c, a, b, c: a machine that slows down slows all of them."""
    for turn in range(outcome.runs):
        for name, contender in contenders.items():
            if name in outcome.missing:
                continue
            begun = time.monotonic()
            try:
                reading = dict(contender())
            except PeerMissing as why:
                if name not in peers:
                    raise
                outcome.missing[name] = str(why)
                outcome.readings.pop(name, None)
                continue
            outcome.readings.setdefault(name, []).append(reading)
            say(f"{outcome.name}: {name}, turn {turn + 1} of {outcome.runs}, {time.monotonic() - begun:.0f} s")


def medians(readings: Mapping[str, list[dict[str, float]]]) -> dict[str, float]:
    """Of each measure of each contender over its turns."""
    return {
        f"{name}.{measure}": statistics.median(reading[measure] for reading in turns)
        for name, turns in readings.items()
        for measure in turns[0]
    }


class _Measured(dict[str, float]):
    """Medians that notice when a bound asks for a contender that was not measured."""

    def __init__(self, found: Mapping[str, float], absent: Iterable[str]) -> None:
        super().__init__(found)
        self.absent = set(absent)

    def __missing__(self, name: str) -> float:
        if name.partition(".")[0] in self.absent:
            raise PeerMissing(name)
        raise KeyError(name)


def judge(bound: Bound, outcome: Outcome, peers: Iterable[str] = ()) -> Judged:
    """The verdict on one bound. A bound on what no contender measured is a mistake of the figure: KeyError."""
    absent = set(outcome.missing) | (set(peers) - set(outcome.readings))
    if outcome.failure:
        return Judged(bound.says, None, bound.at_least, bound.at_most, "not measured")
    found = _Measured(outcome.medians, absent)
    try:
        value = bound.value(found)
    except PeerMissing:
        return Judged(bound.says, None, bound.at_least, bound.at_most, "not measured")
    return Judged(bound.says, value, bound.at_least, bound.at_most, "held" if bound.holds(found) else "missed")
