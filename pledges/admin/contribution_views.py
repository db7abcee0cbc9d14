"""Contributions: the list, and one with all that happened to it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.long_lists import part_of
from home.models import Role
from pledges import address_locks, survey_answers
from pledges.admin.forms import ContributionsFilter
from pledges.admin.fulfilment_views import ROLES as FULFILS
from pledges.admin.fulfilment_views import steps_of
from pledges.admin.listing import contributions_of, histories, mails_about
from pledges.admin.offline_views import acts_on
from pledges.change_plans import changes_of
from pledges.change_words import new_lines, old_lines
from pledges.disputes import reason_words
from pledges.enums import PaymentState, PledgeState
from pledges.models import Dispute, FraudWarning, Pledge, Refund
from pledges.own_settings import address_of
from pledges.refund_decisions import obstacle_of

ROLES = (Role.EDITOR, Role.TREASURER, Role.OWNER)
ICON = "group"


@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    form = ContributionsFilter(request.GET or None, cooperative=request.cooperative)
    form.is_valid()
    return TemplateResponse(
        request,
        "pledges/admin/contributions.html",
        furniture(_("Contributions"), ICON)
        | part_of(request, contributions_of(request.cooperative, form.sought()))
        | {"filter": form, "may_see_unreachable": has_role(request, Role.EDITOR, Role.OWNER)},
    )


@requires(*ROLES)
def detail(request: AdminRequest, pledge_id: int) -> HttpResponse:
    pledges = Pledge.objects.filter(cooperative=request.cooperative).select_related("backer", "campaign")
    pledge = get_object_or_404(pledges, pk=pledge_id)
    payment, address = pledge.payment, address_of(pledge)
    items = survey_answers.with_choices(pledge.items.select_related("state_by", "variant").order_by("reward_id"))
    fulfils = has_role(request, *FULFILS)
    owed = (
        fulfils and pledge.state == PledgeState.CONFIRMED and payment is not None and payment.state == PaymentState.PAID
    )
    context = {
        "pledge": pledge,
        "items": [(item, history, steps_of(item) if owed else []) for item, history in histories(items)],
        "fulfils": fulfils and pledge.backer.erased_at is None,
        "payment": payment,
        "attempts": payment.attempts.order_by("number") if payment else [],
        "refunds": Refund.objects.filter(payment__pledge=pledge).order_by("pk"),
        "address": address,
        "address_locked_on": address_locks.locked_on(address) if address_locks.is_locked(address) else None,
        "changes": [(one, old_lines(one), new_lines(one)) for one in changes_of(pledge)],
        "parts": pledge.payments.exclude(part=0).order_by("part"),
        "mails": mails_about(pledge, items),
        "acts": acts_on(pledge, payment),
        "bounced": pledge.payments.filter(state=PaymentState.BOUNCED).select_related("bounced_by").order_by("part"),
        "may_settle": has_role(request, Role.TREASURER, Role.OWNER),
        **_aftermath(request, pledge),
    }
    above = [(reverse("pledges_contributions"), _("Contributions"))]
    return TemplateResponse(
        request, "pledges/admin/contribution.html", furniture(pledge.backer.name, ICON, above=above) | context
    )


def _aftermath(request: AdminRequest, pledge: Pledge) -> dict[str, Any]:
    """Disputes and warnings, and the payments that the reader may refund."""
    of_pledge = {"payment__pledge": pledge}
    treasurer = has_role(request, Role.TREASURER, Role.OWNER)
    payments = pledge.payments.select_related("cooperative").order_by("part") if treasurer else []
    return {
        "disputes": [(one, reason_words(one.reason)) for one in Dispute.objects.filter(**of_pledge).order_by("pk")],
        "fraud_warnings": FraudWarning.objects.filter(**of_pledge, actionable=True).exists(),
        "refundable": [payment for payment in payments if obstacle_of(payment) is None],
    }
