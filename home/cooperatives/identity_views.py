"""Who the cooperative is, as its direction says it, and its legal texts in both languages."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.cooperatives import legal_texts
from home.cooperatives.settings_forms import IdentityForm
from home.languages import CHOICES
from home.models import Cooperative, LegalText, Role, TextPage

IDENTITY_ICON = "clipboard-list"
TEXTS_ICON = "doc-full"
TEXT_ROLES = (Role.EDITOR, Role.OWNER)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.OWNER, Role.EDITOR, Role.ADVISER)
def identity(request: AdminRequest) -> HttpResponseBase:
    """The direction changes it; those whom the launch checklist leads here read it."""
    may_change = has_role(request, Role.OWNER)
    own = Cooperative.objects.get(pk=request.cooperative.pk)
    form = IdentityForm(request.POST if request.method == "POST" and may_change else None, instance=own)
    if form.is_bound and form.is_valid():
        _say(request, form.keep(request.user))
        return redirect("cooperative_identity")
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "form": form,
        "button": _("Save") if may_change else "",
        "lines": [] if may_change else [_("Someone of the direction can change it.")],
    }
    around = furniture(_("Legal identity"), IDENTITY_ICON)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "home/admin/settings_form.html", around | context, status=status)


def _say(request: AdminRequest, left: list[LegalText]) -> None:
    messages.success(request, _("Settings saved."))
    if left:
        words = ngettext(
            "One legal text was edited by you and was left as it is: %(texts)s. Check what it says.",
            "Some legal texts were edited by you and were left as they are: %(texts)s. Check what they say.",
            len(left),
        )
        messages.warning(request, words % {"texts": ", ".join(str(text) for text in left)})


@dataclass(frozen=True)
class Text:
    """One legal text in one language; `edit_url` is empty where there is no page."""

    language: str
    title: str
    state: str
    edit_url: str


@require_safe
@requires(*TEXT_ROLES)
def texts(request: AdminRequest) -> HttpResponse:
    rows = [[_line(code, name, pages.get(code)) for code, name in CHOICES] for pages in _listed(request)]
    homes = request.cooperative.site.root_page
    context = {
        "rows": rows,
        "places": sorted(legal_texts.places(request.cooperative, "fr")),
        "add_url": reverse("wagtailadmin_pages:add", args=["home", "textpage", homes.pk]),
    }
    return TemplateResponse(request, "home/admin/legal_texts.html", furniture(_("Legal texts"), TEXTS_ICON) | context)


def _listed(request: AdminRequest) -> list[dict[str, TextPage]]:
    return [pages for _title, pages in legal_texts.listed(request.cooperative)]


def _line(code: str, name: str, page: TextPage | None) -> Text:
    if page is None:
        return Text(name, "", _("Missing"), "")
    state = _("Online") if page.live else _("Draft")
    if page.live and page.has_unpublished_changes:
        state = _("Online, with changes that are not")
    return Text(name, page.title, state, reverse("wagtailadmin_pages:edit", args=[page.pk]))
