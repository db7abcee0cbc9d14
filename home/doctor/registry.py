"""What is examined. Each room registers what it knows of, when it is loaded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A problem is to be mended before money or names are entrusted to the installation; advice is worth reading."""

    PROBLEM = "problem"
    ADVICE = "advice"


@dataclass(frozen=True)
class Finding:
    """`about`: the setting or the part. `what` is wrong, and what to `do`, in the language of the moment."""

    level: Level
    about: str
    what: str
    do: str


#: A function without arguments, which changes nothing and gives what it finds in the language of the moment.
Examination = Callable[[], Iterator[Finding]]

_examinations: list[Examination] = []


def examine(function: Examination) -> Examination:
    """Register an examination. It may ask what is outside, and waits for no answer longer than some seconds."""
    _examinations.append(function)
    return function


def examinations() -> list[Examination]:
    return list(_examinations)


def problem(about: str, what: str, do: str) -> Finding:
    return Finding(Level.PROBLEM, about, what, do)


def advice(about: str, what: str, do: str) -> Finding:
    return Finding(Level.ADVICE, about, what, do)
