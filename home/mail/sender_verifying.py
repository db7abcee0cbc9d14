"""Proof that mail to the cooperative's sending address arrives: a signed link, opened from that mailbox.

The link names the address it was sent to, so that it proves nothing once another one has been set.
"""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import translation

from home import clock, links, outbox
from home.mail.registry import Category, Context, MailKind, kind_of, register
from home.models import Cooperative, OutgoingMail

PURPOSE = "sender"
LASTS = timedelta(days=7)


def ask(cooperative: Cooperative, *, by: Any) -> None:
    """Write to the sending address itself; `by` is who of the team asked for it."""
    mail = outbox.mail_for(
        kind_of("sender_check"),
        cooperative=cooperative,
        subject_key=f"cooperative:{cooperative.pk}",
        occasion=clock.now().isoformat(),
        to=by,
        facts={"asked_by": str(by)},
    )
    mail.address = cooperative.sender_email
    outbox.queue_all([mail])


def url_for(mail: OutgoingMail) -> str:
    token = links.sign(PURPOSE, f"{mail.cooperative_id}:{mail.address}", lasts=LASTS)
    with translation.override(mail.language):
        return mail.cooperative.root_url + reverse("sender_confirmation", args=[token])


def read(cooperative: Cooperative, token: str) -> str:
    """The address that the link is about. Raises LinkRefused for another one than is set today, and elsewhere."""
    key, _, address = links.read(PURPOSE, token).subject.partition(":")
    if key != str(cooperative.pk) or address != cooperative.sender_email:
        raise links.LinkRefused
    return address


def confirm(cooperative: Cooperative, token: str) -> bool:
    """True if this call verified it; again changes nothing. Raises LinkRefused."""
    address = read(cooperative, token)
    unverified = Cooperative.objects.filter(pk=cooperative.pk, sender_email=address, sender_verified_at=None)
    return bool(unverified.update(sender_verified_at=clock.now()))


def fill_check(mail: OutgoingMail) -> Context:
    root = mail.cooperative.root_url + "/"
    return {
        "asked_by": mail.facts["asked_by"],
        "address": mail.address,
        "button_url": url_for(mail) if mail.pk else root,
    }


register(MailKind("sender_check", "home", Category.TEAM, "Does mail to the sending address arrive?", fill_check))
