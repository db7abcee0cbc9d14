"""What waited is asked again just before it leaves: whether its reader still wants it. Some mails at a time."""

from collections.abc import Sequence

from home import backing
from home.mail import diverting, team_mails
from home.mail.registry import Category, kind_of
from home.models import OutgoingMail


def still_wanted(mails: Sequence[OutgoingMail]) -> set[int]:
    """The ids of those that may leave, of mails of one cooperative, in its scope.

    Who was erased while a mail was in doubt has no address any more, should someone say that it leaves again.
    """
    if not mails or diverting.goes_nowhere(mails[0].cooperative):
        return set()
    addressed = [mail for mail in mails if mail.address]
    news = [mail for mail in addressed if kind_of(mail.kind).category == Category.NEWS]
    others = {mail.pk for mail in addressed if kind_of(mail.kind).category != Category.NEWS}
    wanted = {mail.pk for mail in addressed if mail.pk in others and team_mails.is_wanted(mail)}
    return wanted | _wanted_news([mail for mail in news if mail.backer_id is not None])


def _wanted_news(news: Sequence[OutgoingMail]) -> set[int]:
    """By consent, and never to an address that was refused or complained: two queries."""
    if not news:
        return set()
    refused = backing.suppressed_among(news[0].cooperative, [mail.address for mail in news])
    asked = backing.news_wanted_by({mail.backer_id for mail in news if mail.backer_id is not None})
    return {
        mail.pk
        for mail in news
        if backing.email_key(mail.address) not in refused and (mail.backer_id, mail.facts["topic"]) in asked
    }
