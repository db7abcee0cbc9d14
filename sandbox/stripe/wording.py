"""The hosted pages' words, in English and in French (`words/*.toml`)."""

import tomllib
from pathlib import Path


def _read(language: str) -> dict[str, str]:
    text = (Path(__file__).parent / "words" / f"{language}.toml").read_text(encoding="utf-8")
    return {name: str(sentence) for name, sentence in tomllib.loads(text).items()}


ENGLISH, FRENCH = _read("en"), _read("fr")


def words(locale: str | None, accepted: str = "") -> dict[str, str]:
    """The Session's locale decides; `auto` and none follow the browser's first language."""
    wished = locale if locale not in (None, "auto") else accepted
    return FRENCH if (wished or "").strip().lower().startswith("fr") else ENGLISH


def problem_key(error: dict[str, object]) -> str:
    """Which sentence says what went wrong (lost, stolen and fraudulent read as a plain decline)."""
    for name in (str(error.get("decline_code")), str(error.get("code"))):
        if name in ENGLISH:
            return name
    if str(error.get("code")).endswith("authentication_failure"):
        return "authentication_failure"
    return "card_declined"
