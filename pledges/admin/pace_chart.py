"""The picture of a campaign's days, in the units of its viewBox: bars of what came in, a line of the usual rhythm."""

from dataclasses import dataclass

from campaigns import measures
from home import formats
from pledges.pace import Day, Pace

#: Of the picture: a day is so wide, its bar leaves so much free, and the highest figure is so high.
DAY, GAP, HEIGHT = 10, 2, 100


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    height: str
    words: str


@dataclass(frozen=True)
class Row:
    """A day in words; `came` is empty for one that is yet to come."""

    day: str
    came: str
    usual: str


@dataclass(frozen=True)
class Chart:
    """`line`: the points of the usual rhythm. `top`: what the upper edge stands for."""

    width: int
    bar_width: int
    bars: list[Bar]
    line: str
    top: str
    first_day: str
    last_day: str
    rows: list[Row]


def chart_of(pace: Pace) -> Chart:
    highest = pace.highest
    days = [(number, day) for number, day in enumerate(pace.days)]
    points = [(DAY * number + DAY / 2, _height(day.usual, highest)) for number, day in days]
    return Chart(
        width=DAY * len(pace.days),
        bar_width=DAY - GAP,
        bars=[_bar(number, day, pace) for number, day in days if day.amount],
        line=" ".join(f"{x:.1f},{HEIGHT - height:.2f}" for x, height in points),
        top=_words(highest, pace),
        first_day=formats.day(pace.days[0].on),
        last_day=formats.day(pace.days[-1].on),
        rows=[_row(day, pace) for day in pace.days],
    )


def _height(amount: int, highest: int) -> float:
    return amount * HEIGHT / highest


def _bar(number: int, day: Day, pace: Pace) -> Bar:
    height = _height(day.amount or 0, pace.highest)
    words = f"{formats.day(day.on)} · {_words(day.amount or 0, pace)}"
    return Bar(f"{DAY * number + GAP / 2:.1f}", f"{HEIGHT - height:.2f}", f"{height:.2f}", words)


def _row(day: Day, pace: Pace) -> Row:
    came = "" if day.amount is None else _words(day.amount, pace)
    return Row(formats.day(day.on), came, _words(day.usual, pace))


def _words(amount: int, pace: Pace) -> str:
    return measures.in_words(amount, pace.campaign.goal_unit, pace.campaign.currency)
