"""A campaign page that holds every block: what the editor types, what the translator writes, what a visitor reads.

One part a block, in the order of the public page. Inside a part, keys are the names of the block's fields. Whatever is
`Words` is typed in French, translated, and read in the language of the page; the rest is the same in both.
"""

from typing import NamedTuple

GOAL = "5000"


class Words(NamedTuple):
    fr: str
    en: str


class Rich(NamedTuple):
    """Words in the rich text editor."""

    fr: str
    en: str


class Picture(NamedTuple):
    """A picture of one colour, with its alternative text in both languages; without one where the page gives none."""

    colour: str
    fr: str = ""
    en: str = ""


class Choice(NamedTuple):
    value: str


class Part(NamedTuple):
    kind: str
    label: str
    content: dict | list
    #: What the page adds to the editor's words: headings of the house's, amounts and months in each language.
    also: list


def dollars(amount):
    """« 1 250 $ » and "$1,250", as people write them here."""
    grouped = f"{amount:,}"
    return Words(grouped.replace(",", "\u00a0") + "\u00a0$", f"${grouped}")


TITLE = Words("Un four pour le village", "An oven for the village")
SUMMARY = Words("Le four à pain du rang 4, à rebâtir ensemble.", "The bread oven of Range 4, to be rebuilt together.")

PAGE = [
    Part(
        "title",
        "Titre",
        {
            "place": Words("Saint-Aurèle, au bout du rang", "Saint-Aurèle, at the end of the road"),
            "tagline": Words("Un four à pain pour tout le monde.", "A bread oven for everyone."),
            "image": Picture("firebrick", "La porte du four, ouverte", "The oven door, open"),
        },
        [TITLE, Words("Choisir ma contribution", "Choose my contribution")],
    ),
    Part(
        "description",
        "Description",
        {
            "heading": Words("Le pain d’ici", "Bread from here"),
            "text": Rich("Onze fermes, un village, un feu.", "Eleven farms, one village, one fire."),
        },
        [],
    ),
    Part(
        "video",
        "Vidéo",
        {
            "url": "https://vimeo.com/76979871",
            "title": Words("Deux minutes devant le feu", "Two minutes by the fire"),
            "duration": "130",
            "poster": Picture("darkorange"),
            "transcript": Rich("Écoutez le bois qui craque.", "Listen to the wood crackle."),
        },
        [Words("2\u00a0min 10\u00a0s", "2 min 10 s"), Words("Regarder la vidéo", "Watch the video")],
    ),
    Part(
        "gallery",
        "Galerie d’images",
        {
            "heading": Words("Le chantier en images", "The site in pictures"),
            "pictures": [
                {
                    "image": Picture("sienna", "Des briques empilées", "Stacked bricks"),
                    "caption": Words("Les briques sont là.", "The bricks have arrived."),
                },
                {
                    "image": Picture("olive", "Une truelle sur un mur", "A trowel on a wall"),
                    "caption": Words("Le premier rang de pierres.", "The first course of stones."),
                },
            ],
        },
        [],
    ),
    Part(
        "reward_tiers",
        "Contreparties",
        [
            {
                "title": Words("Une miche", "A loaf"),
                "description": Words("Cuite le samedi matin.", "Baked on Saturday morning."),
                "amount": "30",
                "limit": "40",
                "estimated_delivery": "2031-10",
                "image": Picture("peru", "Une miche sur une planche", "A loaf on a board"),
                "contents": [
                    Words("Une miche de deux kilos", "A two-kilo loaf"),
                    Words("La recette du levain", "The sourdough recipe"),
                ],
                "handover": Choice("pickup"),
                "pickup_place": Words("Au four, rang 4", "At the oven, Range 4"),
                "pickup_hours": Words("Le samedi, de 9 h à midi", "Saturdays from 9 a.m. to noon"),
                "variants": [Words("Au blé", "Wheat"), Words("Au seigle", "Rye")],
                "unit_cost": "4",
            },
            {
                "title": Words("Une journée au four", "A day at the oven"),
                "description": Words("Vous pétrissez, vous enfournez.", "You knead, you bake."),
                "amount": "1250",
                "estimated_delivery": "2032-05",
                "handover": Choice("post"),
                "postage": [{"zone": Choice("quebec"), "price": "12"}],
            },
        ],
        [
            Words("Choisissez ce que vous recevrez", "Choose what you will receive"),
            dollars(30),
            Words("octobre 2031", "October 2031"),
            Words("À venir chercher", "To pick up"),
            dollars(1250),
            Words("mai 2032", "May 2032"),
            Words("Envoi par la poste", "By mail"),
            dollars(12),
        ],
    ),
    Part(
        "add_ons",
        "Suppléments",
        [
            {
                "title": Words("Le tablier du boulanger", "The baker’s apron"),
                "description": Words("En coton écru, brodé ici.", "In unbleached cotton, embroidered here."),
                "amount": "28",
                "estimated_delivery": "2031-11",
                "image": Picture("tan", "Un tablier plié", "A folded apron"),
            }
        ],
        [Words("Suppléments", "Add-ons"), dollars(28), Words("novembre 2031", "November 2031")],
    ),
    Part(
        "budget",
        "Budget",
        {
            "heading": Words("Où va votre argent", "Where your money goes"),
            "introduction": Words("La brique coûte le plus.", "Brick costs the most."),
            "lines": [
                {"need": Words("Briques et mortier", "Brick and mortar"), "amount": "4500",
                 "kind": Choice("production")},
                {"need": Words("Farine des contreparties", "Flour for the rewards"), "amount": "1000,50",
                 "kind": Choice("rewards")},
            ],
            "sources": [{"name": Words("Parts des membres", "Members’ shares"), "amount": "500,50", "confirmed": True}],
        },
        [
            dollars(4500),
            Words("1\u00a0000,50\u00a0$", "$1,000.50"),
            Words("81,8\u00a0%", "81.8%"),
            Words("18,2\u00a0%", "18.2%"),
            Words("Le projet complet", "The whole project"),
            Words("5\u00a0500,50\u00a0$", "$5,500.50"),
            Words("−500,50\u00a0$", "−$500.50"),
            Words("Objectif de la campagne", "Goal of the campaign"),
            dollars(5000),
        ],
    ),
    Part(
        "next_goals",
        "Objectifs suivants",
        [{"amount": "8000", "adds": Words("Un toit au-dessus du four.", "A roof over the oven.")}],
        [Words("Et après l’objectif", "And beyond the goal"), dollars(5000), dollars(8000)],
    ),
    Part(
        "team",
        "Équipe",
        {
            "heading": Words("Celles et ceux qui cuisent", "Those who bake"),
            "people": [
                {
                    "name": Words("Jeanne Ouellet", "Jeanne Ouellet"),
                    "role": Words("Boulangère", "Baker"),
                    "portrait": Picture("rosybrown"),
                    "words": Words("Elle se lève à quatre heures.", "She gets up at four."),
                },
                {
                    "name": Words("Marc Sirois", "Marc Sirois"),
                    "role": Words("Maçon", "Mason"),
                },
            ],
        },
        [],
    ),
    Part(
        "questions",
        "Questions et réponses",
        {
            "heading": Words("Vous demandez", "You ask"),
            "questions": [
                {
                    "question": Words("Et si l’objectif n’est pas atteint?", "What if the goal is not reached?"),
                    "answer": Rich("Rien n’est débité.", "Nothing is charged."),
                }
            ],
        },
        [],
    ),
    Part(
        "press",
        "Citations de presse",
        {
            "heading": Words("On en parle", "In the news"),
            "quotes": [
                {
                    "quote": Words("Un rang entier se remet à cuire.", "A whole road is baking again."),
                    "source": Words("Le Journal du Bas", "The Lower Journal"),
                    "link": "https://journal.example/four",
                    "published_on": "2026-09-12",
                }
            ],
        },
        [
            Words("«\u00a0Un rang entier se remet à cuire.\u00a0»", "“A whole road is baking again.”"),
            Words("12 septembre 2026", "September 12, 2026"),
        ],
    ),
    Part(
        "partners",
        "Partenaires",
        {
            "heading": Words("Avec nous", "With us"),
            "partners": [
                {
                    "name": Words("La municipalité", "The village council"),
                    "brings": Words("Prête le terrain.", "Lends the land."),
                    "logo": Picture("steelblue"),
                    "link": "https://village.example/",
                }
            ],
        },
        [],
    ),
    Part(
        "wall",
        "Mur de remerciements",
        {
            "heading": Words("Merci à vous", "Thanks to you"),
            "text": Rich("Sans vous, pas de feu.", "Without you, no fire."),
        },
        [Words("Les premiers noms paraîtront ici.", "The first names will appear here.")],
    ),
    Part(
        "call_to_action",
        "Appel à contribuer",
        {
            "heading": Words("Samedi, apportez un sac", "On Saturday, bring a bag"),
            "text": Words("Le premier pain sort à neuf heures.", "The first bread comes out at nine."),
            "target": Choice("rewards"),
            "button": Words("Voir les pains", "See the loaves"),
        },
        [],
    ),
]  # fmt: skip


def leaves(content):
    """Whatever is typed, chosen or sent in a part, in the order of its fields."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        return [leaf for one in content for leaf in leaves(one)]
    return [content]


def words_in(content):
    """What is said in each language of its own, alternative texts apart."""
    return [leaf for leaf in leaves(content) if isinstance(leaf, (Words, Rich))]


def pictures_in(content):
    return [leaf for leaf in leaves(content) if isinstance(leaf, Picture)]


def addresses_in(content):
    """Where a part leads to: the same in both languages."""
    return [leaf for leaf in leaves(content) if type(leaf) is str and leaf.startswith("https://")]


def everything_said():
    """All that the translator writes, French and English."""
    said = [TITLE, SUMMARY]
    for part in PAGE:
        said += [(one.fr, one.en) for one in leaves(part.content) if isinstance(one, (Words, Rich, Picture)) and one.fr]
    return said


#: What a French passage is in English.
ENGLISH = dict(everything_said())
