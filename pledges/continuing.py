"""A link by email to go on with a contribution, for who is held back by what others do on their network.

It holds what was chosen, nothing about a person but a mark of the address it was sent to, and opens the form only.
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from campaigns.models import Campaign
from home import backing, clock, links, outbox
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail

PURPOSE = "continue"
LASTS = timedelta(days=1)

#: How many such links one person gets in an hour, whoever asks.
MOST, WITHIN = 3, timedelta(hours=1)


def send(campaign: Campaign, *, email: str, language: str, chosen: dict[str, str]) -> None:
    """Mail a link, a few times an hour at most; the asker is told the same in any case."""
    with transaction.atomic():
        backer = backing.find_or_make(campaign.cooperative, email=email, name="", language=language)
        Backer.objects.select_for_update().get(pk=backer.pk)
        mails = OutgoingMail.objects.filter(kind="contribution_link", backer=backer)
        if mails.filter(created_at__gt=clock.now() - WITHIN).count() >= MOST:
            return
        outbox.queue(
            kind_of("contribution_link"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=f"link:{mails.count() + 1}",
            to=backer,
            language=language,
            facts={"chosen": chosen},
        )


def url_for(campaign: Campaign, mail: OutgoingMail) -> str:
    """The form as it was filled in, in the reader's language."""
    opened = token(campaign, mail.address, mail.facts["chosen"])
    with translation.override(mail.language):
        path = reverse("contribute", args=[campaign.pk])
    return f"{campaign.cooperative.root_url}{path}?{urlencode({'go': opened})}"


def token(campaign: Campaign, email: str, chosen: dict[str, str]) -> str:
    held = {"campaign": campaign.pk, "reader": _mark_of(email), "chosen": chosen}
    return links.sign(PURPOSE, json.dumps(held, sort_keys=True), lasts=LASTS)


def chosen_in(campaign: Campaign, text: str) -> dict[str, str]:
    """What a link holds; nothing if it is none of this campaign's."""
    return dict(_held(campaign, text).get("chosen", {}))


def may_go_on(campaign: Campaign, text: str, email: str) -> bool:
    """Whether this link was sent to that address."""
    return bool(text) and _held(campaign, text).get("reader") == _mark_of(email)


def _held(campaign: Campaign, text: str) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(links.read(PURPOSE, text).subject)
    except (links.LinkRefused, ValueError):
        return {}
    return held if held.get("campaign") == campaign.pk else {}


def _mark_of(email: str) -> str:
    return salted_hmac("tremplin.continue", backing.email_key(email)).hexdigest()[:16]
