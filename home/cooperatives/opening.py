"""A cooperative opened in one act: founded, its legal texts written, its federation's template taken, its owner let in.

One transaction: where any of it cannot be, there is nothing.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.models import Site

from home import audit
from home.cooperatives import legal_texts, proposals
from home.cooperatives.founding import Foundation, found, welcome
from home.models import Cooperative, Role, User
from home.people import inviting
from home.tenancy import within

OPENED = audit.act("cooperative_opened", _("Cooperative opened"))


@dataclass(frozen=True)
class Opened:
    """`way_in` is where the owner goes first; `is_new`: it is their invitation, theirs alone, which was mailed too."""

    cooperative: Cooperative
    owner_email: str
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
    way_in, is_new = _let_in(cooperative, owner_email, by)
    # What another process read of the sites while this was being written would stay for an hour.
    transaction.on_commit(Site.clear_site_root_paths_cache)
    return Opened(cooperative, owner_email, way_in, is_new)


def _let_in(cooperative: Cooperative, email: str, by: User | None) -> tuple[str, bool]:
    """Whoever has that address already keeps their password, and serves one cooperative more; others are invited."""
    known = User.objects.filter(email__iexact=email).first()
    if known is None:
        with within(cooperative):
            return inviting.invite_direction(cooperative, email, by=by), True
    welcome(known, cooperative, Role.OWNER)
    return cooperative.root_url + reverse("wagtailadmin_home"), False


def left_to_do(opened: Opened) -> list[str]:
    """What people outside have to do, a sentence each, in the language of who asks."""
    cooperative = opened.cooperative
    said = {
        "host": cooperative.site.hostname,
        "owner": opened.owner_email,
        "way_in": opened.way_in,
        "payments": cooperative.root_url + reverse("pledges_account"),
        "sender": cooperative.root_url + reverse("sender_verification"),
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "address": cooperative.sender_email,
    }
    if opened.is_new:
        owner = _("%(owner)s was invited by email, for a week; the same link, to be handed to nobody else: %(way_in)s")
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
