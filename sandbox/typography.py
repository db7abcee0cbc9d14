"""What a machine can hold of Québec French on screen, and of our choice of words.

Only what is nearly never right is here. A word that has one good use among
many bad ones is accepted entry by entry, by name (see `translations`).
"""

from __future__ import annotations

import re

NBSP = "\u00a0"

# Replaced before looking: markup and placeholders are not set by typography.
TAG = re.compile(r"<[^<>]*>")
PLACEHOLDER = re.compile(r"%\([^)]*\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%[sdr]|\{[^{}]*\}")
ADDRESS = re.compile(r"\bhttps?://\S*")

SETTING = [
    ("straight apostrophe, write ’", re.compile(r"'")),
    ("straight quotation mark, write « »", re.compile(r'"')),
    ("narrow no-break space, write U+00A0", re.compile("\u202f")),
    ("no-break space missing before :", re.compile(rf"[^{NBSP}]:(?=\s|$)")),
    ("no-break space missing before %", re.compile(rf"[^{NBSP}]%")),
    ("no-break space missing before $", re.compile(rf"[^{NBSP}A-Za-zÀ-ÿ]\$")),
    ("no-break space missing before h", re.compile(r"\d ?h(?=[\s\d]|$)")),
    ("no-break space missing before »", re.compile(rf"[^{NBSP}]»")),
    ("no-break space missing after «", re.compile(rf"«(?!{NBSP})")),
    ("space before ; ! or ?", re.compile(r"\s[;!?]")),
    ("middle dot or brackets for gender", re.compile(r"\w[·•‧⋅]\w|\w\((?:e|es|s|ne|nes|trice|trices|euse|euses)\)")),
]


def _words(*patterns: str) -> list[tuple[str, re.Pattern[str]]]:
    """Each pattern as whole words in any case; ~ stands for an apostrophe of either kind."""
    return [
        (pattern, re.compile(rf"(?<!\w)(?:{pattern.replace('~', '[’' + chr(39) + ']')})(?!\w)", re.IGNORECASE))
        for pattern in patterns
    ]


FRENCH_WORDS = _words(
    "dons?",
    "donat(?:eur|rice|ion)s?",
    "invest(?:ir|issements?|isseurs?)",
    "placements?",
    "rendements?",
    "achet(?:er|ez)",
    "commandes?",
    "commander",
    "clients?",
    "paliers?",
    "récompens(?:e|es|é|ée|és|ées|er)",
    "avis de retard",
    "fonds de contrepartie",
    "mises? à jour",
    "crowdfunding",
    "newsletters?",
    "e-?mails?",
    "mails?",
    "mèl",
    "cookies?",
    "cueillette",
    "pick-up",
    "cancell(?:er|é|ée|ez)",
    "charger (?:la|votre) carte",
    "compléter",
    "complétez",
    "valider",
    "validez",
    "soumettre",
    "soumettez",
    "cliquez",
    "en savoir plus",
    "svp",
    "s~il vous plaît",
    "n~hésitez pas",
    "veuillez",
    "malheureusement",
    "désolée?s?",
    "backeurs?",
    "support(?:er|eurs?)",
    "porteurs? de projets?",
    "usag(?:er|ère)s?",
    "vite",
    "dernière chance",
    "ne manquez pas",
    "bientôt",
    "sous peu",
    "meilleurs délais",
    "échecs?",
    "erreurs?",
    "invalides?",
    "interdit(?:e|s|es)?",
    "refusée?s?",
    "vous avez oublié",
)
ENGLISH_WORDS = _words(
    "donat(?:e|ion|ions)",
    "donors?",
    "invest(?:ors?|ments?)?",
    "customers?",
    "supporters?",
    "crowdfunding",
    "newsletters?",
    "e-mails?",
    "hurry",
    "last chance",
    "don~t miss",
    "shortly",
    "centers?",
    "cancel(?:ed|ing)",
    "click here",
    "learn more",
)


def french_faults(text: str, accepted: set[str]) -> list[str]:
    """What is badly set or badly chosen in a French text."""
    plain = _plain(text)
    faults = [name for name, pattern in SETTING if pattern.search(plain)]
    return faults + _word_faults(plain, FRENCH_WORDS, accepted)


def english_faults(text: str, accepted: set[str]) -> list[str]:
    """What is badly chosen in an English text."""
    return _word_faults(_plain(text), ENGLISH_WORDS, accepted)


def _word_faults(text: str, words: list[tuple[str, re.Pattern[str]]], accepted: set[str]) -> list[str]:
    found = [match.group() for _, pattern in words for match in pattern.finditer(text)]
    return [f"word to avoid, {word}" for word in found if word.casefold() not in accepted]


def _plain(text: str) -> str:
    """The text as a reader sees it, a digit in the place of each placeholder."""
    return PLACEHOLDER.sub("0", ADDRESS.sub("", TAG.sub("", text))).replace("%%", "%")
