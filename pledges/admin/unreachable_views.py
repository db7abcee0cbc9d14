"""Addresses to correct: backers whom no mail reaches, with what they are owed, to be contacted by hand.

Below them mails in doubt: someone looks whether they left. Those of a mailing are settled on its own page.
"""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from home import outbox
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.long_lists import part_of
from home.mail import composing, holding
from home.models import Backer, Role
from pledges import unreachable

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "mail"

#: Mails in doubt on one page: there are few, and each that is settled makes room.
MOST = 50


@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    backers = unreachable.with_what_is_owed(unreachable.backers_of(request.cooperative))
    doubtful = holding.in_doubt(request.cooperative).select_related("backer", "user", "cooperative__site")[:MOST]
    context = furniture(_("Email addresses to correct"), ICON) | part_of(request, backers)
    context |= {
        "refused": unreachable.REFUSED,
        "doubtful": [(mail, composing.subject_of(mail)) for mail in doubtful],
    }
    return TemplateResponse(request, "pledges/admin/unreachable.html", context)


@require_POST
@requires(*ROLES)
def found_good(request: AdminRequest, backer_id: int) -> HttpResponse:
    """The address takes mail again, as someone of the team knows."""
    backer = get_object_or_404(Backer, cooperative=request.cooperative, pk=backer_id)
    if unreachable.found_good(backer):
        said = _("Emails go to %(address)s again, those that were missed excepted: send what matters by hand.")
        messages.success(request, said % {"address": backer.email})
    return redirect("pledges_unreachable")


@require_POST
@requires(*ROLES)
def settle_doubt(request: AdminRequest, mail_id: int) -> HttpResponse:
    """What someone found out about a mail: it left, or it did not and leaves again."""
    mail = get_object_or_404(holding.in_doubt(request.cooperative), pk=mail_id)
    if request.POST.get("it") not in {"left", "again"}:
        raise Http404
    left = request.POST["it"] == "left"
    if holding.settle_doubt(mail, left=left):
        noted = _("Noted: the email to %(email)s had left.") if left else _("The email to %(email)s leaves again.")
        messages.success(request, noted % {"email": mail.address})
        outbox.nudge()
    return redirect("pledges_unreachable")
