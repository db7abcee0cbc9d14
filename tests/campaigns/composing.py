"""Blocks of a campaign page as the StreamField stores them."""

import uuid


def _items(values):
    return [{"type": "item", "id": str(uuid.uuid4()), "value": value} for value in values]


def _block(kind, value):
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def budget(lines, sources=(), **fields):
    """`lines`: (need, amount, kind); `sources`: (name, amount, confirmed)."""
    value = {
        "heading": "",
        "introduction": "",
        "lines": _items({"need": need, "amount": amount, "kind": kind} for need, amount, kind in lines),
        "sources": _items({"name": name, "amount": amount, "confirmed": sure} for name, amount, sure in sources),
    }
    return _block("budget", value | fields)


def next_goals(*goals):
    """(amount, what it adds) pairs."""
    return _block("next_goals", _items({"amount": amount, "adds": adds} for amount, adds in goals))


def wall(**fields):
    return _block("wall", {"heading": "", "text": ""} | fields)
