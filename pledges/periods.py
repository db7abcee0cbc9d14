"""Days of a cooperative's calendar as instants: a report from one day to another holds both days whole."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from home.models import Cooperative


@dataclass(frozen=True)
class Period:
    """From the first instant of a day to the last of another (both included)."""

    first: date
    last: date

    @classmethod
    def of_quarter(cls, day: date) -> "Period":
        """The quarter of the calendar that a day is in, which taxes are mostly reported by."""
        first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        later = (first + timedelta(days=93)).replace(day=1)
        return cls(first, later - timedelta(days=1))

    def bounds(self, cooperative: Cooperative) -> tuple[datetime, datetime]:
        """Its start, and the start of what follows."""
        return start_of(self.first, cooperative), end_of(self.last, cooperative)

    @property
    def name(self) -> str:
        """For the name of a file."""
        return f"{self.first.isoformat()}-{self.last.isoformat()}"


def start_of(day: date, cooperative: Cooperative) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(cooperative.time_zone))


def end_of(day: date, cooperative: Cooperative) -> datetime:
    """The first instant that is no longer that day."""
    return start_of(day + timedelta(days=1), cooperative)
