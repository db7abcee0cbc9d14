"""A backer's links came into other hands: all of them end, and new ones are mailed to the address on file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from home import audit
from home.admin_access import AdminRequest, requires
from home.models import Role
from pledges import renewing
from pledges.models import Pledge

LINKS_REVOKED = audit.act("links_revoked", gettext_lazy("Links of a backer ended, new ones sent"))


@require_POST
@requires(Role.EDITOR, Role.TREASURER, Role.OWNER)
def revoke(request: AdminRequest, pledge_id: int) -> HttpResponse:
    """Of everything that this backer was sent, not of one contribution alone."""
    pledges = Pledge.objects.filter(cooperative=request.cooperative, backer__erased_at=None).select_related("backer")
    pledge = get_object_or_404(pledges, pk=pledge_id)
    sent = renewing.revoke(pledge.backer)
    audit.record(LINKS_REVOKED, cooperative=request.cooperative, by=request.user, subject=pledge)
    if sent:
        messages.success(request, _("The earlier links no longer work. A new one has left by email."))
    else:
        messages.warning(request, _("The earlier links no longer work. No email has left: none can for now."))
    return redirect("pledges_contribution", pledge.pk)
