"""What a mail provider would tell of the demo's mails: the inbox of this machine tells nothing.

By the door that webhooks come through, so that all that follows from an event follows here too.
"""

from datetime import timedelta

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from home.mail import tracking
from home.mail.composing import ROW
from home.models import Cooperative, MailState, OutgoingMail
from home.tenancy import within
from sandbox.demo.content import CampaignText
from updates.models import Update

NAME = "demo"
LATER = timedelta(seconds=30)


def tell(cooperative: Cooperative, text: CampaignText) -> None:
    """Of the updates whose content says what was told. Told again, it changes nothing."""
    with within(cooperative):
        for written in text.updates:
            if written.told:
                update = Update.objects.get(cooperative=cooperative, title_fr=written.title["fr"])
                _tell_of(update, refused=written.told["refused"], silent=written.told["silent"])


def _tell_of(update: Update, *, refused: int, silent: int) -> None:
    """All of them arrived, but for the first, whose addresses take no mail, and the last, of which nothing is known."""
    mails = list(OutgoingMail.objects.filter(subject_key=update.key, state=MailState.SENT).order_by("pk"))
    for place, mail in enumerate(mails[: len(mails) - silent]):
        is_refused = place < refused
        event = AnymailTrackingEvent(
            event_type=EventType.BOUNCED if is_refused else EventType.DELIVERED,
            event_id=f"demo-{mail.pk}",
            timestamp=mail.created_at + 2 * LATER,
            recipient=mail.address,
            metadata={ROW: str(mail.token)},
            reject_reason=RejectReason.BOUNCED if is_refused else None,
            description="550 5.1.1 No such mailbox" if is_refused else "",
            esp_event={},
        )
        tracking.receive(NAME, event, NAME)
