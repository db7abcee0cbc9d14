"""The forms of django-allauth's pages, with labels of our own."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from cryptography.exceptions import InvalidSignature
from django import forms
from django.utils.translation import gettext_lazy

AGAIN = {"autocomplete": "current-password", "autofocus": True}
CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}


#: What fido2 and cryptography raise for bytes that are no passkey's.
NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, InvalidSignature, struct.error)


@contextmanager
def refusing_nonsense() -> Iterator[None]:
    """django-allauth expects some of what they raise; the rest would be a fault of ours."""
    try:
        yield
    except forms.ValidationError:
        raise
    except NONSENSE as error:
        raise get_adapter().validation_error("incorrect_code") from error


class LogInForm(LoginForm):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    remember = forms.BooleanField(label=gettext_lazy("Stay logged in on this device"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["login"]
        field.label = gettext_lazy("Email address")
        field.widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})


class PasswordAgainForm(ReauthenticateForm):
    password = forms.CharField(label=gettext_lazy("Password"), widget=forms.PasswordInput(attrs=AGAIN), strip=False)


def code_field(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Code"), help_text=help_text, max_length=40, widget=forms.TextInput(attrs=CODE)
    )


class CodeForm(AuthenticateForm):
    code = code_field(gettext_lazy("The six digits that your application shows now, or a recovery code."))


class CodeAgainForm(ReauthenticateByCodeForm):
    code = code_field(gettext_lazy("The six digits that your application shows now, or a recovery code."))


class FirstCodeForm(ActivateTOTPForm):
    code = code_field(gettext_lazy("The six digits that your application shows now."))


class PasskeyForm(AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        with refusing_nonsense():
            return super().clean()

    name = forms.CharField(
        label=gettext_lazy("Name of this passkey"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("To know it again: “My telephone”, “The key on my ring”."),
    )


class PasskeyProofForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        with refusing_nonsense():
            return super().clean_credential()


class PasskeyAgainForm(ReauthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        with refusing_nonsense():
            return super().clean_credential()
