"""The signed link to « Ma contribution », and the code of the links that its reader passes on."""

import base64
from datetime import timedelta

from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from campaigns.ambassadors import BACKER_CODE
from home import links
from pledges.models import Pledge

PURPOSE = "contribution"
LASTS = timedelta(days=400)


def contribution_token(pledge: Pledge) -> str:
    return links.sign(PURPOSE, str(pledge.pk), lasts=LASTS, generation=pledge.link_generation)


def contribution_url(pledge: Pledge, language: str | None = None) -> str:
    """The absolute address of the backer's own page, in the backer's language unless told otherwise."""
    with translation.override(language or pledge.language):
        return pledge.cooperative.root_url + reverse("contribution", args=[contribution_token(pledge)])


def share_code(pledge: Pledge) -> str:
    """The code in the links that a backer passes on: always the same one, from which nobody finds the backer."""
    digest = salted_hmac("tremplin.share", str(pledge.pk)).digest()
    return f"{BACKER_CODE}{base64.b32encode(digest)[:8].decode().lower()}"


def pledge_of(token: str) -> Pledge:
    """The pledge a link opens. Raises LinkRefused for a link that is foreign, expired or replaced by a newer one."""
    link = links.read(PURPOSE, token)
    pledge = (
        Pledge.objects.select_related("campaign", "backer", "cooperative__site")
        .filter(pk=link.subject, link_generation=link.generation)
        .first()
    )
    if pledge is None:
        raise links.LinkRefused
    return pledge
