"""What a figure was measured on: the machine, how busy it was, and the versions of what ran."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sandbox.postgres import PostgresMissing, binaries

LIBRARIES = ("Django", "wagtail", "wagtail-localize", "gunicorn", "psycopg", "stripe", "django-anymail", "django-tasks")


@dataclass(frozen=True)
class Load:
    """How busy a machine is: how many processes want a core, as a mean of 1 and 5 minutes, and what memory is free."""

    one_minute: float
    five_minutes: float
    free_mb: float

    @property
    def is_busy(self) -> bool:
        """Whether others may have taken part of the cores. It is not known of whom: a run's own servers count too."""
        return self.one_minute > 0.5 * (os.cpu_count() or 1)

    def __str__(self) -> str:
        return f"load {self.one_minute:.1f} (5 min: {self.five_minutes:.1f}), {self.free_mb / 1000:.1f} GB free"


def load_now() -> Load:
    one, five, _ = os.getloadavg()
    return Load(one, five, _memory_mb("MemAvailable"))


@dataclass(frozen=True)
class Machine:
    """The cores, the memory and the versions."""

    cores: int
    model: str
    memory_mb: float
    system: str
    python: str
    postgresql: str
    libraries: dict[str, str]

    @classmethod
    def here(cls) -> Machine:
        return cls(
            cores=os.cpu_count() or 1,
            model=_first("/proc/cpuinfo", r"^model name\s*:\s*(.+)$") or platform.processor() or platform.machine(),
            memory_mb=_memory_mb("MemTotal"),
            system=platform.platform(),
            python=platform.python_version(),
            postgresql=_postgresql(),
            libraries={name: found for name in LIBRARIES if (found := _version(name))},
        )

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        return (
            f"{self.cores} cores ({self.model}), {self.memory_mb / 1000:.0f} GB, {self.system}\n"
            f"Python {self.python}, PostgreSQL {self.postgresql or 'missing'}, {versions}"
        )


def _memory_mb(name: str) -> float:
    found = _first("/proc/meminfo", rf"^{name}:\s+(\d+) kB$")
    return int(found) * 1024 / 1e6 if found else 0.0


def _first(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _postgresql() -> str:
    try:
        said = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True).stdout
    except PostgresMissing:
        return ""
    return said.split()[2] if said else ""
