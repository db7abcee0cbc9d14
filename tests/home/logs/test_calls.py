"""What the product gives to a log: numbers of rows, names of ours, and errors; never a row, a form or a request."""

import ast

from config import ROOT

OURS = ("home", "campaigns", "pledges", "updates")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}

#: What ends in one of these is no person's.
SOUND_ATTRIBUTES = {
    "pk", "id", "event_id", "name", "module_path", "stripe_payout", "amount", "event_type", "payment_id", "__name__",
    "slug", "key",
}  # fmt: skip
#: `name` is one of a job or of a method of the cache: never of these.
PEOPLE = {"backer", "user", "pledge", "request", "person", "form", "cooperative"}
#: Plain names: errors (which are masked), and what is ours.
SOUND_NAMES = {
    "error", "refused", "refusal", "verdict", "attempts", "total", "occasion", "event_id", "esp_name", "name",
    "account", "REACH", "number", "count", "check", "what", "bad", "scope",
}  # fmt: skip


def calls():
    for room in OURS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in LEVELS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in {"log", "logger", "logging"}
                ):
                    yield path.relative_to(ROOT), node


def is_sound(value):
    if isinstance(value, ast.Constant):
        return True
    if isinstance(value, ast.BoolOp):
        return all(is_sound(one) for one in value.values)
    if isinstance(value, ast.Name):
        return value.id in SOUND_NAMES
    if isinstance(value, ast.Attribute):
        owner = value.value
        return value.attr in SOUND_ATTRIBUTES and not (
            value.attr == "name" and isinstance(owner, ast.Name) and owner.id in PEOPLE
        )
    return False


def test_nothing_of_a_person_is_given_to_a_log():
    found = list(calls())
    guilty = [
        f"{path}:{node.lineno}"
        for path, node in found
        if not isinstance(node.args[0], ast.Constant) or not all(is_sound(one) for one in node.args[1:])
    ]
    assert len(found) > 40
    assert guilty == []
