"""Where a contribution, its payment and its rewards stand, in words: one sentence of state, then what it means."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from home import clock, formats
from pledges import promises
from pledges.consent_texts import charge_date
from pledges.enums import CardState, FulfilmentState, PaymentState, PledgeState
from pledges.fulfilment import LEAVES, WAITING
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund
from pledges.models.pledges import is_late
from pledges.pledging import HOLD
from pledges.promises import Promised
from pledges.views import refund_standing
from pledges.views.item_answers import ItemAnswers, answers_of
from pledges.views.offline_standing import offline_words


@dataclass(frozen=True)
class Standing:
    """`lead` is the state; `meaning` what follows from it, which may be empty."""

    lead: str
    meaning: str = ""


@dataclass(frozen=True)
class ItemStanding:
    """One reward owed: its state, its months, and whether the latest of them has passed."""

    item: PledgeItem
    standing: Standing
    history: list[Promised]
    late: str
    answers: ItemAnswers

    @property
    def month(self) -> date:
        return self.history[-1].month

    @property
    def has_moved(self) -> bool:
        return len(self.history) > 1

    @property
    def arrival(self) -> str:
        """What closes the history, once it left; empty before."""
        return self.standing.lead if self.item.state in LEAVES else ""

    @property
    def announced(self) -> list[Promised]:
        """The months that came after the first promise."""
        return self.history[1:]


def standing_of(pledge: Pledge, payment: Payment | None) -> Standing:
    """The sentence that opens the page."""
    if words := offline_words(pledge, payment):
        return Standing(*words)
    if pledge.state == PledgeState.CONFIRMED:
        return _confirmed(pledge, payment)
    ended = {
        PledgeState.PENDING: _pending,
        PledgeState.LAPSED: _lapsed,
        PledgeState.CANCELLED: _cancelled,
        PledgeState.GOAL_MISSED: _goal_missed,
        PledgeState.DROPPED: _dropped,
    }
    return ended[PledgeState(pledge.state)](pledge)


def _pending(pledge: Pledge) -> Standing:
    held_until = formats.clock_time(pledge.created_at + HOLD, pledge.cooperative.time_zone)
    return Standing(
        gettext("Payment to complete"), gettext("Your rewards are held until %(time)s.") % {"time": held_until}
    )


def _lapsed(pledge: Pledge) -> Standing:
    return Standing(gettext("The time held for payment is over; nothing was charged."))


def _cancelled(pledge: Pledge) -> Standing:
    lead = gettext("Cancelled on %(date)s at your request") % {"date": _day(pledge.ended_at, pledge)}
    return Standing(lead, gettext("Nothing will be charged.") if pledge.campaign.is_all_or_nothing else "")


def _goal_missed(pledge: Pledge) -> Standing:
    return Standing(gettext("Goal not reached"), gettext("Nothing was charged; your card is no longer kept."))


def _dropped(pledge: Pledge) -> Standing:
    return Standing(
        gettext("Contribution not completed"),
        gettext("The payment could not be made within 7 days; nothing was charged."),
    )


def _confirmed(pledge: Pledge, payment: Payment | None) -> Standing:
    amount = formats.money(pledge.amount, pledge.currency)
    if payment is None:
        if pledge.campaign.is_over:
            return _in_progress(amount)
        if pledge.campaign.is_all_or_nothing and pledge.card_state == CardState.NONE:
            return Standing(
                gettext("Your card is no longer registered."),
                gettext("Another card is needed by %(deadline)s; nothing was charged.")
                % {"deadline": formats.deadline(pledge.campaign.deadline, pledge.cooperative.time_zone)},
            )
        words = gettext("%(amount)s will be charged on %(charge_date)s if the goal is reached.")
        values = {"amount": amount, "charge_date": charge_date(pledge.campaign)}
        return Standing(gettext("Pledge recorded"), words % values)
    if payment.state == PaymentState.PAID:
        return _paid(pledge, payment)
    if payment.state == PaymentState.DUE:
        return _in_progress(amount)
    return _to_mend(pledge, payment, amount)


def _in_progress(amount: str) -> Standing:
    return Standing(gettext("Charge in progress: %(amount)s") % {"amount": amount}, gettext("Nothing to do."))


def _paid(pledge: Pledge, payment: Payment) -> Standing:
    values = {"amount": formats.money(payment.amount, payment.currency), "date": _day(payment.paid_at, pledge)}
    if pledge.campaign.is_all_or_nothing:
        return Standing(gettext("Paid on %(date)s: %(amount)s") % values)
    return Standing(gettext("Contribution paid"), gettext("%(amount)s on %(date)s") % values)


def _to_mend(pledge: Pledge, payment: Payment, amount: str) -> Standing:
    if payment.state == PaymentState.DROPPED:
        return _dropped(pledge)
    ends = formats.deadline(pledge.campaign.settlement.grace_ends_at, pledge.cooperative.time_zone)
    if payment.state == PaymentState.ACTION:
        words = gettext("Confirmation needed: your bank asks for it by %(grace_end)s.")
        return Standing(words % {"grace_end": ends})
    return Standing(
        gettext("The payment of %(amount)s could not be made.") % {"amount": amount},
        gettext("Another card may be used until %(grace_end)s.") % {"grace_end": ends},
    )


def refund_words(pledge: Pledge, payment: Payment, refund: Refund) -> Standing | None:
    """One refund of the payment; None while the team has not decided, and where nothing moved."""
    words = refund_standing.words_of(pledge, payment, refund)
    return Standing(*words) if words else None


def dispute_words(dispute: Dispute) -> Standing:
    amount = formats.money(dispute.amount, dispute.currency, exact=True)
    return Standing(gettext("Dispute in progress with your bank: %(amount)s") % {"amount": amount})


def item_standing(item: PledgeItem, pledge: Pledge, left: int | None) -> ItemStanding:
    """`left`: see `answers_of`. Reads promises, acceptances and refund requests, which may be prefetched."""
    history = promises.history(item)
    month = history[-1].month
    answers = answers_of(item, pledge, history, left)
    if answers.is_given_up and item.state in WAITING:
        return ItemStanding(item, Standing(gettext("Will not be delivered")), history, "", answers)
    return ItemStanding(item, _item_words(item, pledge, month), history, _late_words(item, pledge, month), answers)


def _item_words(item: PledgeItem, pledge: Pledge, month: date) -> Standing:
    since = _day(item.state_since, pledge) if item.state_since else ""
    expected = gettext("Expected in %(month)s") % {"month": formats.month(month)}
    if item.state == FulfilmentState.NOT_STARTED:
        return Standing(gettext("To come"), expected)
    if item.state == FulfilmentState.IN_PRODUCTION:
        return Standing(gettext("Being made"), expected)
    if item.state == FulfilmentState.READY:
        place = gettext("To pick up: %(place)s") % {"place": pledge.cooperative.address_line}
        return Standing(gettext("Ready"), place)
    if item.state == FulfilmentState.SENT:
        return Standing(_sent_words(item, since))
    if item.state == FulfilmentState.DELIVERED:
        return Standing(gettext("Delivered on %(date)s") % {"date": since})
    if item.state == FulfilmentState.RETURNED:
        again = gettext("Check your address: we will send it again.")
        return Standing(gettext("Returned to sender on %(date)s") % {"date": since}, again)
    return Standing(gettext("Nothing to deliver"), gettext("Thank you for your support!"))


def _sent_words(item: PledgeItem, since: str) -> str:
    if item.carrier:
        return gettext("Sent on %(date)s by %(carrier)s") % {"date": since, "carrier": item.carrier}
    return gettext("Sent on %(date)s") % {"date": since}


def _late_words(item: PledgeItem, pledge: Pledge, month: date) -> str:
    owed = item.state in (FulfilmentState.NOT_STARTED, FulfilmentState.IN_PRODUCTION)
    today = clock.now().astimezone(ZoneInfo(pledge.cooperative.time_zone)).date()
    if not owed or not is_late(month, today):
        return ""
    words = gettext("The expected month, %(month)s, has passed. We have not announced a new date yet.")
    return words % {"month": formats.month(month)}


def _day(instant: datetime | None, pledge: Pledge) -> str:
    return formats.local_day(instant, pledge.cooperative.time_zone) if instant else ""
