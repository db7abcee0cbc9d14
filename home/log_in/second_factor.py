"""Who must prove more than a password, whether they did, and what becomes of a lost telephone.

Which of them one has is django-allauth's to know (`Authenticator`); what a session proved stands in its records.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from home.admin_access import roles_in
from home.models import Cooperative, Membership, User

SUPERUSER = "superuser"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

#: What Wagtail's pages are drawn with.
FURNITURE = {"wagtailadmin_javascript_catalog", "wagtailadmin_sprite"}
#: Where one proves the second factor that one has.
PROVING = FURNITURE | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
#: Where one sets the first.
SETTING_UP = FURNITURE | {
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
}


class Backend(AuthenticationBackend):
    """Reads with each person who asks, in the same query, whether they have a second factor."""

    def get_user(self, user_id: int) -> User | None:
        factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
        user = User.objects.annotate(with_second_factor=Exists(factor)).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def has_one(user: User) -> bool:
    known = getattr(user, "with_second_factor", None)
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists() if known is None else bool(known)


def is_required(request: HttpRequest, user: User) -> bool:
    """Of someone in this role, at the host of this cooperative; in a rehearsal nobody has anything to lose."""
    asked = set(settings.SECOND_FACTOR_REQUIRED_FOR)
    cooperative = getattr(request, "cooperative", None)
    if not asked or (cooperative is not None and cooperative.is_rehearsal):
        return False
    return (user.is_superuser and SUPERUSER in asked) or not asked.isdisjoint(roles_in(request))


def is_proven(request: HttpRequest, user: User) -> bool:
    """Whether this session proved a second factor, when it began or since."""
    return any(one.get("method") == "mfa" for one in get_authentication_records(request, user))


def note_proof(request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    """Who has just set one has proved it."""
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def led_away(request: HttpRequest, user: User, name: str | None) -> HttpResponseBase | None:
    """Where someone must go before this page of the admin opens; None: nowhere."""
    if has_one(user):
        if name in PROVING or is_proven(request, user):
            return None
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    if name in SETTING_UP or not is_required(request, user):
        return None
    return redirect("mfa_index")


def may_reset(user: User, cooperative: Cooperative) -> bool:
    """Whether a cooperative's direction may take someone's second factor away: they serve this one alone.

    Its rehearsal is no other.
    """
    real = Membership.objects.filter(user=user, cooperative__rehearses=None)
    served = real.values_list("cooperative", flat=True).distinct()
    return not user.is_superuser and list(served) == [cooperative.pk]


def reset(user: User, *, by: User | None) -> bool:
    """Take away what someone lost, with an entry for each cooperative and a mail to them; False if there was nothing.

    Their sessions end, at every host: whoever found the telephone may have one of them. `by` is None for the operator's
    command.
    """
    from home.log_in.watch import tell_of_reset  # noqa: PLC0415 (which reads this module)

    with transaction.atomic():
        taken, _rows = Authenticator.objects.filter(user=user).delete()
        if taken:
            end_sessions(user)
            tell_of_reset(user, by=by)
    return bool(taken)


def end_sessions(user: User) -> None:
    """Every session of this person's, at every host, opens nothing any more."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)


def states_of(users: list[User]) -> dict[int, bool]:
    """By person: whether they have one. For lists of a team."""
    rows: Any = Authenticator.objects.filter(user__in=users, type__in=FACTORS)
    having = set(rows.values_list("user", flat=True))
    return {user.pk: user.pk in having for user in users}
