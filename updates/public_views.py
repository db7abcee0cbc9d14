"""An update opened by a signed link, and what a stranger is told instead of one that is not for everyone."""

from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from home.kept_nowhere import NOTHING
from home.kept_nowhere import kept_nowhere as kept_nowhere_at_all
from home.languages import ENGLISH, FRENCH, current
from home.links import LinkRefused
from home.ready_bodies import make_ready
from pledges.views.visiting import Visit, old_link_page
from updates import reading
from updates.models import UpdatePage
from updates.texts import texts_of

Response = TypeVar("Response", bound=HttpResponseBase)


@require_safe
def by_link(request: Visit, token: str) -> HttpResponseBase:
    """The page in the language of the address, else in the other one."""
    try:
        update, backer = reading.opened_by(token)
    except LinkRefused:
        return kept_nowhere_at_all(old_link_page(request))  # it holds a form
    pages = texts_of(update).pages
    if not pages:
        raise Http404
    other = ENGLISH if current() == FRENCH else FRENCH
    if current() not in pages:
        return kept_nowhere(HttpResponseRedirect(_address(token, other)))
    page = pages[current()]
    if not reading.may_read(update, backer):
        return refused(request, page)
    make_ready(page)
    context = page.get_context(request) | {"token": token, "by_link": True}
    if other in pages:
        context["translated_url"] = _address(token, other)
    return kept_nowhere(TemplateResponse(request, page.template, context))


def _address(token: str, language: str) -> str:
    with translation.override(language):
        return reverse("update_by_link", args=[token])


def refused(request: HttpRequest, page: UpdatePage) -> HttpResponse:
    """Whom it is for and how they open it; no word of it, not even its title."""
    update = page.update
    context = {
        "closed_page": page,
        "audience": update.audience if update else page.audience,
        "public_on": update.public_on if update else None,
        "campaign_url": page.get_parent().get_url(request),
    }
    response = TemplateResponse(request, "updates/closed.html", context, status=403)
    return kept_nowhere(response)


def kept_nowhere(response: Response) -> Response:
    """These pages hold no form."""
    return kept_nowhere_at_all(response, referrer=NOTHING)
