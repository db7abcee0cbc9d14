"""What an editor is shown before sending or announcing: who gets it, who does not and why, and what will happen."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Reward
from home import formats
from home.languages import ENGLISH, FRENCH
from home.models import Backer
from pledges.enums import FulfilmentState
from pledges.promises import annotate_tier_month
from updates import audience
from updates.announcing import problem_in, today
from updates.audience import UNPAID, Audience, Counts, StateCount, Why
from updates.enums import MailingKind
from updates.models import Update
from updates.sending import Refusal, pending_changes
from updates.texts import UpdateTexts, lacks_french, texts_of

REFUSALS = {
    Refusal.NOT_LIVE: gettext_lazy("This update is not online. Publish it first."),
    Refusal.MOVED: gettext_lazy("This update was moved to another campaign. Write a new one there."),
    Refusal.FRENCH_MISSING: gettext_lazy("The French text is missing; add it before sending."),
    Refusal.TEXT_MISSING: gettext_lazy("One of the two texts is missing. Nothing was sent."),
    Refusal.NO_ONE: gettext_lazy("No one will get this email."),
    Refusal.NO_NOTICE: gettext_lazy("This update holds no delay notice."),
    Refusal.ANNOUNCED: gettext_lazy("This notice is announced already. Another one, in a new update, corrects it."),
    Refusal.FOREIGN_TIER: gettext_lazy("The notice names a reward twice, or one that is not of this campaign."),
    Refusal.NOT_YET: gettext_lazy(
        "The notice is about contributions made before a day that has not come yet. Change it and publish again."
    ),
    Refusal.PAST: gettext_lazy("The notice names a month or a day that has passed. Change it and publish again."),
    Refusal.TIME_PAST: gettext_lazy("This moment has passed. Choose a later one."),
    Refusal.TIME_FAR: gettext_lazy("This moment is more than a year away. Choose a closer one."),
    Refusal.OWED: gettext_lazy("This email is about what people are owed: it may be paused, but not cancelled."),
    Refusal.STARTED: gettext_lazy("This mailing has begun to leave. Pause it, or cancel what has not left."),
    Refusal.ENDED: gettext_lazy("Nothing of this mailing is left to send."),
}


@dataclass(frozen=True)
class TierMove:
    """One tier of a notice: first month, months until now of those concerned, new month."""

    reward: Reward
    first: date
    old: tuple[date, ...]
    new: date

    @property
    def old_words(self) -> str:
        """More than one month where some were promised another one than others."""
        return ", ".join(formats.month(month) for month in self.old)


@dataclass(frozen=True)
class Offer:
    """One thing that can be done with an update: send its news, or announce its notice."""

    update: Update
    texts: UpdateTexts
    kind: MailingKind
    changes: list[audience.Change]

    @property
    def is_delay(self) -> bool:
        return self.kind == MailingKind.DELAY

    @cached_property
    def counts(self) -> Counts:
        return audience.counts_of(self.update, self.kind, self.changes)

    @cached_property
    def audience(self) -> Audience:
        return audience.audience_of(self.update, self.kind, self.changes, self.counts)

    @property
    def missing(self) -> list[str]:
        return self.texts.missing_for_notices if self.is_delay else self.texts.missing_for_news

    @cached_property
    def obstacle(self) -> str:
        """Why the button is not there; empty if it is."""
        if self.texts.source is None:
            return str(REFUSALS[Refusal.NOT_LIVE])
        if lacks_french(self.missing, self.update):
            return str(REFUSALS[Refusal.FRENCH_MISSING])
        if self.is_delay and (problem := problem_in(self.texts, today(self.update))):
            return str(REFUSALS[problem])
        if not self.is_delay and not self.counts.total:
            return str(REFUSALS[Refusal.NO_ONE])
        return ""

    @property
    def lacking_line(self) -> str:
        """Whose text is missing, if a choice is to be made; empty if not."""
        if not self.missing or self.obstacle:
            return ""
        if ENGLISH in self.missing:
            count = self.counts.by_language[ENGLISH]
            return ngettext(
                "The English text is missing for %(n)s person.", "The English text is missing for %(n)s people.", count
            ) % {"n": formats.number(count)}
        count = self.counts.by_language[FRENCH]
        return ngettext(
            "The French text is missing for %(n)s person.", "The French text is missing for %(n)s people.", count
        ) % {"n": formats.number(count)}

    @property
    def waiting_line(self) -> str:
        """How many of those who get it wait for their text, unless the other one is chosen; empty where none do."""
        count = 0 if self.obstacle else sum(self.counts.by_language[language] for language in self.missing)
        if not count:
            return ""
        words = ngettext(
            "%(n)s of them waits for the text in their language, unless you choose otherwise below.",
            "%(n)s of them wait for the text in their language, unless you choose otherwise below.",
            count,
        )
        return words % {"n": formats.number(count)}

    @property
    def states(self) -> list[tuple[str, StateCount]]:
        """What the rewards of those who get it have come to."""
        words = {UNPAID: _("Not paid yet"), "": _("No reward")}
        return [(words.get(one.state) or str(FulfilmentState(one.state).label), one) for one in self.audience.states]

    @property
    def send_other_label(self) -> str:
        if ENGLISH in self.missing:
            return _("Send them the French text with a note")
        return _("Send them the English text with a note")

    @property
    def total_line(self) -> str:
        total = self.counts.total
        if not total:
            return _("No one will get this email.")
        said = {
            "n": formats.number(total),
            "fr": formats.number(self.counts.by_language[FRENCH]),
            "en": formats.number(self.counts.by_language[ENGLISH]),
        }
        return (
            ngettext(
                "%(n)s person will get it.", "%(n)s people will get it: %(fr)s in French, %(en)s in English.", total
            )
            % said
        )

    @property
    def left_out_lines(self) -> list[str]:
        return [left_out_line(why, count) for why, count in self.counts.left_out.items()]

    @property
    def left_out_total(self) -> str:
        count = self.counts.total_left_out
        return ngettext("%(n)s person will not get it", "%(n)s people will not get it", count) % {
            "n": formats.number(count)
        }

    @property
    def has_dead_addresses(self) -> bool:
        """Their promise changes with the others', and no mail can tell them."""
        return self.is_delay and Why.ADDRESS in self.counts.left_out

    @property
    def button(self) -> str:
        count = self.counts.total
        if self.is_delay:
            label = ngettext("Announce the new date to %(n)s person", "Announce the new date to %(n)s people", count)
        else:
            label = ngettext("Send to %(n)s person", "Send to %(n)s people", count)
        return label % {"n": formats.number(count)}

    @property
    def samples(self) -> list[Backer]:
        """One reader of each language, as far as there is one."""
        return [some[0] for some in self.audience.samples.values() if some]

    @property
    def names(self) -> str:
        return ", ".join(reader.name for some in self.audience.samples.values() for reader in some)

    @cached_property
    def moves(self) -> list[TierMove]:
        rewards = [reward.pk for change in self.changes for reward in change.rewards]
        months = dict(annotate_tier_month(Reward.objects.filter(pk__in=rewards)).values_list("pk", "month_now"))
        items: Any = audience.concerned_items(self.update.campaign, self.changes)
        theirs: dict[int, list[date]] = {}
        for reward_id, month_now in items.order_by("month_now").values_list("reward_id", "month_now").distinct():
            theirs.setdefault(reward_id, []).append(month_now)
        return [
            TierMove(reward, reward.estimated_delivery, tuple(theirs.get(reward.pk, [months[reward.pk]])), change.month)
            for change in self.changes
            for reward in change.rewards
        ]

    @property
    def limits(self) -> list[str]:
        """Of a notice that concerns some contributions only: which."""
        return [
            _("Only contributions made before %(day)s: %(rewards)s")
            % {
                "day": formats.day(notice.pledged_before),
                "rewards": ", ".join(
                    _("“%(reward)s”") % {"reward": self.texts.rewards[tier].title}
                    for tier in notice.tiers
                    if tier in self.texts.rewards
                ),
            }
            for notice in self.texts.notices
            if self.is_delay and notice.pledged_before
        ]

    @property
    def promise_lines(self) -> list[str]:
        return [
            _("promise %(month)s for “%(reward)s” (until now: %(old_month)s)")
            % {"month": formats.month(one.new), "reward": one.reward.title, "old_month": one.old_words}
            for one in self.moves
        ]

    @property
    def write_line(self) -> str:
        count = self.counts.total
        return ngettext(
            "write to %(n)s person, %(en)s of them in English",
            "write to %(n)s people, %(en)s of them in English",
            count,
        ) % {"n": formats.number(count), "en": formats.number(self.counts.by_language[ENGLISH])}


def left_out_line(why: Why, count: int) -> str:
    return _left_out(count)[why] % {"n": formats.number(count)}


def _left_out(count: int) -> dict[Why, str]:
    return {
        Why.TOLD: ngettext("%(n)s person got this update before", "%(n)s people got this update before", count),
        Why.CONCERNED: ngettext(
            "%(n)s person gets the delay notice instead", "%(n)s people get the delay notice instead", count
        ),
        Why.NOT_CONCERNED: ngettext(
            "%(n)s person has another reward, has it already, or has none",
            "%(n)s people have another reward, have it already, or have none",
            count,
        ),
        Why.OTHER_TIER: ngettext(
            "%(n)s person has none of the rewards this update is for",
            "%(n)s people have none of the rewards this update is for",
            count,
        ),
        Why.NO_CONTRIBUTION: ngettext(
            "%(n)s person follows without a contribution, and this update is for backers",
            "%(n)s people follow without a contribution, and this update is for backers",
            count,
        ),
        Why.NEVER_ASKED: ngettext("%(n)s person did not ask for news", "%(n)s people did not ask for news", count),
        Why.UNSUBSCRIBED: ngettext("%(n)s person unsubscribed", "%(n)s people unsubscribed", count),
        Why.COMPLAINED: ngettext(
            "%(n)s person reported our emails as unwanted", "%(n)s people reported our emails as unwanted", count
        ),
        Why.ADDRESS: ngettext(
            "%(n)s person has an email address to correct", "%(n)s people have an email address to correct", count
        ),
        Why.REFUNDED: ngettext("%(n)s person was refunded", "%(n)s people were refunded", count),
        Why.ENDED: ngettext(
            "%(n)s person cancelled, or did not complete the contribution",
            "%(n)s people cancelled, or did not complete the contribution",
            count,
        ),
    }


def reason_words() -> dict[Why, str]:
    """Why one person gets nothing, or not yet."""
    return {
        Why.TOLD: _("Got this update before"),
        Why.CONCERNED: _("Gets the delay notice instead"),
        Why.NOT_CONCERNED: _("Has another reward, has it already, or has none"),
        Why.OTHER_TIER: _("Has none of the rewards this update is for"),
        Why.NO_CONTRIBUTION: _("Follows without a contribution, and this update is for backers"),
        Why.NEVER_ASKED: _("Did not ask for news"),
        Why.UNSUBSCRIBED: _("Unsubscribed"),
        Why.COMPLAINED: _("Reported our emails as unwanted"),
        Why.ADDRESS: _("Email address to correct"),
        Why.REFUNDED: _("Was refunded"),
        Why.ENDED: _("Cancelled, or did not complete the contribution"),
        Why.READS: _("Waits for the text in their language, unless you choose otherwise"),
    }


def offers_for(update: Update) -> list[Offer]:
    """The notice first, if it is still to be announced; then the news."""
    texts = texts_of(update)
    changes = pending_changes(texts)
    to_announce = bool(texts.notices) and not update.delay_notices.exists()
    kinds = [MailingKind.DELAY, MailingKind.NEWS] if to_announce else [MailingKind.NEWS]
    return [Offer(update, texts, kind, changes) for kind in kinds]
