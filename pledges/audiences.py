"""Who gets a service mail about their contribution: how many, in which language, some by name, and who cannot."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from home.languages import ENGLISH, FRENCH
from home.models import Backer
from pledges.models import Pledge

#: How many are named.
SOME = 10


@dataclass(frozen=True)
class Audience:
    """`count` contributions are written about; `without_email` cannot be, and are named for contact by hand."""

    count: int
    french: int
    english: int
    names: list[str]
    without_email: list[Pledge]

    @property
    def others(self) -> int:
        """Who is not among the names."""
        return self.count - len(self.names)


def of_pledges(pledges: QuerySet[Pledge]) -> Audience:
    """Two contributions of one person are two mails: each leads to its own page."""
    written = pledges.exclude(backer__email="").order_by()
    rows = written.values("backer__language").annotate(count=Count("pk", distinct=True))
    by_language = {row["backer__language"]: row["count"] for row in rows}
    some = Backer.objects.filter(pledges__in=written).distinct().order_by("name", "pk")[:SOME]
    return Audience(
        count=sum(by_language.values()),
        french=by_language.get(FRENCH, 0),
        english=by_language.get(ENGLISH, 0),
        names=[backer.name for backer in some],
        without_email=list(pledges.filter(backer__email="").select_related("backer").order_by("pk")),
    )
