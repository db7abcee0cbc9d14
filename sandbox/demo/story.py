"""The StreamFields of the demo's pages in one language. Block ids come from names: the same in both languages."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sandbox.demo.content import CampaignText, Notice, Tier, UpdateText, html, month_ahead
from sandbox.demo.films import Films
from sandbox.demo.parts import Parts
from sandbox.demo.pictures import Album

NAMES = uuid.UUID("5a0f2c64-6d0a-5a38-9d0c-7e8f1f0b6a11")

Block = dict[str, Any]


def block_id(*names: object) -> str:
    return str(uuid.uuid5(NAMES, "/".join(str(name) for name in names)))


def _block(kind: str, where: str, value: Any) -> Block:
    return {"type": kind, "id": block_id(where, kind), "value": value}


def _items(where: str, values: list[Any]) -> list[Block]:
    """The children of a list, in order."""
    return [{"type": "item", "id": block_id(where, index), "value": value} for index, value in enumerate(values)]


def text_body(where: str, text: str) -> list[Block]:
    """One block of paragraphs."""
    return [_block("text", where, {"text": text})]


class Story:
    """Writes the pages of one campaign in one language."""

    def __init__(self, text: CampaignText, album: Album, language: str, today: date) -> None:
        self.text, self.album, self.language, self.today = text, album, language, today

    def campaign_body(self) -> list[Block]:
        first, *rest = list(self._descriptions())
        parts = Parts(self.text.raw, self.album, self.language, self.today, block_id)
        before, after = (
            [_block(kind, self.text.key, value) for kind, value in some]
            for some in (parts.before_tiers(), parts.after_tiers())
        )
        money = [self._budget(), *self._next_goals(), *self._wall()]
        return [self._title(), first, *self._video(), *rest, *before, self._tiers(), *self._add_ons(), *money, *after]

    def _title(self) -> Block:
        raw = self.text.raw
        value = {
            "place": raw["place"][self.language],
            "tagline": raw["tagline"][self.language],
            "image": self.album.block(self.text.hero, raw["hero_alt"], self.language),
        }
        return _block("title", self.text.key, value)

    def _descriptions(self) -> Iterator[Block]:
        for number, part in enumerate(self.text.raw["descriptions"]):
            value = {"heading": part["heading"][self.language], "text": html(part[self.language])}
            yield _block("description", f"{self.text.key}/{number}", value)

    def _video(self) -> Iterator[Block]:
        """By its address with a transcript, or a film of the demo's with its captions; or none."""
        if raw := self.text.raw.get("video"):
            yield _block("video", self.text.key, self._film(raw))

    def _film(self, raw: Block) -> Block:
        films = Films(self.album.collection)
        film = raw.get("film", "")
        return {
            "url": raw.get("url", ""),
            "file": films.film(film) if film else None,
            "title": raw["title"][self.language],
            "duration": raw["duration"],
            "poster": self.album.picture(self.text.raw["video_poster"]),
            "captions_fr": films.captions(film, "fr") if film else None,
            "captions_en": films.captions(film, "en") if film else None,
            "transcript": html(raw[self.language]) if self.language in raw else "",
        }

    def _tiers(self) -> Block:
        items = [self._item(tier, self._tier(tier)) for tier in self.text.tiers]
        return _block("reward_tiers", self.text.key, items)

    def _add_ons(self) -> Iterator[Block]:
        if self.text.add_ons:
            items = [self._item(add_on, self._offer(add_on)) for add_on in self.text.add_ons]
            yield _block("add_ons", self.text.key, items)

    def _item(self, tier: Tier, value: dict[str, Any]) -> Block:
        return {"type": "item", "id": tier_id(self.text, tier.key), "value": value}

    def _tier(self, tier: Tier) -> dict[str, Any]:
        until = tier.early_until_days
        return self._offer(tier) | {
            "contents": self._lines(tier, "contents", tier.contents),
            "variants": self._lines(tier, "variants", tier.variants),
            "available_from": None,
            "available_until": None if until is None else f"{self.today + timedelta(days=until)}T23:59",
        }

    def _offer(self, tier: Tier) -> dict[str, Any]:
        """What a tier and an add-on have in common."""
        return {
            "title": tier.title[self.language],
            "description": tier.description[self.language],
            "amount": tier.amount,
            "limit": tier.limit,
            "estimated_delivery": f"{month_ahead(self.today, tier.months_ahead):%Y-%m}",
            "handover": tier.handover,
            "postage": self._items(
                tier, "postage", [{"zone": zone, "price": price} for zone, price in tier.postage.items()]
            ),
            "pickup_place": tier.pickup_place.get(self.language, ""),
            "pickup_hours": tier.pickup_hours.get(self.language, ""),
            "image": self.album.block(tier.image, tier.alt, self.language),
            "taxable": tier.taxable or None,
            "sold_late": tier.sold_late,
            "unit_cost": tier.unit_cost,
            "postage_cost": tier.postage_cost,
            "retired": False,
        }

    def _lines(self, tier: Tier, name: str, lines: dict[str, list[str]]) -> list[Block]:
        return self._items(tier, name, lines.get(self.language, []))

    def _items(self, tier: Tier, name: str, values: list[Any]) -> list[Block]:
        return _items(f"{self.text.key}/tier/{tier.key}/{name}", values)

    def _budget(self) -> Block:
        raw, where = self.text.raw["budget"], f"{self.text.key}/budget"
        lines = [
            {"need": line["need"][self.language], "amount": line["amount"], "kind": line["kind"]}
            for line in raw["lines"]
        ]
        sources = [
            {"name": one["name"][self.language], "amount": one["amount"], "confirmed": one["confirmed"]}
            for one in raw.get("sources", [])
        ]
        value = {
            "heading": raw.get("heading", {}).get(self.language, ""),
            "introduction": raw["introduction"][self.language],
            "lines": _items(f"{where}/lines", lines),
            "sources": _items(f"{where}/sources", sources),
        }
        return _block("budget", self.text.key, value)

    def _next_goals(self) -> Iterator[Block]:
        if raw := self.text.raw.get("next_goals"):
            goals = [{"amount": one["amount"], "adds": one["adds"][self.language]} for one in raw]
            yield _block("next_goals", self.text.key, _items(f"{self.text.key}/next_goals", goals))

    def _wall(self) -> Iterator[Block]:
        if self.text.has_wall:
            value = {"heading": "", "text": html(self.text.raw["wall"]["text"][self.language])}
            yield _block("wall", self.text.key, value)

    def update_body(self, update: UpdateText) -> list[Block]:
        where = f"{self.text.key}/{update.key}"
        body = text_body(where, update.html[self.language])
        if update.photo:
            value = {
                "image": self.album.block(update.photo, update.photo_alt, self.language),
                "caption": update.photo_caption[self.language],
            }
            body.append(_block("photo", where, value))
        if update.notice:
            body.append(_block("delay_notice", where, self._notice(update.notice)))
        for number, milestone in enumerate(update.milestones):
            body.append(_block("milestone", f"{where}/{number}", self._milestone(milestone)))
        if update.shows_progress:
            body.append(_block("fulfilment", where, {"heading": ""}))
        return body

    def _milestone(self, raw: Block) -> Block:
        days = raw["in_days"]
        return {
            "title": raw["title"][self.language],
            "date": (self.today + timedelta(days=days)).isoformat(),
            "state": "to_come" if days > 0 else "done",
        }

    def _notice(self, notice: Notice) -> dict[str, Any]:
        before = notice.pledged_before_days_ago
        return {
            "pledged_before": None if before is None else (self.today - timedelta(days=before)).isoformat(),
            "rewards": [tier_id(self.text, key) for key in notice.tiers],
            "month": f"{month_ahead(self.today, notice.months_ahead):%Y-%m}",
            "reason": notice.reason[self.language],
            "next_steps": notice.next_steps[self.language],
            "next_news_on": (self.today + timedelta(days=notice.next_news_in_days)).isoformat(),
        }


def tier_id(text: CampaignText, key: str) -> str:
    return block_id(text.key, "tier", key)
