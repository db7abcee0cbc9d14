"""« Suivi des contreparties »: what was promised, tier by tier, and what became of it; nothing of it is ever written.

Read with the page's own tiers, which bring their figures (pledges.delivery_figures): one query more, for notices and
updates, which the feed beside it shares.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from campaigns.models import Campaign, Reward
from home import clock, formats
from home.languages import TAGS, current
from home.ready_queries import Ready, fields_of, put_beside, row_of
from pledges.delivery_figures import Kept
from pledges.fulfilment import this_month, today_in
from updates import next_news
from updates.feed import months_before
from updates.models import DelayNotice, Update
from updates.month_track import Axis, Track, axis_over
from updates.next_news import NextNews


@dataclass(frozen=True)
class Row:
    """One tier: its months, how often its date changed, and of how many rewards how many left and arrived."""

    reward: Any
    month: date
    changes: int
    is_late: bool
    track: Track

    @property
    def total(self) -> int:
        return int(self.reward.promised)

    @property
    def sent(self) -> int:
        return int(self.reward.sent)

    @property
    def received(self) -> int:
        return int(self.reward.received)

    @property
    def has_moved(self) -> bool:
        return self.month != self.reward.estimated_delivery

    @property
    def is_done(self) -> bool:
        return 0 < self.total == self.received

    @property
    def changes_words(self) -> str:
        words = ngettext("%(n)s date change", "%(n)s date changes", self.changes)
        return words % {"n": formats.number(self.changes)} if self.changes else ""

    @property
    def late_words(self) -> str:
        return gettext("The month has passed, a new date is yet to be announced") if self.is_late else ""

    @property
    def share_words(self) -> str:
        values = {"n": formats.number(self.sent), "total": formats.number(self.total)}
        if self.is_done:
            return self._done_words(values)
        if not self.sent:
            return gettext("None of %(total)s sent yet") % values
        values["percent"] = formats.percent(self.sent, self.total)
        return (
            ngettext("%(n)s of %(total)s sent (%(percent)s)", "%(n)s of %(total)s sent (%(percent)s)", self.sent)
            % values
        )

    def _done_words(self, values: dict[str, str]) -> str:
        at: datetime | None = self.reward.last_arrival
        if at is None:
            return gettext("All %(total)s delivered") % values
        zone = ZoneInfo(self.reward.campaign.cooperative.time_zone)
        month = formats.month(at.astimezone(zone).date())
        return gettext("All %(total)s delivered, in %(month)s") % (values | {"month": month})

    @property
    def received_words(self) -> str:
        if self.is_done or not self.received:
            return ""
        words = ngettext("%(n)s confirmed received", "%(n)s confirmed received", self.received)
        return words % {"n": formats.number(self.received)}

    @property
    def percent(self) -> int:
        """For the meter."""
        return self.sent * 100 // self.total if self.total else 0


@dataclass(frozen=True)
class Moved:
    """A tier that a notice moved: from the month before it to the new one."""

    reward: Reward
    old_month: date
    month: date


@dataclass(frozen=True)
class Told:
    """An announced delay as it stands in the history for ever. `lang`: set where it is not in the reader's language.

    Of one told in an update that is not for everyone, the months alone are (`is_open`), as in the feeds.
    """

    notice: DelayNotice
    moved: list[Moved] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.notice.update.is_open

    @property
    def lang(self) -> str:
        other = next(code for code in TAGS if code != current())
        return "" if getattr(self.notice, f"reason_{current()}") else TAGS[other]


@dataclass(frozen=True)
class Board:
    rows: list[Row]
    history: list[Told]
    last_news_words: str
    next_news: NextNews | None
    kept: Kept
    axis: Axis | None = None
    updates: list[Update] = field(default_factory=list)

    @property
    def is_shown(self) -> bool:
        return bool(self.rows or self.history)

    @property
    def kept_words(self) -> str:
        """Of the whole cooperative: its word kept, or too few rewards to say."""
        if self.kept.is_too_few:
            return gettext("Too few rewards delivered to give a share")
        values = {
            "percent": formats.percent(self.kept.in_time, self.kept.total),
            "n": formats.number(self.kept.in_time),
            "total": formats.number(self.kept.total),
        }
        return (
            gettext("%(percent)s of rewards were delivered by the first month announced (%(n)s of %(total)s)") % values
        )


def board_of(campaign: Campaign, rewards: Iterable[Any]) -> Board:
    """`rewards`: the campaign's, with `month_now` and their delivery figures."""
    tiers = list(rewards)
    pairs, updates = _told(campaign)
    last_published = max((update.published_at for update in updates), default=None)
    notices = list({notice.pk: notice for notice, _reward in pairs}.values())
    this = this_month(campaign.cooperative)
    changes = {tier.pk: sum(reward == tier.pk for _notice, reward in pairs) for tier in tiers}
    owed = [tier for tier in tiers if tier.promised and tier.handover != "nothing"]
    months = [month for tier in owed for month in (tier.estimated_delivery, tier.month_now)]
    axis = axis_over(months, today_in(campaign.cooperative))
    return Board(
        rows=[_row(tier, changes[tier.pk], this, axis) for tier in owed] if axis else [],
        axis=axis,
        history=_history(pairs, {tier.pk: tier for tier in tiers}),
        last_news_words=_last_news(campaign, last_published),
        next_news=next_news.awaited(notices, last_published, today_in(campaign.cooperative)),
        kept=Kept(tiers[0].kept_total, tiers[0].kept_in_time) if tiers else Kept(0, 0),
        updates=updates,
    )


def _told(campaign: Campaign) -> tuple[list[tuple[DelayNotice, int]], list[Update]]:
    """Each announced notice with each of its tiers, first to latest; and all published updates. One query."""
    ours, theirs = fields_of(Update), fields_of(DelayNotice)
    updates: dict[int, Update] = {}
    known: dict[int, DelayNotice] = {}
    pairs: list[tuple[DelayNotice, int]] = []
    for reward, *values in _TOLD(campaign.pk):
        update = row_of(Update, ours, values[: len(ours)])
        update = updates.setdefault(update.pk, update)
        put_beside(update, "campaign", campaign)
        put_beside(update, "cooperative", campaign.cooperative)
        if reward is not None:
            read = row_of(DelayNotice, theirs, values[len(ours) :])
            put_beside(read, "campaign", campaign)
            put_beside(read, "update", update)
            pairs.append((known.setdefault(read.pk, read), reward))
    return pairs, list(updates.values())


def _build_told(campaign_id: int) -> QuerySet[Any, Any]:
    rows = Update.objects.filter(campaign=campaign_id).order_by(
        "delay_notices__id", "delay_notices__rewards__position", "delay_notices__rewards__id"
    )
    theirs = (f"delay_notices__{name}" for name in fields_of(DelayNotice))
    return rows.values_list("delay_notices__rewards", *fields_of(Update), *theirs)


_TOLD = Ready(_build_told, prepared=True)


def _row(tier: Any, changes: int, this: date, axis: Axis) -> Row:
    is_late = tier.promised > tier.sent and tier.month_now < this
    return Row(tier, tier.month_now, changes, is_late, axis.track(tier.estimated_delivery, tier.month_now))


def _history(pairs: list[tuple[DelayNotice, int]], tiers: dict[int, Any]) -> list[Told]:
    """Latest first. The months before each notice follow from those that came before it."""
    told: dict[int, Told] = {}
    for notice, reward in pairs:
        entry = told.setdefault(notice.pk, Told(notice))
        earlier = [(one.pledged_before, tier, one.month) for one, tier in pairs if one.pk < notice.pk]
        old = months_before(notice, earlier).get(reward, tiers[reward].estimated_delivery)
        entry.moved.append(Moved(tiers[reward], old, notice.month))
    return list(reversed(told.values()))


def _last_news(campaign: Campaign, at: datetime | None) -> str:
    """In days of the cooperative's calendar."""
    if at is None:
        return ""
    zone = ZoneInfo(campaign.cooperative.time_zone)
    days = (clock.now().astimezone(zone).date() - at.astimezone(zone).date()).days
    if days <= 0:
        return gettext("Last update: today")
    if days == 1:
        return gettext("Last update: yesterday")
    return gettext("Last update: %(n)s days ago") % {"n": formats.number(days)}
