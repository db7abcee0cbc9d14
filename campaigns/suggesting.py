"""The free amounts that a page suggests: typed in one field, « 10, 25, 50 », kept as typed."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST = 6
#: In whole dollars.
LARGEST = 100_000

SEPARATORS = re.compile(r"[,;]")
#: In figures, thousands apart or not.
WHOLE = re.compile(r"^(?:\d{1,6}|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)$")
IGNORED = re.compile(r"^[\s$]+|[\s$]+$")


def read(text: str) -> list[int]:
    """Minor units, in the order typed. A comma separates, so that amounts are whole. Raises ValidationError."""
    parts = [IGNORED.sub("", part) for part in SEPARATORS.split(text)]
    amounts = [_whole(part) for part in parts if part]
    if len(amounts) > MOST:
        raise ValidationError(_("Suggest at most %(most)s amounts.") % {"most": MOST})
    if len(set(amounts)) < len(amounts):
        raise ValidationError(_("Write each amount once."))
    return amounts


def _whole(part: str) -> int:
    digits = "".join(one for one in part if one.isdigit()) if WHOLE.match(part) else "0"
    if not 1 <= int(digits) <= LARGEST:
        raise ValidationError(_("Write whole amounts separated by commas, for example 10, 25, 50."))
    return int(digits) * 100


def read_or_none(text: str) -> list[int]:
    """Of a page that no form has checked: nothing is suggested where it cannot be read."""
    try:
        return read(text)
    except ValidationError:
        return []
