"""The link that ends a topic's news: opened by a person, or posted by a mail client (RFC 8058)."""

from datetime import timedelta
from uuid import UUID

from home import backing, links
from home.models import Backer, OutgoingMail, Withdrawal

PURPOSE = "unsubscribe"
LASTS = timedelta(days=5 * 365)


def url_for(mail: OutgoingMail) -> str:
    """The absolute address for the reader of this news, in the reader's language."""
    token = links.sign(PURPOSE, f"{mail.backer_id}:{mail.facts['topic']}", lasts=LASTS)
    return mail.cooperative.root_url + links.path_of("unsubscribe", token, mail.language)


def reader_of(token: str) -> tuple[Backer, UUID]:
    """Whom and what the token is about. Raises LinkRefused for a token that opens nothing here."""
    return _named(links.read(PURPOSE, token).subject)


def _named(subject: str) -> tuple[Backer, UUID]:
    backer_id, _, topic = subject.partition(":")
    backer = Backer.objects.select_related("cooperative").filter(pk=backer_id, erased_at=None).first()
    if backer is None:
        raise links.LinkRefused
    return backer, UUID(topic)


def reader_once(token: str) -> tuple[Backer, UUID] | None:
    """Whom a link was about whose time is over, and for what; None for one that never was ours."""
    try:
        links.read(PURPOSE, token)
    except links.LinkExpired as expired:
        try:
            return _named(expired.subject)
        except links.LinkRefused:
            return None
    except links.LinkRefused:
        return None
    return None


def unsubscribe(token: str) -> None:
    """Withdraw the consent; doing it twice is the same as once. Raises LinkRefused."""
    backer, topic = reader_of(token)
    backing.withdraw_news(backer, topic, Withdrawal.LINK)
