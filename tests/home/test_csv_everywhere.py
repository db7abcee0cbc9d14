"""Whatever list is taken away, nothing in it is a formula: ours are written in one place, and Wagtail's are mended."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Page

from config import ROOT
from home.csv_files import lines
from home.models import Role
from pledges import own_data
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_user

FORMULAS = [
    '=HYPERLINK("https://x.example";"Cliquez")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u200b=1",
    "＝1",
]


def test_tables_are_written_in_one_place():
    """A module that writes cells of its own would have to disarm them itself."""
    rooms = [
        path for room in ("home", "campaigns", "pledges", "updates", "site") for path in (ROOT / room).rglob("*.py")
    ]
    writing = {
        str(path.relative_to(ROOT))
        for path in rooms
        if re.search(r"csv\.(writer|DictWriter)\b|[\"']text/csv|openpyxl|xlsxwriter", path.read_text())
    }
    assert writing == {"home/csv_files.py"}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_as_a_formula(text):
    assert lines([[text]], "en").strip('"\r\n')[0] == "'"


@pytest.mark.parametrize("text", FORMULAS)
def test_nor_in_what_a_backer_takes_away(text):
    written = own_data._as_csv({"backer": {"name": text}, "amounts": [{"cents": -5}]})
    assert written.startswith("backer.name,") and written.split(",")[1].lstrip('"').startswith("'")


@pytest.mark.parametrize("report", ["wagtailadmin_reports:site_history", "wagtailadmin_reports:aging_pages"])
def test_nor_in_what_wagtail_exports(cooperative, on_host, report):
    page = make_campaign_page(cooperative)
    Page.objects.filter(pk=page.pk).update(title="=1+1")
    page.refresh_from_db()
    page.save_revision(log_action=True)
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.OWNER, is_superuser=True))
    answer = client.get(reverse(report) + "?export=csv")
    text = b"".join(answer.streaming_content).decode()
    assert "'=1+1" in text
    assert not re.search(r"(^|,)\"?=1", text, re.MULTILINE)
