"""What came in day by day, beside the usual rhythm of a campaign.

The usual rhythm is a shape, not a forecast: many contributions at the start, few in the middle, many again at the end.
Kuppuswamy and Bayus found it in two years of projects on Kickstarter, in those that reached their goal and those that
did not, with small goals and large ones, in every category (“Crowdfunding Creative Ideas: The Dynamics of Project
Backers in Kickstarter”, 2013; published in “The Economics of Crowdfunding”, 2018, chapter 8). They give the shape; how
deep it is here is ours, and plain: a third of the goal comes in the first sixth of the time, a quarter in the last.

Days are those of the cooperative's time zone. What is summed is what the campaign's bar shows, gross: of an
all-or-nothing campaign, and of one whose outcome is decided, its confirmed pledges by the day they were confirmed on
(with those that stood at the end and were not completed since); of a flexible one that runs, payments by the day they
came, refunded or not; of a presale, rewards. Pledges made after the end count in none of them. A pledge that was
changed counts as it stands, on its first day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.models import Campaign
from pledges.tallies import reading
from pledges.tallies.kinds import Kind

#: Of the usual rhythm: how long start and end last (of the whole time), and how much higher than the middle they are.
LASTS, START, END = 1 / 12, 6.4, 4.2


@dataclass(frozen=True)
class Day:
    """One day of a campaign, in what its goal counts. `amount` is None for a day that is yet to come."""

    on: date
    amount: int | None
    usual: int


@dataclass(frozen=True)
class Pace:
    campaign: Campaign
    days: list[Day]

    @property
    def highest(self) -> int:
        return max(1, *(max(day.amount or 0, day.usual) for day in self.days))

    @property
    def best(self) -> Day | None:
        """The day on which most came in; None before anything did."""
        lived = [day for day in self.days if day.amount]
        return max(lived, key=lambda day: day.amount or 0) if lived else None


def usual_shares(length: int) -> list[float]:
    """What of the whole usually comes on each of so many days; they add up to 1."""
    moments = [(number + 0.5) / length for number in range(length)]
    weights = [1 + START * exp(-at / LASTS) + END * exp((at - 1) / LASTS) for at in moments]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def paces_of(campaigns: Iterable[Campaign], zone: str, today: date) -> dict[int, Pace]:
    """By campaign id, of one cooperative's campaigns that were launched; one query however many there are."""
    launched = [campaign for campaign in campaigns if campaign.launched_at is not None]
    sums = _sums(launched, zone) if launched else {}
    return {campaign.pk: _pace(campaign, sums.get(campaign.pk, {}), zone, today) for campaign in launched}


def _pace(campaign: Campaign, sums: dict[date, int], zone: str, today: date) -> Pace:
    first, last = (_day(at, zone) for at in (campaign.launched_at, campaign.deadline))
    length = max((last - first).days + 1, 1)
    # What was confirmed a moment after the last day, while its payment ended, belongs to that day.
    amounts = [0] * length
    for on, amount in sums.items():
        amounts[min(max((on - first).days, 0), length - 1)] += amount
    days = []
    for number, share in enumerate(usual_shares(length)):
        on = first + timedelta(days=number)
        days.append(Day(on, amounts[number] if on <= today else None, _rounded(share * campaign.goal, campaign)))
    return Pace(campaign, days)


def _rounded(usual: float, campaign: Campaign) -> int:
    """To whole dollars or units: it is a shape, and cents would say more than it knows."""
    unit = 1 if campaign.counts_units else 100
    return round(usual / unit) * unit


def _day(at: Any, zone: str) -> date:
    day: date = at.astimezone(ZoneInfo(zone)).date()
    return day


def _sums(campaigns: list[Campaign], zone: str) -> dict[int, dict[date, int]]:
    by_payment = [one.pk for one in campaigns if not one.counts_units and _is_by_payment(one)]
    presales = [one.pk for one in campaigns if one.counts_units]
    by_pledge = [one.pk for one in campaigns if not one.counts_units and not _is_by_payment(one)]
    rows = reading.by_day(Kind.STOOD, by_pledge, zone).union(
        reading.by_day(Kind.PAID, by_payment, zone), reading.by_day(Kind.UNITS_STOOD, presales, zone), all=True
    )
    found: dict[int, dict[date, int]] = {}
    for campaign_id, on, total in rows:
        found.setdefault(campaign_id, {})[on] = total
    return found


def _is_by_payment(campaign: Campaign) -> bool:
    return not campaign.is_all_or_nothing and not campaign.is_over
