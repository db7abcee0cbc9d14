"""The mail about a deadline that was moved, to everyone who contributed. `subject_key` is `pledge:<id>`."""

from home.languages import text_of
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import emails
from pledges.consent_texts import charge_date
from pledges.models import Pledge


def fill(mail: OutgoingMail) -> Context:
    pledge = Pledge.objects.select_related("campaign__cooperative__site", "cooperative__site", "backer").get(
        pk=int(mail.subject_key.rpartition(":")[2])
    )
    campaign = pledge.campaign
    return {
        "pledge": pledge,
        "campaign": campaign,
        "amount": pledge.amount,
        "currency": pledge.currency,
        "zone": pledge.cooperative.time_zone,
        "charge_date": charge_date(campaign),
        "editor_text": text_of(campaign, "extension_reason"),
        "button_url": emails.own_url(mail, pledge),
    }


DEADLINE_EXTENDED = register(
    MailKind("deadline_extended", "pledges", Category.SERVICE, "The deadline was moved, once.", fill)
)
