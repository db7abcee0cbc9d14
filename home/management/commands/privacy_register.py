"""Write the register of what is held about people, in French and in English, from each room's held.toml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from home.languages import LANGUAGES
from home.privacy import register
from home.privacy.register import Group
from home.privacy.retention import rules, term_of

HEAD = Path(__file__).parent.parent.parent / "privacy" / "register_head.md"

TITLES = {
    "fr": ("Registre", "Au sujet de", "Ce qui est gardé", "Pourquoi", "Combien de temps", "Effacement", "Colonnes"),
    "en": ("Register", "About", "What is kept", "Why", "For how long", "Erasing", "Columns"),
}
RULES = {
    "fr": ("Ce qui s’efface de soi-même, une fois par jour", "Règle", "Gardé"),
    "en": ("What goes by itself, once a day", "Rule", "Kept for"),
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", metavar="FILE", help="write there instead of showing it")

    def handle(self, *args: Any, **options: Any) -> None:
        text = HEAD.read_text() + "".join(_part(code) for code in LANGUAGES)
        if options["write"]:
            Path(options["write"]).write_text(text)
        else:
            self.stdout.write(text)


def _part(language: str) -> str:
    title, *columns = TITLES[language]
    heading, *ruled = RULES[language]
    with translation.override(language):
        lines = [f"\n## {title}\n", _row(columns), _row(["---"] * len(columns))]
        lines += [_row(_cells(group, language)) for group in register.groups()]
        lines += [f"\n### {heading}\n", _row(ruled), _row(["---"] * len(ruled))]
        lines += [_row([f"`{one.key}`", str(one.said)]) for one in rules()]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(group: Group, language: str) -> list[str]:
    why = f"{group.why[language]} *{group.ground.label}*"
    term, erased = str(term_of(group.kept)), str(group.erased.label)
    return [str(group.of.label), group.what[language], why, term, erased, "<br>".join(_columns(group)) or "–"]


def _columns(group: Group) -> Iterator[str]:
    """By table: `pledges.Pledge`: message, via."""
    by_model: dict[str, list[str]] = {}
    for label, name in group.columns:
        by_model.setdefault(label, []).append(name)
    for label, names in by_model.items():
        yield f"`{label}`: {', '.join(names)}"
