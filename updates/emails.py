"""The mails of this room: news of an update, and a delay announced to those it concerns."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext

from campaigns import queries
from campaigns.enums import Handover
from home import formats
from home.languages import ENGLISH, FRENCH, TAGS, current
from home.mail.registry import Apart, Category, Context, MailKind, place, register
from home.models import OutgoingMail
from pledges.enums import PaymentState
from pledges.links import contribution_url
from pledges.models import Payment, PledgeItem
from pledges.promises import WITH_ANSWERS, agreed_month, history
from updates import reading
from updates.models import DelayNotice, Update
from updates.story import story_of
from updates.texts import texts_of


@dataclass(frozen=True)
class DelayLine:
    """One item of the reader's: month until now, new month, the latest one its backer had agreed to."""

    item: PledgeItem
    old: date
    month: date

    agreed: date

    @property
    def is_later(self) -> bool:
        return self.month > self.old

    @property
    def awaits_answer(self) -> bool:
        """Later than any month that its backer has agreed to."""
        return self.month > self.agreed


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
        "button_url": place("own_url") if _has_own_links(mail) and not update.is_open else page.full_url or "",
        "question_url": place("question_url") if _has_own_links(mail) else "",
        **_note(update, mail, own=own),
    }


def _has_own_links(mail: OutgoingMail) -> bool:
    """A rehearsal opens nothing of the reader's, and asks nothing in their name."""
    return mail.pk is not None and mail.backer is not None


def news_apart(mail: OutgoingMail) -> Apart:
    """Since when the reader wants news, and the links that are theirs alone. No query: it is called for each mail."""
    given = datetime.fromisoformat(mail.facts["consent_date"])
    fields = {"consent_day": formats.local_day(given, mail.cooperative.time_zone)}
    if mail.backer is not None and _has_own_links(mail):
        own = reading.own_addresses_of(_update_id(mail), mail.backer, mail.cooperative, mail.language)
        fields["own_url"], fields["question_url"] = own
    return Apart(_has_own_links(mail), fields)


def fill_delay(mail: OutgoingMail) -> Context:
    update = update_of(mail)
    told = _told(mail)
    lines = [line for one in told for line in one.lines]
    own = all(one.language_tag == TAGS[mail.language] for one in told)
    others = _other_pledges(lines) if mail.pk else []
    public = queries.url_in(update.campaign, mail.language)
    return {
        "update": update,
        "campaign": update.campaign,
        "notices": told,
        "lines": lines,
        "only": lines[0] if len(lines) == 1 else None,
        "one_month": lines[0].month if len({line.month for line in lines}) == 1 else None,
        "any_later": any(line.is_later for line in lines),
        "awaits_answer": any(line.awaits_answer for line in lines),
        "is_paid": _is_paid(lines),
        "is_mailed": any(line.item.handover == Handover.POST for line in lines),
        "button_label": gettext("View and answer"),
        "button_url": place("button_url") if mail.pk else public,
        "others": [{"title": item.named, "url": place(f"other_{n}")} for n, item in enumerate(others)],
        **_note(update, mail, own=own),
    }


def delay_apart(mail: OutgoingMail) -> Apart:
    """What was promised to this reader, word for word; the links to their own pages are theirs alone."""
    told = _told(mail)
    lines = [line for one in told for line in one.lines]
    said = tuple(
        (one.notice.pk, line.item.named, line.item.first_month, line.old, line.month, line.agreed, line.item.handover)
        for one in told
        for line in one.lines
    )
    if not mail.pk:
        return Apart(said)
    others = _other_pledges(lines)
    own, *rest = [
        contribution_url(pledge, mail.language) for pledge in [lines[0].item.pledge, *(one.pledge for one in others)]
    ]
    fields = {"button_url": own} | {f"other_{n}": url for n, url in enumerate(rest)}
    return Apart((said, tuple(one.named for one in others), _is_paid(lines)), fields)


def update_of(mail: OutgoingMail) -> Update:
    rows = Update.objects.select_related("campaign__cooperative__site", "campaign__source_locale", "cooperative__site")
    return rows.get(pk=_update_id(mail))


def _update_id(mail: OutgoingMail) -> int:
    return int(mail.subject_key.removeprefix("update:"))


def _is_paid(lines: list[DelayLine]) -> bool:
    """Some of it was paid: it may be asked back. Else the promise may be cancelled."""
    pledges = {line.item.pledge_id for line in lines}
    return Payment.objects.filter(pledge__in=pledges, state=PaymentState.PAID).exists()


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
    rows = PledgeItem.objects.select_related("variant", "pledge__cooperative__site").prefetch_related(WITH_ANSWERS)
    items = rows.in_bulk(ids)
    return [
        _told_notice(notices[entry["notice"]] if entry["notice"] else entry["unsaved"], entry["items"], items)
        for entry in entries
    ]


def _told_notice(notice: DelayNotice, lines: list[list[Any]], items: dict[int, PledgeItem]) -> ToldNotice:
    own = getattr(notice, f"reason_{current()}")
    language = current() if own else (ENGLISH if current() == FRENCH else FRENCH)
    return ToldNotice(
        notice,
        [
            DelayLine(items[pk], date.fromisoformat(old), date.fromisoformat(new), _agreed(items[pk], notice))
            for pk, old, new in lines
        ],
        TAGS[language],
    )


def _agreed(item: PledgeItem, notice: DelayNotice) -> date:
    """As it stood when the notice was announced, or stands now if it is not."""
    first, *later = history(item)
    at = notice.announced_at
    before = [one for one in later if at is None or (one.announced_at is not None and one.announced_at < at)]
    return agreed_month([first, *before])


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
        purpose="News of a campaign, to who asked for it.",
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
