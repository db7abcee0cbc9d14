"""How far the rewards of a campaign have got: of each tier, what was handed over and what was received."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from home import formats
from home.languages import text_of
from home.page_cache import pulse
from home.page_cache.noting import Fact
from pledges.enums import FulfilmentState
from pledges.fulfilment import LEAVES, paid_for
from pledges.models import PledgeItem

#: Of the figures that kept pages show (home.page_cache.pulse).
KIND = "fulfilment"


@dataclass(frozen=True)
class TierProgress:
    """In units of one tier. `confirmed`: handed over in person, or whose backer said that it arrived."""

    title_fr: str
    title_en: str
    total: int
    sent: int
    confirmed: int

    @property
    def title(self) -> str:
        return text_of(self, "title")

    @property
    def sent_words(self) -> str:
        return self._share(self.sent)

    @property
    def confirmed_words(self) -> str:
        return self._share(self.confirmed)

    def _share(self, part: int) -> str:
        return _("%(part)s of %(total)s (%(percent)s)") % {
            "part": formats.number(part),
            "total": formats.number(self.total),
            "percent": formats.percent(part, self.total),
        }


def progress_of(campaign: Campaign) -> list[TierProgress]:
    """Of each tier that is owed, in page order. One query."""
    items = PledgeItem.objects.filter(paid_for(), pledge__campaign=campaign, quantity__gt=0)
    owed = items.exclude(state=FulfilmentState.NOT_APPLICABLE).order_by("reward__position", "reward_id")
    left = Q(state__in=LEAVES)
    received = Q(state=FulfilmentState.DELIVERED) | Q(left, received_at__isnull=False)
    rows = owed.values_list("reward_id", "reward__title_fr", "reward__title_en").annotate(
        units=Sum("quantity"),
        sent=Sum("quantity", filter=left, default=0),
        confirmed=Sum("quantity", filter=received, default=0),
    )
    return [TierProgress(*row[1:]) for row in rows]


@pulse.reads(KIND)
def read_again(facts: Collection[Fact]) -> dict[Fact, Any]:
    return {(kind, pk): progress_of(campaign) for kind, pk in facts for campaign in Campaign.objects.filter(pk=pk)}
