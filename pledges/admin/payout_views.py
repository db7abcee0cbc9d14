"""Transfers to the cooperative's bank, and what each of them is made of."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture, page_of
from home.long_lists import part_of
from home.models import Role
from pledges import payout_summary
from pledges.models import Payout, PayoutLine

ROLES = (Role.TREASURER, Role.OWNER)
ICON = "download"


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    payouts = Payout.objects.filter(cooperative=request.cooperative).order_by("-arrives_on", "-pk")
    context = page_of(request, payouts) | {"processor": settings.PAYMENT_PROCESSOR_NAME}
    return TemplateResponse(
        request, "pledges/admin/payouts.html", furniture(_("Transfers to the cooperative"), ICON) | context
    )


@require_safe
@requires(*ROLES)
def detail(request: AdminRequest, payout_id: int) -> HttpResponse:
    payout = get_object_or_404(Payout, cooperative=request.cooperative, pk=payout_id)
    page = part_of(request, payout.lines.select_related("campaign").order_by("happened_at", "pk"))
    page["rows"] = [(line, line_label(line)) for line in page["rows"]]
    campaigns = payout_summary.by_campaign(payout)
    context = {
        "payout": payout,
        "campaigns": campaigns,
        "sums": payout_summary.whole_of(campaigns),
        "processor": settings.PAYMENT_PROCESSOR_NAME,
    }
    above = [(reverse("pledges_payouts"), _("Transfers to the cooperative"))]
    title = _("Transfer of %(date)s") % {"date": formats.day(payout.arrives_on)}
    return TemplateResponse(request, "pledges/admin/payout.html", furniture(title, ICON, above=above) | page | context)


def line_label(line: PayoutLine) -> str:
    """What a movement is, for a person."""
    what = line.subject_key.partition(":")[0]
    if what == "dispute":
        return _("Dispute: withdrawn") if line.amount < 0 else _("Dispute: given back")
    if what == "refund":
        return _("Refund") if line.amount < 0 else _("Refund sent back")
    return {"payment": _("Payment"), "payout": _("Transfer sent back")}.get(what, _("Other movement"))
