"""Points of the launch checklist that a federation added: a person confirms each of them, for each campaign."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.models import CampaignPage, CheckedPoint
from home import clock
from home.languages import text_of
from home.models import Cooperative, OwnPoint, User


@dataclass(frozen=True)
class Own:
    """`by` and `at`: who confirmed it, and when."""

    key: UUID
    sentence: str
    blocks: bool
    done: bool
    by: User | None = None
    at: datetime | None = None


def of(page: CampaignPage, cooperative: Cooperative) -> Iterator[Own]:
    """Those of the cooperative, in the order in which it took them. No query where it has no federation."""
    if cooperative.federation_id is None:
        return
    checked = CheckedPoint.objects.filter(cooperative=cooperative, translation_key=page.translation_key)
    known = {one.key: one for one in checked.select_related("checked_by")}
    for point in OwnPoint.objects.filter(cooperative=cooperative).order_by("pk"):
        row = known.get(point.key)
        by, at = (row.checked_by, row.checked_at) if row else (None, None)
        yield Own(point.key, text_of(point, "sentence"), point.holds_back, row is not None, by, at)


def confirm(page: CampaignPage, cooperative: Cooperative, key: UUID, *, by: Any) -> None:
    """Raises OwnPoint.DoesNotExist. Again changes nothing."""
    OwnPoint.objects.get(cooperative=cooperative, key=key)
    stamp = {"checked_at": clock.now(), "checked_by": by}
    CheckedPoint.objects.get_or_create(
        cooperative=cooperative, translation_key=page.translation_key, key=key, defaults=stamp
    )


def take_back(page: CampaignPage, cooperative: Cooperative, key: UUID) -> None:
    CheckedPoint.objects.filter(cooperative=cooperative, translation_key=page.translation_key, key=key).delete()
