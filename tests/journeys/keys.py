"""What a keyboard does on a page without JavaScript: Tab to a control, then type, choose or press."""

import re

MATCHES = "selector => !!document.activeElement && document.activeElement.matches(selector)"
VALUE = "() => document.activeElement.value"
CHECKED = "() => document.activeElement.checked"
#: More controls than any page of the path has.
MOST = 150


class Keys:
    def __init__(self, page):
        self.page = page

    def reach(self, selector):
        for _press in range(MOST):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(MATCHES, selector):
                return
        raise AssertionError(f"Tab does not reach {selector} on {self.page.url}")

    def fill(self, selector, text):
        self.reach(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tick(self, selector):
        self.reach(selector)
        self.page.keyboard.press("Space")

    def choose(self, name, value):
        """One radio button of a group, by the arrows."""
        self.reach(f"input[type=radio][name={name}]")
        for _press in range(10):
            if self.page.evaluate(VALUE) == value:
                if not self.page.evaluate(CHECKED):
                    self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {value} of {name}")

    def press(self, selector):
        """A link or a button; returns once the page that it leads to is there."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def give_card(self, number="4242424242424242"):
        """Fill in the hosted page and be led back."""
        self.page.wait_for_url(re.compile(r"localhost:\d+/c/pay/"))
        for field, value in (("number", number), ("expiry", "12/34"), ("cvc", "123"), ("name", "C. Rivard")):
            self.fill(f"#{field}", value)
        self.press("button[type=submit]")
        self.page.wait_for_url(re.compile(r"meule\.localhost"))
