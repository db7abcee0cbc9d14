"""The goal panel while an editor types: it follows, keeps out of the way of autosave, and a wrong budget is refused."""

import re

import pytest

from tests.journeys.editor import Editor

pytestmark = pytest.mark.browser

LINE = "body-0-value-lines-0-value-"


def pause(editor):
    """As long as someone thinks: longer than autosave and the panel wait for."""
    editor.page.wait_for_timeout(4_000)


def test_the_panel_follows_and_autosave_goes_on(chromium, stack):
    editor = Editor(chromium, stack)
    page, posts, errors = editor.page, [], []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    editor.start_page("campaigns/campaignpage", stack.seeded["meule"]["home"], "Le moulin")
    page.wait_for_url(re.compile(r"/pages/\d+/edit/"))
    editor.fill("goal", "1000")
    editor.pick_day("end_date", "2027-02-01")
    editor.add_block("Budget")
    editor.fill(f"{LINE}need", "La meule")
    editor.fill(f"{LINE}amount", "900")
    panel = page.locator("[data-goal-panel]")
    # Typical contributions of $50: a commission of $2.50, then $1.45 + $0.30.
    panel.get_by_text("Un objectif de 1\u00a0000\u00a0$ laisse 915\u00a0$ en main").wait_for()
    panel.get_by_text("totalisent 900\u00a0$").wait_for()
    lines = page.locator("[data-contentpath=lines]")
    lines.locator("[data-streamfield-action=DUPLICATE]").first.click()
    panel.get_by_text("totalisent 1\u00a0800\u00a0$").wait_for()
    lines.locator("[data-streamfield-action=DELETE]").last.click()
    panel.get_by_text("totalisent 900\u00a0$").wait_for()
    pause(editor)

    posts.clear()
    editor.fill(f"{LINE}amount", "950")
    pause(editor)
    asked = [url for url in posts if "/campaigns/goal/" in url]
    saved = [url for url in posts if re.search(r"/pages/\d+/edit/", url)]
    assert (len(asked), len(saved)) == (1, 1), posts
    assert "il manque 35\u00a0$ au budget" in panel.inner_text()
    assert page.locator("#w-autosave-indicator").get_by_text("Enregistré").is_visible()

    page.route("**/admin/campaigns/goal/**", lambda route: route.abort())
    posts.clear()
    editor.fill(f"{LINE}amount", "960")
    pause(editor)
    assert len([url for url in posts if re.search(r"/pages/\d+/edit/", url)]) == 1
    assert "il manque 35\u00a0$" in panel.inner_text()
    page.unroute("**/admin/campaigns/goal/**")

    # A new page's menu offers the review once it is opened again.
    page.reload()
    page.wait_for_load_state("networkidle")
    page.locator("footer .w-dropdown__toggle").press("Enter")
    page.locator("[name=action-submit]").press("Enter")
    page.get_by_text("il y a 40\u00a0$ de trop").wait_for()
    assert page.input_value(f"[name='{LINE}amount']") == "960"
    assert errors == []
