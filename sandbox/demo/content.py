"""What the demo says, read from content/*.toml: every text in both languages, every date relative to the loading."""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PICTURES = HERE / "images"

COOPERATIVES = ("meule", "large")
CAMPAIGNS = ("sarrasin", "four", "pierre", "goelette", "marees")
#: Those that are not open yet.
PREPARING = ("trieur", "phare")

#: The same text in each language, by its code.
Words = dict[str, str]


@dataclass(frozen=True)
class Notice:
    """A delay: the tiers' keys, the new month and the day of the next news, counted from the loading.

    With `pledged_before_days_ago`, it is of contributions made before that day alone.
    """

    tiers: list[str]
    months_ahead: int
    next_news_in_days: int
    reason: Words
    next_steps: Words
    pledged_before_days_ago: int | None = None


@dataclass(frozen=True)
class Correction:
    """`html` by language: what the text of an update says since that day, on which its mails had left."""

    days_ago: int
    html: Words


@dataclass(frozen=True)
class UpdateText:
    """`html` by language; with `news`, it is sent to those who asked for news, and with `paused` stopped at once.

    `told`: of how many of its mails, in the end, the provider says that they were refused, or says nothing.
    """

    days_ago: int
    slug: Words
    title: Words
    summary: Words
    html: Words
    news: bool = False
    photo: str = ""
    photo_alt: Words = field(default_factory=dict)
    photo_caption: Words = field(default_factory=dict)
    notice: Notice | None = None
    paused: bool = False
    told: dict[str, int] = field(default_factory=dict)
    correction: Correction | None = None
    audience: str = "public"
    public_in_days: int | None = None
    shows_progress: bool = False
    milestones: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.slug["fr"]


@dataclass(frozen=True)
class Tier:
    """Amounts in cents; `taken` is how many of it the demo's backers chose. Also an add-on. Costs are the team's."""

    key: str
    image: str
    amount: int
    months_ahead: int
    handover: str
    title: Words
    description: Words
    alt: Words
    taken: int = 0
    limit: int | None = None
    taxable: int = 0
    sold_late: bool = False
    unit_cost: int | None = None
    postage_cost: int | None = None
    early_until_days: int | None = None
    postage: dict[str, int] = field(default_factory=dict)
    pickup_place: Words = field(default_factory=dict)
    pickup_hours: Words = field(default_factory=dict)
    contents: dict[str, list[str]] = field(default_factory=dict)
    variants: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Special:
    """What one contributor does that the others do not: so many of each of their tiers, for someone, as a company."""

    quantity: int = 1
    gift_for: str = ""
    company_name: str = ""
    company_numbers: str = ""
    message: str = ""


@dataclass(frozen=True)
class Crowd:
    """Who contributes: from which name of the list on, free contributions in cents, and by index what is special.

    `late` are the tiers' keys of those who come after the end.
    """

    seed: int
    first_backer: int
    gifts: list[int]
    via: list[str]
    cancelled: list[int]
    cards: dict[int, str]
    special: dict[int, Special] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CampaignText:
    """A campaign and its page; `raw` holds the parts of the story as written. `ends_in_days` < 0: it is over."""

    key: str
    cooperative: str
    funding_model: str
    theme: str
    goal: int
    launched_days_ago: int
    ends_in_days: int
    hero: str
    slug: Words
    title: Words
    tiers: list[Tier]
    updates: list[UpdateText]
    crowd: Crowd
    add_ons: list[Tier]
    raw: dict[str, Any]

    @property
    def has_wall(self) -> bool:
        return "wall" in self.raw

    @property
    def terms(self) -> dict[str, Any]:
        """The fields of the page that say what it asks for, but its last day."""
        return {
            "funding_model": self.funding_model,
            "goal_unit": self.raw.get("goal_unit", "money"),
            "goal": self.goal,
            "suggested_amounts": self.raw.get("suggested_amounts", ""),
            "theme": self.theme,
        }

    @property
    def is_over(self) -> bool:
        return self.ends_in_days < 0


@dataclass(frozen=True)
class CooperativeText:
    """A cooperative as it is founded, with its team and its pages of text."""

    slug: str
    name: str
    logo: str
    taglines: Words
    fields: dict[str, Any]
    brand: dict[str, Any]
    team: dict[str, dict[str, str]]
    about: Words
    texts: list[dict[str, Any]]
    taxes: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    name: str
    language: str


def cooperative_text(slug: str) -> CooperativeText:
    raw = _read(slug)
    about = {language: html(part["text"]) for language, part in raw.pop("about").items()}
    return CooperativeText(about=about, **raw)


def campaign_text(key: str) -> CampaignText:
    raw = _read(key)
    crowd = raw["pledges"]
    cards = {int(index): card for index, card in crowd.pop("cards", {}).items()}
    special = {int(index): Special(**what) for index, what in crowd.pop("special", {}).items()}
    named = (
        "key",
        "cooperative",
        "funding_model",
        "theme",
        "goal",
        "launched_days_ago",
        "ends_in_days",
        "hero",
        "slug",
        "title",
    )
    return CampaignText(
        **{name: raw[name] for name in named},
        tiers=[Tier(**tier) for tier in raw["tiers"]],
        updates=[_update(update) for update in raw["updates"]],
        add_ons=[Tier(**add_on) for add_on in raw.get("add_ons", [])],
        crowd=Crowd(cards=cards, special=special, **crowd),
        raw=raw,
    )


def _update(raw: dict[str, Any]) -> UpdateText:
    notice, corrected, words = raw.pop("notice", None), raw.pop("correction", None), _html(raw)
    return UpdateText(
        html=words,
        notice=Notice(**notice) if notice else None,
        correction=Correction(corrected["days_ago"], _html(corrected)) if corrected else None,
        **raw,
    )


def _html(raw: dict[str, Any]) -> Words:
    return {language: html(raw.pop(language)) for language in ("fr", "en")}


def people() -> list[Person]:
    """Everybody, French and English mixed two to one."""
    raw = _read("people")
    french = [Person(name, "fr") for name in raw["fr"]]
    english = [Person(name, "en") for name in raw["en"]]
    mixed: list[Person] = []
    while french and english:
        mixed += [french.pop(0), french.pop(0), english.pop(0)]
    return mixed + french + english


def html(text: str) -> str:
    """Rich text as the editor stores it: without the line breaks between its parts."""
    return "".join(line.strip() for line in text.strip().splitlines())


def month_ahead(today: date, months: int) -> date:
    """The first day of the month that many months from now."""
    years, month = divmod(today.month - 1 + months, 12)
    return date(today.year + years, month + 1, 1)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / "content" / f"{name}.toml").read_text())
