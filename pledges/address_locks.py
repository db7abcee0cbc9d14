"""Until when a delivery address may be corrected by its backer: `lock_on` is the last day, `locked_at` says it is over.

The day counts where the cooperative is, and holds by itself: the tick only writes down that it has passed.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from campaigns.enums import Handover
from home import clock
from home.models import Cooperative
from home.tenancy import within
from pledges.enums import SurveyState
from pledges.fulfilment import BEFORE_LEAVING, today_in
from pledges.models import AddressCheck, DeliveryAddress, Pledge, Survey


def is_locked(address: DeliveryAddress | None) -> bool:
    """Whether its backer may no longer change it. What was never given is never locked."""
    if address is None:
        return False
    past = address.lock_on is not None and address.lock_on < today_in(address.cooperative)
    return address.locked_at is not None or past


def locked_on(address: DeliveryAddress | None) -> date | None:
    """The day since which it is locked: the tick that writes it down may come a little later."""
    if address is None or address.locked_at is None:
        return address.lock_on + timedelta(days=1) if address and address.lock_on else None
    return address.locked_at.astimezone(ZoneInfo(address.cooperative.time_zone)).date()


def last_day(pledge: Pledge) -> date | None:
    """Until when an address given now may be corrected: as long as any survey or check of its parcels still asks."""
    today = today_in(pledge.cooperative)
    items = pledge.items.filter(handover=Handover.POST, state__in=BEFORE_LEAVING, quantity__gt=0)
    rewards = list(items.values_list("reward_id", flat=True))
    open_surveys = Survey.objects.filter(reward__in=rewards, asks_address=True, state=SurveyState.OPEN)
    checks = AddressCheck.objects.filter(campaign=pledge.campaign_id, tiers__in=rewards)
    days = [*open_surveys.values_list("lock_on", flat=True), *checks.values_list("lock_on", flat=True)]
    return max((day for day in days if day >= today), default=None)


def ask_until(pledges: QuerySet[Pledge], lock_on: date) -> int:
    """Open the addresses of these contributions, locked ones too, until the end of a day."""
    addresses = DeliveryAddress.objects.filter(pledge__in=pledges.order_by().values("pk"))
    return addresses.update(lock_on=lock_on, locked_at=None)


def due() -> QuerySet[DeliveryAddress]:
    """Whose last day may be over; `lock_due` looks where it is."""
    return DeliveryAddress.objects.filter(locked_at=None, lock_on__isnull=False)


def lock_due(cooperatives: Iterable[Cooperative]) -> int:
    """Lock what is past its last day. Returns how many were locked; a second time, none."""
    count = 0
    for cooperative in cooperatives:
        with within(cooperative):
            past = due().filter(cooperative=cooperative, lock_on__lt=today_in(cooperative))
            count += past.update(locked_at=clock.now())
    return count
