"""What changed in the text of an update after it was sent: written when its page is published again, shown for ever.

A process that dies inside a publication has published nothing and recorded nothing; two publications of the same
campaign come one after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from html import unescape
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from home import clock, formats
from home.models import User
from home.queries import cooperative_of
from home.tenancy import within
from home.translation.passages import passages_of
from updates.models import Correction, Update, UpdatePage
from updates.publishing import lock_campaign

#: What readers do not read on the page; a notice's words are those that were announced.
UNREAD = ("seo_title", "search_description")

Texts = dict[str, list[str]]


@contextmanager
def recorded(page: UpdatePage, by: User | None) -> Iterator[None]:
    """Around a publication of a page: afterwards, what it changed of a text that was sent is on record."""
    with within(cooperative_of(page)), transaction.atomic():
        lock_campaign(page)
        before = _online(page)
        yield
        after = _online(page)
        update = Update.objects.filter(translation_key=page.translation_key).first()
        if before is not None and after is not None and update is not None and _was_sent(update):
            _write(update, after, _changes(before, after), by)


def _online(page: UpdatePage) -> UpdatePage | None:
    """The page as it was last published; None if it never was.

    From the revision that was published: wagtail-localize writes into the page itself before it publishes it.
    """
    rows = UpdatePage.objects.select_related("locale", "live_revision")
    stored = rows.filter(pk=page.pk, alias_of=None).first()
    if stored is None or not stored.first_published_at:
        return None
    published: UpdatePage = stored.live_revision.as_object() if stored.live_revision else stored
    return published


def _was_sent(update: Update) -> bool:
    """Whether a mail of it has left, or may be leaving; one that is to leave later has told nobody yet."""
    return update.mailings.filter(Q(send_at=None) | Q(send_at__lte=clock.now())).exists()


def _write(update: Update, page: UpdatePage, changes: list[dict[str, str]], by: User | None) -> None:
    if not changes:
        return
    Correction.objects.create(
        cooperative_id=update.cooperative_id,
        update=update,
        language=page.locale.language_code,
        made_at=clock.now(),
        made_by=by,
        passages=changes,
    )


def _changes(before: UpdatePage, after: UpdatePage) -> list[dict[str, str]]:
    """Each changed passage with what stood and what stands, in the order of the page; what was moved alone is none.

    A passage that stood in the language of the source was not translated yet: its translation corrects nothing.
    """
    was, now = _texts(before), _texts(after)
    untranslated = _source_words(after)
    found = [
        change for path in dict.fromkeys([*now, *was]) for change in _differences(was.get(path, []), now.get(path, []))
    ]
    return [change for change in found if not change["before"] or change["before"] not in untranslated]


def _differences(was: list[str], now: list[str]) -> Iterator[dict[str, str]]:
    for kind, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind != "equal":
            yield {"before": "\n".join(was[a:b]), "now": "\n".join(now[c:d])}


def _source_words(page: UpdatePage) -> set[str]:
    """The words of the page's source, if it is a translation."""
    group = UpdatePage.objects.live().filter(translation_key=page.translation_key, alias_of=None)
    update = Update.objects.select_related("campaign").filter(translation_key=page.translation_key).first()
    source = group.filter(locale_id=update.campaign.source_locale_id).exclude(pk=page.pk).first() if update else None
    return {text for texts in _texts(source).values() for text in texts} if source else set()


def _texts(page: UpdatePage) -> Texts:
    """What a reader reads of a page, passage by passage, without markup."""
    notices = {f"body.{block.id}" for block in page.delay_blocks}
    texts: Texts = {}
    for path, text in passages_of(UpdatePage, page.serializable_data()):
        if path not in UNREAD and not any(path.startswith(f"{notice}.") for notice in notices):
            texts.setdefault(path, []).append(_plain(text))
    for block in page.body:
        if block.block_type == "milestone":
            texts[f"body.{block.id}.date"] = [_day_of(block.value, page.locale.language_code)]
    return texts


def _day_of(value: Any, language: str) -> str:
    with translation.override(language):
        words = _("Milestone reached on %(date)s") if value["state"] == "done" else _("Milestone expected on %(date)s")
        return words % {"date": formats.day(value["date"]) if value["date"] else ""}


def _plain(text: str) -> str:
    return unescape(strip_tags(text.replace("<br/>", " "))).strip()
