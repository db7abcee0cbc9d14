"""A cooperative opened in one act: founded, its legal texts written, its federation's template taken, its owner let in.

One transaction: where any of it cannot be, there is nothing.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _
from wagtail.models import Site

from home import audit, legal_texts, proposals
from home.founding import Foundation, found, welcome
from home.models import Cooperative, Role, User
from home.tenancy import within

OPENED = audit.act("cooperative_opened", _("Cooperative opened"))


@dataclass(frozen=True)
class Opened:
    """`way_in` is where the owner goes first; `is_new`: that address is theirs alone, and sets their password."""

    cooperative: Cooperative
    owner: User
    way_in: str
    is_new: bool


@transaction.atomic
def open_cooperative(foundation: Foundation, *, owner_email: str, by: User | None) -> Opened:
    """Usable from the commit on. Raises IntegrityError where short name or host were taken meanwhile."""
    cooperative = found(foundation)
    with within(cooperative):
        legal_texts.write_all(cooperative, legal_texts.words_for(cooperative.federation))
        proposals.adopt_all(cooperative, by)
        audit.record(OPENED, cooperative=cooperative, by=by)
    owner, is_new = _owner(owner_email)
    welcome(owner, cooperative, Role.OWNER)
    # What another process read of the sites while this was being written would stay for an hour.
    transaction.on_commit(Site.clear_site_root_paths_cache)
    return Opened(cooperative, owner, _way_in(cooperative, owner, is_new), is_new)


def _owner(email: str) -> tuple[User, bool]:
    """Whoever has that address already keeps their password, and serves one cooperative more."""
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        return known, not known.has_usable_password()
    return User.objects.create_user(email), True


def _way_in(cooperative: Cooperative, owner: User, is_new: bool) -> str:
    if not is_new:
        return cooperative.root_url + reverse("wagtailadmin_home")
    code = urlsafe_base64_encode(force_bytes(owner.pk))
    token = default_token_generator.make_token(owner)
    return cooperative.root_url + reverse("wagtailadmin_password_reset_confirm", args=[code, token])


def left_to_do(opened: Opened) -> list[str]:
    """What people outside have to do, a sentence each, in the language of who asks."""
    cooperative = opened.cooperative
    said = {
        "host": cooperative.site.hostname,
        "owner": opened.owner.email,
        "way_in": opened.way_in,
        "payments": cooperative.root_url + reverse("pledges_account"),
        "sender": cooperative.root_url + reverse("sender_verification"),
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "address": cooperative.sender_email,
    }
    if opened.is_new:
        owner = _("Hand this address to %(owner)s, to choose a password and come in: %(way_in)s")
    else:
        owner = _("%(owner)s has an account already and comes in here: %(way_in)s")
    return [
        str(sentence % said)
        for sentence in (
            _("Point the DNS of %(host)s at this server, and have its certificate made."),
            owner,
            _("The direction opens the %(processor)s account here: %(payments)s"),
            _("The direction verifies the sending address %(address)s here: %(sender)s"),
        )
    ]
