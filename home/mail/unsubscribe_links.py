"""Another link to end the news, for whoever comes with one whose time is over: mailed to the address on file."""

from django.db import transaction

from home import clock, outbox
from home.mail import unsubscribing
from home.mail.registry import Category, Context, MailKind, kind_of, register
from home.models import Backer, OutgoingMail

#: How many one person gets in a day, whoever asks.
MOST = 3


def send(token: str) -> None:
    """Mail one if the link was ours; whoever asks is told the same in any case."""
    found = unsubscribing.reader_once(token)
    if found is None or not found[0].email:
        return
    backer, topic = found
    with transaction.atomic():
        Backer.objects.select_for_update().get(pk=backer.pk)
        today = clock.now().date().isoformat()
        sent = OutgoingMail.objects.filter(kind="unsubscribe_link", backer=backer, occasion__startswith=today).count()
        if sent >= MOST:
            return
        outbox.queue(
            kind_of("unsubscribe_link"),
            cooperative=backer.cooperative,
            subject_key=f"topic:{topic}",
            occasion=f"{today}:{sent + 1}",
            to=backer,
            facts={"topic": str(topic)},
        )


def fill(mail: OutgoingMail) -> Context:
    """The page behind the button asks, and ends the news."""
    root = mail.cooperative.root_url + "/"
    return {"button_url": unsubscribing.url_for(mail) if mail.pk else root}


register(
    MailKind("unsubscribe_link", "home", Category.SERVICE, "A new link to end the news, asked for by an old one.", fill)
)
