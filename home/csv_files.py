"""Tables that someone downloads: UTF-8 with a BOM, written as they are read, safe to open in a spreadsheet.

    return csv_response("grand-livre-2026-10.csv", [_("Date"), _("Amount")], rows, language, by=request)

`rows` is an iterable of rows (a generator over `queryset.iterator()` keeps memory flat), read while the file goes out,
in the cooperative's scope and in `language`. A cell is one of these:

- text: what a spreadsheet would take for a formula is disarmed by an apostrophe, whatever a backer typed;
- `amount_cell(cents, language)`: an amount with the decimal sign of the language, without its currency;
- an int, or a `Figure`: written as it is;
- a date (2026-10-31), None (empty).

French: ';' between cells and a decimal comma. English: ',' and a point.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO
from itertools import islice

from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from home import audit
from home.admin_access import AdminRequest
from home.languages import FRENCH
from home.models import Cooperative, User
from home.tenancy import current_cooperative, within

EXPORTED = audit.act("exported", _("List exported"), is_money=True)

BOM = "\ufeff"

#: Rows that leave at once.
CHUNK = 1000

#: Signs that begin a formula, in ASCII, full width and small form, also after blanks that a spreadsheet drops;
#: and a tab or line end in front, which some take for the next cell.
FORMULA = re.compile(r"[\t\r\n]|[\s\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]")


class Figure(str):
    """A number written already, which must stay one."""

    __slots__ = ()


Cell = str | int | date | None


def amount_cell(cents: int, language: str) -> Figure:
    """Minor units as a number of the language: « 1250,50 », “-1250.50”."""
    sign, (whole, rest) = "-" if cents < 0 else "", divmod(abs(cents), 100)
    return Figure(f"{sign}{whole}{_decimal_sign(language)}{rest:02}")


def csv_response(
    name: str, header: Iterable[str], rows: Iterable[Iterable[Cell]], language: str, *, by: AdminRequest
) -> StreamingHttpResponse:
    """The answer to `by` that downloads the table as `name`; who took which is written in the audit log."""
    if by.method == "GET":
        exported(by.cooperative, by.user, name)
    response = StreamingHttpResponse(streamed(header, rows, language), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


def exported(cooperative: Cooperative, by: User, file: str) -> None:
    """Someone of the team takes a list away, as a file or on paper."""
    audit.record(EXPORTED, cooperative=cooperative, by=by, file=file)


def streamed(header: Iterable[str], rows: Iterable[Iterable[Cell]], language: str) -> Iterator[bytes]:
    """The file, piece by piece. The scope is that of the call: the answer is read after the view has ended."""
    titles = [str(title) for title in header]
    return _pieces(titles, iter(rows), language, current_cooperative())


def _pieces(titles: list[str], rows: Iterator[Iterable[Cell]], language: str, cooperative: object) -> Iterator[bytes]:
    yield (BOM + lines([titles], language)).encode()
    while True:
        with within(cooperative), translation.override(language):  # type: ignore[arg-type]
            chunk = list(islice(rows, CHUNK))
            text = lines(chunk, language)
        if not chunk:
            return
        yield text.encode()


def lines(rows: Iterable[Iterable[Cell]], language: str) -> str:
    """Part of a table, or all of a small one."""
    written = StringIO(newline="")
    table = csv.writer(written, delimiter=";" if language == FRENCH else ",", lineterminator="\r\n")
    table.writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue()


def _cell(cell: Cell) -> str | int:
    """What most cells are comes first: a table may have millions."""
    if type(cell) is str:
        return cell if not cell or (cell[0].isalnum() and "\0" not in cell) else disarmed(cell)
    if type(cell) is int or type(cell) is Figure:
        return cell
    return _seldom(cell)


def _seldom(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, Figure | int):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    return disarmed(str(cell))


def disarmed(text: str) -> str:
    """The text, as a spreadsheet shows it: never a formula."""
    text = text.replace("\0", "")
    return f"'{text}" if FORMULA.match(text) else text


def _decimal_sign(language: str) -> str:
    return "," if language == FRENCH else "."
