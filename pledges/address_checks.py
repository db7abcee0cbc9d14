"""Before mailing: each backer of some tiers is asked once whether their address is still right, until a day.

What happens when the process dies: asking is one transaction, with its mails.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, Reward
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import OutgoingMail, User
from pledges import address_locks, fulfilment
from pledges.enums import FulfilmentState
from pledges.models import AddressCheck, Pledge, PledgeItem

KIND = "address_check"

#: The same form sent again within this time asks nobody twice.
AGAIN = timedelta(minutes=10)


def parcels(tiers: list[Reward]) -> QuerySet[Pledge]:
    """Contributions with something of these tiers that is paid for and still to be mailed."""
    items = fulfilment.movable(PledgeItem.objects.filter(reward__in=tiers, quantity__gt=0), FulfilmentState.SENT)
    return Pledge.objects.filter(pk__in=items.values("pledge"))


def ask(campaign: Campaign, tiers: list[Reward], *, ship_on: date, lock_on: date, by: User | None) -> bool:
    """Open the addresses until the end of `lock_on` and write to each backer. False if that was asked just now."""
    now = clock.now()
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        earlier = AddressCheck.objects.filter(campaign=campaign, ship_on=ship_on, lock_on=lock_on)
        if earlier.filter(asked_at__gt=now - AGAIN, tiers__in=tiers).exists():
            return False
        check = AddressCheck.objects.create(
            cooperative_id=campaign.cooperative_id,
            campaign=campaign,
            ship_on=ship_on,
            lock_on=lock_on,
            asked_at=now,
            asked_by=by,
        )
        check.tiers.set(tiers)
        pledges = parcels(tiers)
        address_locks.ask_until(pledges, lock_on)
        outbox.queue_all(_mails(check, pledges))
    return True


def _mails(check: AddressCheck, pledges: QuerySet[Pledge]) -> Iterator[OutgoingMail]:
    for pledge in pledges.select_related("backer", "cooperative").order_by("pk").iterator(500):
        yield outbox.mail_for(
            kind_of(KIND),
            cooperative=pledge.cooperative,
            subject_key=pledge.key,
            occasion=f"check:{check.pk}",
            to=pledge.backer,
        )
