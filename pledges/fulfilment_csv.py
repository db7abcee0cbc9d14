"""What became of rewards, from a spreadsheet: read, checked line by line, then marked as by hand.

Reading writes nothing. The same file read again after it was confirmed finds everything marked already.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from home import formats
from home.languages import LANGUAGES
from home.models import Cooperative, User
from pledges import fulfilment
from pledges.enums import FulfilmentState
from pledges.fulfilment import STEPS, Obstacle
from pledges.models import PledgeItem

MOST_BYTES, MOST_LINES = 512 * 1024, 5000
NUMBER = re.compile(r"[0-9]{1,18}\Z")
WEB = URLValidator(schemes=["http", "https"])

#: What people write in French for a state, beside its own name.
ALSO = {
    "prête": FulfilmentState.READY,
    "envoyée": FulfilmentState.SENT,
    "remise": FulfilmentState.DELIVERED,
    "livrée": FulfilmentState.DELIVERED,
    "revenue": FulfilmentState.RETURNED,
    "retournée": FulfilmentState.RETURNED,
}

ITEM, PLEDGE, STATE, CARRIER, LINK, DAY = "item", "pledge", "state", "carrier", "link", "day"


class Unreadable(Exception):
    """The file is no table of ours; the message is for the reader."""


@dataclass(frozen=True)
class Change:
    """One line that may be done: for these items, this state."""

    line: int
    item_ids: list[int]
    state: FulfilmentState
    carrier: str = ""
    link: str = ""
    day: date | None = None


@dataclass
class Plan:
    """What a file would do. `errors` are (line, words); `already` lines would change nothing; `empty` name no state."""

    changes: list[Change] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    already: int = 0
    empty: int = 0

    @property
    def count(self) -> int:
        return sum(len(change.item_ids) for change in self.changes)

    @property
    def mailed_ids(self) -> list[int]:
        """Items of which a mail tells."""
        return [pk for change in self.changes if STEPS[change.state].mail for pk in change.item_ids]


def template_rows(items: QuerySet[Any]) -> Iterator[list[Any]]:
    """A line for each reward that is owed, its state left to be filled in; the last columns are for the eye."""
    for item in items.select_related("pledge__backer", "variant").iterator(500):
        name = f"{item.title} ({item.variant})" if item.variant else item.title
        yield [item.pk, item.pledge_id, "", "", "", "", item.pledge.backer.name, name, item.quantity]


def quoted(name: object) -> str:
    """Between the quotation marks of the reader's language."""
    return _("“%(name)s”") % {"name": name}


def column_names() -> dict[str, str]:
    """The titles of the columns, in the reader's language."""
    return {
        ITEM: _("Reward number"),
        PLEDGE: _("Contribution number"),
        STATE: _("State"),
        CARRIER: _("Carrier"),
        LINK: _("Tracking link"),
        DAY: _("Date"),
    }


def text_of(data: bytes) -> str:
    """UTF-8 with or without its mark, else what a spreadsheet on Windows writes. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(_("This file is too large: at most 512 KB, and 5,000 lines at a time."))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
        break
    raise Unreadable(_("This file cannot be read. Save it as CSV (UTF-8)."))


def read(text: str) -> list[dict[str, str]]:
    """The lines, each with what stands in its known columns, empty lines too. Raises Unreadable."""
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(_("This file cannot be read. Save it as CSV (UTF-8).")) from error
    if len(rows) > MOST_LINES + 1:
        raise Unreadable(_("This file is too large: at most 512 KB, and 5,000 lines at a time."))
    known = _known_columns()
    columns = [known.get(formats.folded(title.strip())) for title in (rows[0] if rows else [])]
    if STATE not in columns or not {ITEM, PLEDGE} & set(columns):
        needed = {"state": column_names()[STATE], "item": column_names()[ITEM], "pledge": column_names()[PLEDGE]}
        words = _("The first line must name the columns: “%(state)s”, and “%(item)s” or “%(pledge)s”.")
        raise Unreadable(words % needed)
    return [{name: cell.strip() for name, cell in zip(columns, row, strict=False) if name} for row in rows[1:]]


def _known_columns() -> dict[str, str]:
    """Titles in both languages, whatever the reader's."""
    known: dict[str, str] = {}
    for language in LANGUAGES:
        with translation.override(language):
            known |= {formats.folded(title): name for name, title in column_names().items()}
    return known


def _bare(name: str) -> str:
    """Without accents, case, gender and number: « Envoyées » is « envoyé »."""
    return formats.folded(name).rstrip("es")


def _known_states() -> dict[str, FulfilmentState]:
    """Names in both languages, and ours."""
    known = {_bare(state.value): state for state in STEPS} | {_bare(name): state for name, state in ALSO.items()}
    for language in LANGUAGES:
        with translation.override(language):
            known |= {_bare(str(state.label)): state for state in STEPS}
    return known


def plan(rows: Iterable[dict[str, str]], cooperative: Cooperative) -> Plan:
    """Check every line. Runs in the cooperative's scope: what is another's is not found."""
    lines = [(number, row) for number, row in enumerate(rows, start=2) if any(row.values())]
    finder = _Finder(row for _number, row in lines)
    states, made, seen = _known_states(), Plan(), dict[int, int]()
    for number, row in lines:
        if not row.get(STATE):
            made.empty += 1
            continue
        try:
            change = _change(number, row, states, finder, cooperative)
        except ValidationError as error:
            made.errors.append((number, " ".join(error.messages)))
            continue
        if change is None:
            made.already += 1
        elif twice := [seen[pk] for pk in change.item_ids if pk in seen]:
            words = _("The same reward stands on line %(line)s already.")
            made.errors.append((number, words % {"line": formats.number(twice[0])}))
        else:
            seen |= dict.fromkeys(change.item_ids, number)
            made.changes.append(change)
    return made


class _Finder:
    """The items that a file names, read at once."""

    def __init__(self, rows: Iterable[dict[str, str]]) -> None:
        numbers: dict[str, set[int]] = {ITEM: set(), PLEDGE: set()}
        for row in rows:
            for name, found in numbers.items():
                if NUMBER.match(row.get(name, "")):
                    found.add(int(row[name]))
        self.by_pledge: dict[int, list[Any]] = defaultdict(list)
        self.by_item: dict[int, Any] = {}
        for column, wanted in (("pk", numbers[ITEM]), ("pledge_id", numbers[PLEDGE])):
            ids = sorted(wanted)
            for start in range(0, len(ids), 500):
                self._read({f"{column}__in": ids[start : start + 500]})

    def _read(self, which: dict[str, Any]) -> None:
        items = PledgeItem.objects.filter(**which, quantity__gt=0)
        paid = set(items.filter(fulfilment.paid_for()).values_list("pk", flat=True))
        for item in items.order_by("pk"):
            if item.pk not in self.by_item:
                item.is_paid_for = item.pk in paid  # type: ignore[attr-defined]
                self.by_item[item.pk] = item
                self.by_pledge[item.pledge_id].append(item)

    def of(self, row: dict[str, str]) -> list[Any]:
        """One reward, or all of a contribution. Raises ValidationError where there is none."""
        item, pledge = row.get(ITEM, ""), row.get(PLEDGE, "")
        if item:
            found = self.by_item.get(int(item)) if NUMBER.match(item) else None
            if found is None:
                raise ValidationError(_("There is no reward number “%(number)s”.") % {"number": item[:40]})
            if pledge and str(found.pledge_id) != pledge:
                raise ValidationError(_("This reward belongs to another contribution."))
            return [found]
        if pledge:
            found_all = self.by_pledge.get(int(pledge), []) if NUMBER.match(pledge) else []
            if not found_all:
                raise ValidationError(_("There is no contribution number “%(number)s”.") % {"number": pledge[:40]})
            return found_all
        raise ValidationError(_("Write the number of a reward or of a contribution."))


def _change(
    number: int,
    row: dict[str, str],
    states: dict[str, FulfilmentState],
    finder: _Finder,
    cooperative: Cooperative,
) -> Change | None:
    """What a line asks for; None where all of it is done already. Raises ValidationError with why it cannot be."""
    items = finder.of(row)
    state = states.get(_bare(row.get(STATE, "")))
    if state is None:
        names = ", ".join(quoted(one.label) for one in STEPS)
        given = {"state": row.get(STATE, "")[:40], "names": names}
        raise ValidationError(_("“%(state)s” is no state. Write one of these: %(names)s.") % given)
    carrier, link, day = _details(row, cooperative)
    at = fulfilment.instant_of(day, cooperative)
    obstacles = [(item, _obstacle(item, state, at)) for item in items]
    free = [item.pk for item, obstacle in obstacles if obstacle is None]
    if free:
        return Change(number, free, state, carrier, link, day)
    others = [obstacle for _item, obstacle in obstacles if obstacle is not Obstacle.ALREADY]
    if others and others[0]:
        raise ValidationError(_("This reward cannot be moved: %(reason)s.") % {"reason": others[0].label})
    return None


def _obstacle(item: Any, state: FulfilmentState, at: Any) -> Obstacle | None:
    """As pledges.fulfilment.weigh, for an item that was read."""
    step = STEPS[state]
    checks = (
        (Obstacle.NOT_OWED, not item.is_paid_for),
        (Obstacle.ALREADY, item.state == state),
        (Obstacle.HANDOVER, item.handover not in step.handovers),
        (Obstacle.STATE, item.state not in step.earlier),
        (Obstacle.OLDER, item.state_since is not None and item.state_since > at + fulfilment.SAME_DAY),
    )
    return next((obstacle for obstacle, holds in checks if holds), None)


def _details(row: dict[str, str], cooperative: Cooperative) -> tuple[str, str, date | None]:
    """Carrier, tracking link and day. Raises ValidationError."""
    carrier, link = row.get(CARRIER, ""), row.get(LINK, "")
    if len(carrier) > 80:
        raise ValidationError(_("The name of the carrier is too long."))
    if link:
        try:
            WEB(link)
        except ValidationError:
            raise ValidationError(_("The tracking link is no complete web address.")) from None
        if len(link) > 200:
            raise ValidationError(_("The tracking link is too long."))
    return carrier, link, _day(row.get(DAY, ""), cooperative)


def _day(text: str, cooperative: Cooperative) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValidationError(_("Write the date as 2026-10-31.")) from None
    if day > fulfilment.today_in(cooperative):
        raise ValidationError(_("That day has not come yet."))
    if day.year < 2000:
        raise ValidationError(_("Write the date as 2026-10-31."))
    return day


@transaction.atomic
def carry_out(made: Plan, cooperative: Cooperative, *, by: User | None, note: str = "") -> int:
    """Mark what the plan found, lines that say the same together. Returns how many moved; a second time, none."""
    together: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for change in made.changes:
        together[(change.state, change.carrier, change.link, change.day)] += change.item_ids
    moved = 0
    for (state, carrier, link, day), ids in together.items():
        at = fulfilment.instant_of(day, cooperative)
        moved += fulfilment.mark(ids, state, by=by, carrier=carrier, tracking_url=link, note=note, at=at)
    return moved
