"""What templates read and compare, as functions of the context: the same answers as Django's own, in fewer steps.

Whatever is not plain (a value that can be called, a lookup that fails) is left to Django.
"""

import operator
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django.conf import settings
from django.template.base import FilterExpression, Variable, VariableDoesNotExist, render_value_in_context
from django.template.defaulttags import TemplateLiteral
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

#: Reads something.
Read = Callable[[Any], Any]
#: A filter with its arguments.
Step = Callable[[Any, Any], Any]

#: Stands for what no variable can be.
MISSING: Any = object()
#: What Django makes of a missing variable: it is nothing where it is asked for, and no text where it is shown.
NOTHING, NO_TEXT = None, ""

NOT_A_KEY = (TypeError, AttributeError, KeyError, ValueError, IndexError)

COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
    "is": operator.is_,
    "is not": operator.is_not,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def shown(value: Any, context: Any) -> str:
    """As it stands in the page: escaped, and in the language's format."""
    kind = type(value)
    if kind is SafeString:
        return value
    if kind is str:
        return escape(value) if context.autoescape else value
    if kind is int and not settings.USE_THOUSAND_SEPARATOR:
        return str(value)
    return render_value_in_context(value, context)


def expression(said: FilterExpression, missing: Any) -> Read:
    """`{{ … }}`: a variable or a constant with its filters; `missing` is what stands for what is not there."""
    read = _variable(said.var, missing) if said.is_var else _constant(said.var)
    steps = [_filter(func, args) for func, args in said.filters]

    def filtered(context: Any) -> Any:
        value = read(context)
        for step in steps:
            value = step(value, context)
        return value

    return filtered if steps else read


def _constant(value: Any) -> Read:
    return lambda context: value


def _variable(variable: Variable, missing: Any) -> Read:
    if variable.translate:
        return variable.resolve
    if variable.lookups is None:
        return _constant(variable.literal)
    name, *steps = variable.lookups
    return _attribute(variable, name, steps, missing) if steps else _name(variable, name, missing)


def _name(variable: Variable, name: str, missing: Any) -> Read:
    def read(context: Any) -> Any:
        for known in reversed(context.dicts):
            if name in known:
                value = known[name]
                return _as_django_does(variable, context, missing) if callable(value) else value
        return missing

    return read


def _attribute(variable: Variable, name: str, steps: Iterable[str], missing: Any) -> Read:
    def read(context: Any) -> Any:
        for known in reversed(context.dicts):
            if name in known:
                value = known[name]
                break
        else:
            return missing
        try:
            for step in steps:
                if value is None:
                    return missing
                if callable(value):
                    return _as_django_does(variable, context, missing)
                value = _item(value, step) if hasattr(type(value), "__getitem__") else getattr(value, step)
        except Exception:  # noqa: BLE001 (Django knows what becomes of it)
            return _as_django_does(variable, context, missing)
        return _as_django_does(variable, context, missing) if callable(value) else value

    return read


def _item(value: Any, step: str) -> Any:
    try:
        return value[step]
    except NOT_A_KEY:
        return getattr(value, step)


def _as_django_does(variable: Variable, context: Any, missing: Any) -> Any:
    try:
        return variable.resolve(context)
    except VariableDoesNotExist:
        return missing


def _argument(variable: Variable) -> Read:
    """One that is not there fails, as in Django."""
    read = _variable(variable, MISSING)

    def found(context: Any) -> Any:
        value = read(context)
        return variable.resolve(context) if value is MISSING else value

    return found


def _filter(func: Any, args: Iterable[tuple[bool, Any]]) -> Step:
    given = [_argument(argument) if is_read else _constant(SafeString(argument)) for is_read, argument in args]
    is_local, is_safe = getattr(func, "expects_localtime", False), getattr(func, "is_safe", False)
    is_told = getattr(func, "needs_autoescape", False)

    def step(value: Any, context: Any) -> Any:
        arguments = [read(context) for read in given]
        if is_local:
            value = template_localtime(value, context.use_tz)
        found = func(value, *arguments, autoescape=context.autoescape) if is_told else func(value, *arguments)
        is_kept_safe = is_safe and isinstance(value, SafeData)
        return mark_safe(found) if is_kept_safe else found  # noqa: S308 (what was safe stays so, as Django has it)  # nosec B308

    return step


def condition(said: Any) -> Read:
    """What stands in `{% if … %}`. As in Django, a comparison that fails does not hold."""
    if isinstance(said, TemplateLiteral):
        value: Any = said.value
        return expression(value, NOTHING)
    if said.id == "not":
        return _not(condition(said.first))
    if said.id in ("and", "or"):
        return _both(condition(said.first), condition(said.second), stops_at=said.id == "or")
    if said.id in COMPARED:
        return _compared(COMPARED[said.id], condition(said.first), condition(said.second))
    return said.eval


def _not(read: Read) -> Read:
    def holds(context: Any) -> bool:
        try:
            return not read(context)
        except Exception:  # noqa: BLE001 (as Django: it does not hold)
            return False

    return holds


def _both(first: Read, second: Read, *, stops_at: bool) -> Read:
    def holds(context: Any) -> Any:
        try:
            found = first(context)
            return found if bool(found) is stops_at else second(context)
        except Exception:  # noqa: BLE001 (as Django: it does not hold)
            return False

    return holds


def _compared(compare: Callable[[Any, Any], Any], first: Read, second: Read) -> Read:
    def holds(context: Any) -> Any:
        try:
            return compare(first(context), second(context))
        except Exception:  # noqa: BLE001 (as Django: it does not hold)
            return False

    return holds
