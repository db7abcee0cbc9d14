"""An empty site, a page with every block in French, reordered by keyboard, translated, published in both languages."""

import re
from datetime import date, timedelta

import pytest

from campaigns.blocks import CampaignStoryBlock
from tests.journeys.block_forms import BlockForms
from tests.journeys.editor import Editor
from tests.journeys.every_block import ENGLISH, GOAL, PAGE, SUMMARY, TITLE, addresses_in, pictures_in, words_in

pytestmark = pytest.mark.browser

PARTS = {part.kind: part for part in PAGE}
ADDRESSES = {"fr": "/fr/un-four-pour-le-village/", "en": "/en/an-oven-for-the-village/"}
#: The order in which the editor first puts them: the gallery before the video, and the dearest tier first.
KINDS = [part.kind for part in PAGE]
TYPED = ["title", "description", "gallery", "video", *KINDS[4:]]


def compose(editor, stack, folder, shots):
    """The draft of the whole page. Returns the forms of its blocks, still open."""
    editor.start_page("campaigns/campaignpage", stack.seeded["meule"]["home"], TITLE.fr)
    editor.fill("goal", GOAL)
    editor.pick_day("end_date", (date.today() + timedelta(days=30)).isoformat())
    forms = BlockForms(editor, folder)
    for number, kind in enumerate(TYPED):
        part = PARTS[kind]
        editor.add_block(part.label)
        content = part.content[::-1] if kind == "reward_tiers" else part.content
        forms.fill(f"body-{number}-value", content)
    editor.write_summary(SUMMARY.fr)
    assert forms.kinds() == TYPED
    forms.move(f"body-{TYPED.index('video')}", "Monter")
    assert forms.kinds() == KINDS
    forms.move(f"body-{TYPED.index('reward_tiers')}-value-0", "Descendre")
    editor.page.screenshot(path=shots / "compose-1-editor.png", full_page=True)


def test_every_block_of_a_campaign_is_in_this_story():
    assert {part.kind for part in PAGE} == set(CampaignStoryBlock().child_blocks)


def test_a_page_with_every_block_from_nothing_to_both_languages(chromium, stack, shots, tmp_path):
    editor = Editor(chromium, stack)
    compose(editor, stack, tmp_path, shots)
    page_id = editor.submit_for_review()
    adviser = Editor(chromium, stack, email="adviser@meule.example")
    adviser.approve(page_id)
    editor.open_page(page_id)
    assert BlockForms(editor, tmp_path).kinds() == KINDS
    tiers = f"body-{KINDS.index('reward_tiers')}-value"
    assert [editor.page.input_value(f"[name='{tiers}-{number}-value-title']") for number in range(2)] == [
        "Une miche",
        "Une journée au four",
    ]

    editor.translate_draft()
    last = "Voir les pains"
    address = ADDRESSES["fr"].strip("/").split("/")[-1]  # follows from the title by itself
    editor.write_english(ENGLISH, leaving=(last, address))
    editor.page.screenshot(path=shots / "compose-2-translation.png", full_page=True)
    editor.open_page(page_id)
    editor.publish_both("rien n’a été publié")
    assert statuses(editor, stack) == {"fr": 404, "en": 404}
    editor.page.locator(".messages").get_by_role("link", name="Voir ce qui manque").press("Enter")
    assert editor.still_to_translate() == [last]
    editor.write_english(ENGLISH)
    assert statuses(editor, stack) == {"fr": 404, "en": 404}
    editor.open_page(page_id)
    editor.publish_both("Les deux langues sont publiées.")
    assert statuses(editor, stack) == {"fr": 200, "en": 200}
    editor.launch(page_id, shot=shots / "compose-3-dossier.png")

    for language in ADDRESSES:
        compare(chromium, stack, language, shots)


def statuses(editor, stack):
    """What a visitor gets at either address."""
    visitor = editor.browser.new_context()
    found = {language: visitor.new_page().goto(stack.url(address)).status for language, address in ADDRESSES.items()}
    visitor.close()
    return found


# ------------------------------------------------------------------ the public page


def plain(text):
    """On one line; no-break spaces stay what they are."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def compare(chromium, stack, language, shots):
    """Block by block: its words, amounts and pictures in that language and nothing of the other, in their order."""
    context = chromium.new_context(locale=f"{language}-CA", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(stack.url(ADDRESSES[language]))
    assert page.locator("html").get_attribute("lang") == f"{language}-CA"
    assert page.locator("meta[name=description]").get_attribute("content") == getattr(SUMMARY, language)
    sections = [page.locator("main .hero"), *page.locator("#story > *").all()]
    assert len(sections) == len(PAGE)
    for part, section in zip(PAGE, sections, strict=True):
        assert differences(part, section, language) == [], part.kind
    whole = plain(page.locator("main").evaluate("main => main.outerHTML"))
    other = {"fr": "en", "en": "fr"}[language]
    said = [words for part in PAGE for words in [*words_in(part.content), *part.also]]
    assert [words for one in said if (words := foreign(one, other, whole))] == []
    assert tier_titles(page) == [getattr(tier["title"], language) for tier in PARTS["reward_tiers"].content]
    take_shots(page, shots, language)
    context.close()


def differences(part, section, language):
    """What is lacking in a block's section, or is too much there."""
    shown = plain(section.text_content())
    wanted = [getattr(one, language) for one in [*words_in(part.content), *part.also]]
    lacking = [words for words in wanted if words not in shown]
    alts = section.locator("img").evaluate_all("found => found.map(one => one.alt)")
    described = [getattr(one, language) for one in pictures_in(part.content)]
    if alts != described:
        lacking.append(f"pictures {alts}, not {described}")
    linked = section.locator("a").evaluate_all("found => found.map(one => one.getAttribute('href'))")
    lacking += [address for address in addresses_in(part.content) if address not in linked]
    broken = section.locator("img").evaluate_all(
        "found => Promise.all(found.map(async one => { one.loading = 'eager'; await one.decode(); "
        "return one.naturalWidth; }))"
    )
    return lacking + [f"a picture {width} wide" for width in broken if not width]


def foreign(words, other, whole):
    """A sentence of the other language that stands on the page; what is the same in both does not count."""
    text = getattr(words, other)
    return text if words.fr != words.en and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", whole) else None


def tier_titles(page):
    titles = page.locator("#rewards .tier:not(.tier--free) h3").all_inner_texts()
    return [plain(title) for title in titles]


def take_shots(page, shots, language):
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=shots / f"compose-4-{language}-{width}.png", full_page=True)
