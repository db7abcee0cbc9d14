"""What is checked each night. Each room registers what is its own, when it is loaded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

#: A function without arguments that gives each fault as it finds it: its text names rows by number, nobody.
Check = Callable[[], Iterable[object]]


@dataclass(frozen=True)
class SelfCheck:
    """`advice`: what the operator does about its faults, in a sentence (translated lazily)."""

    name: str
    title: "StrPromise | str"
    advice: "StrPromise | str"
    run: Check


_checks: dict[str, SelfCheck] = {}


def self_check(name: str, title: "StrPromise | str", advice: "StrPromise | str") -> Callable[[Check], Check]:
    """Register a check. It runs without a cooperative's scope, once a night, in a worker; it changes nothing."""

    def register(function: Check) -> Check:
        _checks[name] = SelfCheck(name, title, advice, function)
        return function

    return register


def all_checks() -> list[SelfCheck]:
    return [_checks[name] for name in sorted(_checks)]


def check_of(name: str) -> SelfCheck | None:
    """None for one that a former version had."""
    return _checks.get(name)
