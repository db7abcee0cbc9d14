"""Links mailed for one act about one's own data: taking it away, or having it erased. Each works once, for a week.

A link to « Ma contribution » lasts for months and stands in many mails: it asks for such an act, and does none. What is
mailed is signed over a key of its row and for its act alone; the key by itself, read in the database, opens nothing.
"""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from home import clock, links, outbox
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail
from pledges.models import DataRequest, Pledge

#: How long the link works, how many may be asked for in an hour.
LASTS, MOST, WITHIN = timedelta(days=7), 3, timedelta(hours=1)


class Act(StrEnum):
    """What a link is for: the value is its purpose and the occasion of its mail."""

    EXPORT = "data"
    ERASE = "erase"


MAILS = {Act.EXPORT: "data_exported", Act.ERASE: "data_to_erase"}
VIEWS = {Act.EXPORT: "data_download", Act.ERASE: "data_erase"}


def ask(pledge: Pledge, act: Act) -> bool:
    """Write the request and its mail. False where too many were asked for within the hour, of either."""
    now, backer = clock.now(), pledge.backer
    with transaction.atomic():
        Backer.objects.select_for_update().get(pk=backer.pk)
        if DataRequest.objects.filter(backer=backer, asked_at__gt=now - WITHIN).count() >= MOST:
            return False
        made = DataRequest.objects.create(
            cooperative_id=backer.cooperative_id, backer=backer, asked_at=now, expires_at=now + LASTS
        )
        outbox.queue(
            kind_of(MAILS[act]),
            cooperative=pledge.cooperative,
            subject_key=pledge.key,
            occasion=f"{act}:{made.pk}",
            to=backer,
        )
    return True


def token_of(request: DataRequest, act: Act) -> str:
    return links.sign(_purpose(act), str(request.key), lasts=LASTS)


def _purpose(act: Act) -> str:
    return f"own-{act}"


def url_for(request: DataRequest, act: Act, mail: OutgoingMail) -> str:
    """The page that asks, in the language of the mail."""
    with translation.override(mail.language):
        return mail.cooperative.root_url + reverse(VIEWS[act], args=[token_of(request, act)])


def standing(act: Act, token: str) -> DataRequest | None:
    """What a link may still be used for."""
    try:
        key = UUID(links.read(_purpose(act), token).subject)
    except (links.LinkRefused, ValueError):
        return None
    rows = DataRequest.objects.select_related("backer", "cooperative")
    return rows.filter(key=key, used_at=None, expires_at__gt=clock.now(), backer__erased_at=None).first()


def use(request: DataRequest) -> bool:
    """Once: False if the link was used at this very moment by another."""
    return bool(DataRequest.objects.filter(pk=request.pk, used_at=None).update(used_at=clock.now()))


def pledge_of(request: DataRequest) -> Pledge:
    """The latest contribution of whoever asked, by which the last mail knows what it is about."""
    pledges = Pledge.objects.select_related("campaign", "backer", "cooperative__site")
    return pledges.filter(backer=request.backer_id).latest("pk")
