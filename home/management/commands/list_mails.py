"""Write the list of every kind of mail, from the registry."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from home.mail.registry import Category, MailKind, all_kinds

READERS = {
    Category.SERVICE: "backers it concerns",
    Category.NEWS: "backers who asked for it",
    Category.TEAM: "the team",
}

HEAD = """# Emails

Made by `manage.py list_mails --write docs/emails.md` from the registry (`home/mail/registry.py`); a test fails when
it is stale. A mail outside the registry cannot be queued.

- **service**: what someone's money and rewards need; always sent, to the unsubscribed too.
- **news**: by consent, with one-click unsubscription; never to an address that was refused or complained.
- **team**: to people who log in; those marked with a star may be switched off by their reader.

Never written: a reminder of an abandoned pledge, a note that something is “in production”, anything that follows who
opened or clicked what.
"""


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", metavar="FILE", help="write there instead of showing it")

    def handle(self, *args: Any, **options: Any) -> None:
        text = HEAD + "".join(_section(app) for app in sorted({kind.app for kind in all_kinds()}))
        if options["write"]:
            Path(options["write"]).write_text(text)
        else:
            self.stdout.write(text)


def _section(app: str) -> str:
    rows = "".join(_row(kind) for kind in all_kinds() if kind.app == app)
    return f"\n## {app}\n\n| kind | category | to | purpose |\n| --- | --- | --- | --- |\n{rows}"


def _row(kind: MailKind) -> str:
    star = " ★" if kind.choice else ""
    return f"| `{kind.key}` | {kind.category}{star} | {READERS[kind.category]} | {kind.purpose} |\n"
