"""What came through which shared link: contributions that stand, by the code they came with."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum

from campaigns.ambassadors import BACKER_CODE
from campaigns.models import Ambassador, Campaign
from pledges.enums import PledgeState
from pledges.models import Pledge

#: Codes that nobody was given, shown by amount: anyone can write one into an address.
MOST_OTHERS = 20


@dataclass(frozen=True)
class Tally:
    """How many contributions, and their amount in minor units of the campaign's currency."""

    pledges: int = 0
    amount: int = 0


@dataclass(frozen=True)
class Report:
    """By ambassador, in order of name; through the links of backers, all together; and through other codes."""

    ambassadors: list[tuple[Ambassador, Tally]]
    backers: Tally
    others: list[tuple[str, Tally]]


def report_of(campaign: Campaign) -> Report:
    """In two queries. Confirmed contributions only; a code is the same if every character is."""
    tallies = _tallies(campaign)
    named = [(one, tallies.pop(one.code, Tally())) for one in Ambassador.objects.filter(campaign=campaign)]
    backers = [tallies.pop(code) for code in list(tallies) if code.startswith(BACKER_CODE)]
    others = sorted(tallies.items(), key=lambda item: (-item[1].amount, item[0]))
    return Report(named, _sum(backers), others[:MOST_OTHERS])


def _tallies(campaign: Campaign) -> dict[str, Tally]:
    rows = (
        Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
        .exclude(via="")
        .values("via")
        .annotate(pledges=Count("pk"), total=Sum("amount"))
    )
    return {row["via"]: Tally(row["pledges"], row["total"]) for row in rows}


def _sum(tallies: Iterable[Tally]) -> Tally:
    kept = list(tallies)
    return Tally(sum(one.pledges for one in kept), sum(one.amount for one in kept))
