"""Who gets an update, and why. The same reading counts, samples and freezes, so that what is shown is what is sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from campaigns.models import Campaign, Reward
from home.backing import BOUNCED
from home.languages import LANGUAGES
from home.models import Backer, MailState, NewsConsent, OutgoingMail, Suppression
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.gone_back import given_up, gone_back
from pledges.models import Payment, Pledge, PledgeItem
from pledges.promises import annotate_current_month
from updates.enums import Audience as ReadBy
from updates.enums import MailingKind
from updates.models import Update
from updates.texts import UpdateTexts

CHUNK = 500
SAMPLES = 3

NEWS_MAIL = "update_published"
THANKS_MAIL = "thanks"
DELAY_MAIL = "delay_announced"

#: Never were contributions.
UNFINISHED = [PledgeState.PENDING, PledgeState.LAPSED]

#: Nothing is owed any more.
SETTLED = [FulfilmentState.SENT, FulfilmentState.DELIVERED, FulfilmentState.NOT_APPLICABLE]


class Why(StrEnum):
    """Why someone gets the mail (READS), or the first reason why not."""

    READS = "reads"
    TOLD = "told"
    CONCERNED = "concerned"
    NOT_CONCERNED = "not_concerned"
    OTHER_TIER = "other_tier"
    NO_CONTRIBUTION = "no_contribution"
    NEVER_ASKED = "never_asked"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    ADDRESS = "address"
    REFUNDED = "refunded"
    ENDED = "ended"


#: Where the reward of someone stands whose contribution is not paid (yet).
UNPAID = "unpaid"


@dataclass(frozen=True)
class Change:
    """New month for some tiers; `before`: for contributions confirmed before that instant only."""

    rewards: tuple[Reward, ...]
    month: date
    before: datetime | None = None

    @property
    def concerned(self) -> Q:
        """Items that it moves."""
        moved = Q(reward__in=self.rewards) & ~Q(month_now=self.month)
        return moved & Q(pledge__confirmed_at__lt=self.before) if self.before else moved


@dataclass(frozen=True)
class TierCount:
    """How many of a tier get it, by language. No reward: a contribution without one."""

    reward: Reward | None
    by_language: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_language.values())


@dataclass(frozen=True)
class StateCount:
    """How many get it whose reward stands so, by language: a FulfilmentState, UNPAID; empty: without a reward."""

    state: str
    by_language: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_language.values())


@dataclass(frozen=True)
class Counts:
    """How many get it, by language, and how many do not, by reason."""

    by_language: dict[str, int]
    left_out: dict[Why, int]

    @property
    def total(self) -> int:
        return sum(self.by_language.values())

    @property
    def total_left_out(self) -> int:
        return sum(self.left_out.values())


@dataclass(frozen=True)
class Audience(Counts):
    """What an editor sees before sending."""

    tiers: list[TierCount] = field(default_factory=list)
    states: list[StateCount] = field(default_factory=list)
    samples: dict[str, list[Backer]] = field(default_factory=dict)


def contributing(campaign: Campaign) -> QuerySet[Pledge]:
    """Confirmed, and not refunded whole."""
    standing = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
    return standing.exclude(pk__in=gone_back().filter(campaign=campaign))


def changes_in(texts: UpdateTexts) -> list[Change]:
    """What the update's notices would change."""
    zone = texts.update.cooperative.time_zone
    found = [
        Change(
            tuple(texts.rewards[tier] for tier in notice.tiers if tier in texts.rewards),
            notice.month,
            _start_of(notice.pledged_before, zone) if notice.pledged_before else None,
        )
        for notice in texts.notices
    ]
    return [change for change in found if change.rewards]


def _start_of(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def concerned_items(campaign: Campaign, changes: list[Change]) -> QuerySet[Any]:
    """Items still owed whose month a change would move; `month_now` is their month until then."""
    if not changes:
        return PledgeItem.objects.none()
    moved = Q(pk__in=[])
    for change in changes:
        moved |= change.concerned
    owed = PledgeItem.objects.filter(pledge__in=contributing(campaign), quantity__gt=0).exclude(state__in=SETTLED)
    return annotate_current_month(owed.filter(~given_up())).filter(moved)


def people(update: Update, kind: MailingKind, changes: list[Change]) -> QuerySet[Any]:
    """Backers: everyone who ever contributed to the campaign, with `why` they get this mailing or not.

    News also knows who asked for it without contributing, from an address that said so itself.
    Each reason is a set read once, not a question asked of each backer, which would be quadratic.
    """
    contributed = Q(
        pk__in=Pledge.objects.filter(campaign=update.campaign).exclude(state__in=UNFINISHED).values("backer_id")
    )
    if kind == MailingKind.NEWS:
        return Backer.objects.filter(contributed | _follows(update)).annotate(why=_news_case(update, changes))
    return Backer.objects.filter(contributed).annotate(why=_delay_case(update, changes))


def readers(update: Update, kind: MailingKind, changes: list[Change]) -> QuerySet[Any]:
    return people(update, kind, changes).filter(why=Why.READS)


def _news_case(update: Update, changes: list[Change]) -> Case:
    consents = NewsConsent.objects.filter(topic=update.campaign.translation_key)
    standing = consents.filter(withdrawn_at=None)
    concerned = Q(pk__in=_concerned(update, changes)) | Q(pk__in=_told(update, DELAY_MAIL))
    gone = ~Q(pk__in=_contributors(update)) & ~_follows(update)
    return _first_reason(
        (gone & Q(pk__in=_refunded(update)), Why.REFUNDED),
        (gone, Why.ENDED),
        (Q(pk__in=_told(update, NEWS_MAIL, THANKS_MAIL)), Why.TOLD),
        (_outside_tiers(update), Why.OTHER_TIER),
        (_outside_backers(update), Why.NO_CONTRIBUTION),
        (concerned, Why.CONCERNED),
        (~Q(pk__in=consents.values("backer_id")), Why.NEVER_ASKED),
        (~Q(pk__in=standing.values("backer_id")), Why.UNSUBSCRIBED),
        (_unreachable(update), Why.ADDRESS),
        (Q(email_key__in=_suppressed(update)), Why.COMPLAINED),
    )


def _outside_tiers(update: Update) -> Q:
    """Of an update for the backers of some tiers, the others; of any other update, nobody."""
    if update.audience != ReadBy.TIERS:
        return Q(pk__in=[])
    items = PledgeItem.objects.filter(pledge__in=contributing(update.campaign), quantity__gt=0)
    return ~Q(pk__in=items.filter(reward__in=update.tiers.all()).values("pledge__backer_id"))


def _outside_backers(update: Update) -> Q:
    """Of an update for backers alone, who only follows the campaign: its mail holds what the page keeps from them."""
    if update.audience != ReadBy.BACKERS or update.is_open:
        return Q(pk__in=[])
    return ~Q(pk__in=_contributors(update))


def _delay_case(update: Update, changes: list[Change]) -> Case:
    gone, not_concerned = ~Q(pk__in=_contributors(update)), ~Q(pk__in=_concerned(update, changes))
    return _first_reason(
        (gone & Q(pk__in=_refunded(update)), Why.REFUNDED),
        (gone, Why.ENDED),
        (Q(pk__in=_told(update, DELAY_MAIL)), Why.TOLD),
        (not_concerned & Q(pk__in=_given_up(update, changes)), Why.REFUNDED),
        (not_concerned, Why.NOT_CONCERNED),
        (_unreachable(update), Why.ADDRESS),
    )


def _first_reason(*reasons: tuple[Q, Why]) -> Case:
    whens = [When(condition, then=Value(why.value)) for condition, why in reasons]
    return Case(*whens, default=Value(Why.READS.value), output_field=CharField())


def _follows(update: Update) -> Q:
    """Wants the news whatever becomes of a contribution: confirmed by a link mailed to the address."""
    confirmed = NewsConsent.objects.filter(topic=update.campaign.translation_key).exclude(confirmed_at=None)
    return Q(pk__in=confirmed.values("backer_id"))


def _contributors(update: Update) -> QuerySet[Any]:
    return contributing(update.campaign).values("backer_id")


def _refunded(update: Update) -> QuerySet[Any]:
    """Whose contribution stands, and went back to them whole."""
    standing = Pledge.objects.filter(campaign=update.campaign, state=PledgeState.CONFIRMED)
    return standing.filter(pk__in=gone_back().filter(campaign=update.campaign)).values("backer_id")


def _given_up(update: Update, changes: list[Change]) -> QuerySet[Any]:
    """Who asked for the price of a reward that a notice is about, and was granted it."""
    tiers = [reward.pk for change in changes for reward in change.rewards]
    items = PledgeItem.objects.filter(given_up(), pledge__in=contributing(update.campaign))
    return items.filter(reward__in=tiers, quantity__gt=0).values("pledge__backer_id")


def _unreachable(update: Update) -> Q:
    return Q(email="") | Q(email_key__in=_suppressed(update).filter(reason=BOUNCED))


def _concerned(update: Update, changes: list[Change]) -> QuerySet[Any]:
    return concerned_items(update.campaign, changes).order_by().values("pledge__backer_id")


def _told(update: Update, *kinds: str) -> QuerySet[Any]:
    """Who was written to, or will be; not whose mail was cancelled before it left."""
    mails = OutgoingMail.objects.filter(kind__in=kinds, subject_key=update.key, backer__isnull=False)
    return mails.exclude(state=MailState.CANCELLED).values("backer_id")


def _suppressed(update: Update) -> QuerySet[Any]:
    return Suppression.objects.filter(cooperative=update.cooperative_id).values("email_key")


def in_chunks(backers: QuerySet[Any]) -> Iterator[list[Any]]:
    """In ascending id, some at a time. Who they are, and `why`, is asked once: a chunk costs what it holds, and not the
    whole list again; rows written meanwhile change nothing ahead. Of each an id and a word are held in memory.
    """
    reasons = dict(backers.order_by("pk").values_list("pk", "why"))
    ids = list(reasons)
    for start in range(0, len(ids), CHUNK):
        some = list(Backer.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("pk"))
        for backer in some:
            backer.why = reasons[backer.pk]  # type: ignore[attr-defined]
        yield some


def counts_of(update: Update, kind: MailingKind, changes: list[Change]) -> Counts:
    """One query, over all who may be concerned."""
    counts = people(update, kind, changes).order_by().values("why", "language").annotate(n=Count("pk"))
    by_language, left_out = dict.fromkeys(LANGUAGES, 0), dict.fromkeys(Why, 0)
    for row in counts:
        if row["why"] == Why.READS:
            by_language[row["language"]] += row["n"]
        else:
            left_out[Why(row["why"])] += row["n"]
    return Counts(by_language, {why: n for why, n in left_out.items() if n})


def audience_of(update: Update, kind: MailingKind, changes: list[Change], counts: Counts | None = None) -> Audience:
    """Counts, tiers and samples, in a number of queries that does not depend on how many people there are.

    Each of them looks at all who may be concerned, so what is known to be nobody is not asked; `counts` may be given.
    """
    found = counts or counts_of(update, kind, changes)
    samples = {language: _samples(update, kind, changes, language) if n else [] for language, n in _both(found)}
    if not found.total:
        return Audience(found.by_language, found.left_out, samples=samples)
    without = _without_reward(update, changes) if kind == MailingKind.NEWS else {}
    return Audience(
        found.by_language,
        found.left_out,
        tiers=_tiers(update, kind, changes, without),
        states=_states(update, kind, changes, without),
        samples=samples,
    )


def _both(counts: Counts) -> list[tuple[str, int]]:
    return [(language, counts.by_language[language]) for language in LANGUAGES]


def _samples(update: Update, kind: MailingKind, changes: list[Change], language: str) -> list[Backer]:
    return list(readers(update, kind, changes).filter(language=language).order_by("pk")[:SAMPLES])


def _tiers(update: Update, kind: MailingKind, changes: list[Change], without: dict[str, int]) -> list[TierCount]:
    counts: dict[int | None, dict[str, int]] = {}
    rows = _their_items(update, kind, changes).values("reward_id", "pledge__backer__language")
    for row in rows.annotate(n=Count("pledge__backer", distinct=True)):
        counts.setdefault(row["reward_id"], {})[row["pledge__backer__language"]] = row["n"]
    counts[None] = without
    rewards = [reward for reward in update.campaign.rewards.all() if reward.pk in counts]
    found = [TierCount(reward, counts[reward.pk]) for reward in rewards]
    return found + ([TierCount(None, counts[None])] if counts.get(None) else [])


def _their_items(update: Update, kind: MailingKind, changes: list[Change]) -> QuerySet[Any]:
    """What those who get it have, or of a delay what it moves."""
    items = concerned_items(update.campaign, changes) if kind == MailingKind.DELAY else _standing_items(update.campaign)
    return items.filter(pledge__backer__in=readers(update, kind, changes).values("pk")).order_by()


def _standing_items(campaign: Campaign) -> QuerySet[PledgeItem]:
    return PledgeItem.objects.filter(pledge__in=contributing(campaign), quantity__gt=0)


def _states(update: Update, kind: MailingKind, changes: list[Change], without: dict[str, int]) -> list[StateCount]:
    """By where their rewards stand, in the order in which a reward goes through its states."""
    paid = Payment.objects.filter(state=PaymentState.PAID, part=0).values("pledge_id")
    stands = Case(When(pledge__in=paid, then=F("state")), default=Value(UNPAID), output_field=CharField())
    counts: dict[str, dict[str, int]] = {}
    rows = _their_items(update, kind, changes).annotate(stands=stands).values("stands", "pledge__backer__language")
    for row in rows.annotate(n=Count("pledge__backer", distinct=True)):
        counts.setdefault(row["stands"], {})[row["pledge__backer__language"]] = row["n"]
    counts[""] = without
    return [StateCount(state, counts[state]) for state in (UNPAID, *FulfilmentState, "") if counts.get(state)]


def _without_reward(update: Update, changes: list[Change]) -> dict[str, int]:
    """How many get the news and have chosen no reward, by language."""
    reading = readers(update, MailingKind.NEWS, changes).values("pk")
    with_reward = _standing_items(update.campaign).values("pledge__backer_id")
    rows = (
        Backer.objects.filter(pk__in=reading)
        .exclude(pk__in=with_reward)
        .order_by()
        .values("language")
        .annotate(n=Count("pk"))
    )
    return {row["language"]: row["n"] for row in rows}
