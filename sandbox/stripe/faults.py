"""Faults that can be ordered: what goes wrong with the next matching calls."""

import random
import re
from dataclasses import dataclass

from .errors import Json

KINDS = ("500", "500_after_commit", "timeout_after_commit", "429", "hang")


@dataclass
class Fault:
    """`match` is a regular expression held against the start of "METHOD /path"; empty fits all."""

    kind: str
    match: str
    left: int | None
    rate: float
    seconds: float


class Faults:
    """Kept in memory: a restart of the sandbox clears them."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.capture_delay = 0
        self._random = random.Random()  # nosec B311 # which call fails is no secret

    def order(self, orders: list[Json], seed: int | None) -> None:
        """Raises ValueError for an order that could not be meant."""
        faults = [_read(order) for order in orders]
        if seed is not None:
            self._random.seed(seed)
        self._faults.extend(faults)

    def clear(self) -> None:
        self._faults.clear()
        self.capture_delay = 0

    def strike(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this call, if one does."""
        for fault in self._faults:
            if not re.match(fault.match, f"{method} {path}") or self._random.random() >= fault.rate:
                continue
            if fault.left is not None:
                fault.left -= 1
                if fault.left <= 0:
                    self._faults.remove(fault)
            return fault
        return None


def _read(order: Json) -> Fault:
    unknown = set(order) - {"match", "kind", "times", "rate", "seconds"}
    if unknown or order.get("kind") not in KINDS:
        raise ValueError(f"A fault is {{match, kind, times, rate, seconds}}, kind one of {KINDS}: {order}")
    rate = float(order.get("rate", 1.0))
    times = order.get("times", None if "rate" in order else 1)
    return Fault(
        order["kind"], str(order.get("match", "")), None if times is None else int(times),
        rate, float(order.get("seconds", 90.0)),
    )  # fmt: skip
