"""The parts of a campaign's story that its content has: pictures, people, questions, press, partners, call."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sandbox.demo.content import html
from sandbox.demo.pictures import Album

Value = dict[str, Any]


class Parts:
    """Writes them in one language from content/*.toml; `where` is what ids are made of, by `block_id`."""

    def __init__(self, raw: dict[str, Any], album: Album, language: str, today: date, block_id: Any) -> None:
        self.raw, self.album, self.language, self.today, self.block_id = raw, album, language, today, block_id

    def before_tiers(self) -> Iterator[tuple[str, Value]]:
        """Kind and value of each, in page order."""
        if part := self.raw.get("gallery"):
            yield "gallery", self._list(part, "gallery", "pictures", self._picture)

    def after_tiers(self) -> Iterator[tuple[str, Value]]:
        for kind, items, write in (
            ("team", "people", self._person),
            ("questions", "questions", self._question),
            ("press", "quotes", self._quote),
            ("partners", "partners", self._partner),
        ):
            if part := self.raw.get(kind):
                yield kind, self._list(part, kind, items, write)
        if call := self.raw.get("call"):
            yield "call_to_action", self._words(call, "heading", "text", "button") | {"target": call["target"]}

    def _list(self, part: Value, kind: str, name: str, write: Any) -> Value:
        items = [
            {"type": "item", "id": self.block_id(self.raw["key"], kind, number), "value": write(item)}
            for number, item in enumerate(part["items"])
        ]
        heading = part["heading"][self.language] if "heading" in part else ""
        return {"heading": heading, name: items}

    def _words(self, raw: Value, *names: str) -> Value:
        return {name: raw[name][self.language] for name in names}

    def _pictured(self, name: str) -> int | None:
        return self.album.picture(name) if name else None

    def _picture(self, raw: Value) -> Value:
        image = self.album.block(raw["picture"], raw["alt"], self.language)
        return self._words(raw, "caption") | {"image": image}

    def _person(self, raw: Value) -> Value:
        return self._words(raw, "name", "role", "words") | {"portrait": self._pictured(raw["portrait"])}

    def _question(self, raw: Value) -> Value:
        return self._words(raw, "question") | {"answer": html(raw[self.language])}

    def _quote(self, raw: Value) -> Value:
        published = self.today - timedelta(days=raw["days_ago"])
        return self._words(raw, "quote", "source") | {"link": raw["link"], "published_on": published.isoformat()}

    def _partner(self, raw: Value) -> Value:
        return self._words(raw, "name", "brings") | {"logo": self._pictured(raw["logo"]), "link": raw["link"]}
