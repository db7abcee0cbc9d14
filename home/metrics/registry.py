"""What is measured: functions that read some rows and give gauges, asked at each look.

Everything is read from the database, so that any web process answers the same. Nothing is counted beyond `MOST`, by an
index: a look costs tens of milliseconds however many rows there are.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import Error
from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from home import health

PREFIX = "tremplin_"

#: Where counting stops.
MOST = 10_000

Measure = Callable[[], Iterable[GaugeMetricFamily]]

_measures: dict[str, Measure] = {}


def measure(function: Measure) -> Measure:
    """Register a function without arguments."""
    _measures[f"{function.__module__}.{function.__name__}"] = function
    return function


def gauge(name: str, what: str, values: dict[str, float] | float, *, by: str = "") -> GaugeMetricFamily:
    """One figure; or one for each value of the label `by`."""
    family = GaugeMetricFamily(PREFIX + name, what, labels=[by] if by else [])
    for label, value in (values if isinstance(values, dict) else {"": values}).items():
        family.add_metric([label] if by else [], value)
    return family


def count(rows: QuerySet[Any]) -> int:
    """How many there are, up to MOST."""
    return rows.order_by()[:MOST].count()


def age(since: datetime | None) -> float:
    """Seconds by the machine's clock; 0 for what never was."""
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0


class Collector:
    """What prometheus_client asks. One measure that fails is said so, and the others are given."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        failed: dict[str, float] = {}
        for name, function in _measures.items():
            try:
                with health.patience():
                    found = list(function())
            except Error:
                failed[name] = 1
            else:
                failed[name] = 0
                yield from found
        yield gauge("measure_failed", "Whether a measure could not be taken (1).", failed, by="measure")
