"""Addresses to correct: backers whom no mail reaches, with what they are owed, to be contacted by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture, page_of
from home.models import Backer, Role
from pledges import unreachable

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "mail"


@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    backers = unreachable.with_what_is_owed(unreachable.backers_of(request.cooperative))
    context = furniture(_("Email addresses to correct"), ICON) | page_of(request, backers)
    return TemplateResponse(request, "pledges/admin/unreachable.html", context | {"refused": unreachable.REFUSED})


@require_POST
@requires(*ROLES)
def found_good(request: AdminRequest, backer_id: int) -> HttpResponse:
    """The address takes mail again, as someone of the team knows."""
    backer = get_object_or_404(Backer, cooperative=request.cooperative, pk=backer_id)
    if unreachable.found_good(backer):
        said = _("Emails go to %(address)s again, those that were missed excepted: send what matters by hand.")
        messages.success(request, said % {"address": backer.email})
    return redirect("pledges_unreachable")
