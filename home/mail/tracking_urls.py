"""Where providers tell what became of mails: anymail's addresses for events, and none for mail that comes in.

anymail takes events that nothing proves where no secret is set, and fails where a provider's key is missing or a body
cannot be read. Here such an address, and such a body, is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailError
from anymail.urls import urlpatterns as of_anymail
from anymail.utils import get_anymail_setting
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path

from home.form_limits import limits_itself
from home.middleware import GetResponse

#: How each provider's signature is checked: by which of anymail's settings.
SIGNED_BY = {
    "MailerSend": ("signing_secret",),
    "Mailgun": ("webhook_signing_key", "api_key"),
    "Mailtrap": ("tracking_secret",),
    "Mandrill": ("webhook_key",),
    "Postal": ("webhook_key",),
    "Resend": ("signing_secret",),
    "SendGrid": ("tracking_webhook_verification_key",),
    "Unisender Go": ("api_key",),
}

#: These always check one, whatever secret the address has.
ALWAYS_SIGNED = {"MailerSend", "Mailgun", "Mandrill", "Postal", "Unisender Go"}


#: How reading a body fails that is not shaped as its provider says.
UNREADABLE = (AnymailError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except SuspiciousOperation:  # nothing proves it
        raise
    except UNREADABLE as error:
        raise BadRequest(f"The body is no event: {type(error).__name__}") from error


class Reading:
    """Of anymail's views: what cannot be read is refused. What we do with an event is outside of it, and may fail."""

    def run_validators(self, request: HttpRequest) -> None:
        with _readable():
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[Any]:
        with _readable():
            events = list(super().parse_events(request))  # type: ignore[misc]
            for event in events:
                for name in ("message_id", "recipient", "event_id", "description", "mta_response"):
                    if not isinstance(getattr(event, name), str | int | None):
                        raise TypeError(name)
        return events


def _reading(view: Any) -> Any:
    """The same view, of a class that refuses."""
    known = view.view_class
    return type(f"Reading{known.__name__}", (Reading, known), {}).as_view(**view.view_initkwargs)  # type: ignore[attr-defined]


def is_set_up(provider: str) -> bool:
    """Whether what claims to come from this provider can be checked."""
    names = SIGNED_BY.get(provider, ())
    if any(get_anymail_setting(name, esp_name=provider, allow_bare=True, default=None) for name in names):
        return True
    return provider not in ALWAYS_SIGNED and bool(get_anymail_setting("webhook_secret", default=None))


def checked(view: Any) -> GetResponse:
    """The view, where its events can be checked. A HEAD, by which providers try an address, is answered anyway."""
    provider = view.view_class.esp_name

    @limits_itself("what the provider did not sign is refused")
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            return HttpResponse()
        if not is_set_up(provider):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _patterns() -> list[URLPattern]:
    tracking = (one for one in of_anymail if one.name and "inbound" not in one.name)
    return [path(str(one.pattern), checked(_reading(one.callback)), name=one.name) for one in tracking]


app_name = "anymail"
urlpatterns = _patterns()
