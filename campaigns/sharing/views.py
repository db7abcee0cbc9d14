"""The draft that a signed link opens, and the QR code of a campaign's address."""

from io import BytesIO

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.sharing import preview_links
from campaigns.sharing.addresses import share_of, shown_or_404
from home.kept_nowhere import NOTHING, kept_nowhere
from home.languages import ENGLISH, FRENCH, current
from home.links import LinkRefused
from home.referral import via_of

#: The empty rim that readers ask for, in dots of the code.
RIM = 4


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponseBase:
    """The latest draft as its page would look. Shows, and changes nothing; its address is told to nobody."""
    try:
        pages = preview_links.pages_of(token)
    except LinkRefused:
        return kept_nowhere(render(request, "campaigns/preview_over.html", status=404), referrer=NOTHING)
    if not pages:
        raise Http404
    language, other = current(), ENGLISH if current() == FRENCH else FRENCH
    if language not in pages:
        return kept_nowhere(HttpResponseRedirect(_address(token, other)), referrer=NOTHING)
    draft = pages[language].get_latest_revision_as_object()
    response = draft.serve_preview(request, draft.default_preview_mode)
    response.context_data["shared_preview"] = True
    response.context_data["translated_url"] = _address(token, other) if other in pages else ""
    return kept_nowhere(response, referrer=NOTHING)


def _address(token: str, language: str) -> str:
    with translation.override(language):
        return reverse("campaign_preview", args=[token])


@require_safe
@cache_control(public=True, max_age=86_400)
def qr(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The campaign's address, for a phone to read from a poster; with the sharer's code if the address has one."""
    campaign, page = shown_or_404(campaign_id)
    code = segno.make_qr(share_of(campaign, page, via_of(request)).url, error="m")
    picture, title = BytesIO(), gettext("QR code: %(title)s") % {"title": page.title}
    code.save(picture, kind="svg", xmldecl=False, omitsize=True, border=RIM, light="#ffffff", title=title)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml; charset=utf-8")
