"""A survey as its backer answers it: a page without script, to be changed until its last day."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from home.form_limits import OWN_PAGES, limited
from home.languages import current
from pledges import address_locks, own_settings, survey_answers, surveys
from pledges.models import Pledge, PledgeItem, Survey
from pledges.own_forms import AddressForm
from pledges.survey_forms import ReplyForm
from pledges.views.visiting import SeeOther, Visit, opened_by_link


@dataclass(frozen=True)
class AskedSurvey:
    """A survey on « Ma contribution »: what is chosen so far, in words, and whether something is missing."""

    survey: Survey
    title: str
    words: list[str]
    answered: bool


def asked_of(pledge: Pledge) -> list[AskedSurvey]:
    """Those that take answers, in the order they were written."""
    found = []
    for survey, items in surveys.of_pledge(pledge):
        missing = surveys.unanswered(survey).filter(pledge=pledge).exists()
        words = [words for words in survey_answers.words_for(items).values() if words]
        found.append(AskedSurvey(survey, items[0].title, words, not missing))
    return found


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: Visit, pledge: Pledge, token: str, survey_id: int) -> HttpResponseBase:
    """GET: the questions, or what was chosen once it is locked. POST: written, while it takes answers."""
    asked, items = _found(pledge, survey_id)
    data = request.POST if request.method == "POST" else None
    form = ReplyForm(asked, items, data)
    address_form = _address_form(asked, pledge, items, data)
    is_valid = form.is_valid() and (address_form is None or address_form.is_valid())
    if data is not None and is_valid and _written(asked, pledge, form, address_form):
        return SeeOther(reverse("contribution", args=[token]) + "?choices")
    return render(request, "pledges/survey.html", _context(pledge, asked, form, address_form) | {"token": token})


def _found(pledge: Pledge, survey_id: int) -> tuple[Survey, list[PledgeItem]]:
    row = Survey.objects.filter(pk=survey_id, cooperative=pledge.cooperative_id, opened_at__isnull=False)
    asked = row.select_related("cooperative").first()
    if asked is None:
        raise Http404
    items = list(surveys.concerned(asked).filter(pledge=pledge).select_related("variant").order_by("pk"))
    if not items:
        raise Http404
    return asked, items


def _address_form(asked: Survey, pledge: Pledge, items: list[PledgeItem], data: Any) -> AddressForm | None:
    """Where the survey asks for it and something is still to be mailed."""
    found = own_settings.address_of(pledge)
    if not asked.asks_address or not own_settings.needs_address(pledge) or address_locks.is_locked(found):
        return None
    return AddressForm(pledge, data, instance=found)


@transaction.atomic
def _written(asked: Survey, pledge: Pledge, form: ReplyForm, address_form: AddressForm | None) -> bool:
    """Both or neither."""
    done = surveys.reply(asked, pledge, form.given(), current())
    if done and address_form is not None:
        own_settings.set_address(pledge, address_form.fields_given())
    return done


def _context(pledge: Pledge, asked: Survey, form: ReplyForm, address_form: AddressForm | None) -> dict[str, Any]:
    takes = surveys.takes_answers(asked) and surveys.asked(asked).filter(pledge=pledge).count() == len(form.items)
    problems = form.problems() + (address_form.problems() if address_form else [])
    return {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "survey": asked,
        "title": form.items[0].title,
        "form": form,
        "address_form": address_form,
        "problems": problems if form.is_bound else [],
        "takes_answers": takes,
        "words": [words for words in survey_answers.words_for(form.items).values() if words],
    }
