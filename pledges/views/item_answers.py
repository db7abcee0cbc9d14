"""What a backer may answer about one reward, and where their request for a refund stands, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext

from home import formats
from pledges import accepting, refund_requests
from pledges.enums import RequestState
from pledges.models import Pledge, PledgeItem, RefundRequest
from pledges.promises import Promised
from pledges.views.refund_standing import granted_words


@dataclass(frozen=True)
class ItemAnswers:
    """`question` is what opens a new date (empty: nothing is asked); `accepted`, what was answered to the latest.

    `request_lead` and `request_meaning`: where the latest request for a refund stands.
    """

    question: str = ""
    was: str = ""
    promise_id: int | None = None
    accepted: str = ""
    request_lead: str = ""
    request_meaning: str = ""
    open_request: RefundRequest | None = None
    may_ask_refund: bool = False
    is_given_up: bool = False


def answers_of(item: PledgeItem, pledge: Pledge, told: list[Promised], left: int | None) -> ItemAnswers:
    """`left`: what of the pledge may still go back (refund_requests.left_of). Reads what own pages prefetch."""
    latest = told[-1]
    asks = accepting.asks(item)
    lead, meaning = _request_words(item, pledge)
    return ItemAnswers(
        question=gettext("New date: %(month)s") % {"month": formats.month(latest.month)} if asks else "",
        was=_was(item, told) if asks else "",
        promise_id=latest.promise_id,
        accepted=_accepted_words(latest, pledge),
        request_lead=lead,
        request_meaning=meaning,
        open_request=refund_requests.open_request(item),
        may_ask_refund=refund_requests.refusal_of(item, left) is None,
        is_given_up=refund_requests.is_given_up(item),
    )


def _was(item: PledgeItem, told: list[Promised]) -> str:
    words = gettext("“%(reward)s” was expected in %(old_month)s.")
    return words % {"reward": item.title, "old_month": formats.month(told[-2].month)}


def _accepted_words(latest: Promised, pledge: Pledge) -> str:
    if latest.accepted_at is None:
        return ""
    words = gettext("You accepted %(month)s on %(date)s. If the date changes again, we will ask you again.")
    day = formats.local_day(latest.accepted_at, pledge.cooperative.time_zone)
    return words % {"month": formats.month(latest.month), "date": day}


def _request_words(item: PledgeItem, pledge: Pledge) -> tuple[str, str]:
    request = max(item.refund_requests.all(), key=lambda one: one.pk, default=None)
    if request is None or request.state == RequestState.WITHDRAWN:
        return "", ""
    zone = pledge.cooperative.time_zone
    if request.state == RequestState.ASKED:
        return (
            gettext("Refund requested on %(date)s") % {"date": formats.local_day(request.asked_at, zone)},
            gettext("You will have an answer by %(answer_date)s.") % {"answer_date": formats.day(request.answer_by)},
        )
    if request.state == RequestState.GRANTED:
        lead, meaning = granted_words(pledge, request)
        return lead, "\n".join(words for words in (meaning, request.answer) if words)
    words = gettext("You may reply to us at %(contact_email)s. Your rights under the law remain.")
    reply = words % {"contact_email": pledge.cooperative.contact_email}
    return _declined_lead(request, zone), f"{request.answer}\n{reply}"


def _declined_lead(request: RefundRequest, zone: str) -> str:
    """Not granted; or granted, and then not possible."""
    day = formats.local_day(request.answered_at, zone) if request.answered_at else ""
    if request.refund is None:
        return gettext("Refund not granted on %(date)s") % {"date": day}
    amount = formats.money(request.refund.amount, request.currency, exact=True)
    words = gettext("The refund of %(amount)s that was granted to you could not be made; answered on %(date)s")
    return words % {"amount": amount, "date": day}
