"""Pick-up day, on a phone: search a name, tap « Remise faite »; works without script, and may be taken back."""

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.enums import Handover
from home import clock
from home.admin_access import AdminRequest, requires
from home.models import Role
from pledges import fulfilment, pick_up_day
from pledges.enums import FulfilmentState
from pledges.models import PledgeItem

ROLES = (Role.EDITOR, Role.OWNER)


@require_http_methods(["GET", "HEAD"])
@requires(*ROLES)
def day(request: AdminRequest) -> HttpResponse:
    """`q`: whom to search; `done` and `was`: what was just handed over, which may be taken back."""
    text = request.GET.get("q", "")[:120]
    comers = pick_up_day.search(request.cooperative, text)
    context = {
        "q": text,
        "comers": comers,
        "searched": bool(text.strip()),
        "is_cut": len(comers) == pick_up_day.MOST,
        "left": pick_up_day.waiting(request.cooperative).count(),
        "done": _just_done(request),
        "was": request.GET.get("was", ""),
        "undone": "undone" in request.GET,
    }
    return TemplateResponse(request, "pledges/admin/pick_up_day.html", context)


def _just_done(request: AdminRequest) -> PledgeItem | None:
    """While it may still be taken back."""
    number = request.GET.get("done", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    recent = _picked_up(request).filter(
        state=FulfilmentState.DELIVERED, received_at=None, state_since__gt=clock.now() - fulfilment.UNDO
    )
    return recent.select_related("pledge__backer").filter(pk=int(number)).first()


def _picked_up(request: AdminRequest) -> QuerySet[PledgeItem]:
    return PledgeItem.objects.filter(cooperative=request.cooperative, handover=Handover.PICKUP)


@require_POST
@requires(*ROLES)
def hand_over(request: AdminRequest, item_id: int) -> HttpResponse:
    """Once, however often it is tapped."""
    item = get_object_or_404(_picked_up(request), pk=item_id)
    moved = fulfilment.mark([item.pk], FulfilmentState.DELIVERED, by=request.user)
    return _back(request, {"done": item.pk, "was": item.state} if moved else {})


@require_POST
@requires(*ROLES)
def undo(request: AdminRequest, item_id: int) -> HttpResponse:
    """It waits again, as before; not after some minutes."""
    item = get_object_or_404(_picked_up(request), pk=item_id)
    was = request.POST.get("was", "")
    known = was in FulfilmentState.values
    undone = known and fulfilment.undo_handover(item, FulfilmentState(was), by=request.user)
    return _back(request, {"undone": 1} if undone else {})


def _back(request: AdminRequest, said: dict[str, object]) -> HttpResponse:
    kept = {"q": text} if (text := request.POST.get("q", "")[:120]) else {}
    query = urlencode({**kept, **said})
    return redirect(reverse("pledges_pick_up_day") + (f"?{query}" if query else ""))
