"""What the operator is told to run exists, with its options; where they are led to, too."""

import re

import pytest
from django.core.management import get_commands, load_command_class

from config import ROOT

PAGES = ("runbook.md", "operations.md", "security.md", "deploy.md")
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?: +--[a-z-]+)*)")
LINK = re.compile(r"\]\(([a-z0-9_-]+\.md)?#([^)]+)\)")
FIGURE = re.compile(r"`(?:tremplin_)?([a-z_]+(?:_seconds|_ratio|_waiting|_failed|_findings|_attempts))[`{]")


def text(page):
    return (ROOT / "docs" / page).read_text()


def anchors(page):
    """As the forge makes them of headings: letters, figures and hyphens."""
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists_with_its_options(page):
    apps = get_commands()
    missing = []
    for name, options in set(COMMAND.findall(text(page))):
        if name not in apps:
            missing.append(name)
            continue
        app = apps[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        known = command.create_parser("manage.py", name)._option_string_actions
        missing += [f"{name} {option}" for option in options.split() if option not in known]
    assert missing == []


@pytest.mark.parametrize("page", ["runbook.md", "operations.md", "security.md"])
def test_every_link_within_leads_somewhere(page):
    lost = [link for link in LINK.findall(text(page)) if link[1] not in anchors(link[0] or page)]
    assert lost == []


@pytest.mark.django_db
def test_every_figure_that_alarms_name_is_measured(client):
    given = client.get("/metrics").content.decode()
    named = {name for page in ("runbook.md", "operations.md") for name in FIGURE.findall(text(page))}
    ours = {name for name in named if f"tremplin_{name}" in given}
    #: Those that an empty installation has no row for.
    later = {"heartbeat_age_seconds", "settlement_age_seconds", "backup_age_seconds", "self_check_age_seconds"}
    later |= {"self_check_findings", "self_check_failed"}
    assert len(ours) > 8
    assert named - ours - later == set()


def test_each_case_says_the_same_four_things():
    cases = re.split(r"^## ", text("runbook.md"), flags=re.MULTILINE)[1:-1]
    assert len(cases) == 7
    for part in ("**You see**", "**The site does by itself**", "**You do**", "**It is over**"):
        assert all(part in case for case in cases), part
