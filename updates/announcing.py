"""Announcing a delay, as one act: notices, promises and the frozen mailing are written together, or not at all.

Nothing else in the product changes a promised month once someone has pledged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns import lifecycle
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail, User
from pledges import own_settings
from pledges.models import DatePromise, PledgeItem
from updates import audience
from updates.audience import Change, Why
from updates.enums import MailingKind, MissingLanguage
from updates.models import DelayNotice, Mailing, NoticePromise, Update
from updates.sending import Refusal, SendingRefused, check_texts, lock, open_mailing, prepared, start
from updates.texts import UpdateTexts, texts_of


@dataclass(frozen=True)
class Announcement:
    """What is being written: the notices by the tiers they are about."""

    mailing: Mailing
    changes: list[Change]
    notice_of: dict[int, DelayNotice]
    by: User | None
    at: datetime
    missing: list[str]


def announce(update: Update, *, by: User | None, missing_language: MissingLanguage) -> Mailing:
    """Promise the new months, show the notices, freeze their mail. Raises SendingRefused; done twice, it is done once.

    An update is announced once, with all its notices: another change is another update, so that nobody gets the
    same update twice.
    """
    with transaction.atomic():
        lock(update)
        texts = texts_of(update)
        _check(update, texts, missing_language)
        now = clock.now()
        mailing = open_mailing(update, MailingKind.DELAY, by, missing_language if texts.missing_for_notices else None)
        notice_of = _write_notices(update, texts, by, now)
        missing = texts.missing_for_notices
        _write_promises(Announcement(mailing, audience.changes_in(texts), notice_of, by, now, missing))
        start(mailing)
    return mailing


def _check(update: Update, texts: UpdateTexts, chosen: MissingLanguage) -> None:
    if update.delay_notices.exists():
        raise SendingRefused(Refusal.ANNOUNCED)
    check_texts(texts, texts.missing_for_notices, chosen)
    if not texts.notices:
        raise SendingRefused(Refusal.NO_NOTICE)
    if problem := problem_in(texts, today(update)):
        raise SendingRefused(problem)


def today(update: Update) -> date:
    """The day it is where the cooperative is."""
    return clock.now().astimezone(ZoneInfo(update.cooperative.time_zone)).date()


def problem_in(texts: UpdateTexts, day: date) -> Refusal | None:
    """What a page published long ago, or copied from another campaign, may still say."""
    named = [tier for notice in texts.notices for tier in notice.tiers]
    if len(named) != len(set(named)) or not set(named) <= set(texts.rewards):
        return Refusal.FOREIGN_TIER
    if any(notice.pledged_before and notice.pledged_before > day for notice in texts.notices):
        return Refusal.NOT_YET
    if any(notice.month < day.replace(day=1) or notice.next_news_on <= day for notice in texts.notices):
        return Refusal.PAST
    return None


def _write_notices(update: Update, texts: UpdateTexts, by: User | None, at: datetime) -> dict[int, DelayNotice]:
    notice_of: dict[int, DelayNotice] = {}
    for text in texts.notices:
        notice = text.as_row(update)
        notice.announced_at, notice.announced_by = at, by
        notice.save()
        rewards = [texts.rewards[tier] for tier in text.tiers]
        notice.rewards.set(rewards)
        notice_of |= {reward.pk: notice for reward in rewards}
    return notice_of


def _write_promises(announcement: Announcement) -> None:
    """Some backers at a time. Whoever has no working address has the new promise all the same.

    Their delivery addresses may be corrected again: months have passed, or will. New backers are promised the new one.
    """
    update = announcement.mailing.update
    lifecycle.terms_changed(update.campaign_id)
    everyone = audience.people(update, MailingKind.DELAY, announcement.changes)
    for backers in audience.in_chunks(everyone.filter(why__in=[Why.READS, Why.ADDRESS])):
        items = concerned_by(update, announcement.changes, backers)
        concerned = [item for owed in items.values() for item in owed]
        _promise(announcement, concerned)
        own_settings.reopen_addresses(concerned)
        reached = [backer for backer in backers if backer.why == Why.READS]
        mails = _mails(announcement, reached, items)
        outbox.write_all(prepared(announcement.mailing, mails, announcement.missing))


def concerned_by(update: Update, changes: list[Change], backers: Iterable[Backer]) -> dict[int, list[PledgeItem]]:
    """By backer, the items whose month changes, with their month until now; read in one go."""
    found = audience.concerned_items(update.campaign, changes).filter(pledge__backer__in=backers)
    items = defaultdict(list)
    for item in found.select_related("pledge").order_by("pledge__backer_id", "reward__position", "id"):
        items[item.pledge.backer_id].append(item)
    return items


def _promise(announcement: Announcement, items: list[PledgeItem]) -> None:
    for notice in set(announcement.notice_of.values()):
        moved = [item.pk for item in items if announcement.notice_of[item.reward_id] == notice]
        PledgeItem.objects.filter(pk__in=moved).update(moved_to=notice.month)
    promises = DatePromise.objects.bulk_create(
        DatePromise(
            cooperative_id=item.cooperative_id,
            item=item,
            month=announcement.notice_of[item.reward_id].month,
            for_some=announcement.notice_of[item.reward_id].pledged_before is not None,
            made_at=announcement.at,
            made_by=announcement.by,
        )
        for item in items
    )
    NoticePromise.objects.bulk_create(
        NoticePromise(notice=announcement.notice_of[item.reward_id], promise=promise)
        for item, promise in zip(items, promises, strict=True)
    )


def _mails(
    announcement: Announcement, backers: list[Backer], items: dict[int, list[PledgeItem]]
) -> Iterator[OutgoingMail]:
    mailing = announcement.mailing
    for backer in backers:
        yield outbox.mail_for(
            kind_of(audience.DELAY_MAIL),
            cooperative=mailing.update.cooperative,
            subject_key=mailing.update.key,
            to=backer,
            batch=mailing.key,
            facts=facts_for(items[backer.pk], announcement.notice_of),
        )


def facts_for(items: list[PledgeItem], notice_of: dict[int, DelayNotice]) -> dict[str, Any]:
    """What a reader's mail says: by notice, each item with its month until now and its new one."""
    lines: dict[UUID, list[list[Any]]] = defaultdict(list)
    for item in items:
        notice = notice_of[item.reward_id]
        old: date = item.month_now  # type: ignore[attr-defined]
        lines[notice.block_id].append([item.pk, old.isoformat(), notice.month.isoformat()])
    notices = {notice.block_id: notice for notice in notice_of.values()}
    return {"notices": [{"notice": notices[block].pk, "items": lines[block]} for block in lines]}
