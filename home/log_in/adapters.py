"""What django-allauth asks of a project: who may come, from where, in which words, and how secrets are kept."""

import base64
import hashlib
from typing import Any, ClassVar

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from home.attempts import network_of
from home.leading_on import is_own
from home.log_in import recent_login, second_factor
from home.models import User

WRONG_CODE = pgettext_lazy("second factor", "This code is not the right one, or it has served already.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("The email address and the password do not go together."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Please wait five minutes, then try again."),
        "rate_limited": gettext_lazy("Too many attempts. Please wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """This host's own addresses: another cooperative's is as foreign as any."""
        return is_own(context.request, url)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As home.attempts has it: behind a proxy that the settings do not know, nobody is counted with everybody."""
        return network_of(request) or get_random_string(12)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By address alone: the hosts of all cooperatives lead to the same accounts."""
        return str(credentials.get("email", "")).lower()

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, _("This account is closed."))
        return redirect("account_login")

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A log-in counts like the confirmation of one."""
        return not recent_login.is_recent(context.request)

    def get_reauthentication_methods(self, user: User) -> list[dict]:
        """A password alone does not open what waits for a second factor."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use an application of codes, or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        ways = [way | {"description": words[way["id"]]} for way in super().get_reauthentication_methods(user)]
        if user.is_authenticated and second_factor.has_one(user) and not second_factor.is_proven(context.request, user):
            return [way for way in ways if way["id"] != "reauthenticate"]
        return ways


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def get_totp_issuer(self) -> str:
        """One code serves the hosts of all cooperatives, so that it bears the platform's name."""
        return str(settings.WAGTAIL_SITE_NAME)

    def build_totp_svg(self, url: str) -> str:
        """Drawn from our own words, so that it is safe to stand in the page."""
        code = segno.make(url, error="m")
        return mark_safe(code.svg_inline(scale=5, light="#fff", svgclass=None, lineclass=None))  # noqa: S308 (made by the library of a text of ours)  # nosec B308 # as above

    def _get_site_name(self) -> str:
        """A passkey belongs to one host: it bears the name of its cooperative."""
        cooperative = getattr(context.request, "cooperative", None)
        return str(cooperative.name) if cooperative else str(context.request.get_host())

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return _("My passkey")

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> MultiFernet:
    """By the installation's secret: rows of a stolen database make no codes. Former secrets still open them."""
    secrets = [str(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(f"tremplin.second-factor:{secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
