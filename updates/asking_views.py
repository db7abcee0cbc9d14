"""« Poser une question »: a form at an address of its own, so that a page that is cached holds none."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.sharing.addresses import shown_or_404
from home.form_limits import WORDS, limited
from home.languages import current
from home.links import LinkRefused
from home.models import Backer
from pledges.views.visiting import SeeOther, Visit, old_link_page, own_page
from updates import questions, reading
from updates.models import Update, UpdatePage
from updates.public_views import refused
from updates.question_forms import QuestionForm
from updates.texts import texts_of


@never_cache
@limited(WORDS, email="email")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Visit, campaign_id: int, number: int) -> HttpResponseBase:
    """By anyone, about an update that anyone may read."""
    campaign, _page = shown_or_404(campaign_id)
    rows = Update.objects.select_related("campaign__source_locale", "campaign__cooperative", "cooperative")
    update = get_object_or_404(rows, campaign=campaign, number=number)
    page = _page_of(update)
    if not update.is_open:
        return refused(request, page)
    here = reverse("update_question", args=[campaign.pk, number])
    return _form(request, update, page, here=here, back=page.get_url(request) or "")


@own_page
@limited(WORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_by_link(request: Visit, token: str) -> HttpResponseBase:
    """By a backer, known by the link, about an update they may read."""
    try:
        update, backer = reading.opened_by(token)
    except LinkRefused:
        return old_link_page(request)
    page = _page_of(update)
    if not reading.may_read(update, backer):
        return refused(request, page)
    here, back = reverse("update_question_by_link", args=[token]), reverse("update_by_link", args=[token])
    return _form(request, update, page, here=here, back=back, backer=backer)


def _page_of(update: Update) -> UpdatePage:
    pages = texts_of(update).pages
    page = pages.get(current()) or next(iter(pages.values()), None)
    if page is None:
        raise Http404
    return page


def _form(
    request: Visit, update: Update, page: UpdatePage, *, here: str, back: str, backer: Backer | None = None
) -> HttpResponseBase:
    """GET: the form, or that it was sent. POST: kept, and the same answer whoever asks."""
    form = QuestionForm(request.POST if request.method == "POST" else None, backer=backer)
    context: dict[str, Any] = {"update": update, "title": page.title, "back": back, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            questions.ask(update, backer=backer, **form.cleaned_data)
        except questions.TooMany:
            form.add_error(None, _too_many(request))
        else:
            return SeeOther(f"{here}?sent")
    sent = request.method != "POST" and "sent" in request.GET
    response: HttpResponse = render(request, "updates/ask.html", context | {"sent": sent})
    return response


def _too_many(request: Visit) -> str:
    words = _(
        "Many questions came in the last hour. Yours is not sent: try again later, or write to %(contact_email)s."
    )
    return words % {"contact_email": request.cooperative.contact_email}
