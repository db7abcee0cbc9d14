"""What the federation proposes, old beside new; the direction accepts or declines each."""

from dataclasses import dataclass
from typing import Any, Self, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from home import formats
from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.cooperatives import legal_texts, proposals
from home.cooperatives.proposals import Proposal
from home.languages import CHOICES
from home.models import Cooperative, Role

ICON = "group"


@dataclass(frozen=True)
class Side:
    """One version of one thing in one language; `html` is rich text, `words` a sentence."""

    heading: str
    words: str = ""
    html: str = ""


@dataclass(frozen=True)
class Shown:
    proposal: Proposal
    label: str
    pairs: list[tuple[Side, Side]]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.OWNER)
def index(request: AdminRequest) -> HttpResponseBase:
    """POST takes `subject` and `version`, with `accept` or `decline`."""
    if request.method == "POST":
        return _decide(request)
    cooperative = request.cooperative
    shown = [_shown(one, cooperative) for one in proposals.proposals(cooperative)]
    context = {"shown": shown, "federation": cooperative.federation}
    around = furniture(_("Proposals of the federation"), ICON)
    return TemplateResponse(request, "home/admin/proposals.html", around | context)


def _decide(request: AdminRequest) -> HttpResponse:
    subject, version = request.POST.get("subject", ""), request.POST.get("version", "")
    try:
        if "accept" in request.POST:
            applied = proposals.accept(request.cooperative, subject, version, by=request.user)
            _say_accepted(request, applied)
        elif "decline" in request.POST:
            proposals.decline(request.cooperative, subject, version, by=request.user)
            messages.success(request, _("Declined. Nothing changes."))
    except proposals.ProposalGone:
        messages.warning(request, _("This is not proposed any more, or says something else now. Nothing was changed."))
    return redirect("federation_proposals")


def _say_accepted(request: AdminRequest, applied: bool) -> None:
    if applied:
        messages.success(request, _("Accepted. It holds from now on."))
    else:
        words = _("Accepted. As you had edited this text, the new words wait as its draft: read it, then publish it.")
        messages.success(request, words)


def _shown(one: Proposal, cooperative: Cooperative) -> Shown:
    if one.kind == "text":
        new = legal_texts.filled(one.new, cooperative)
        pairs = [(_text(name, (one.old or {}).get(code)), _text(name, new[code])) for code, name in CHOICES]
    elif one.kind == "point":
        pairs = [(_point(code, name, one.old), _point(code, name, one.new)) for code, name in CHOICES]
    else:
        pairs = [(Side("", _setting(one.old, cooperative)), Side("", _setting(one.new, cooperative)))]
    return Shown(one, proposals.label_of(one), pairs)


def _text(language: str, said: dict[str, str] | None) -> Side:
    return Side(f"{language} · {said['title']}", html=said["html"]) if said else Side(language, _("Nothing"))


def _point(code: str, language: str, point: Any) -> Side:
    if point is None:
        return Side(language, _("Nothing"))
    weight = _("Holds the launch back") if point["holds_back"] else _("Advice")
    return Side(language, f"{point[f'sentence_{code}']} ({weight})")


def _setting(values: dict[str, int], cooperative: Cooperative) -> str:
    if "max_campaign_days" in values:
        days = values["max_campaign_days"]
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": formats.number(days)}
    if "second_person_above" in values:
        return formats.money(values["second_person_above"], cooperative.currency)
    fixed = values["commission_fixed"]
    rate = formats.rate(values["commission_basis_points"])
    return f"{rate} + {formats.money(fixed, cooperative.currency)}" if fixed else rate


class ProposalsItem(MenuItem):
    """For the direction of a cooperative that a federation brought."""

    def is_shown(self, request: HttpRequest) -> bool:
        cooperative = getattr(request, "cooperative", None)
        return bool(cooperative and cooperative.federation_id) and has_role(request, Role.OWNER)


class ProposalsPanel(Component):
    """A notice on the admin's first page, while something is proposed."""

    name = "federation_proposals"
    template_name = "home/admin/proposals_panel.html"
    order = 30

    def __init__(self, cooperative: Cooperative, count: int) -> None:
        self.cooperative, self.count = cooperative, count

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        cooperative = cast(AdminRequest, request).cooperative
        count = len(proposals.proposals(cooperative)) if has_role(request, Role.OWNER) else 0
        return cls(cooperative, count) if count else None

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return {"federation": self.cooperative.federation, "count": self.count}
