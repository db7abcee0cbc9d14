"""A forgotten password: a link mailed in the name of the cooperative at whose host it was asked for.

Wagtail's own mail leads to one address for the whole installation, where no admin is. The page says the same to
everyone: only someone who works there, or is invited there, is written to; at most once in five minutes.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from wagtail.admin.forms.auth import PasswordResetForm as WagtailPasswordResetForm

from home import attempts, clock, outbox
from home.backing import email_key
from home.mail.registry import Category, Context, MailKind, register
from home.models import Cooperative, Invitation, OutgoingMail, User
from home.queries import roles_of

EVERY = timedelta(minutes=5)
LIMIT = attempts.Limit("password", 10, timedelta(minutes=15))


class PasswordResetForm(WagtailPasswordResetForm):
    """In place of Wagtail's, which writes at once and in nobody's name."""

    def save(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Django hands over what its own mails would be made of; ours needs the request alone."""
        cooperative = getattr(request, "cooperative", None)
        if cooperative is None or attempts.minutes_to_wait(request, LIMIT):
            return
        for user in self.get_users(self.cleaned_data["email"]):
            if isinstance(user, User) and _belongs(user, cooperative):
                ask(user, cooperative)


def ask(user: User, cooperative: Cooperative) -> None:
    """Write to them; asked again at once, it is the same mail."""
    outbox.queue(
        PASSWORD_RESET,
        cooperative=cooperative,
        subject_key=f"user:{user.pk}",
        occasion=str(int(clock.now().timestamp() // EVERY.total_seconds())),
        to=user,
    )


def _belongs(user: User, cooperative: Cooperative) -> bool:
    waiting = Invitation.objects.filter(cooperative=cooperative, accepted_at=None, revoked_at=None)
    return bool(roles_of(user, cooperative)) or waiting.filter(email=email_key(user.email)).exists()


def fill(mail: OutgoingMail) -> Context:
    """The token is made as the mail leaves, and kept nowhere."""
    root, user = mail.cooperative.root_url, mail.user
    url = root + "/"
    if user is not None and mail.pk:
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        token = default_token_generator.make_token(user)
        url = root + reverse("wagtailadmin_password_reset_confirm", args=[uid, token])
    return {"button_url": url, "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}


PASSWORD_RESET = register(MailKind("password_reset", "home", Category.TEAM, "A new password was asked for", fill))
