"""Contributions: the list, and one with all that happened to it."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from home.admin_access import AdminRequest, has_role, requires
from home.models import Role
from pledges import promises
from pledges.admin.forms import ContributionsFilter
from pledges.admin.listing import contributions_of, mails_about
from pledges.admin.pages import furniture, page_of
from pledges.models import Payment, Pledge, PledgeItem

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
        | page_of(request, contributions_of(request.cooperative, form.sought()))
        | {"filter": form},
    )


@requires(*ROLES)
def detail(request: AdminRequest, pledge_id: int) -> HttpResponse:
    pledge = _pledge(request, pledge_id)
    items = list(pledge.items.all())
    context = {
        "pledge": pledge,
        "items": [(item, promises.history(item)) for item in items],
        "payment": getattr(pledge, "payment", None),
        "mails": mails_about(pledge, items),
        "may_settle": has_role(request, Role.TREASURER, Role.OWNER),
    }
    above = [(reverse("pledges_contributions"), _("Contributions"))]
    return TemplateResponse(
        request, "pledges/admin/contribution.html", furniture(pledge.backer.name, ICON, above=above) | context
    )


def _pledge(request: AdminRequest, pledge_id: int) -> Pledge:
    """With everything its page shows, in a fixed number of queries."""
    items = PledgeItem.objects.order_by("reward_id").select_related("state_by").prefetch_related("promises")
    payments = Payment.objects.prefetch_related("attempts", "refunds")
    pledges = (
        Pledge.objects.filter(cooperative=request.cooperative)
        .select_related("backer", "campaign")
        .prefetch_related(Prefetch("items", items), Prefetch("payment", payments), "consents")
    )
    return get_object_or_404(pledges, pk=pledge_id)
