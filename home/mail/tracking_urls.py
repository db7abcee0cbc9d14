"""Where providers tell what became of mails: anymail's addresses for events, and none for mail that comes in.

anymail takes events that nothing proves where no secret is set, and fails where a provider's key is missing. Here such
an address refuses.
"""

from functools import wraps
from typing import Any

from anymail.urls import urlpatterns as of_anymail
from anymail.utils import get_anymail_setting
from django.core.exceptions import PermissionDenied
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
    return [path(str(one.pattern), checked(one.callback), name=one.name) for one in tracking]


app_name = "anymail"
urlpatterns = _patterns()
