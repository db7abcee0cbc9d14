"""Takes out of a text what no log may hold: addresses of people, keys, links that open something.

Names cannot be told from other words: they are never given to a log (tests/home/logs/test_calls.py), and what a
database quotes of a row is left out here.
"""

import re

from home import links

GONE = "…"

#: What a token is made of, and a part of one that no word of an address is: long, with letters of both sizes.
_WORD = r"[A-Za-z0-9_=-]"
_COLON = r"(?::|%3[Aa])"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # A row that PostgreSQL quotes: Key (email)=(…) already exists. Failing row contains (12, Rosalie Tremblay, …).
    (re.compile(r"\b(DETAIL|CONTEXT): [^\n]*"), rf"\1: {GONE}"),
    (re.compile(r"(invalid literal for [^:\n]{1,60}: )[^\n]*"), rf"\1{GONE}"),
    # name:password@ in an address.
    (re.compile(r"//[^/\s@]{1,200}@"), f"//{GONE}@"),
    # Mail addresses, written in full or in a query. What stands before the @ is bounded, so that no line costs much.
    (re.compile(r"[\w.!#$*+^`{|}~'%-]{1,64}(?:@|%40)\w[\w.-]{0,253}\.\w{2,63}"), f"{GONE}@{GONE}"),
    (re.compile(r"\b(Bearer|Basic|Token) +[A-Za-z0-9+/=._~:-]{6,}", re.IGNORECASE), rf"\1 {GONE}"),
    # Keys of Stripe, and secrets that a browser is given for one payment.
    (re.compile(r"\b(sk|rk|pk|whsec|ek)_[A-Za-z0-9_*]{4,}"), rf"\1_{GONE}"),
    (re.compile(r"_secret_[A-Za-z0-9]{4,}"), f"_secret_{GONE}"),
    # What is signed: parts and their signature, parted by colons.
    (re.compile(rf"(?<!{_WORD}){_WORD}{{4,600}}(?:{_COLON}{_WORD}{{4,60}}){{0,3}}{_COLON}{_WORD}{{20,600}}"), GONE),
    # What a query says of someone, or proves.
    (
        re.compile(r"([?&;\s](?:token|key|secret|signature|sig|password|code|email|name|phone|q)=)[^&\s\"']+", re.I),
        rf"\1{GONE}",
    ),
    # Keys in a path: UUIDs, hexadecimal ones, random ones.
    (re.compile(r"(?<=[/=])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), GONE),
    (re.compile(r"(?<=[/=])[0-9a-f]{32,}\b"), GONE),
    (re.compile(rf"(?<=[/=])(?=[a-z0-9_-]{{0,200}}[A-Z])(?=[A-Za-z_-]{{0,200}}[0-9]){_WORD}{{24,}}"), GONE),
)


def masked(text: str) -> str:
    """The text without what would let its reader write to someone, or act for them."""
    text = links.masked(text)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
