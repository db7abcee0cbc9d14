"""What a backer does, without JavaScript: the form, the review, the hosted page, their own page."""

import re


class Backer:
    def __init__(self, browser, stack, *, language, host="meule"):
        self.stack, self.language, self.host = stack, language, host
        tag = {"fr": "fr-CA", "en": "en-CA"}[language]
        self.page = browser.new_context(locale=tag, java_script_enabled=False).new_page()
        self.page.set_default_timeout(60_000)

    def reads(self):
        """What stands on the page, on one line."""
        return " ".join(self.page.locator("main").inner_text().split("\n"))

    def open_campaign(self, slug, via=""):
        query = f"?via={via}" if via else ""
        self.page.goto(self.stack.url(f"/{self.language}/{slug}/{query}", self.host))

    def open_by_mail(self, email, subject):
        """Their own page, by the link of a mail that they wait for."""
        mail = self.stack.wait_for_mails(1, to=email, subject=subject)[0]
        self.page.goto(next(link for link in links_in(mail) if re.search(r"/(my|mon)/", link)))

    def choose(self, rewards, *, name, email, news=False, extra="", zone=""):
        """From the campaign page to the review page; `rewards` maps a title to a quantity."""
        self.page.locator("a[href*='/contrib']").first.click()
        for title, quantity in rewards.items():
            self.page.locator(".pick", has_text=title).locator("input[type=number]").fill(str(quantity))
        if extra:
            self.page.fill("[name=extra]", extra)
        if zone:
            self.page.check(f"[name=zone][value={zone}]")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=email]", email)
        self.page.check(f"[name=language][value={self.language}]")
        if news:
            self.page.check("[name=news]")
        self.page.locator("main form button[type=submit]").last.click()

    def agree(self):
        """Tick the consent and go on to the hosted page."""
        self.page.check("[name=consent]")
        self.page.click("button[name=confirm]")
        self.page.wait_for_url(re.compile(r"localhost:\d+/c/pay/"))

    def give_card(self, number):
        """Fill in the hosted page and wait to be led back."""
        self.page.fill("#number", number)
        self.page.fill("#expiry", "12/34")
        self.page.fill("#cvc", "123")
        self.page.fill("#name", "Camille Rivard")
        self.page.click("button[type=submit]")
        self.page.wait_for_url(re.compile(rf"{self.host}\.localhost"))

    def pledge(self, slug, rewards, *, card="4242424242424242", via="", **about):
        self.open_campaign(slug, via)
        self.choose(rewards, **about)
        self.agree()
        self.give_card(card)


def links_in(mail):
    """The addresses of a mail's text part."""
    return re.findall(r"https?://[^\s<>»”)]+", mail["text"])
