"""Mails about a changed address, one to each. `subject_key` is `pledge:<id>`, `occasion` `email:<id>`."""

from django.utils.translation import gettext

from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import email_changes
from pledges.models import EmailChange


def _change_of(mail: OutgoingMail) -> EmailChange:
    rows = EmailChange.objects.select_related("backer", "pledge__campaign__cooperative__site", "cooperative")
    return rows.get(pk=int(mail.occasion.rpartition(":")[2]))


def _shared(mail: OutgoingMail, change: EmailChange, purpose: str) -> Context:
    return {
        "campaign": change.pledge.campaign,
        "zone": change.cooperative.time_zone,
        "old_email": email_changes.masked(change.old_email) if change.old_email else "",
        "new_email": email_changes.masked(change.new_email),
        "button_url": email_changes.url_for(purpose, change, mail) if mail.pk else mail.cooperative.root_url + "/",
    }


def fill_new(mail: OutgoingMail) -> Context:
    change = _change_of(mail)
    return _shared(mail, change, email_changes.CONFIRM) | {
        "expires_at": email_changes.confirm_by(change),
        "button_label": gettext("Confirm this address"),
    }


def fill_old(mail: OutgoingMail) -> Context:
    change = _change_of(mail)
    return _shared(mail, change, email_changes.UNDO) | {
        "expires_at": email_changes.undo_by(change),
        "button_label": gettext("Undo this change"),
    }


register(
    MailKind(
        email_changes.TO_NEW,
        "pledges",
        Category.SERVICE,
        "Is this new address right? Nothing changes before it is confirmed.",
        fill_new,
    )
)
register(
    MailKind(
        email_changes.TO_OLD,
        "pledges",
        Category.SERVICE,
        "Mails go to another address now, told to the former one, which may undo it.",
        fill_old,
    )
)
