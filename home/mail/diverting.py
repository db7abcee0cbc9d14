"""Mail of a rehearsal goes to the person who rehearses, and to nobody else, whatever address its row has.

Asked at the one place where mail leaves (home.outbox), of every message, so that no kind of mail, no provider and no
way of calling one leads past it.
"""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from home.models import Cooperative, OutgoingMail

#: Says to whom the mail would have gone.
MEANT_FOR = "X-Tremplin-Meant-For"

#: What anymail reads to write to several readers by one call.
PERSONAL = ("merge_data", "merge_global_data", "merge_headers", "merge_metadata")


class NobodyRehearses(ValueError):
    """There is nobody whom the mails of this rehearsal may go to."""


def goes_nowhere(cooperative: Cooperative) -> bool:
    """A rehearsal that is over, or whose person is gone."""
    return cooperative.is_rehearsal and _reader_of(cooperative) is None


def divert(message: EmailMultiAlternatives, mail: OutgoingMail) -> EmailMultiAlternatives:
    """The message as it may leave: unchanged, or of a rehearsal, to its person alone. Raises NobodyRehearses."""
    if not mail.cooperative.is_rehearsal:
        return message
    reader = _reader_of(mail.cooperative)
    if reader is None:
        raise NobodyRehearses(f"Nobody is in rehearsal {mail.cooperative.slug}.")
    meant_for = ", ".join([*message.to, *message.cc, *message.bcc])
    message.to, message.cc, message.bcc = [reader], [], []
    message.reply_to = [reader]
    message.extra_headers[MEANT_FOR] = meant_for
    for name in PERSONAL:
        if hasattr(message, name):
            delattr(message, name)
    with translation.override(mail.language):
        _mark(message, meant_for)
    return message


def _reader_of(cooperative: Cooperative) -> str | None:
    person = cooperative.rehearsed_by
    return person.email if person is not None and person.is_active and person.email else None


def _mark(message: EmailMultiAlternatives, meant_for: str) -> None:
    """In the subject, and at the head of both parts."""
    context = {"meant_for": meant_for}
    message.subject = f"[{gettext('Trial')}] {message.subject}"
    message.body = render_to_string("emails/rehearsal.txt", context) + str(message.body)
    notice = render_to_string("emails/rehearsal.html", context)
    parts = [(str(content), kind) for content, kind in message.alternatives]
    message.alternatives = []
    for content, kind in parts:
        message.attach_alternative(_below_body_tag(content, notice) if kind == "text/html" else content, kind)


def _below_body_tag(html: str, notice: str) -> str:
    start = html.find("<body")
    at = html.find(">", start) + 1 if start >= 0 else 0
    return html[:at] + notice + html[at:]
