"""What a person reads of a run: a table of medians for each figure, its bounds, and the machine it ran on."""

from __future__ import annotations

from collections.abc import Iterable

from bench.running import Judged, Outcome

_SIGNS = {"held": "✓", "missed": "✗", "not measured": "–"}


def told(outcome: Outcome) -> str:
    """A figure's part of the report."""
    lines = [f"{outcome.name} — {outcome.about}"]
    if outcome.failure:
        lines.append(f"  {outcome.failure}: {outcome.why}")
    lines += [f"  {line}" for line in _medians(outcome)]
    lines += [f"  {name} is missing: {why}" for name, why in outcome.missing.items() if not outcome.failure]
    lines += [f"  {_bound(one)}" for one in outcome.bounds]
    lines.append(f"  {outcome.seconds:.0f} s; before: {outcome.before}; after: {outcome.after}")
    return "\n".join(lines)


def _medians(outcome: Outcome) -> Iterable[str]:
    """A row a contender, a column a measure; a measure that one does not have is left blank."""
    if not outcome.readings:
        return []
    measures = list(dict.fromkeys(measure for turns in outcome.readings.values() for measure in turns[0]))
    found = outcome.medians
    title = "median of " + str(outcome.runs) if outcome.runs > 1 else "one run"
    rows = [[title, *measures]]
    for name in outcome.readings:
        rows.append([name, *(number(found.get(f"{name}.{measure}")) for measure in measures)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]


def _bound(one: Judged) -> str:
    wanted = [f"≥ {number(one.at_least)}"] if one.at_least is not None else []
    wanted += [f"≤ {number(one.at_most)}"] if one.at_most is not None else []
    value = "not measured" if one.value is None else number(one.value)
    return f"{_SIGNS[one.verdict]} {value} ({' and '.join(wanted)}) {one.says}"


def number(value: float | None) -> str:
    """Three digits that count, thousands set apart; never 1e+05."""
    if value is None:
        return ""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def summary(outcomes: list[Outcome]) -> str:
    """One line on all of it: nothing that was not measured goes unsaid."""
    bounds = [one for outcome in outcomes for one in outcome.bounds]
    counts = {verdict: sum(one.verdict == verdict for one in bounds) for verdict in _SIGNS}
    crashed = [outcome.name for outcome in outcomes if outcome.failure == "crashed"]
    said = f"{counts['held']} bounds hold, {counts['missed']} are missed, {counts['not measured']} were not measured"
    return said + (f"; crashed: {', '.join(crashed)}" if crashed else "") + "."
