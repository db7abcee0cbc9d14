"""The forms of blocks in the admin: filled in from plain values, whatever their depth, and moved by keyboard."""

import re

from PIL import Image
from playwright.sync_api import TimeoutError as TookTooLong

from tests.journeys.every_block import Choice, Picture, Rich, Words


class BlockForms:
    """`folder` is where the pictures that are sent come from."""

    def __init__(self, editor, folder):
        self.editor, self.page, self.folder = editor, editor.page, folder

    # ------------------------------------------------------------------ filling in

    def fill(self, name, value):
        """`name` is that of the field, as Wagtail prefixes it; `value` as tests.journeys.every_block writes it."""
        if isinstance(value, dict):
            for child, inner in value.items():
                self.fill(f"{name}-{child}", inner)
        elif isinstance(value, list):
            self._fill_list(name, value)
        elif isinstance(value, Rich):
            self._write(name, value.fr)
        elif isinstance(value, Picture):
            self._choose_picture(name, value)
        elif isinstance(value, bool):
            self._reveal(self._field(name)).set_checked(value)
        elif isinstance(value, Choice):
            self._reveal(self._field(name)).select_option(value.value)
        else:
            field = self._reveal(self._field(name))
            field.fill(value.fr if isinstance(value, Words) else value)
            field.press("Tab")

    def _field(self, name):
        return self.page.locator(f"[name='{name}']")

    def _fill_list(self, name, items):
        count = self._field(f"{name}-count")
        add = count.locator("xpath=..").locator(".c-sf-add-button").last
        for index, item in enumerate(items):
            if index >= int(count.input_value()):
                self._reveal(add).press("Enter")
            self.fill(f"{name}-{index}-value", item)

    def _reveal(self, element):
        """Open whatever is folded around it, from outside in, by keyboard."""
        folded = element.locator("xpath=ancestor::section[contains(@class, 'collapsed')]")
        for index in range(folded.count()):
            toggle = folded.nth(index).locator("[data-panel-toggle]").first
            if toggle.get_attribute("aria-expanded") == "false":
                toggle.press("Enter")
        element.scroll_into_view_if_needed()
        return element

    def _write(self, name, text):
        editable = self._field(name).locator("xpath=ancestor::*[@data-field-wrapper or contains(@class, 'w-field')][1]")
        self._reveal(editable).locator("[contenteditable=true]").click()
        self.page.keyboard.type(text)

    def _choose_picture(self, name, picture):
        """Through the tab that sends a new one."""
        with_words = self._field(f"{name}-image").count() > 0
        chooser = self._reveal(self.page.locator(f"[id='{name}{'-image' * with_words}-chooser']"))
        chooser.get_by_role("button", name="Choisir une image").press("Enter")
        modal = self.page.locator(".modal-content")
        self._open_upload(modal)
        modal.locator("input[type=file]").set_input_files(self._file(picture))
        modal.locator("[name$='-title']").fill(picture.fr or picture.colour)
        self._send(modal)
        if with_words:
            self.fill(f"{name}-alt_text", Words(picture.fr, picture.en))

    def _open_upload(self, modal):
        """Its tab answers once Wagtail's script has seen the modal, a moment after it is shown."""
        for _press in range(50):
            modal.get_by_role("tab", name="Téléverser").press("Enter")
            self.page.wait_for_timeout(100)
            if modal.locator("#tab-upload").is_visible():
                return
        raise AssertionError("the tab that sends a picture does not open")

    def _send(self, modal):
        """Once more where a press was lost: the modal is still there, and its form as it was filled in."""
        for _press in range(4):
            modal.locator("#tab-upload [type=submit]").press("Enter")
            try:
                return modal.wait_for(state="detached", timeout=25_000)
            except TookTooLong as error:
                last = error
        raise AssertionError(modal.inner_text()) from last

    def _file(self, picture):
        path = self.folder / f"{picture.colour}.png"
        Image.new("RGB", (1600, 1200), picture.colour).save(path)
        return path

    # ------------------------------------------------------------------ order

    def move(self, name, direction):
        """A block or an item of a list by its own button, which the keyboard reaches and presses."""
        button = self._field(f"{name}-order").locator("xpath=..").get_by_role("button", name=direction, exact=True)
        before = self._field(f"{name}-order").input_value()
        button.first.focus()
        self.page.keyboard.press("Enter")
        assert self._field(f"{name}-order").input_value() != before

    def kinds(self):
        """The blocks of the page, in the order of the screen."""
        kinds = self.page.locator("[name^='body-'][name$='-type']").evaluate_all(
            "found => found.map(one => [one.name, one.value, document.getElementsByName("
            "one.name.replace('-type', '-order'))[0].value])"
        )
        kept = [(int(order), kind) for name, kind, order in kinds if re.fullmatch(r"body-\d+-type", name)]
        return [kind for _order, kind in sorted(kept)]
