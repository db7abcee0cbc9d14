"""The mails of this room: news of an update, and a delay announced to those it concerns."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from campaigns import queries
from home import formats
from home.languages import ENGLISH, FRENCH, TAGS, current
from home.models import OutgoingMail
from home.registry import Apart, Category, Context, MailKind, place, register
from pledges.links import contribution_url
from pledges.models import PledgeItem
from updates.models import DelayNotice, Update
from updates.story import story_of
from updates.texts import texts_of


@dataclass(frozen=True)
class DelayLine:
    """One item of the reader's: first month, month until now, new month."""

    item: PledgeItem
    old: date
    month: date

    @property
    def is_later(self) -> bool:
        return self.month > self.old


@dataclass(frozen=True)
class ToldNotice:
    """A notice with the items of this reader. `language_tag`: what its texts are written in."""

    notice: DelayNotice
    lines: list[DelayLine]
    language_tag: str


def fill_news(mail: OutgoingMail) -> Context:
    """Raises LookupError if the update is no longer online."""
    update = update_of(mail)
    texts = texts_of(update)
    page = texts.page_for(mail.language)
    if page is None:
        raise LookupError(f"{update.key} is not online in any language.")
    own = mail.language not in texts.missing_for_news
    return {
        "update": update,
        "campaign": update.campaign,
        "page": page,
        "page_tag": TAGS[page.locale.language_code],
        "story": story_of(page, update, update.cooperative.root_url),
        "consent_day": place("consent_day"),
        "button_url": page.full_url,
        **_note(update, mail, own=own),
    }


def news_apart(mail: OutgoingMail) -> Apart:
    """Since when the reader wants news."""
    given = datetime.fromisoformat(mail.facts["consent_date"])
    return Apart(fields={"consent_day": formats.local_day(given, mail.cooperative.time_zone)})


def fill_delay(mail: OutgoingMail) -> Context:
    update = update_of(mail)
    told = _told(mail)
    lines = [line for one in told for line in one.lines]
    own = all(one.language_tag == TAGS[mail.language] for one in told)
    public = queries.url_in(update.campaign, mail.language)
    others = _other_pledges(lines) if mail.pk else []
    return {
        "update": update,
        "campaign": update.campaign,
        "notices": told,
        "lines": lines,
        "only": lines[0] if len(lines) == 1 else None,
        "one_month": lines[0].month if len({line.month for line in lines}) == 1 else None,
        "any_later": any(line.is_later for line in lines),
        "button_url": place("button_url") if mail.pk else public,
        "others": [{"title": item.title, "url": place(f"other_{n}")} for n, item in enumerate(others)],
        **_note(update, mail, own=own),
    }


def delay_apart(mail: OutgoingMail) -> Apart:
    """What was promised to this reader, word for word; the links to their own pages are theirs alone."""
    told = _told(mail)
    lines = [line for one in told for line in one.lines]
    others = _other_pledges(lines) if mail.pk else []
    said = [
        (one.notice.pk, line.item.title, line.item.first_month, line.old, line.month)
        for one in told
        for line in one.lines
    ]
    if not mail.pk:
        return Apart(tuple(said))
    pledges = [lines[0].item.pledge, *(item.pledge for item in others)]
    own, *rest = [contribution_url(pledge, mail.language) for pledge in pledges]
    fields = {"button_url": own} | {f"other_{n}": url for n, url in enumerate(rest)}
    return Apart((tuple(said), tuple(item.title for item in others)), fields)


def update_of(mail: OutgoingMail) -> Update:
    pk = mail.subject_key.removeprefix("update:")
    rows = Update.objects.select_related("campaign__cooperative__site", "campaign__source_locale", "cooperative__site")
    return rows.get(pk=pk)


def _note(update: Update, mail: OutgoingMail, *, own: bool) -> dict[str, Any]:
    """At the top, if the text is not in the reader's language: where theirs will appear."""
    if own:
        return {"note_in": ""}
    return {
        "note_in": FRENCH if current() == ENGLISH else ENGLISH,
        "note_url": queries.url_in(update.campaign, mail.language),
    }


def _told(mail: OutgoingMail) -> list[ToldNotice]:
    entries = mail.facts["notices"]
    notices = DelayNotice.objects.in_bulk([entry["notice"] for entry in entries if entry["notice"]])
    ids = [pk for entry in entries for pk, _old, _new in entry["items"]]
    items = PledgeItem.objects.select_related("pledge__cooperative__site").in_bulk(ids)
    return [
        _told_notice(notices[entry["notice"]] if entry["notice"] else entry["unsaved"], entry["items"], items)
        for entry in entries
    ]


def _told_notice(notice: DelayNotice, lines: list[list[Any]], items: dict[int, PledgeItem]) -> ToldNotice:
    own = getattr(notice, f"reason_{current()}")
    language = current() if own else (ENGLISH if current() == FRENCH else FRENCH)
    return ToldNotice(
        notice,
        [DelayLine(items[pk], date.fromisoformat(old), date.fromisoformat(new)) for pk, old, new in lines],
        TAGS[language],
    )


def _other_pledges(lines: list[DelayLine]) -> list[PledgeItem]:
    """The button opens one contribution; the others have a link each."""
    pledges = {line.item.pledge_id: line.item for line in reversed(lines)}
    pledges.pop(lines[0].item.pledge_id)
    return list(pledges.values())


UPDATE_PUBLISHED = register(
    MailKind(
        key="update_published",
        app="updates",
        category=Category.NEWS,
        purpose="News of a campaign, to backers who asked for it.",
        fill=fill_news,
        apart=news_apart,
    )
)
DELAY_ANNOUNCED = register(
    MailKind(
        key="delay_announced",
        app="updates",
        category=Category.SERVICE,
        purpose="A new date, to the backers it concerns, with a choice.",
        fill=fill_delay,
        apart=delay_apart,
    )
)
