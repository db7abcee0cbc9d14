"""Form-encoded bracket parameters, checked against an explicit table per endpoint.

Stripe refuses what it does not know; so does the sandbox, also for parameters that Stripe knows
and the sandbox does not speak: silence would let a test pass that fails in production.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .errors import ApiError, Json, invalid

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> Json:
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}; lists are told from hashes by the table."""
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found = _NAME.match(name)
        if found is None:
            raise invalid(f"Invalid parameter name: {name}", name)
        node, parts = tree, [found[1], *_PART.findall(found[2])]
        for part in parts[:-1]:
            child = node.setdefault(part or str(len(node)), {})
            if not isinstance(child, dict):
                raise invalid(f"Invalid parameter: {name} is both a value and a hash", name)
            node = child
        node[parts[-1] or str(len(node))] = value
    return tree


class Kind:
    """One parameter's type. `read` answers the value or refuses it in Stripe's words."""

    required = False
    unset = False

    def read(self, raw: Any, path: str) -> Any:
        raise NotImplementedError


@dataclass
class Text(Kind):
    longest: int = 5000
    required: bool = False
    unset: bool = False

    def read(self, raw: Any, path: str) -> str:
        if not isinstance(raw, str):
            raise invalid(f"Invalid string: {raw}", path)
        if len(raw) > self.longest:
            raise invalid(f"Invalid string: {raw[:4]}...{raw[-4:]}; must be at most {self.longest} characters", path)
        return raw


@dataclass
class Integer(Kind):
    least: int | None = None
    required: bool = False
    unset: bool = False

    def read(self, raw: Any, path: str) -> int:
        if not isinstance(raw, str) or re.fullmatch(r"-?\d{1,18}", raw) is None:
            raise invalid(f"Invalid integer: {raw}", path, "parameter_invalid_integer")
        if self.least is not None and int(raw) < self.least:
            raise invalid(
                f"This value must be greater than or equal to {self.least}.", path, "parameter_invalid_integer"
            )
        return int(raw)


@dataclass
class Boolean(Kind):
    required: bool = False

    def read(self, raw: Any, path: str) -> bool:
        if raw not in ("true", "false"):
            raise invalid(f"Invalid boolean: {raw}", path)
        return bool(raw == "true")


@dataclass
class Choice(Kind):
    values: tuple[str, ...]
    required: bool = False

    def read(self, raw: Any, path: str) -> str:
        if raw not in self.values:
            raise invalid(f"Invalid {path}: must be one of {_either(self.values)}", path)
        return str(raw)


@dataclass
class ListOf(Kind):
    item: Kind
    required: bool = False
    most: int = 100

    def read(self, raw: Any, path: str) -> list[Any]:
        if not isinstance(raw, dict) or not all(name.isdigit() for name in raw):
            raise invalid("Invalid array", path)
        if len(raw) > self.most:
            raise invalid(f"Array must have at most {self.most} elements", path)
        ordered = sorted(raw.items(), key=lambda pair: int(pair[0]))
        return [self.item.read(value, f"{path}[{name}]") for name, value in ordered]


@dataclass
class Hash(Kind):
    fields: Mapping[str, Kind]
    required: bool = False
    unset: bool = False

    def read(self, raw: Any, path: str) -> Json:
        if not isinstance(raw, dict):
            raise invalid("Invalid object", path)
        return check(self.fields, raw, path)


@dataclass
class Metadata(Kind):
    """At most 50 keys of 40 characters, values of 500; an empty value removes the key."""

    required: bool = False
    unset: bool = field(default=True)

    def read(self, raw: Any, path: str) -> dict[str, str]:
        if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
            raise invalid("Invalid metadata: it must be a hash of strings", path)
        if len(raw) > 50:
            raise invalid("You can only have 50 metadata keys.", path)
        for name, value in raw.items():
            _refuse_long_metadata(name, value, path)
        return dict(raw)


def _refuse_long_metadata(name: str, value: str, path: str) -> None:
    for what, text, longest in (("keys", name, 40), ("values", value, 500)):
        if len(text) > longest:
            raise invalid(
                f"Metadata {what} can have up to {longest} characters, but you passed in a "
                f"{what[:-1]} that is {len(text)} characters. Invalid {what[:-1]}: {text[:40]}",
                f"{path}[{name}]",
            )


@dataclass
class Range(Kind):
    """`created`: a timestamp, or a hash of gt, gte, lt, lte."""

    required: bool = False

    def read(self, raw: Any, path: str) -> dict[str, int]:
        if isinstance(raw, str):
            moment = Integer().read(raw, path)
            return {"gte": moment, "lte": moment}
        bounds = {name: Integer() for name in ("gt", "gte", "lt", "lte")}
        return Hash(bounds).read(raw, path)


@dataclass
class OneOf(Kind):
    """The first kind that accepts the value (Stripe's `off_session`: a boolean or a word)."""

    kinds: tuple[Kind, ...]
    required: bool = False

    def read(self, raw: Any, path: str) -> Any:
        for kind in self.kinds[:-1]:
            try:
                return kind.read(raw, path)
            except ApiError:
                continue
        return self.kinds[-1].read(raw, path)


def check(table: Mapping[str, Kind], raw: Json, path: str = "") -> Json:
    """The values asked for, typed; anything unknown, missing or ill-typed is a 400."""
    answer: Json = {}
    for name, value in raw.items():
        where = f"{path}[{name}]" if path else name
        kind = table.get(name)
        if kind is None:
            raise invalid(f"Received unknown parameter: {where}{_hint(name)}", where, "parameter_unknown")
        if value == "":
            answer[name] = _unset(kind, where)
        else:
            answer[name] = kind.read(value, where)
    _require(((name, kind) for name, kind in table.items() if kind.required), answer, path)
    return answer


def _unset(kind: Kind, where: str) -> Any:
    """An empty string unsets what may be unset, and is refused elsewhere."""
    if kind.unset:
        return None
    raise invalid(
        f"You passed an empty string for '{where}'. We assume empty values are an attempt to unset a "
        f"parameter; however '{where}' cannot be unset. You should remove '{where}' from your request or "
        "supply a non-empty value.",
        where,
        "parameter_invalid_empty",
    )


def _require(required: Iterable[tuple[str, Kind]], answer: Json, path: str) -> None:
    for name, _ in required:
        if answer.get(name) is None:
            where = f"{path}[{name}]" if path else name
            raise invalid(f"Missing required param: {where}.", where, "parameter_missing")


def _hint(name: str) -> str:
    renamed = {"payment_method_types": "allowed_payment_method_types"}
    return f". Did you mean {renamed[name]}?" if name in renamed else ""


def _either(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
