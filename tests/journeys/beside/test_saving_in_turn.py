"""An editor on a slow line presses "Save" while the page saves itself: nothing is lost, nothing is there twice."""

import json
import re
import sqlite3

import pytest

from tests.journeys.editor import Editor

pytestmark = pytest.mark.browser

#: The answer to each saving that the page does by itself comes two seconds late; what it asked for is done at once.
SLOW_LINE = """
const fast = window.fetch;
window.fetch = async (url, options) => {
  const answer = await fast(url, options);
  if (options?.headers?.Accept === "application/json") await new Promise((done) => setTimeout(done, 2000));
  return answer;
};
"""
#: Whoever sees nothing happen presses again.
IMPATIENT = """
document.addEventListener("submit", ({ submitter }) => setTimeout(() => submitter.click(), 50));
"""


def saved(stack):
    """The title and content of each page of the mill's campaign, as last saved."""
    with sqlite3.connect(stack.folder / "tremplin.sqlite3") as rows:
        latest = """select revision.content from wagtailcore_page page
            join wagtailcore_revision revision on revision.id = page.latest_revision_id
            join campaigns_campaignpage on campaigns_campaignpage.page_ptr_id = page.id"""
        found = [json.loads(content) for (content,) in rows.execute(latest)]
    return [(page["title"], json.loads(page["body"])) for page in found if page["title"].startswith("Un moulin")]


def press_save(editor):
    with editor.page.expect_navigation():
        editor.page.keyboard.press("Control+s")
    editor.page.locator(".messages").get_by_text(re.compile("enregistrée|mise à jour|créée")).first.wait_for()


def test_the_button_saves_last_and_saves_all(chromium, stack):
    editor = Editor(chromium, stack)
    editor.page.add_init_script(SLOW_LINE + IMPATIENT)
    pressed = []
    editor.page.on("request", lambda asked: pressed.append(asked.method) if asked.is_navigation_request() else None)
    editor.start_page("campaigns/campaignpage", stack.seeded["meule"]["home"], "Un moulin")
    with editor.page.expect_response(lambda answer: answer.request.method == "POST" and "/add/" in answer.url):
        editor.page.keyboard.type(" au bout du rang")
    press_save(editor)
    editor.page.wait_for_url(re.compile(r"/pages/\d+/edit/"))
    assert saved(stack) == [("Un moulin au bout du rang", [])], "made once, though it had begun to save itself"
    editor.page.wait_for_load_state("networkidle")
    editor.add_block("Description")
    editor.fill("body-0-value-heading", "Le pain d’ici")
    editor.write(0, "On cuit")
    editor.page.keyboard.type(" ensemble.")
    press_save(editor)
    ((_title, (block,)),) = saved(stack)
    assert "On cuit ensemble." in block["value"]["text"], "what was typed just before the press goes along"
    assert pressed.count("POST") == 2, "once for each of the two presses that found the button ready"
