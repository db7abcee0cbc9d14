"""« Ma contribution » by keyboard, without JavaScript, in French and in English by turns; then late, then refunded."""

import sqlite3
import time
from contextlib import closing

import pytest

from tests.journeys import checks
from tests.journeys.backer import Backer
from tests.journeys.editor import Editor
from tests.journeys.keys import Keys
from tests.journeys.stack import running

pytestmark = pytest.mark.browser

END = """
import django; django.setup()
from campaigns.models import CampaignPage, Campaign
from tests.factories.campaigns import end_now
from home.tenancy import across_cooperatives
with across_cooperatives():
    end_now(Campaign.objects.get(translation_key=CampaignPage.objects.filter(slug="press").first().translation_key))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory, migrated):
    """One product for the stories of this module: each has a campaign of its own."""
    with running(tmp_path_factory.mktemp("own"), migrated) as stack:
        stack.run("-m", "tests.journeys.seed_own")
        yield stack


class Own:
    """A backer's own page, by keyboard; what is looked at besides is looked at in a page with JavaScript."""

    def __init__(self, chromium, stack, backer):
        from axe_playwright_python.sync_playwright import Axe

        self.stack, self.page, self.keys, self.axe = stack, backer.page, Keys(backer.page), Axe()
        self.looking = chromium.new_context(locale="fr-CA").new_page()
        self.objections = []

    def reads(self):
        return " ".join(self.page.locator("main").inner_text().split("\n"))

    def look(self):
        """What axe and a narrow screen object to in the page as it stands."""
        self.looking.goto(self.page.url)
        self.check(self.looking)

    def check(self, page):
        found = [*checks.accessibility(self.axe, page), *checks.reflow(page)]
        self.objections += [f"{page.url}: {one}" for one in found]

    def check_admin(self, page):
        """Our own part of a page of the admin; its furniture is Wagtail's."""
        found = checks.accessibility(self.axe, page, "main")
        self.objections += [f"{page.url}: {one}" for one in found]

    def look_at_review(self, typed):
        """The page that a POST leads to, with what is typed."""
        self.looking.goto(self.page.url)
        for name, value in typed.items():
            self.looking.fill(f"[name^={name}]", value)
        self.looking.click("main form button[type=submit]")
        self.check(self.looking)

    def other_language(self):
        self.keys.press("a.lang")

    def open(self, action):
        self.keys.press(f"main a[href$='{action}']")
        self.look()

    def review(self, quantity, says):
        """From the own page to the review of another quantity."""
        self.keys.fill("[name^=quantity]", str(quantity))
        self.keys.press("main form button[type=submit]")
        assert says in self.reads()

    def agree(self):
        self.keys.tick("[name=consent]")

    def confirm(self):
        self.keys.press("button[name=confirm]")

    def act(self):
        self.keys.press("main form button[type=submit]")


def test_a_promise_is_changed_and_cancelled(chromium, stack, shots):
    backer = Backer(chromium, stack, language="fr")
    email = "camille@example.com"
    backer.pledge("mill", {"Le sac": 1}, zone="quebec", name="Camille Rivard", email=email)
    backer.open_by_mail(email, "35\u00a0$")
    own = Own(chromium, stack, backer)
    own.look()

    own.open("/modifier/")
    own.look_at_review({"quantity": "2"})
    own.review(2, "Rien n’est débité maintenant.")
    own.agree()
    own.confirm()
    assert "La modification est faite." in own.reads()
    assert "Débit de 70\u00a0$" in own.reads()

    own.other_language()
    own.open("/change/")
    own.review(1, "Nothing is charged now.")
    assert own.page.locator("[name=consent]").count() == 0, "a lower amount needs no new agreement"
    own.confirm()
    assert "The change is made." in own.reads()
    assert "$35 will be charged" in own.reads()

    own.other_language()
    own.open("/adresse/")
    for name, value in (("line1", "12, rang 4"), ("city", "Saint-Aurèle"), ("postal_code", "h2x1y4")):
        own.keys.fill(f"[name={name}]", value)
    own.act()
    assert "Votre adresse est enregistrée." in own.reads()

    own.other_language()
    own.open("/settings/")
    own.keys.choose("wall", "name")
    own.keys.fill("[name=wall_name]", "Camille R.")
    own.act()
    assert "Vos choix sont enregistrés." in own.reads(), "back in the language to be written in"

    own.open("/carte/")
    own.act()
    own.keys.give_card("5555555555554444")
    assert "rien n’a été débité" in own.reads()

    for aside in ("/renseignements/", "/effacer/"):
        own.open(aside)
        own.page.go_back()
    own.other_language()
    own.open("/cancel/")
    own.act()
    assert "Nothing will be charged." in own.reads()
    own.page.screenshot(path=shots / "own-1-cancelled.png", full_page=True)
    assert own.objections == []
    assert pledge_of(stack, email, "state, amount, wall, wall_name, card_last4") == (
        "cancelled", 3500, "name", "Camille R.", "4444",
    )  # fmt: skip
    stack.manage("check_ledger")


def pledge_of(stack, email, fields):
    with closing(sqlite3.connect(stack.database)) as rows:
        asked = f"select {fields} from pledges_pledge p join home_backer b on b.id = p.backer_id where b.email = ?"
        return rows.execute(asked, [email]).fetchone()


def test_a_payment_is_changed_and_given_back(chromium, stack, shots):
    email = "priya@example.com"
    backer = Backer(chromium, stack, language="en")
    backer.pledge("oven", {"Le nom": 1}, name="Priya Singh", email=email)
    backer.open_by_mail(email, "$30")
    own = Own(chromium, stack, backer)
    own.look()

    own.open("/change/")
    own.look_at_review({"quantity": "3"})
    own.review(3, "You pay the difference now: $60.00.")
    own.agree()
    own.confirm()
    own.keys.give_card("4242424242424242")
    assert "The change is made." in own.reads()

    own.other_language()
    receipts = own.page.locator("main a[href*='/recu/']:not([href$='.pdf'])")
    assert receipts.count() == 2
    own.open(receipts.last.get_attribute("href"))
    assert "60,00\u00a0$" in own.reads()
    with own.page.expect_download() as pdf:
        own.keys.reach("main a[href$='.pdf']")
        own.page.keyboard.press("Enter")
    assert pdf.value.path().read_bytes().startswith(b"%PDF")
    own.keys.press("main a.btn--line")

    own.open("/modifier/")
    own.review(2, "30,00\u00a0$ seront remboursés sur votre carte.")
    own.confirm()
    assert "La modification est faite." in own.reads()

    own.other_language()
    own.open("/cancel/")
    own.act()
    assert "Cancelled on" in own.reads()
    stack.wait_for_mails(1, to=email, subject="refund")
    own.page.reload()
    own.look()
    own.page.screenshot(path=shots / "own-2-given-back.png", full_page=True)
    assert own.objections == []
    account = stack.seeded["meule"]["account"]
    assert [line["amount"] for line in stack.journal(account)] == [3000, 6000]
    assert sum(line["amount"] for line in stack.journal(account, "refund")) == -9000
    stack.manage("check_ledger")


def test_late_then_refunded_in_part(chromium, stack, shots):
    first = Backer(chromium, stack, language="fr")
    first.pledge("press", {"Le disque": 2}, name="Aimé Pelletier", email="aime@example.com")
    stack.run("-c", END)
    wait_for_the_end(stack)

    late = Backer(chromium, stack, language="en")
    late.open_campaign("press")
    own = Own(chromium, stack, late)
    own.look()
    own.keys.press("main a[href*='/contrib']")
    own.look()
    assert "La soirée" not in own.reads(), "not sold late"
    own.keys.fill("[name^=quantity]", "1")
    own.keys.fill("[name=name]", "Léa Roy")
    own.keys.fill("[name=email]", "lea@example.com")
    own.keys.press("main form button[type=submit]")
    assert "The campaign has ended" in own.reads()
    own.agree()
    own.confirm()
    own.keys.give_card("4242424242424242")
    assert "Your contribution of $22 is paid." in own.reads()
    own.page.screenshot(path=shots / "late-1-thanks.png", full_page=True)
    assert pledge_of(stack, "lea@example.com", "is_late, state, amount") == (1, "confirmed", 2200)
    late.open_campaign("press")
    assert "$44" in own.reads(), "a late contribution counts in no total"

    treasurer = Editor(chromium, stack, email="treasurer@meule.example")
    treasurer.go("/admin/contributions/")
    treasurer.page.get_by_role("link", name="Aimé Pelletier").first.press("Enter")
    treasurer.page.locator("main a[href*='/refund']").first.press("Enter")
    treasurer.page.locator("[name=amount]").fill("10,50")
    treasurer.page.locator("[name=reason]").select_option("agreed")
    own.check_admin(treasurer.page)
    treasurer.page.locator("[name=act][value=check]").press("Enter")
    treasurer.page.locator("[name=act][value=refund]").wait_for()
    assert "10,50\u00a0$" in treasurer.page.locator("main").inner_text()
    assert refunds(stack) == []
    own.check_admin(treasurer.page)
    treasurer.page.screenshot(path=shots / "refund-1-sure.png", full_page=True)
    treasurer.page.locator("[name=act][value=refund]").press("Enter")
    treasurer.page.locator(".messages").wait_for()
    stack.wait_for_mails(1, to="aime@example.com", subject="10,50")
    assert refunds(stack) == [(1050, "done")]
    assert own.objections == []
    stack.manage("check_ledger")


def wait_for_the_end(stack):
    """The tick closes the campaign and says what came of it, within a minute."""
    asked = """select c.state from campaigns_campaign c join campaigns_campaignpage p
    join wagtailcore_page w on w.id = p.page_ptr_id and w.translation_key = c.translation_key where w.slug = 'press'"""
    for _second in range(90):
        with closing(sqlite3.connect(stack.database)) as rows:
            (state,) = rows.execute(asked).fetchone()
        if state not in ("live", "closing"):
            return
        time.sleep(1)
    raise AssertionError(f"the campaign is still {state}")


def refunds(stack):
    """Of the campaign that is sold late."""
    with closing(sqlite3.connect(stack.database)) as rows:
        asked = """select r.amount, r.state from pledges_refund r join pledges_payment p on p.id = r.payment_id
        join pledges_pledge g on g.id = p.pledge_id join home_backer b on b.id = g.backer_id where b.email = ?"""
        return rows.execute(asked, ["aime@example.com"]).fetchall()
