"""What names someone in a text, and the text without it."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from home.models import Cooperative, Membership

GONE = "…"
#: Shorter words are anyone's.
SHORTEST = 6
#: The longest run of these finds a text in the database, whatever way its other signs are written there.
PLAIN = re.compile(r"[A-Za-z0-9@._-]+")
SHORTEST_RUN = 4
#: How HTML and JSON may have written a sign.
WRITTEN = {
    "'": r"(?:['’]|&\#x27;|&\#39;|&rsquo;)",
    "’": r"(?:['’]|&\#x27;|&\#39;|&rsquo;)",
    "&": r"(?:&amp;|&)",
    " ": r"(?:\s|\u00a0|&nbsp;)+",
}


def worth_looking_for(words: Iterable[str], cooperative: Cooperative) -> list[str]:
    """Of what names someone, what names nobody else: a first name alone does, and so does a short word.

    What is also the name of someone of the team, or of the cooperative itself, stays where it stands: pages say it of
    them.
    """
    kept = _said_of_the_house(cooperative)
    found = {" ".join(word.split()) for word in words}
    return sorted(word for word in found if _is_telling(word) and not any(word.casefold() in one for one in kept))


def _is_telling(word: str) -> bool:
    return len(word) >= SHORTEST and ("@" in word or " " in word)


def _said_of_the_house(cooperative: Cooperative) -> list[str]:
    own = ("name", "legal_name", "address_line", "contact_email", "sender_email", "privacy_officer")
    team = Membership.objects.filter(cooperative=cooperative).select_related("user")
    people = [text for one in team for text in (str(one.user), one.user.email)]
    return [text.casefold() for text in [*(getattr(cooperative, name) for name in own), *people] if text]


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of these words, whole, however a text writes them."""
    ways = [_way(word) for word in words]
    return re.compile("|".join(sorted(ways, key=len, reverse=True)), re.IGNORECASE)


def _way(word: str) -> str:
    """An address is whole only where no longer one goes on before it or behind it."""
    written = "".join(WRITTEN.get(sign, re.escape(sign)) for sign in word)
    if "@" in word:
        return rf"(?<![\w.+-]){written}(?![\w-]|\.\w)"
    return rf"(?<!\w){written}(?!\w)"


def runs_of(words: Iterable[str]) -> list[str] | None:
    """What to ask the database for; None where a word has nothing that it would find."""
    runs = [max(PLAIN.findall(word), key=len, default="") for word in words]
    return runs if all(len(run) >= SHORTEST_RUN for run in runs) else None


def without(text: str, pattern: re.Pattern[str]) -> str:
    """The same text or JSON without what names them; what has nothing of it comes back as it is."""
    if text[:1] in ("[", "{"):
        try:
            said = json.loads(text)
        except ValueError:
            return pattern.sub(GONE, text)
        cleaned = _within(said, pattern)
        return text if cleaned == said else json.dumps(cleaned)
    if text[:1] == '"':
        try:
            said = json.loads(text)
        except ValueError:
            return pattern.sub(GONE, text)
        return json.dumps(without(said, pattern)) if isinstance(said, str) and pattern.search(said) else text
    return pattern.sub(GONE, text)


def _within(said: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(said, dict):
        return {key: _within(value, pattern) for key, value in said.items()}
    if isinstance(said, list):
        return [_within(one, pattern) for one in said]
    return without(said, pattern) if isinstance(said, str) else said


def is_in_form(body: str, pattern: re.Pattern[str]) -> bool:
    """Whether a form as it was sent (URL-encoded) says any of it."""
    return bool(pattern.search(unquote_plus(body)))
