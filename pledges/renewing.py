"""New links to « Ma contribution »: for someone who lost theirs, or whose links came into other hands."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max

from home import backing, clock, outbox
from home.mail.registry import kind_of
from home.models import Backer, Cooperative, OutgoingMail
from pledges.enums import PledgeState
from pledges.models import Pledge

#: How many new links one person gets in an hour, whoever asks.
MOST, WITHIN = 3, timedelta(hours=1)


def renew(cooperative: Cooperative, email: str) -> int:
    """Mail a new link to the latest pledge of each campaign, if the address is a backer's. Returns how many leave.

    Earlier links to these stop working, and those to updates.
    """
    backer = Backer.objects.filter(cooperative=cooperative, email_key=backing.email_key(email)).first()
    if backer is None:
        return 0
    with transaction.atomic():
        Backer.objects.select_for_update().get(pk=backer.pk)
        return _renew(backer)


def revoke(backer: Backer) -> int:
    """End every link that this backer was ever sent, whoever has it; mail new ones, as `renew`, and return how many."""
    with transaction.atomic():
        Backer.objects.select_for_update().get(pk=backer.pk)
        Pledge.objects.filter(backer=backer).update(link_generation=F("link_generation") + 1)
        Backer.objects.filter(pk=backer.pk).update(link_generation=F("link_generation") + 1)
        return _renew(backer)


def _renew(backer: Backer) -> int:
    pledges = _latest(backer)[: max(0, MOST - _recent(backer))]
    for pledge in pledges:
        _renew_one(pledge)
    if pledges:
        Backer.objects.filter(pk=backer.pk).update(link_generation=F("link_generation") + 1)
    return len(pledges)


def _recent(backer: Backer) -> int:
    return OutgoingMail.objects.filter(kind="link_renewed", backer=backer, created_at__gt=clock.now() - WITHIN).count()


def _latest(backer: Backer) -> list[Pledge]:
    """The last pledge of each campaign that came to something, latest first."""
    known = Pledge.objects.filter(backer=backer).exclude(state__in=[PledgeState.PENDING, PledgeState.LAPSED])
    latest = known.order_by().values("campaign").annotate(latest=Max("id")).values("latest")
    pledges = Pledge.objects.filter(pk__in=latest).select_related("cooperative__site", "backer", "campaign")
    return list(pledges.order_by("-id"))


def _renew_one(pledge: Pledge) -> None:
    Pledge.objects.filter(pk=pledge.pk).update(link_generation=F("link_generation") + 1)
    pledge.refresh_from_db(fields=["link_generation"])
    outbox.queue(
        kind_of("link_renewed"),
        cooperative=pledge.cooperative,
        subject_key=pledge.key,
        occasion=f"link:{pledge.link_generation}",
        to=pledge.backer,
    )
