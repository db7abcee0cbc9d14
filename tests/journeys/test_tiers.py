"""An editor duplicates and reorders tiers by keyboard, in French; each is another tier to the terms."""

import json
import re
import sqlite3
from datetime import date, timedelta

import pytest

from tests.journeys.editor import Editor

pytestmark = pytest.mark.browser


def press(editor, number, name):
    """A control of the tier at that place, by keyboard alone."""
    tier = editor.page.locator("[data-contentpath='body'] .reward-tier").nth(number)
    section = tier.locator("xpath=ancestor::section[1]")
    section.get_by_role("button", name=name, exact=True).first.press("Enter")


def titles(editor):
    """In the order of the screen."""
    inputs = editor.page.locator("[data-contentpath='body'] input[name$='-value-title']")
    return [inputs.nth(number).input_value() for number in range(inputs.count()) if inputs.nth(number).is_visible()]


def tiers_in(stack):
    with sqlite3.connect(stack.folder / "tremplin.sqlite3") as rows:
        (body,) = rows.execute("select body from campaigns_campaignpage").fetchone()
        known = rows.execute("select block_id, title_fr, amount from campaigns_reward order by position").fetchall()
    block = next(one for one in json.loads(body) if one["type"] == "reward_tiers")
    return block["value"], known


def test_tiers_are_duplicated_and_reordered_by_keyboard(chromium, stack, shots):
    editor = Editor(chromium, stack)
    editor.start_page("campaigns/campaignpage", stack.seeded["meule"]["home"], "Un four pour le village")
    editor.fill("goal", "50")
    editor.pick_day("end_date", (date.today() + timedelta(days=9)).isoformat())
    editor.add_block("Titre")
    editor.fill("body-0-value-tagline", "Un four à pain, au bout du rang.")
    editor.add_block("Contreparties")
    first = "body-1-value-0-value"
    for name, value in (
        ("title", "Une miche"),
        ("description", "Une miche pour vous."),
        ("amount", "20"),
        ("estimated_delivery", "2027-10"),
    ):
        editor.fill(f"{first}-{name}", value)
    variants = editor.page.get_by_role("button", name=re.compile("Options")).or_(
        editor.page.locator("[data-contentpath='variants'] [data-panel-toggle], [aria-controls*='variants']")
    )
    variants.first.press("Enter")
    editor.page.locator("[data-contentpath='variants'] .c-sf-add-button").last.press("Enter")
    editor.fill(f"{first}-variants-0-value", "Blé")
    press(editor, 0, "Dupliquer")
    editor.page.locator("[name='body-1-value-1-value-title']").wait_for()
    assert titles(editor) == ["Une miche", "Une miche"]
    editor.fill("body-1-value-1-value-title", "Deux miches")
    editor.fill("body-1-value-1-value-amount", "38")
    press(editor, 1, "Monter")
    assert titles(editor) == ["Deux miches", "Une miche"]
    editor.page.screenshot(path=shots / "tiers-1-reordered.png", full_page=True)
    editor.add_block("Description")
    editor.fill("body-2-value-heading", "Le pain d’ici")
    editor.write(0, "On cuit ensemble.")
    page_id = editor.submit_for_review()
    Editor(chromium, stack, email="adviser@meule.example").approve(page_id)
    editor.publish_draft(page_id)
    blocks, known = tiers_in(stack)
    assert [block["value"]["title"] for block in blocks] == ["Deux miches", "Une miche"]
    ids = [block["id"] for block in blocks] + [one["id"] for block in blocks for one in block["value"]["variants"]]
    assert len(set(ids)) == 4, "a duplicate, and each variant in it, is a block of its own"
    assert known == [
        (blocks[0]["id"].replace("-", ""), "Deux miches", 3800),
        (blocks[1]["id"].replace("-", ""), "Une miche", 2000),
    ]
