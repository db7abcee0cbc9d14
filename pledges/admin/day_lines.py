"""What waits in this room, on « Ma journée »: the payment account, money to mend or give back, what backers report."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import groups
from campaigns.admin.access import TEAM
from home import formats
from home.admin_access import AdminRequest, has_role
from home.models import Cooperative, Role
from home.my_day import Line, Urgency, at_most, contributes
from pledges import accounts, refund_requests, unreachable
from pledges.admin.listing import WAITING, to_mend_count
from pledges.enums import DisputeState, RefundState
from pledges.fulfilment import today_in
from pledges.models import Dispute, Problem, Refund, RefundRequest
from pledges.nearly_gone import nearly_gone
from pledges.refunds import TREASURERS


def _local_day(instant: Any, cooperative: Cooperative) -> date:
    day: date = instant.astimezone(ZoneInfo(cooperative.time_zone)).date()
    return day


@contributes
def account(request: AdminRequest) -> Iterator[Line]:
    """To the whole team where payments stopped, or will unless Stripe is answered; to who may, where none began."""
    line = account_line(request.cooperative)
    if line and (line.urgency == Urgency.FIRST or has_role(request, *TREASURERS)):
        yield line


def account_line(cooperative: Cooperative) -> Line | None:
    """What is to settle about the payment account; None where all is well. One query."""
    url, action = reverse("pledges_account"), _("Open the payment account")
    state = accounts.state_of(cooperative)
    if cooperative.disconnected_at is not None or (state is not None and state.charges_lost_at is not None):
        return Line(Urgency.FIRST, _("Payments are paused: no contribution can be made."), url, action)
    if state is not None and state.due_by is not None and state.requirements:
        said = {
            "processor": settings.PAYMENT_PROCESSOR_NAME,
            "date": formats.deadline(state.due_by, cooperative.time_zone),
        }
        words = _("%(processor)s asks for information until %(date)s; payments stop without it.") % said
        return Line(Urgency.FIRST, words, url, action, on=_local_day(state.due_by, cooperative))
    if not cooperative.takes_payments:
        return Line(Urgency.CALM, _("The payment account cannot take payments yet."), url, action)
    return None


@contributes
def payments_to_mend(request: AdminRequest) -> Iterator[Line]:
    """Editors are told how many; treasurers see to them."""
    if not has_role(request, Role.EDITOR, *TREASURERS):
        return
    if n := to_mend_count(request.cooperative):
        words = ngettext(
            "%(n)s payment is waiting for its backer.", "%(n)s payments are waiting for their backers.", n
        ) % {"n": formats.number(n)}
        is_theirs = has_role(request, *TREASURERS)
        url = f"{reverse('pledges_contributions')}?payment={WAITING}" if is_theirs else ""
        yield Line(Urgency.WAITING, words, url, _("See these payments") if is_theirs else "")


@contributes
def refunds(request: AdminRequest) -> Iterator[Line]:
    if has_role(request, *TREASURERS):
        yield from _requests(request.cooperative)
        yield from _second_person(request)
        yield from _disputes(request.cooperative)


def _requests(cooperative: Cooperative) -> Iterator[Line]:
    asked = RefundRequest.objects.filter(refund_requests.TO_ANSWER, cooperative=cooperative)
    found = asked.aggregate(n=Count("pk"), first=Min("answer_by"))
    url, action = reverse("pledges_refund_requests"), _("Decide")
    if n := found["n"]:
        words = ngettext(
            "%(n)s refund to decide, by %(date)s.", "%(n)s refunds to decide, the first by %(date)s.", n
        ) % {"n": formats.number(n), "date": formats.day(found["first"])}
        overdue = found["first"] < today_in(cooperative)
        yield Line(Urgency.LATE if overdue else Urgency.WAITING, words, url, action, on=found["first"])
    if n := refund_requests.unpaid(cooperative).count():
        words = ngettext(
            "%(n)s refund was granted and could not be paid.", "%(n)s refunds were granted and could not be paid.", n
        ) % {"n": formats.number(n)}
        yield Line(Urgency.LATE, words, url, action)


def _second_person(request: AdminRequest) -> Iterator[Line]:
    """Not to who asked for it: someone else approves."""
    waiting = Refund.objects.filter(cooperative=request.cooperative, state=RefundState.TO_APPROVE)
    if n := waiting.exclude(asked_by=request.user).count():
        words = ngettext("%(n)s refund waits for a second person.", "%(n)s refunds wait for a second person.", n)
        yield Line(
            Urgency.WAITING, words % {"n": formats.number(n)}, reverse("pledges_refunds"), _("Approve or decline")
        )


def _disputes(cooperative: Cooperative) -> Iterator[Line]:
    contested = Dispute.objects.filter(cooperative=cooperative, state__in=[DisputeState.INQUIRY, DisputeState.OPEN])
    found = contested.aggregate(n=Count("pk"), first=Min("answer_by"))
    if n := found["n"]:
        words = ngettext("%(n)s payment is contested at its bank.", "%(n)s payments are contested at their banks.", n)
        said, day = words % {"n": formats.number(n)}, None
        if found["first"]:
            day = _local_day(found["first"], cooperative)
            words = ngettext(
                "%(n)s payment is contested at its bank: an answer is due by %(date)s.",
                "%(n)s payments are contested at their banks: the first answer is due by %(date)s.",
                n,
            )
            said = words % {"n": formats.number(n), "date": formats.day(day)}
        yield Line(Urgency.FIRST, said, reverse("pledges_refunds"), _("See disputes"), on=day)


@contributes
def problems(request: AdminRequest) -> Iterator[Line]:
    if not has_role(request, *TEAM):
        return
    cooperative = request.cooperative
    found = Problem.objects.filter(cooperative=cooperative, answered_at=None).aggregate(
        n=Count("pk"), first=Min("reported_at")
    )
    if n := found["n"]:
        said = {"n": formats.number(n), "date": formats.local_day(found["first"], cooperative.time_zone)}
        words = ngettext(
            "%(n)s problem reported on %(date)s awaits an answer.",
            "%(n)s problems reported since %(date)s await an answer.",
            n,
        )
        day = _local_day(found["first"], cooperative)
        yield Line(Urgency.WAITING, words % said, reverse("pledges_problems"), _("Answer"), on=day)


@contributes
def addresses(request: AdminRequest) -> Iterator[Line]:
    if has_role(request, *TEAM) and (n := unreachable.backers_of(request.cooperative).count()):
        words = ngettext("%(n)s email address is to be corrected.", "%(n)s email addresses are to be corrected.", n)
        yield Line(Urgency.NEAR, words % {"n": formats.number(n)}, reverse("pledges_unreachable"), _("See the list"))


@contributes
def tiers(request: AdminRequest) -> Iterator[Line]:
    """Nearly gone; another one may be added on the page."""
    if not has_role(request, *TEAM):
        return
    few = list(nearly_gone(request.cooperative).select_related("reward__campaign").order_by("left_now", "pk"))
    pages = groups.page_ids({stock.reward.campaign for stock in few}) if few else {}
    lines = []
    for stock in few:
        words = ngettext(
            "“%(reward)s” (%(campaign)s): %(n)s left.", "“%(reward)s” (%(campaign)s): %(n)s left.", stock.left_now
        ) % {
            "reward": stock.reward.title,
            "campaign": stock.reward.campaign.title,
            "n": formats.number(stock.left_now),
        }
        page = pages.get(stock.reward.campaign_id)
        url = reverse("wagtailadmin_pages:edit", args=[page]) if page else ""
        lines.append(Line(Urgency.NEAR, words, url, _("Edit the rewards") if page else ""))
    yield from at_most(lines, reverse("campaigns_index"), _("See the campaigns"))
