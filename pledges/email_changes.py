"""The state machine of a changed address: asked for on one's own page, confirmed from the new one, undone from the old.

Anybody who has a backer's link may ask; nothing changes before the new address says yes. The old address is told then,
and can take it back: links that were sent until that moment open nothing any more, and new ones go to the old address.
Each step is one transaction under the lock of the backer.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from home import backing, clock, links, outbox
from home.mail.registry import kind_of
from home.models import Backer, NewsConsent, OutgoingMail, Withdrawal
from pledges import kept_elsewhere, renewing
from pledges.models import EmailChange, Pledge

#: How long the new address may confirm, and the old one undo.
CONFIRMED_WITHIN, UNDONE_WITHIN = timedelta(days=7), timedelta(days=14)

#: How many addresses one person may try in an hour.
MOST, WITHIN = 3, timedelta(hours=1)

CONFIRM, UNDO = "email-confirm", "email-undo"
TO_NEW, TO_OLD = "email_changed_new", "email_changed_old"


class Refusal(StrEnum):
    """SAME: it is the address of now. TAKEN: it is another backer's. OVER: too late, or done or replaced meanwhile."""

    SAME = "same"
    MANY = "many"
    TAKEN = "taken"
    OVER = "over"


class ChangeRefused(Exception):
    """Nothing was written. `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def masked(email: str) -> str:
    """Enough of an address for its owner to know it."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def confirm_by(change: EmailChange) -> datetime:
    return change.asked_at + CONFIRMED_WITHIN


def undo_by(change: EmailChange) -> datetime:
    return (change.confirmed_at or change.asked_at) + UNDONE_WITHIN


def ask(pledge: Pledge, email: str) -> EmailChange:
    """Mail a link to the new address; an earlier one confirms nothing any more. Raises ChangeRefused."""
    with transaction.atomic():
        backer = Backer.objects.select_for_update().get(pk=pledge.backer_id)
        if backing.email_key(email) == backer.email_key:
            raise ChangeRefused(Refusal.SAME)
        if backer.email_changes.filter(asked_at__gt=clock.now() - WITHIN).count() >= MOST:
            raise ChangeRefused(Refusal.MANY)
        change = EmailChange.objects.create(
            cooperative_id=backer.cooperative_id,
            backer=backer,
            pledge=pledge,
            old_email=backer.email,
            new_email=email.strip(),
            asked_at=clock.now(),
        )
        _write(TO_NEW, change, change.new_email)
    return change


def _write(kind: str, change: EmailChange, address: str) -> None:
    mail = outbox.mail_for(
        kind_of(kind),
        cooperative=change.backer.cooperative,
        subject_key=change.pledge.key,
        occasion=f"email:{change.pk}",
        to=change.backer,
    )
    mail.address = address
    outbox.queue_all([mail])


def url_for(purpose: str, change: EmailChange, mail: OutgoingMail) -> str:
    """Where the reader of a mail confirms or undoes."""
    lasts = CONFIRMED_WITHIN if purpose == CONFIRM else UNDONE_WITHIN
    with translation.override(mail.language):
        name = "email_confirm" if purpose == CONFIRM else "email_undo"
        return mail.cooperative.root_url + reverse(name, args=[links.sign(purpose, str(change.pk), lasts=lasts)])


def change_in(purpose: str, token: str) -> EmailChange:
    """Raises LinkRefused for a link that is over, or opens nothing here."""
    rows = EmailChange.objects.select_related("backer", "cooperative", "pledge__campaign__cooperative__site")
    found = rows.filter(pk=links.read(purpose, token).subject, backer__erased_at=None).first()
    if found is None:
        raise links.LinkRefused
    return found


def may_confirm(change: EmailChange) -> bool:
    latest = EmailChange.objects.filter(backer=change.backer_id).order_by("-pk").first()
    is_open = change.confirmed_at is None and change.undone_at is None
    return is_open and latest == change and clock.now() < confirm_by(change)


def may_undo(change: EmailChange) -> bool:
    """Whatever address came after it: who took a link may have changed the address again."""
    stands = change.confirmed_at is not None and change.undone_at is None
    return stands and bool(change.old_email) and clock.now() < undo_by(change)


def confirm(change: EmailChange) -> None:
    """From the new address: mails go there from now on, and the old address is told. Raises ChangeRefused."""
    with transaction.atomic():
        backer = _locked(change)
        if not may_confirm(change):
            raise ChangeRefused(Refusal.OVER)
        _move(backer, change.new_email)
        EmailChange.objects.filter(pk=change.pk).update(confirmed_at=clock.now())
        if change.old_email:
            _write(TO_OLD, change, change.old_email)


def undo(change: EmailChange) -> None:
    """From the old address: all is as before, but for the links, which are new. Raises ChangeRefused.

    Changes that came later, asked for or made, are over with it.
    """
    with transaction.atomic():
        backer = _locked(change)
        if not may_undo(change):
            raise ChangeRefused(Refusal.OVER)
        _move(backer, change.old_email)
        later = EmailChange.objects.filter(backer=backer, pk__gte=change.pk, undone_at=None)
        later.update(undone_at=clock.now())
        renewing.revoke(backer)


def _locked(change: EmailChange) -> Backer:
    """The backer of a change, both as they are now, in the caller's transaction."""
    backer = Backer.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=change.backer_id)
    change.refresh_from_db()
    change.backer = backer
    return backer


def _move(backer: Backer, email: str) -> None:
    key = backing.email_key(email)
    other = Backer.objects.select_for_update().filter(cooperative=backer.cooperative_id, email_key=key)
    for one in other.exclude(pk=backer.pk):
        _take_over(backer, one)
    backer.email, backer.email_key = email, key
    backer.save(update_fields=["email", "email_key"])
    outbox.readdress(backer)


def _take_over(backer: Backer, other: Backer) -> None:
    """Someone known by the address for the news alone is this backer; raises ChangeRefused for one with more."""
    if other.pledges.exists() or any(rows.exists() for rows in kept_elsewhere.rows_of(other).values()):
        raise ChangeRefused(Refusal.TAKEN)
    now = clock.now()
    standing = NewsConsent.objects.filter(backer=backer, withdrawn_at=None).values("topic")
    NewsConsent.objects.filter(
        backer=other, withdrawn_at=None, topic__in=list(standing.values_list("topic", flat=True))
    ).update(withdrawn_at=now, withdrawn_by=Withdrawal.MERGED)
    NewsConsent.objects.filter(backer=other).update(backer=backer)
    OutgoingMail.objects.filter(backer=other).update(backer=backer)
    other.delete()
