"""The picture of the promise board: each tier's first and current month on one line of months, and today.

It says nothing that the words beside it do not, so that it is hidden from who hears the page. First and current month
differ by their shape, today by its dashes, not by colour alone. Positions are percentages: strings, as SVG wants them.
"""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from home import formats

#: A line is at least so long; today is left out where it would make it longer than that.
FEWEST, MOST = 5, 24

#: How many months are named at most.
TICKS = 7


@dataclass(frozen=True)
class Tick:
    at: str
    label: str


@dataclass(frozen=True)
class Track:
    """`was` and `now`: where the two months stand; equal where the date has not changed."""

    was: str
    now: str

    @property
    def has_moved(self) -> bool:
        return self.was != self.now


@dataclass(frozen=True)
class Axis:
    """`count` months from `start` on; `day` is today where the cooperative is."""

    start: date
    count: int
    day: date

    def track(self, first: date, now: date) -> Track:
        return Track(self._middle(first), self._middle(now))

    @property
    def ticks(self) -> list[Tick]:
        """Some of the months, evenly; the year stands with the first of them and wherever it is another one."""
        step = -(-self.count // TICKS)
        shown = [_later(self.start, n) for n in range(0, self.count, step)]
        new_year = [True, *(one.year != before.year for before, one in pairwise(shown))]
        return [
            Tick(self._middle(month), formats.short_month(month, with_year=is_new))
            for month, is_new in zip(shown, new_year, strict=True)
        ]

    @property
    def today(self) -> str:
        """Empty where today is not on the line."""
        n = _between(self.start, self.day)
        if not 0 <= n < self.count:
            return ""
        days = calendar.monthrange(self.day.year, self.day.month)[1]
        return self._at(n + (self.day.day - 1) / days)

    def _middle(self, month: date) -> str:
        return self._at(_between(self.start, month) + 0.5)

    def _at(self, months: float) -> str:
        return f"{months * 100 / self.count:.2f}%"


def axis_over(months: Collection[date], day: date) -> Axis | None:
    """A line with room for all of the months, and for today if it is not too far from them; None without months."""
    if not months:
        return None
    start, end, this = min(months), max(months), day.replace(day=1)
    if _between(min(start, this), max(end, this)) < MOST:
        start, end = min(start, this), max(end, this)
    return Axis(start.replace(day=1), max(_between(start, end) + 1, FEWEST), day)


def _between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _later(month: date, n: int) -> date:
    years, index = divmod(month.month - 1 + n, 12)
    return date(month.year + years, index + 1, 1)
