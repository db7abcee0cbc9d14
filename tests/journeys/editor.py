"""What an editor does in the admin, in French, with the mouse and the keyboard."""

import re

RICH_TEXT_SAYS = "text => [...document.querySelectorAll('input[type=hidden]')].some(one => one.value.includes(text))"


class Editor:
    def __init__(
        self, browser, stack, *, host="meule", email="editor@meule.example", password="secret", lands=r"/admin/$"
    ):
        self.browser, self.stack, self.host = browser, stack, host
        self.page = browser.new_context(locale="fr-CA", viewport={"width": 1280, "height": 1000}).new_page()
        self.page.set_default_timeout(90_000)
        self.go("/admin/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(re.compile(lands))

    def go(self, path):
        self.page.goto(self.stack.url(path, self.host))

    def add_block(self, label):
        self.page.locator(".c-sf-add-button").last.click()
        self.page.get_by_role("option", name=label, exact=True).click()

    def fill(self, name, value):
        self.page.fill(f"[name='{name}']", value)

    def tick(self, name, label):
        """One box of several with the same name, by its label."""
        box = self.page.locator(f"[name='{name}']")
        self.page.locator("label", has=box, has_text=label).locator("input").check()

    def pick_day(self, name, day):
        """Type a day and leave the field; its calendar may stay open a moment, which the keyboard does not mind."""
        self.fill(name, day)
        self.page.keyboard.press("Tab")

    def write(self, index, text):
        """Type into the rich text of a block, until its editor has put it in the form, which it does after a moment."""
        self.page.locator("[data-contentpath='body'] [contenteditable=true]").nth(index).click()
        self.page.keyboard.type(text)
        self.page.wait_for_function(RICH_TEXT_SAYS, arg=text)

    def submit_for_review(self):
        """Once the draft has saved itself: from the page's own menu. Returns the id of the page."""
        self.page.wait_for_url(re.compile(r"/pages/\d+/edit/"))
        page_id = int(re.search(r"/pages/(\d+)/edit/", self.page.url)[1])
        self.save_draft()
        self.go(f"/admin/pages/{page_id}/edit/")
        self.page.wait_for_load_state("networkidle")
        self.choose_action("action-submit")
        # Its own message: that of the draft's saving may still be there.
        self.page.locator(".messages").get_by_text(re.compile("soumise")).first.wait_for()
        return page_id

    def save_draft(self):
        """By its button, so that nothing typed last is left to a timer."""
        self.page.locator("footer .action-save").first.press("Enter")
        self.page.locator(".messages").get_by_text(re.compile("enregistrée|mise à jour|créée")).first.wait_for()

    def publish_draft(self, page_id):
        """A page that is saved, from its editor."""
        self.go(f"/admin/pages/{page_id}/edit/")
        self.page.wait_for_load_state("networkidle")
        self.publish()

    def launch(self, page_id, shot=None):
        """From the dossier, through the page that asks once more."""
        self.go(f"/admin/campaigns/{page_id}/")
        if shot:
            self.page.screenshot(path=shot, full_page=True)
        self.page.get_by_role("link", name="Lancer la campagne").press("Enter")
        self.page.get_by_text("ne changent plus").first.wait_for()
        self.page.get_by_role("button", name="Lancer", exact=True).press("Enter")
        self.page.locator(".messages").get_by_text("en cours").first.wait_for()

    def approve(self, page_id, shot=None):
        """What an adviser does on the dossier."""
        self.go(f"/admin/campaigns/{page_id}/")
        if shot:
            self.page.screenshot(path=shot, full_page=True)
        self.page.get_by_role("button", name="Approuver la campagne").press("Enter")
        self.page.locator(".messages").get_by_text("approuvée").first.wait_for()

    def publish(self):
        """Once the draft has saved itself, as Wagtail does while one types."""
        self.page.wait_for_url(re.compile(r"/pages/\d+/edit/"))
        self.choose_action("action-publish")
        self.page.locator(".messages").get_by_text(re.compile("publiée")).first.wait_for()

    def edited_page(self):
        """The id of the page that was just published, from its message."""
        link = self.page.locator(".messages a[href*='/edit/']").first.get_attribute("href")
        return int(re.search(r"/pages/(\d+)/edit/", link)[1])

    def open_page(self, page_id):
        self.go(f"/admin/pages/{page_id}/edit/")
        self.page.wait_for_load_state("networkidle")

    def choose_action(self, name):
        """An act of the menu at the foot of the page's editor, which opens once its script has seen it."""
        act = self.page.locator(f"[name={name}]")
        for _press in range(50):
            self.page.locator("footer .w-dropdown__toggle").press("Enter")
            self.page.wait_for_timeout(200)
            if act.is_visible():
                act.press("Enter")
                return
        raise AssertionError(f"the menu does not show {name}")

    def write_summary(self, text):
        """What search engines show of the page, in its second tab."""
        self.page.get_by_role("tab", name="Promotion").press("Enter")
        self.fill("search_description", text)
        self.page.get_by_role("tab", name="Contenu").press("Enter")

    def translate_draft(self):
        """From the French page's editor to the English words of its draft."""
        self.choose_action("action-translate")
        self.page.get_by_role("button", name="Traduire", exact=True).first.wait_for()

    def publish_both(self, answer):
        """The one act for both languages, from the French page's editor; `answer` is what is said then."""
        self.choose_action("action-publish-both")
        self.page.locator(".messages").get_by_text(answer).first.wait_for()

    def still_to_translate(self):
        """The French passages without their English, as the translation's editor shows them."""
        self.page.locator("li.incomplete, li.complete").first.wait_for()
        return [row.locator("p").first.inner_text() for row in self.page.locator("li.incomplete").all()]

    def write_english(self, texts, leaving=()):
        """Each passage that the translation's editor asks for, but some; its English is in `texts`."""
        for french in self.still_to_translate():
            if french not in leaving:
                self._write_passage(french, texts[french])
        self._wait_for_words()

    def _wait_for_words(self):
        """Until the last ones are kept: its editor closes a passage before."""
        self.page.get_by_text("Enregistrement…").first.wait_for(state="detached")

    def _write_passage(self, french, english):
        row = self.page.locator("li.incomplete").filter(has=self.page.get_by_text(french, exact=True)).first
        if not row.is_visible():
            part = row.locator("xpath=ancestor::section[starts-with(@id, 'tab-')][1]").get_attribute("id")
            self.page.locator(f"[role=tab][href='#{part}']").press("Enter")
        row.get_by_role("button", name="Traduire", exact=True).press("Enter")
        row.locator("textarea").fill(english)
        row.get_by_role("button", name="Enregistrer", exact=True).press("Enter")
        row.locator("textarea").wait_for(state="detached")

    def start_page(self, model, parent, title):
        self.go(f"/admin/pages/add/{model}/{parent}/")
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(1500)  # Wagtail notes what is there before it looks for changes
        self.page.locator("#id_title").press_sequentially(title)

    def send(self, update_page, act="send", shot=None):
        """Look at who gets it and why, then send the news or announce the delay."""
        self.go(f"/admin/updates/{update_page}/")
        self.page.wait_for_load_state("networkidle")
        if shot:
            self.page.screenshot(path=shot)
        self.page.locator(f"form[action*='/{act}/'] button[type=submit]").first.press("Enter")
        self.page.wait_for_url(re.compile(r"/admin/mailings/\d+/"))

    def translate(self, page_id, texts):
        """Translate through wagtail-localize: each French passage has its English in `texts`; publish."""
        self.go(f"/admin/localize/submit/page/{page_id}/")
        self.page.locator("#id_locales_0").check()
        self.page.locator("main form [type=submit]").last.click()
        self.page.wait_for_url(re.compile(r"/admin/pages/\d+/edit/"))
        english = int(re.search(r"/pages/(\d+)/edit/", self.page.url)[1])
        self.page.get_by_role("button", name="Traduire", exact=True).first.wait_for()
        for french, text in texts.items():
            rows = self.page.locator("li.incomplete").filter(has=self.page.get_by_text(french, exact=True))
            while rows.count():
                row = rows.last
                row.get_by_role("button", name="Traduire", exact=True).click()
                row.locator("textarea").fill(text)
                row.get_by_role("button", name="Enregistrer", exact=True).click()
                row.locator("textarea").wait_for(state="detached")
        self._wait_for_words()
        self.page.get_by_role("button", name=re.compile("Publier")).first.click()
        self.page.locator(".messages").get_by_text(re.compile("publi", re.IGNORECASE)).first.wait_for()
        return english
