"""One contribution of each kind, in French and in English: real Chromium, no JavaScript, the keyboard alone."""

import json
import sqlite3

import pytest

from tests.journeys.keys import Keys

pytestmark = pytest.mark.browser

ITEMS = """select r.title_fr, v.label_fr, i.quantity, i.unit_amount, i.unit_postage from pledges_pledgeitem i
join campaigns_reward r on r.id = i.reward_id left join campaigns_rewardvariant v on v.id = i.variant_id
where i.pledge_id = ? order by r.position, v.position"""

#: Kind: campaign, quantities by tier (in the order of its variants), what else is said on the form, what is then kept.
KINDS = {
    "several": (
        "mill",
        {"Le chandail": [1, 2], "Le carnet": [1], "Le sac": [2]},
        {"zone": "quebec"},
        {
            "amount": 3 * 4800 + 2300 + 2 * 1200,
            "zone": "quebec",
            "items": [
                ("Le chandail", "Petit", 1, 4000, 800),
                ("Le chandail", "Grand", 2, 4000, 800),
                ("Le carnet", None, 1, 2000, 300),
                ("Le sac", None, 2, 1200, 0),
            ],
        },
    ),
    "pickup": (
        "mill",
        {"Une journée": [1]},
        {},
        {"amount": 6500, "items": [("Une journée", None, 1, 6500, 0)]},
    ),
    "free": ("mill", {}, {"suggested": "2500"}, {"amount": 2500, "extra": 2500}),
    "anonymous": (
        "mill",
        {},
        {"suggested": "other", "extra": "33.50", "wall": "neither"},
        {"amount": 3350, "extra": 3350, "wall": "neither", "wall_name": ""},
    ),
    "gift": (
        "mill",
        {},
        {"suggested": "5000", "wall": "amount", "gift_for": "Léa Roy"},
        {"amount": 5000, "extra": 5000, "wall": "amount", "wall_name": "Léa Roy", "gift_for": "Léa Roy"},
    ),
    "company": (
        "oven",
        {"Le nom": [2]},
        {"company_name": "Boulangerie du rang", "company_numbers": "TPS 123", "message": "Bravo!"},
        {
            "amount": 6000,
            "company_name": "Boulangerie du rang",
            "company_numbers": "TPS 123",
            "message": "Bravo!",
            "items": [("Le nom", None, 2, 3000, 0)],
        },
    ),
    "presale": ("press", {"Le disque": [3]}, {}, {"amount": 6600, "items": [("Le disque", None, 3, 2200, 0)]}),
}
RADIOS = {"zone", "suggested", "wall"}
ORDER = (
    "zone",
    "suggested",
    "extra",
    "name",
    "email",
    "wall",
    "gift_for",
    "company_name",
    "company_numbers",
    "message",
)
EMPTY = {"extra": 0, "zone": "", "wall": "neither", "wall_name": "", "gift_for": "", "company_name": "",
         "company_numbers": "", "message": ""}  # fmt: skip
CONDITION = {
    ("mill", "fr"): "seulement si les promesses atteignent 1\u00a0000\u00a0$ au plus tard le",
    ("mill", "en"): "only if pledges reach $1,000 by",
    ("oven", "fr"): "Votre carte est débitée maintenant.",
    ("oven", "en"): "Your card is charged now.",
    ("press", "fr"): "seulement si 300 unités sont réservées au plus tard le",
    ("press", "en"): "only if 300 units are reserved by",
}
THANKS = {
    ("oven", "fr"): "Votre contribution de {} est payée.",
    ("oven", "en"): "Your contribution of {} is paid.",
    "fr": "Votre promesse de {} est enregistrée.",
    "en": "Your pledge of {} is recorded.",
}


def shown(cents, language):
    whole, rest = divmod(cents, 100)
    if language == "fr":
        return f"{whole},{rest:02}\u00a0$" if rest else f"{whole}\u00a0$"
    return f"${whole}.{rest:02}" if rest else f"${whole}"


def reads(page):
    return " ".join(page.locator("main").inner_text().split("\n"))


def contribute(page, stack, names, kind, language):
    campaign, quantities, said, kept = KINDS[kind]
    keys, email = Keys(page), f"{kind}.{language}@example.com"
    page.goto(stack.url(f"/{language}/{campaign}/"))
    keys.press("main a[href*='/contrib']")
    for title, counts in quantities.items():
        for name, count in zip(names[title], counts, strict=True):
            keys.fill(f"[name={name}]", str(count))
    typed = {"name": "Camille Rivard", "email": email} | said
    for name in (name for name in ORDER if name in typed):
        if name in RADIOS:
            keys.choose(name, typed[name])
        else:
            keys.fill(f"[name={name}]", typed[name])
    keys.press("main form button[type=submit]")
    review = reads(page)
    assert CONDITION[campaign, language] in review, (kind, review)
    keys.tick("[name=consent]")
    keys.press("button[name=confirm]")
    keys.give_card()
    thanks = THANKS.get((campaign, language), THANKS[language]).format(shown(kept["amount"], language))
    assert thanks in reads(page), (kind, reads(page))


def kept_of(stack, kind, language):
    with sqlite3.connect(stack.folder / "tremplin.sqlite3") as rows:
        rows.row_factory = sqlite3.Row
        found = rows.execute(
            "select p.*, b.email from pledges_pledge p join home_backer b on b.id = p.backer_id where b.email = ?",
            [f"{kind}.{language}@example.com"],
        ).fetchall()
        assert len(found) == 1, kind
        row = dict(found[0])
        return row, [tuple(one) for one in rows.execute(ITEMS, [row["id"]])]


def test_each_kind_in_both_languages_by_keyboard(chromium, stack, shots):
    names = json.loads(stack.run("-m", "tests.journeys.seed_kinds"))
    for language, tag in (("fr", "fr-CA"), ("en", "en-CA")):
        page = chromium.new_context(locale=tag, java_script_enabled=False).new_page()
        page.set_default_timeout(60_000)
        for kind in KINDS:
            contribute(page, stack, names, kind, language)
            row, items = kept_of(stack, kind, language)
            wanted = EMPTY | {"items": []} | KINDS[kind][3]
            assert {name: row[name] for name in wanted if name != "items"} | {"items": items} == wanted, kind
            assert (row["state"], row["language"], row["is_late"]) == ("confirmed", language, 0)
        page.screenshot(path=shots / f"each-kind-{language}.png")
    assert [line["amount"] for line in stack.journal(stack.seeded["meule"]["account"])] == [6000, 6000]
    stack.manage("check_ledger")
