"""A delay told once, in both languages, to those it concerns; accepted, refused and refunded. Then a mailing, steered.

Nothing here is checked by its parts: the whole inbox, all promises, every row of the board are compared.
"""

import re
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests

from tests.journeys.backer import Backer, links_in
from tests.journeys.editor import Editor
from tests.journeys.seed_promise import SLUG
from tests.journeys.stack import running

pytestmark = pytest.mark.browser

TITLE = {"fr": "La meule arrivera plus tard", "en": "The millstone will come later"}
SUMMARY = {"fr": "La carrière nous fait attendre.", "en": "The quarry keeps us waiting."}
TEXT = {"fr": "La pierre est taillée, mais pas encore polie.", "en": "The stone is cut, but not polished yet."}
REASON = {"fr": "La scie de la carrière a cassé.", "en": "The quarry’s saw broke."}
NEXT = {"fr": "La taille reprend en avril.", "en": "Cutting resumes in April."}
WRITTEN = {text["fr"]: text["en"] for text in (TITLE, SUMMARY, TEXT, REASON, NEXT)}
ADDRESS = "la-meule-arrivera-plus-tard"
NEXT_NEWS = {"fr": "30 juin 2027", "en": "June 30, 2027"}

#: Each reward with its first month and, if it is another one, the month before; as every page shows them.
MONTHS = {
    "fr": [
        ["Le sac de farine", "octobre 2027", "mars 2028"],
        ["La boîte du meunier", "décembre 2027", "mars 2028"],
        ["La visite du moulin", "", "juin 2027"],
        ["Le livre de recettes", "", "novembre 2027"],
    ],
    "en": [
        ["The bag of flour", "October 2027", "March 2028"],
        ["The miller’s box", "December 2027", "March 2028"],
        ["The tour of the mill", "", "June 2027"],
        ["The recipe book", "", "November 2027"],
    ],
}
MOVED = {
    "fr": "La contrepartie « {0} », prévue pour {1}, l’est maintenant pour {2}.",
    "en": "“{0}”, expected in {1}, is now expected in {2}.",
}

PROMISES = """found => found.map(one => [one.querySelector('h3').textContent, ...['was', 'now'].map(
  when => one.querySelector(`.promise__${when}`)?.lastChild.textContent ?? '')])"""
CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


@pytest.fixture(scope="module")
def stack(tmp_path_factory, migrated):
    """One product for both stories; each has a cooperative of its own. The first one's inbox begins empty."""
    with running(tmp_path_factory.mktemp("kept"), migrated) as stack:
        stack.seed("tests.journeys.seed_promise")
        yield stack


def plain(said):
    """On one line, with plain spaces; in lists too."""
    return [plain(one) for one in said] if isinstance(said, list) else " ".join(said.split())


def promises(page, selector):
    """What each of them is called, the month that it was promised for before, and the one that counts."""
    return plain(page.locator(selector).evaluate_all(PROMISES))


def take_shots(page, shots, name):
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if "/admin/" in page.url:
            page.wait_for_timeout(500)  # the menu moves aside
        page.screenshot(path=shots / f"kept-{name}-{width}.png", full_page=True)


def answer(editor):
    """What the admin says has been done."""
    return plain(editor.page.locator(".messages li").first.inner_text())


# ------------------------------------------------------------------ the editor


def write_notice(editor, stack, shots):
    """In French, about two of four rewards; a draft of which nobody has heard."""
    editor.start_page("updates/updatepage", stack.seeded["campaign_page"], TITLE["fr"])
    editor.fill("summary", SUMMARY["fr"])
    editor.add_block("Texte")
    editor.write(0, TEXT["fr"])
    editor.add_block("Annonce de retard")
    for reward, old, _new in MONTHS["fr"]:
        if old:
            editor.tick("body-1-value-rewards", reward)
    for name, text in (("month", "2028-03"), ("reason", REASON["fr"]), ("next_steps", NEXT["fr"])):
        editor.fill(f"body-1-value-{name}", text)
    editor.pick_day("body-1-value-next_news_on", "2027-06-30")
    editor.page.wait_for_url(re.compile(r"/pages/\d+/edit/"))
    editor.save_draft()
    editor.page.screenshot(path=shots / "kept-1-notice.png", full_page=True)
    return int(re.search(r"/pages/(\d+)/edit/", editor.page.url)[1])


def put_online(editor, page_id, shots):
    """Translated through wagtail-localize, then both languages at once."""
    editor.open_page(page_id)
    editor.translate_draft()
    editor.write_english(WRITTEN, leaving=(ADDRESS,))
    editor.page.screenshot(path=shots / "kept-2-translation.png", full_page=True)
    editor.open_page(page_id)
    editor.publish_both("Les deux langues sont publiées.")


def open_briefing(editor, title):
    """From the menu."""
    editor.page.locator("a[href$='/admin/mailings/']").first.click()
    editor.page.get_by_role("link", name=re.compile(f"Envoyer ou annoncer.*{title}")).click()
    editor.page.wait_for_load_state("networkidle")


def check_briefing(editor, shots):
    page = editor.page
    delay = page.locator("section[aria-labelledby=delay-title]")
    tables = [plain(table.locator("tbody tr").evaluate_all(CELLS)) for table in delay.locator("table").all()]
    changes, readers, states = tables
    assert changes == [
        ["Le sac de farine", "octobre 2027", "octobre 2027", "mars 2028"],
        ["La boîte du meunier", "décembre 2027", "décembre 2027", "mars 2028"],
    ]
    assert plain(delay.locator(".briefing__total").inner_text()) == (
        "4 personnes le recevront : 2 en français, 2 en anglais."
    )
    assert readers == [["Le sac de farine", "2", "1", "3"], ["La boîte du meunier", "1", "1", "2"]]
    assert states == [["À venir", "2", "2", "4"]]
    assert plain(delay.locator(".briefing__out li").all_inner_texts()) == [
        "2 personnes ont une autre contrepartie, ont déjà reçu la leur ou n’en ont aucune",
        "1 personne a un courriel à corriger",
        "1 personne a obtenu un remboursement",
    ]
    take_shots(page, shots, "3-briefing")
    delay.get_by_role("link", name="Voir la liste").click()
    page.wait_for_url(re.compile("/left-out/"))
    assert plain(page.locator("main tbody tr").evaluate_all(CELLS)) == [
        ["Bruno Côté", "bruno@example.com", "français", "Courriel à corriger"],
        ["Lise Caron", "lise@example.com", "français", "A une autre contrepartie, l’a déjà reçue ou n’en a pas"],
        ["Tom Reid", "tom@example.com", "English", "A une autre contrepartie, l’a déjà reçue ou n’en a pas"],
        ["Rémi Roy", "remi@example.com", "français", "A obtenu un remboursement"],
    ]
    page.go_back()


def announce(editor, shots):
    editor.page.get_by_role("button", name="Annoncer la nouvelle date à 4 personnes").click()
    editor.page.wait_for_url(re.compile(r"/admin/mailings/\d+/"))
    assert re.fullmatch(
        r"Annoncé le .+ 4 courriels partent\. Prochaines nouvelles promises d’ici le 30 juin 2027\.", answer(editor)
    )
    editor.page.get_by_text("Envoyés\u00a0: 4 sur 4").wait_for()
    editor.page.screenshot(path=shots / "kept-4-mailing.png", full_page=True)


# ------------------------------------------------------------------ what is seen


def check_public(chromium, stack, language, shots):
    """The board, the rewards, the update and the feed, without JavaScript."""
    visitor = Backer(chromium, stack, language=language)
    visitor.open_campaign(SLUG)
    page, months = visitor.page, MONTHS[language]
    assert promises(page, "#promises .board__row:has(h3)") == months
    assert promises(page, "#rewards .tier:not(.tier--free)") == months
    (told,) = plain(page.locator("#promises .board__row:not(:has(h3)):not(.board__axis)").all_inner_texts())
    assert [text for text in (REASON[language], NEXT[language], NEXT_NEWS[language]) if text not in told] == []
    take_shots(page, shots, f"5-campaign-{language}")
    check_feed(feed_of(stack, page), language)
    page.locator("#updates .feed a").first.click()
    notice = plain(page.locator("section.notice").inner_text())
    assert [text for text in (REASON[language], *months[0], *months[1]) if text not in notice] == []
    take_shots(page, shots, f"6-update-{language}")


def check_feed(entries, language):
    delay = {"fr": "Nouvelle date : mars 2028 pour 2 contreparties", "en": "New date: March 2028 for 2 rewards"}
    update = {"fr": f"Nouvelle 1 : {TITLE['fr']}", "en": f"Update 1: {TITLE['en']}"}
    words = {"fr": ("Pourquoi :", "La suite :", "Prochaines nouvelles d’ici le"),
             "en": ("Why:", "What happens next:", "Next news by")}[language]  # fmt: skip
    assert set(entries) == {delay[language], update[language]}
    assert entries[delay[language]] == [
        *(MOVED[language].format(*one) for one in MONTHS[language] if one[1]),
        f"{words[0]} {REASON[language]}",
        f"{words[1]} {NEXT[language]}",
        f"{words[2]} {NEXT_NEWS[language]}.",
    ]
    assert entries[update[language]][:2] == [SUMMARY[language], TEXT[language]]


def feed_of(stack, page):
    """The title of each entry of the page's RSS with the paragraphs in it."""
    address = urlsplit(page.locator("link[type='application/rss+xml']").get_attribute("href")).path
    host = {"Host": urlsplit(page.url).netloc}
    document = requests.get(f"http://127.0.0.1:{stack.port}{address}", headers=host, timeout=10).content
    return {
        plain(item.findtext("title")): plain(re.sub(r"<[^>]+>", "", item.findtext(CONTENT)).strip().split("\n"))
        for item in ElementTree.fromstring(document).iter("item")
    }


def check_mails(stack):
    """Each says the old month and the new one of every reward of its reader, in their language; none is news."""
    theirs = {"rosalie": ("fr", [0]), "denis": ("fr", [0, 1]), "una": ("en", [0]), "priya": ("en", [1])}
    for name, (language, rewards) in theirs.items():
        (mail,) = [one for one in stack.mails(to=f"{name}@example.com") if "2028" in one["subject"]]
        lines = [MOVED[language].format(*MONTHS[language][number]) for number in rewards]
        lacking = [line for line in (*lines, REASON[language], NEXT[language]) if line not in plain(mail["text"])]
        assert (name, lacking, mail["list_unsubscribe"]) == (name, [], "")
        assert [one[0] for one in MONTHS[language] if one[0] in plain(mail["text"])] == [
            MONTHS[language][number][0] for number in rewards
        ]


def kept_promises(stack):
    """All that were ever made after the first, and whether their backer accepted."""
    with closing(sqlite3.connect(stack.database)) as rows:
        asked = """select b.email, i.title_fr, p.month, a.id is not null from pledges_datepromise p
        join pledges_pledgeitem i on i.id = p.item_id join pledges_pledge g on g.id = i.pledge_id
        join home_backer b on b.id = g.backer_id left join pledges_promiseacceptance a on a.promise_id = p.id"""
        return sorted(rows.execute(asked).fetchall())


# ------------------------------------------------------------------ what is answered


def accept(backer, shots):
    backer.open_by_mail("priya@example.com", "March 2028")
    assert promises(backer.page, ".owed") == [["The miller’s box, 1", "December 2027", "March 2028"]]
    take_shots(backer.page, shots, "7-asked-en")
    backer.page.get_by_role("button", name=re.compile("I accept the new date")).click()
    said = plain(backer.reads())
    assert "Thank you. Your answer is recorded." in said
    assert "You accepted March 2028 on" in said
    assert promises(backer.page, ".owed") == [["The miller’s box, 1", "December 2027", "March 2028"]]
    take_shots(backer.page, shots, "7-accepted-en")


def ask_refund(backer, shots):
    backer.open_by_mail("rosalie@example.com", "mars 2028")
    assert promises(backer.page, ".owed") == [["Le sac de farine, 1", "octobre 2027", "mars 2028"]]
    take_shots(backer.page, shots, "8-asked-fr")
    backer.page.get_by_role("link", name=re.compile("Demander un remboursement")).click()
    backer.page.fill("[name=message]", "Je déménage à l’automne.")
    take_shots(backer.page, shots, "8-request-fr")
    backer.page.get_by_role("button", name="Envoyer la demande").click()
    said = plain(backer.reads())
    assert "Remboursement demandé le" in said
    assert "Une réponse vous sera donnée au plus tard le" in said
    take_shots(backer.page, shots, "8-requested-fr")


def grant_refund(chromium, stack, shots):
    """From the mail that asks for a decision, which is returned."""
    mail = stack.wait_for_mails(1, to="treasurer@meule.example", subject="décider")[0]
    treasurer = Editor(chromium, stack, email="treasurer@meule.example")
    treasurer.page.goto(next(link for link in links_in(mail) if "/refund-requests/" in link))
    said = plain(treasurer.page.locator("main").inner_text())
    shown = ("Rosalie Tremblay", "octobre 2027", "mars 2028", "Je déménage à l’automne.", "30,00 $")
    assert [part for part in shown if part not in said] == []
    take_shots(treasurer.page, shots, "9-decide")
    treasurer.page.locator("[name=answer]").fill("Merci de votre patience.")
    treasurer.page.get_by_role("button", name="Accorder le remboursement").click()
    treasurer.page.locator(".messages").wait_for()
    assert answer(treasurer) == "Le remboursement est accordé et se fait. Nous écrivons à la personne."
    take_shots(treasurer.page, shots, "9-decided")
    return mail["subject"]


def test_a_delay_is_told_accepted_and_refunded(chromium, stack, shots):
    rosalie = Backer(chromium, stack, language="fr")
    about = {"name": "Rosalie Tremblay", "email": "rosalie@example.com"}
    rosalie.pledge(SLUG, {"Le sac de farine": 1}, **about)
    stack.run("-m", "tests.journeys.seed_promise", "end")
    before = [
        ("editor@meule.example", "fr-CA", "Campagne terminée : 350 $ recueillis"),
        ("owner@meule.example", "fr-CA", "Campagne terminée : 350 $ recueillis"),
        ("rosalie@example.com", "fr-CA", "Reçu : votre contribution de 30,00 $"),
    ]
    editor = Editor(chromium, stack)
    put_online(editor, write_notice(editor, stack, shots), shots)
    open_briefing(editor, TITLE["fr"])
    assert (inbox(stack), kept_promises(stack)) == (before, []), "publishing tells nobody and promises nothing"
    check_briefing(editor, shots)
    announce(editor, shots)

    for language in ("fr", "en"):
        check_public(chromium, stack, language, shots)
    stack.wait_for_mails(1, subject="Envoi terminé")
    told = [
        ("denis@example.com", "fr-CA", "Nouvelle date : mars 2028 pour 2 contreparties"),
        ("editor@meule.example", "fr-CA", f"Envoi terminé : « {TITLE['fr']} »"),
        ("priya@example.com", "en-CA", "New date: March 2028 for “The miller’s box”"),
        ("rosalie@example.com", "fr-CA", "Nouvelle date : mars 2028 pour « Le sac de farine »"),
        ("una@example.com", "en-CA", "New date: March 2028 for “The bag of flour”"),
    ]
    assert inbox(stack) == sorted(before + told)
    check_mails(stack)

    accept(Backer(chromium, stack, language="en"), shots)
    ask_refund(rosalie, shots)
    to_decide = plain(grant_refund(chromium, stack, shots))
    assert re.fullmatch(r"Remboursement à décider d’ici le \d+(er)? \w+ \d{4} : 30,00 \$", to_decide)
    stack.wait_for_mails(1, to="rosalie@example.com", subject="Remboursement fait")
    rosalie.page.reload()
    said = plain(rosalie.reads())
    assert "Merci de votre patience." in said
    assert re.search("Remboursée le [^:]+ : 30,00 \\$", said)
    take_shots(rosalie.page, shots, "8-refunded-fr")
    account = stack.seeded["meule"]["account"]
    assert [line["amount"] for line in stack.journal(account, "refund")] == [-3000]
    stack.manage("check_ledger")
    assert kept_promises(stack) == [
        ("bruno@example.com", "La boîte du meunier", "2028-03-01", 0),
        ("denis@example.com", "La boîte du meunier", "2028-03-01", 0),
        ("denis@example.com", "Le sac de farine", "2028-03-01", 0),
        ("priya@example.com", "La boîte du meunier", "2028-03-01", 1),
        ("rosalie@example.com", "Le sac de farine", "2028-03-01", 0),
        ("una@example.com", "Le sac de farine", "2028-03-01", 0),
    ]
    answered = [
        ("owner@meule.example", "fr-CA", to_decide),
        ("treasurer@meule.example", "fr-CA", to_decide),
        ("rosalie@example.com", "fr-CA", "Votre demande de remboursement est reçue"),
        ("rosalie@example.com", "fr-CA", "Remboursement accordé : 30,00 $"),
        ("rosalie@example.com", "fr-CA", "Remboursement fait : 30,00 $"),
    ]
    assert inbox(stack) == sorted(before + told + answered)


def inbox(stack):
    """All of it, with plain spaces."""
    return sorted((to, language, plain(subject)) for to, language, subject in stack.whole_inbox())


# ------------------------------------------------------------------ a mailing of news


def press(editor, name, says):
    """A button of the mailing's page, and what the admin answers."""
    editor.page.get_by_role("button", name=name, exact=True).click()
    editor.page.locator(".messages").get_by_text(says).wait_for()


def pick_moment(editor, days):
    editor.page.fill("[name=send_at]", f"{date.today() + timedelta(days=days)}T09:30")


def test_a_mailing_is_scheduled_paused_sent_and_another_cancelled(chromium, stack, shots):
    editor = Editor(chromium, stack, host="large", email="editor@large.example")
    open_briefing(editor, "Le mât est posé")
    pick_moment(editor, 3)
    take_shots(editor.page, shots, "steer-1-briefing")
    press(editor, "Programmer", re.compile("3 courriels partiront à ce moment"))
    pick_moment(editor, 4)
    press(editor, "Changer le moment", re.compile("L’envoi partira à ce moment"))
    take_shots(editor.page, shots, "steer-2-scheduled")
    press(editor, "Suspendre", re.compile("L’envoi est suspendu"))
    editor.page.get_by_text("Rien d’autre ne part avant votre décision.").wait_for()
    take_shots(editor.page, shots, "steer-3-paused")
    press(editor, "Reprendre", "L’envoi reprend.")
    assert news_of(stack) == []
    press(editor, "Envoyer maintenant", "L’envoi part maintenant.")
    editor.page.get_by_text("Envoyés\u00a0: 3 sur 3").wait_for()
    sent = [
        ("a@large.example", "fr-CA", "Le mât est posé"),
        ("b@large.example", "en-CA", "The mast is up"),
        ("z@large.example", "fr-CA", "Le mât est posé"),
    ]
    assert news_of(stack) == sent

    open_briefing(editor, "La voile est cousue")
    pick_moment(editor, 3)
    press(editor, "Programmer", re.compile("3 courriels partiront à ce moment"))
    press(editor, "Annuler ce qui n’est pas parti", "3 courriels ont été annulés avant de partir.")
    take_shots(editor.page, shots, "steer-4-cancelled")
    open_briefing(editor, "La voile est cousue")
    take_shots(editor.page, shots, "steer-5-briefing-after")
    assert (news_of(stack), states_of_news(stack)) == (sent, {"sent": 3, "cancelled": 3})


def news_of(stack):
    return [one for one in inbox(stack) if one[0][1:] == "@large.example"]


def states_of_news(stack):
    with closing(sqlite3.connect(stack.database)) as rows:
        asked = "select state, count(*) from home_outgoingmail where kind = 'update_published' group by state"
        return dict(rows.execute(asked).fetchall())
