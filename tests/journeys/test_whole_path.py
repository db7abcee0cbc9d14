"""The whole path, lived through: compose, pledge, settle, mend, tell, announce a delay, deliver."""

import re
from datetime import date, timedelta

import pytest
import requests

from tests.journeys.backer import Backer, links_in
from tests.journeys.editor import Editor

pytestmark = pytest.mark.browser

TIERS = [("Une miche", "20"), ("Une journée au four", "45")]
ENGLISH = {
    "Un four pour le village": "An oven for the village",
    "Un four à pain, au bout du rang.": "A bread oven at the end of the road.",
    "Le pain d’ici": "Local bread",
    "On cuit ensemble.": "We bake together.",
    "Une miche": "A loaf",
    "Une miche pour vous.": "A loaf for you.",
    "Une journée au four": "A day at the oven",
    "Une journée au four pour vous.": "A day at the oven for you.",
}

#: Who has which mail at the end, in which language.
INBOX = [
    ("adviser@meule.example", "fr-CA", "Dossier à lire\u00a0: «\u00a0Un four pour le village\u00a0»"),
    ("nadia@example.com", "fr-CA", "C’est ouvert\u00a0: «\u00a0Un four pour le village\u00a0»"),
    ("camille@example.com", "fr-CA", "Votre promesse de 45\u00a0$ est enregistrée"),
    ("camille@example.com", "fr-CA", "Le paiement de 45\u00a0$ reste à faire"),
    ("camille@example.com", "fr-CA", "Objectif atteint! Reçu de 45,00\u00a0$"),
    (
        "camille@example.com",
        "fr-CA",
        "Nouvelle date\u00a0: décembre 2027 pour «\u00a0Une journée au four\u00a0»",
    ),
    ("editor@meule.example", "fr-CA", "Objectif atteint\u00a0: 65\u00a0$ sur 50\u00a0$"),
    ("owner@meule.example", "fr-CA", "Objectif atteint\u00a0: 65\u00a0$ sur 50\u00a0$"),
    ("editor@meule.example", "fr-CA", "Envoi terminé\u00a0: «\u00a0Les briques sont là\u00a0»"),
    ("editor@meule.example", "fr-CA", "Envoi terminé\u00a0: «\u00a0Le four sera prêt plus tard\u00a0»"),
    (
        "treasurer@meule.example",
        "fr-CA",
        "Débits de «\u00a0Un four pour le village\u00a0»\u00a0: 20\u00a0$ recueillis",
    ),
    ("priya@example.com", "en-CA", "Your pledge of $20 is recorded"),
    ("priya@example.com", "en-CA", "Goal reached! Receipt for $20.00"),
    ("priya@example.com", "en-CA", "The bricks are here"),
    ("priya@example.com", "en-CA", "“A loaf” is on its way"),
]


def write_campaign(editor, stack, *, goal, days=3):
    """A draft with two tiers, submitted for review; the id of its page."""
    editor.start_page("campaigns/campaignpage", stack.seeded["meule"]["home"], "Un four pour le village")
    editor.fill("goal", goal)
    editor.pick_day("end_date", (date.today() + timedelta(days=days)).isoformat())
    editor.add_block("Titre")
    editor.fill("body-0-value-tagline", "Un four à pain, au bout du rang.")
    editor.add_block("Description")
    editor.fill("body-1-value-heading", "Le pain d’ici")
    editor.write(0, "On cuit ensemble.")
    editor.add_block("Contreparties")
    for number, (title, amount) in enumerate(TIERS):
        if number:
            editor.page.locator("[data-contentpath='body'] .c-sf-add-button[title='Ajouter']").last.click()
        tier = f"body-2-value-{number}-value"
        editor.fill(f"{tier}-title", title)
        editor.fill(f"{tier}-description", f"{title} pour vous.")
        editor.fill(f"{tier}-amount", amount)
        editor.fill(f"{tier}-estimated_delivery", "2027-10")
    return editor.submit_for_review()


def compose_campaign(editor, stack, shots, *, goal, days=3):
    page_id = write_campaign(editor, stack, goal=goal, days=days)
    adviser = Editor(editor.browser, stack, email="adviser@meule.example")
    adviser.approve(page_id, shot=shots / "0-dossier.png")
    editor.publish_draft(page_id)
    editor.translate(page_id, ENGLISH)
    visitor = Backer(editor.browser, stack, language="fr")
    visitor.open_campaign("un-four-pour-le-village")
    assert "Précampagne" in visitor.reads()
    ask_to_be_told(visitor, "nadia@example.com")
    editor.launch(page_id, shot=shots / "0-ready.png")
    return page_id


def ask_to_be_told(visitor, email):
    """« Prévenez-moi », without JavaScript."""
    visitor.page.get_by_role("link", name="Prévenez-moi").click()
    visitor.page.fill("[name=email]", email)
    visitor.page.get_by_role("button", name="Prévenez-moi").click()
    assert "C’est noté" in visitor.reads()


def write_update(editor, campaign_page, title, english, *, text, delay=None):
    editor.start_page("updates/updatepage", campaign_page, title)
    editor.fill("summary", text)
    editor.add_block("Texte")
    editor.write(0, text)
    texts = dict(english)
    if delay:
        editor.add_block("Annonce de retard")
        editor.tick("body-1-value-rewards", delay["tier"])
        for name in ("month", "reason", "next_steps"):
            editor.fill(f"body-1-value-{name}", delay[name])
        editor.pick_day("body-1-value-next_news_on", delay["next_news_on"])
    editor.publish()
    page_id = editor.edited_page()
    editor.translate(page_id, texts)
    return page_id


def two_pledge(chromium, stack, shots, account):
    """One in each language; the second's card will be declined. Nothing is charged. Returns the second."""
    priya = Backer(chromium, stack, language="en")
    priya.pledge(
        "un-four-pour-le-village", {"A loaf": 1}, name="Priya Singh", email="priya@example.com", news=True, via="lison"
    )
    assert "Your pledge of $20 is recorded" in priya.reads()
    priya.page.screenshot(path=shots / "2-thanks.png")
    camille = Backer(chromium, stack, language="fr")
    camille.pledge(
        "un-four-pour-le-village", {"Une journée au four": 1}, name="Camille Rivard", email="camille@example.com",
        card="4000000000000341",
    )  # fmt: skip
    assert "Votre promesse de 45\u00a0$ est enregistrée" in camille.reads()
    assert stack.journal(account) == []
    camille.open_campaign("un-four-pour-le-village")
    assert "65\u00a0$ promis sur 50\u00a0$ (130\u00a0%)" in " ".join(
        camille.page.locator("main").inner_text().split("\n")
    )
    camille.page.screenshot(path=shots / "3-campaign.png", full_page=True)
    return camille


def the_card_is_mended(camille, stack, shots, account):
    """After the deadline: one is charged, the other is told, and gives another card."""
    stack.advance(timedelta(days=4))
    to_mend = stack.wait_for_mails(1, to="camille@example.com", subject="reste à faire")
    assert [line["amount"] for line in stack.journal(account)] == [2000]
    camille.page.goto(next(link for link in links_in(to_mend[0]) if "/contribuer/" in link))
    camille.page.screenshot(path=shots / "4-to-mend.png", full_page=True)
    if camille.page.locator("button[value=card]").count() == 0:
        camille.page.get_by_role("link", name=re.compile("Changer de carte")).click()
    camille.page.click("button[value=card]")
    camille.give_card("4242424242424242")
    assert sorted(line["amount"] for line in stack.journal(account)) == [2000, 4500]
    camille.page.screenshot(path=shots / "5-mended.png", full_page=True)


def news_are_sent(editor, stack, shots, campaign_page):
    """Publishing sends nothing; the editor does."""
    news = write_update(
        editor,
        campaign_page,
        "Les briques sont là",
        {"Les briques sont là": "The bricks are here", "Premières briques posées.": "First bricks laid."},
        text="Premières briques posées.",
    )
    assert stack.mails(subject="Les briques sont là") == []
    editor.send(news, shot=shots / "6-who-gets-this.png")
    stack.wait_for_mails(1, to="priya@example.com", subject="The bricks are here")


def a_delay_is_announced(editor, camille, stack, shots, campaign_page):
    """The date changes when it is announced, not when it is published."""
    delay = write_update(
        editor,
        campaign_page,
        "Le four sera prêt plus tard",
        {"Le four sera prêt plus tard": "The oven will be ready later", "La brique manque.": "Bricks are short.",
         "Nous en commandons.": "We are ordering more."},
        text="La date change pour une contrepartie.",
        delay={"tier": "Une journée au four", "month": "2027-12", "reason": "La brique manque.",
               "next_steps": "Nous en commandons.", "next_news_on": "2027-06-30"},
    )  # fmt: skip
    camille.open_campaign("un-four-pour-le-village")
    assert "décembre 2027" not in camille.reads()
    editor.send(delay, "announce", shot=shots / "7-announce.png")
    stack.wait_for_mails(1, to="camille@example.com", subject="décembre 2027")
    camille.open_campaign("un-four-pour-le-village")
    assert "décembre 2027" in camille.reads()


def a_reward_is_sent(editor, stack, shots):
    editor.go("/admin/fulfilment/")
    editor.page.screenshot(path=shots / "8-fulfilment.png", full_page=True)
    row = editor.page.locator("tr", has_text="Priya Singh")
    row.locator("input[type=checkbox]").check()
    mark_sent(editor)
    stack.wait_for_mails(1, to="priya@example.com", subject="on its way")


def test_compose_pledge_settle_announce_deliver(chromium, stack, shots):
    editor = Editor(chromium, stack)
    campaign_page = compose_campaign(editor, stack, shots, goal="50")
    editor.page.screenshot(path=shots / "1-published.png")
    account = stack.seeded["meule"]["account"]
    camille = two_pledge(chromium, stack, shots, account)
    the_card_is_mended(camille, stack, shots, account)
    news_are_sent(editor, stack, shots, campaign_page)
    a_delay_is_announced(editor, camille, stack, shots, campaign_page)
    a_reward_is_sent(editor, stack, shots)
    stack.wait_for_mails(2, subject="Envoi terminé")
    assert stack.whole_inbox() == sorted(INBOX)
    unsubscribe_by_post(stack)
    stack.manage("check_ledger")


def mark_sent(editor):
    """Through the confirm step, as the page asks."""
    editor.page.click("button[name=to][value=sent]")
    editor.page.locator("main form[method=post] button[type=submit]").last.click()
    editor.page.locator(".messages").get_by_text("1").first.wait_for()


def unsubscribe_by_post(stack):
    """One-click, as a mail client does it; a GET before it changes nothing, and only news carries the header."""
    news = stack.mails(to="priya@example.com", subject="The bricks are here")[0]
    address = re.search(r"<(.+)>", news["list_unsubscribe"])[1]
    assert news["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert {mail["envelope_to"][0] for mail in stack.mails() if mail["list_unsubscribe"]} == {
        "nadia@example.com",
        "priya@example.com",
    }
    host, port = re.search(r"//([^:/]+):(\d+)", address).groups()
    address, header = address.replace(f"//{host}:", "//127.0.0.1:"), {"Host": f"{host}:{port}"}
    assert requests.get(address, headers=header, timeout=10).status_code == 200
    assert "news_withdrawn=False" in standing(stack)
    answer = requests.post(address, headers=header, data={"List-Unsubscribe": "One-Click"}, timeout=10)
    assert answer.status_code == 200
    assert "news_withdrawn=True" in standing(stack)


def standing(stack):
    return stack.manage(
        "shell", "-v", "0", "-c",
        "from home.tenancy import across_cooperatives\n"
        "from home.models import NewsConsent\n"
        "with across_cooperatives():\n"
        " one = NewsConsent.objects.get(backer__email='priya@example.com')\n"
        "print(f'news_withdrawn={one.withdrawn_at is not None}')",
    )  # fmt: skip


def test_a_campaign_that_misses_its_goal_charges_nobody(chromium, stack, shots):
    editor = Editor(chromium, stack)
    compose_campaign(editor, stack, shots, goal="5000")
    for language, tier, email in (("fr", "Une miche", "camille@example.com"), ("en", "A loaf", "priya@example.com")):
        backer = Backer(chromium, stack, language=language)
        backer.pledge("un-four-pour-le-village", {tier: 1}, name="Camille", email=email)
    stack.advance(timedelta(days=4))
    stack.wait_for_mails(1, to="camille@example.com", subject="non atteint")
    stack.wait_for_mails(1, to="priya@example.com", subject="not reached")
    account = stack.seeded["meule"]["account"]
    assert stack.journal(account) == []
    assert [
        (to, subject) for to, _language, subject in stack.whole_inbox() if "atteint" in subject or "reached" in subject
    ] == [
        ("camille@example.com", "Objectif non atteint\u00a0: rien n’a été débité"),
        ("editor@meule.example", "Objectif non atteint\u00a0: 40\u00a0$ sur 5\u00a0000\u00a0$"),
        ("owner@meule.example", "Objectif non atteint\u00a0: 40\u00a0$ sur 5\u00a0000\u00a0$"),
        ("priya@example.com", "Goal not reached: nothing was charged"),
    ]
    visitor = Backer(chromium, stack, language="en")
    visitor.open_campaign("un-four-pour-le-village")
    assert "No card was charged" in visitor.reads()
    visitor.page.screenshot(path=shots / "9-missed.png", full_page=True)
    stack.manage("check_ledger")
