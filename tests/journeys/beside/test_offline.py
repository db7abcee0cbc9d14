"""An editor enters a contribution that comes by cheque, and marks it received, in French."""

import re
import sqlite3

import pytest

from tests.journeys.editor import Editor

pytestmark = pytest.mark.browser


#: A live campaign, as its factory makes it.
CAMPAIGN = """
from home.models import Cooperative
from tests.factories.campaigns import make_campaign
make_campaign(Cooperative.objects.get(slug="meule"))
"""


def pledges_in(stack):
    with sqlite3.connect(stack.folder / "tremplin.sqlite3") as rows:
        return rows.execute("select origin, state, amount from pledges_pledge where origin = 'offline'").fetchall()


def test_a_cheque_is_entered_then_received(chromium, stack, shots):
    stack.manage("shell", "--command", CAMPAIGN)
    editor = Editor(chromium, stack)
    editor.go("/admin/contributions/offline/")
    editor.page.get_by_role("link", name="Remettre la meule en marche").press("Enter")
    editor.page.locator("[name=name]").fill("Aimé Pelletier")
    editor.page.locator("[name=extra]").fill("45,50")
    editor.page.locator("[name=method]").select_option("cheque")
    editor.page.locator("[name=reference]").fill("118")
    editor.page.screenshot(path=shots / "offline-1-entry.png", full_page=True)
    editor.page.get_by_role("button", name="Inscrire la contribution").press("Enter")
    editor.page.locator(".messages").get_by_text(re.compile("Aimé Pelletier est inscrite")).wait_for()
    assert pledges_in(stack) == [("offline", "pending", 4550)]
    editor.page.get_by_role("link", name="Marquer comme reçu").press("Enter")
    editor.page.get_by_role("button", name="Marquer comme reçu").press("Enter")
    editor.page.locator(".messages").get_by_text("Le paiement est reçu").wait_for()
    editor.page.screenshot(path=shots / "offline-2-received.png", full_page=True)
    assert pledges_in(stack) == [("offline", "confirmed", 4550)]
