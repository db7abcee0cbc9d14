"""What a tier or an add-on of a page says, in the words and figures of the terms. Nothing is written here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.enums import Handover
from home.models import Cooperative

TEXTS = ("title", "description", "pickup_place", "pickup_hours")


@dataclass(frozen=True)
class Variant:
    block_id: str
    label: str


def instant(local: datetime | None, cooperative: Cooperative) -> datetime | None:
    """The instant at which the cooperative's clock shows this."""
    return local.replace(tzinfo=ZoneInfo(cooperative.time_zone)) if local else None


def last_instant(local: datetime | None, cooperative: Cooperative) -> datetime | None:
    """The last second of that minute: « jusqu’à 23 h 59 » is the end of the day, as the campaign's own deadline is."""
    end = instant(local, cooperative)
    return end + timedelta(seconds=59) if end else None


def frozen_terms(value: Any) -> dict[str, Any]:
    """The terms that the first pledge freezes, by field."""
    return {
        "amount": value["amount"],
        "taxable": value.get("taxable") or 0,
        "estimated_delivery": value["estimated_delivery"],
    }


def moving_terms(value: Any, cooperative: Cooperative) -> dict[str, Any]:
    """The terms that publishing may change at any time, by field; limit and retirement have rules of their own."""
    return {
        "handover": value["handover"],
        "available_from": instant(value.get("available_from"), cooperative),
        "available_until": last_instant(value.get("available_until"), cooperative),
        "sold_late": bool(value.get("sold_late")),
    }


def texts(value: Any) -> dict[str, str]:
    """The texts by field, without their language."""
    return {name: value[name] or "" for name in TEXTS}


def postage(value: Any) -> dict[str, int]:
    """Price by zone, in the order of the page; nothing where nothing is mailed."""
    if value["handover"] != Handover.POST:
        return {}
    return {one["zone"]: one["price"] for one in value["postage"]}


def variants(value: Any) -> list[Variant]:
    """In the order of the page; an add-on has none."""
    listed = value.get("variants")
    return [Variant(child.id, child.value) for child in listed.bound_blocks] if listed else []
