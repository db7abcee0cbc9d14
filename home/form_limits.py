"""Each form of the public has a limit: how many one network may send, and how many may name one e-mail address.

    @limited(WISHES, email="email")
    @require_http_methods(["GET", "HEAD", "POST"])
    def ask(request): …

Only POSTs are counted. Over the limit the answer is 429: how long to wait, and a button that sends what was typed once
more. A view with a count of its own, or that must not be held back, says so by `@limits_itself("why")`: a test fails
for a public view that takes POSTs and has neither. The figures, and why they are what they are: docs/security.md.

Nothing is counted by campaign: a launch has no limit.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import ngettext

from home import formats
from home.attempts import Limit, minutes_to_wait

View = Callable[..., HttpResponseBase]

TEN_MINUTES: Final = timedelta(minutes=10)

#: An address is left, or a mail is asked for: a hall of people at a launch does so from one network.
WISHES = Limit("wishes", most=200, within=TEN_MINUTES, for_one=10)
#: Something is written to the team.
WORDS = Limit("words", most=60, within=TEN_MINUTES, for_one=10)
#: Choosing and reviewing a contribution; what reaches the payment has a count of its own.
CHOICES = Limit("choices", most=600, within=TEN_MINUTES)
#: On one's own pages, by a link that proved itself.
OWN_PAGES = Limit("own pages", most=300, within=TEN_MINUTES)
#: A password is tried, or a link is that gives much.
KEYS = Limit("keys", most=30, within=TEN_MINUTES)

#: Fields that are not written into the page that says to wait.
NOT_KEPT: Final = ("csrfmiddlewaretoken", "password")


def limited(limit: Limit, *, email: str = "") -> Callable[[View], View]:
    """Holds the view's POSTs to the limit. `email`: the field in which an address is typed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.method == "POST":
                address = request.POST.get(email, "") if email else ""
                if minutes := minutes_to_wait(request, limit, address):
                    return _wait_page(request, minutes)
            return view(request, *args, **kwargs)

        counted.limited_by = limit  # type: ignore[attr-defined]
        return counted

    return decorate


def limits_itself(why: str) -> Callable[[View], View]:
    """The view counts in its own way, or must not: `why` says which."""

    def decorate(view: View) -> View:
        view.limited_by = why  # type: ignore[attr-defined]
        return view

    return decorate


def wait_words(minutes: int) -> str:
    words = ngettext(
        "There have been many attempts. Try again in %(minutes)s minute.",
        "There have been many attempts. Try again in %(minutes)s minutes.",
        minutes,
    )
    return words % {"minutes": formats.number(minutes)}


def held_back(page: HttpResponse, minutes: int) -> HttpResponse:
    """The page as an answer to who must wait: 429, and for how long."""
    page.status_code = 429
    page["Retry-After"] = str(minutes * 60)
    page["Cache-Control"] = "no-store, private"
    return page


def _wait_page(request: HttpRequest, minutes: int) -> HttpResponse:
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(word in name for word in NOT_KEPT)
        for value in values
    ]
    context = {"words": wait_words(minutes), "kept": kept, "here": request.get_full_path()}
    return held_back(render(request, "home/wait.html", context), minutes)
