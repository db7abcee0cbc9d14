"""Trouble to order: recipients refused, answers that do not come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ANSWERS = {
    "451": "451 4.3.0 Refused for now, as ordered",
    "550": "550 5.1.1 Refused for good, as ordered",
}


class BadFault(ValueError):
    """The order makes no sense; the text says why."""


@dataclass
class Fault:
    """One order. `times` is how often it still strikes; None is until cleared."""

    refuse: str | None
    match: str
    hang: float
    times: int | None

    @classmethod
    def from_json(cls, order: object) -> Fault:
        """Read an order; a key or value that is not known is refused, never ignored."""
        if not isinstance(order, dict):
            raise BadFault("a fault is a JSON object")
        unknown = sorted(set(order) - {"refuse", "match", "hang", "times"})
        if unknown:
            raise BadFault(f"unknown: {', '.join(unknown)}")
        refuse, times = order.get("refuse"), order.get("times")
        if refuse is not None and refuse not in ANSWERS:
            raise BadFault(f"refuse is one of {', '.join(ANSWERS)}, or null")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise BadFault("times is a number of at least 1, or null")
        hang = order.get("hang") or 0
        if not isinstance(hang, int | float) or hang < 0:
            raise BadFault("hang is a number of seconds")
        return cls(refuse=refuse, match=str(order.get("match") or ""), hang=float(hang), times=times)

    @property
    def is_harmless(self) -> bool:
        return self.refuse is None and self.hang == 0

    def as_json(self) -> dict[str, Any]:
        return {"refuse": self.refuse, "match": self.match, "hang": self.hang, "times": self.times}


class Faults:
    """The orders in force, oldest first; the first that matches strikes."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add an order. One that neither refuses nor hangs clears all the others."""
        if fault.is_harmless:
            self.clear()
        else:
            self._orders.append(fault)

    def clear(self) -> None:
        self._orders.clear()

    def in_force(self) -> list[dict[str, Any]]:
        return [fault.as_json() for fault in self._orders]

    def refusing(self, address: str) -> Fault | None:
        """The order that refuses this recipient, counted as struck."""
        return self._strike([fault for fault in self._orders if fault.refuse], [address])

    def hanging(self, addresses: list[str]) -> Fault | None:
        """The order that holds back the answer to a message for these recipients."""
        return self._strike([fault for fault in self._orders if not fault.refuse], addresses)

    def _strike(self, candidates: list[Fault], addresses: list[str]) -> Fault | None:
        for fault in candidates:
            if any(fault.match.casefold() in address.casefold() for address in addresses):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self._orders.remove(fault)
