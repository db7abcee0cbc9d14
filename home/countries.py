"""The countries of an address, under the names people here give them. Known by their two letters (ISO 3166-1)."""

from home.formats import LOCALES, folded
from home.languages import current

#: Babel's territories that are no country, or a group of some.
NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})

#: Where most parcels go.
FIRST = ("CA", "US", "FR")


def name_of(code: str, language: str | None = None) -> str:
    """« États-Unis » for US; the letters themselves for a code nobody knows."""
    return LOCALES[language or current()].territories.get(code, code)


def choices(language: str | None = None) -> list[tuple[str, str]]:
    """(code, name), the usual ones first, then by name."""
    territories = LOCALES[language or current()].territories
    names = {str(code): str(name) for code, name in territories.items()}
    codes = [code for code in names if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES]
    rest = sorted((code for code in codes if code not in FIRST), key=lambda code: folded(names[code]))
    return [(code, names[code]) for code in (*FIRST, *rest)]
