"""What backers settle about their contribution without money: address, what is shown, language."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from campaigns.enums import Handover
from home import backing, clock
from pledges import address_locks
from pledges.enums import FulfilmentState, PledgeState, Wall
from pledges.gone_back import given_up, is_gone_back
from pledges.models import DeliveryAddress, Pledge, PledgeItem

#: A parcel that has not left, or has come back.
TO_MAIL = (FulfilmentState.NOT_STARTED, FulfilmentState.IN_PRODUCTION, FulfilmentState.RETURNED)


def needs_address(pledge: Pledge) -> bool:
    """Whether something is still to be mailed."""
    mailed = pledge.items.filter(~given_up(), handover=Handover.POST, state__in=TO_MAIL, quantity__gt=0)
    return pledge.state == PledgeState.CONFIRMED and mailed.exists() and not is_gone_back(pledge)


def address_of(pledge: Pledge) -> DeliveryAddress | None:
    return DeliveryAddress.objects.filter(pledge=pledge).select_related("cooperative").first()


def set_address(pledge: Pledge, fields: dict[str, str]) -> bool:
    """Write or correct the address. False once it is locked."""
    with transaction.atomic():
        Pledge.objects.select_for_update().get(pk=pledge.pk)
        found = address_of(pledge)
        if address_locks.is_locked(found):
            return False
        if found is not None:
            return bool(DeliveryAddress.objects.filter(pk=found.pk).update(**fields, changed_at=clock.now()))
        DeliveryAddress.objects.create(
            cooperative_id=pledge.cooperative_id,
            pledge=pledge,
            changed_at=clock.now(),
            lock_on=address_locks.last_day(pledge),
            **fields,
        )
    return True


def correct_address(pledge: Pledge, fields: dict[str, str]) -> None:
    """By the team, locked or not; what is locked stays so."""
    DeliveryAddress.objects.update_or_create(
        pledge=pledge,
        defaults=fields | {"changed_at": clock.now()},
        create_defaults=fields
        | {
            "changed_at": clock.now(),
            "cooperative_id": pledge.cooperative_id,
            "lock_on": address_locks.last_day(pledge),
        },
    )


def reopen_addresses(items: Iterable[PledgeItem]) -> int:
    """Addresses of what is to be mailed later than thought may be corrected again. In the caller's transaction."""
    pledges = {item.pledge_id for item in items if item.handover == Handover.POST}
    return DeliveryAddress.objects.filter(pledge__in=pledges).update(locked_at=None, lock_on=None)


def settle(pledge: Pledge, chosen: dict[str, Any]) -> None:
    """Take over a valid SettingsForm. Names are kept only where they are shown."""
    fields: dict[str, Any] = {"language": chosen["language"]}
    if "wall" in chosen:
        gift = chosen["gift_for"]
        shown = chosen["wall"] != Wall.NEITHER
        fields |= {
            "wall": chosen["wall"],
            "gift_for": gift,
            "wall_name": (gift or chosen["wall_name"]) if shown else "",
        }
    with transaction.atomic():
        Pledge.objects.filter(pk=pledge.pk).update(**fields)
        backing.follow(pledge.backer, name=pledge.backer.name, language=chosen["language"])
