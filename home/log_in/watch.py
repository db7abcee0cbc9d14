"""What changes about someone's log-in is written for each cooperative they serve, and told to them by mail."""

import logging
from datetime import datetime
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home import audit, clock, formats, outbox
from home.languages import LANGUAGES
from home.log_in import second_factor
from home.mail.registry import Category, Context, MailKind, kind_of, register
from home.models import Cooperative, OutgoingMail, User
from home.models.users import password_changed
from home.tenancy import within

log = logging.getLogger(__name__)

#: In the session: the recovery codes that were made and not yet taken.
CODES_TO_SHOW = "recovery_codes_to_show"

ADDED = audit.act("second_factor_added", gettext_lazy("Second factor added"))
REMOVED = audit.act("second_factor_removed", gettext_lazy("Second factor removed"))
RESET = audit.act("second_factor_reset", gettext_lazy("Second factor reset"))
RENEWED = audit.act("recovery_codes_renewed", gettext_lazy("New recovery codes"))
PASSWORD = audit.act("password_changed", gettext_lazy("Password changed"))
SESSIONS = audit.act("sessions_ended", gettext_lazy("All other sessions ended"))
ADDRESS = audit.act("address_changed", gettext_lazy("Address of the log-in changed"))


def connect() -> None:
    post_save.connect(_saved, sender=Authenticator, dispatch_uid="home.log_in.watch.saved")
    post_delete.connect(_deleted, sender=Authenticator, dispatch_uid="home.log_in.watch.deleted")
    password_changed.connect(_password_changed, dispatch_uid="home.log_in.watch.password")
    user_logged_in.connect(_logged_in, dispatch_uid="home.log_in.watch.logged_in")
    user_login_failed.connect(_refused, dispatch_uid="home.log_in.watch.refused")


def _logged_in(sender: type, user: User, **kwargs: Any) -> None:
    """Nobody's name or address: those stand in the audit log, for whom they concern."""
    name = _host()
    log.info("Person %s logged in at %s.", user.pk, name)


def _refused(sender: Any, **kwargs: Any) -> None:
    name = _host()
    log.warning("A log-in was refused at %s.", name)


def _host() -> str:
    return str(context.request.get_host()) if context.request is not None else "no host"


def _own_request(user_id: int) -> Any:
    """The running request, where it is this person's own."""
    request = context.request
    user = getattr(request, "user", None)
    return request if user is not None and user.is_authenticated and user.pk == user_id else None


def _saved(sender: type, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    request = _own_request(instance.user_id)
    if not created or request is None:
        return
    if instance.type == Authenticator.Type.RECOVERY_CODES:
        request.session[CODES_TO_SHOW] = instance.pk
        return
    second_factor.note_proof(request, request.user, instance)
    request.user.with_second_factor = True
    tell(ADDED, request.user, by=request.user, factor=str(instance.type))


def _deleted(sender: type, instance: Authenticator, **kwargs: Any) -> None:
    request = _own_request(instance.user_id)
    if request is not None and instance.type in second_factor.FACTORS:
        tell(REMOVED, request.user, by=request.user, factor=str(instance.type))


def codes_renewed(request: HttpRequest) -> None:
    if isinstance(request.user, User):
        tell(RENEWED, request.user, by=request.user)


def tell_of_reset(user: User, *, by: User | None) -> None:
    tell(RESET, user, by=by)


def sessions_ended(user: User) -> None:
    tell(SESSIONS, user, by=user)


def address_changed(user: User, before: str) -> None:
    """Told to the address that served until now: whoever took the account over reads the other one."""
    tell(ADDRESS, user, by=user, address=before, before=before, after=user.email)


def _password_changed(sender: type, user: User, **kwargs: Any) -> None:
    """By whoever is logged in; by the person, where it was forgotten; by nobody, where a command did it."""
    actor = context.request.user if context.request is not None else None
    tell(PASSWORD, user, by=actor if actor is None or isinstance(actor, User) else user)


def tell(act: str, user: User, *, by: User | None, address: str = "", **facts: str) -> None:
    """An entry in each cooperative, and one mail, from the one whose host this is, or else the first.

    The mail goes to `address` if it is not the person's any more.
    """
    here: Cooperative | None = getattr(context.request, "cooperative", None)
    theirs = list(Cooperative.objects.filter(memberships__user=user).distinct().order_by("pk"))
    with transaction.atomic():
        for cooperative in theirs or ([here] if here else []):
            with within(cooperative):
                audit.record(act, cooperative=cooperative, by=by, subject=user, **facts)
        sender = here if here in theirs or not theirs else theirs[0]
        if sender is not None:
            with within(sender):
                _write(act, user, sender, facts, address)


def _write(act: str, user: User, cooperative: Cooperative, facts: dict[str, str], address: str) -> None:
    mail = outbox.mail_for(
        kind_of("log_in_changed"),
        cooperative=cooperative,
        subject_key=f"user:{user.pk}",
        occasion=f"{act[:20]}:{clock.now():%y%m%d%H%M%S%f}",
        to=user,
        language=_language_of(user),
        facts=facts | {"act": act, "at": clock.now().isoformat()},
    )
    mail.address = address or mail.address
    outbox.queue_all([mail])


def _language_of(user: User) -> str | None:
    """As they set it in the admin; else the cooperative's own."""
    chosen: str = getattr(getattr(user, "wagtail_userprofile", None), "preferred_language", "")
    return chosen if chosen in LANGUAGES else None


def what_changed(act: str, after: str = "") -> str:
    return {
        ADDED: _("A second factor was added to your log-in."),
        REMOVED: _("A second factor was removed from your log-in."),
        RESET: _(
            "Your second factor was taken away, so that you can set a new one. "
            "You will be asked to at your next log-in."
        ),
        RENEWED: _("New recovery codes were made for your log-in. The former ones serve no more."),
        SESSIONS: _("Every other session of yours was ended: other devices have to log in again."),
        PASSWORD: _("The password of your log-in was changed."),
        ADDRESS: _("The email address of your log-in was changed. It is now %(address)s.") % {"address": after},
    }[act]


def fill_changed(mail: OutgoingMail) -> Context:
    at, zone = datetime.fromisoformat(mail.facts["at"]), mail.cooperative.time_zone
    return {
        "what": what_changed(mail.facts["act"], mail.facts.get("after", "")),
        "at": f"{formats.local_day(at, zone)}, {formats.clock_time(at, zone)}",
        "is_password": mail.facts["act"] == PASSWORD,
        "is_address": mail.facts["act"] == ADDRESS,
        "button_url": mail.cooperative.root_url + reverse("mfa_index"),
    }


register(
    MailKind("log_in_changed", "home", Category.TEAM, "Someone's password or second factor changed.", fill_changed)
)
