"""A link by mail to go on with a contribution: for who has no JavaScript to prove work with, or a network that waits.

What was typed is kept with the link for a day or two, and with nothing else: no stock is held, nothing exists at the
provider. The link opens a page that asks; its POST goes on, and leads to one contribution, of the address it was sent
to, however often it is used.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.models import Campaign
from home import backing, clock, links, outbox
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail
from pledges.models import Continuation

PURPOSE = "continue"
LASTS = timedelta(days=1)

#: How many such links one person gets in an hour, whoever asks.
MOST, WITHIN = 3, timedelta(hours=1)

#: A link lasts to the end of its last day; what was typed is deleted then (pledges.retention_rules).
KEPT = LASTS + timedelta(days=1)


def send(campaign: Campaign, *, email: str, language: str, typed: Mapping[str, str]) -> None:
    """Mail a link, a few times an hour at most; the asker is told the same in any case."""
    with transaction.atomic():
        backer = backing.find_or_make(campaign.cooperative, email=email, name="", language=language)
        Backer.objects.select_for_update().get(pk=backer.pk)
        if Continuation.objects.filter(backer=backer, asked_at__gt=clock.now() - WITHIN).count() >= MOST:
            return
        row = Continuation.objects.create(
            cooperative=campaign.cooperative,
            campaign=campaign,
            backer=backer,
            typed=dict(typed),
            asked_at=clock.now(),
        )
        outbox.queue(
            kind_of("contribution_link"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=f"link:{row.pk}",
            to=backer,
            language=language,
            facts={"continuation": row.pk},
        )


def url_for(mail: OutgoingMail) -> str:
    """The page that asks whether to go on, in the reader's language."""
    path = links.path_of("contribute_continue", token_of(mail.facts["continuation"]), mail.language)
    return f"{mail.cooperative.root_url}{path}"


def token_of(row_id: int) -> str:
    return links.sign(PURPOSE, str(row_id), lasts=LASTS)


def row_of(token: str) -> Continuation:
    """What a link goes on with. Raises LinkRefused."""
    subject = links.read(PURPOSE, token).subject
    row = Continuation.objects.filter(pk=subject).select_related("campaign", "backer").first()
    if row is None:
        raise links.LinkRefused
    return row


def is_ours(token: str) -> bool:
    """Whether this is a link of ours, whatever it leads to; nothing is read."""
    try:
        return bool(links.read(PURPOSE, token))
    except links.LinkRefused:
        return False


def may_go_on(campaign: Campaign, token: str, email: str, attempt: uuid.UUID) -> Continuation | None:
    """What this link goes on with, if it was sent to that address and has led to no other contribution."""
    try:
        row = row_of(token)
    except links.LinkRefused:
        return None
    fits = row.campaign_id == campaign.pk and row.backer.email_key == backing.email_key(email)
    return row if fits and row.used_for in (None, attempt) else None


def use(row: Continuation, attempt: uuid.UUID) -> bool:
    """Use a link up for one contribution; False if it has just been used for another."""
    unused = Continuation.objects.filter(Q(used_for=None) | Q(used_for=attempt), pk=row.pk)
    return bool(unused.update(used_for=attempt))
