"""What a contribution was and became, in words: one line for each reward, in the reader's language."""

from typing import Any

from django.utils.translation import gettext

from home import formats
from home.languages import current
from pledges.models import PledgeChange


def old_lines(change: PledgeChange) -> list[str]:
    """As it was before the change."""
    return [_old_line(entry) for entry in change.old_items]


def _old_line(entry: dict[str, Any]) -> str:
    if "extra" in entry:
        return gettext("Contribution without reward")
    title, variant = (str(entry.get(f"{name}_{current()}", "")) for name in ("title", "variant"))
    return _line(title, variant, entry["quantity"])


def new_lines(change: PledgeChange) -> list[str]:
    """As it became, or would have."""
    lines = [
        _line(item.reward.title, str(item.variant or ""), item.quantity)
        for item in change.items.select_related("reward", "variant").order_by("id")
    ]
    return [*lines, gettext("Contribution without reward")] if change.extra else lines


def _line(title: str, variant: str, quantity: int) -> str:
    named = f"{title} ({variant})" if variant else title
    return f"{named}, {formats.number(quantity)}"
