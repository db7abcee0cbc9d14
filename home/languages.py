"""The two languages, and how a pair of texts is read in one of them."""

from typing import Any, Final

from django.utils.translation.trans_real import catalog

FRENCH: Final = "fr"
ENGLISH: Final = "en"
LANGUAGES: Final = (FRENCH, ENGLISH)
CHOICES: Final = [(FRENCH, "français"), (ENGLISH, "English")]

#: What `<html lang>`, `hreflang` and Content-Language say.
TAGS: Final = {FRENCH: "fr-CA", ENGLISH: "en-CA"}


def current() -> str:
    """`fr` or `en`: the language active for this thread; French where it is neither."""
    code = (catalog().to_language() or FRENCH)[:2]
    return code if code in LANGUAGES else FRENCH


def text_of(row: Any, field: str, language: str | None = None) -> str:
    """The text `field` of a row that keeps `<field>_fr` and `<field>_en`, falling back on the other language."""
    wanted = language or current()
    other = ENGLISH if wanted == FRENCH else FRENCH
    return getattr(row, f"{field}_{wanted}") or getattr(row, f"{field}_{other}")
