"""Reading an amount that a person typed, and rounding one that we compute."""

import re

AMOUNT = re.compile(r"^(\d{1,9})(?:[.,](\d{1,2}))?$")
IGNORED = re.compile(r"[\s\u00a0\u202f$€]")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def read_cents(text: str) -> int:
    """Minor units of « 45 », « 45,50 », « 1 250,50 $ », “$1,250.50”. Raises ValueError for anything else."""
    plain = THOUSANDS.sub("", IGNORED.sub("", text))
    match = AMOUNT.match(plain)
    if match is None:
        raise ValueError(text)
    whole, fraction = match.group(1), match.group(2) or ""
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def share_half_up(cents: int, basis_points: int) -> int:
    """`basis_points` ten-thousandths of an amount, rounded half up to a cent."""
    return (cents * basis_points + 5_000) // 10_000
