"""A backer's yes to a new date: one row for each promise, written once; nothing else ever accepts a date."""

from django.db import transaction

from home import clock
from pledges.enums import PledgeState
from pledges.fulfilment import WAITING
from pledges.models import Pledge, PledgeItem, PromiseAcceptance
from pledges.promises import WITH_ANSWERS, awaits_answer, history
from pledges.refund_requests import is_given_up


def asks(item: PledgeItem) -> bool:
    """Whether the backer is asked about the latest date: later than any they agreed to, and still waited for."""
    owed = item.pledge.state == PledgeState.CONFIRMED and item.quantity and item.state in WAITING
    return bool(owed and awaits_answer(history(item)) and not is_given_up(item))


def accept(pledge: Pledge, promise_id: int) -> bool:
    """The date of that promise. False where another one came since, or it asks for nothing."""
    with transaction.atomic():
        locked = Pledge.objects.select_for_update().get(pk=pledge.pk)
        items = locked.items.filter(promises=promise_id).prefetch_related(WITH_ANSWERS)
        item = items.select_related("pledge").first()
        if item is None or history(item)[-1].promise_id != promise_id or not asks(item):
            return False
        PromiseAcceptance.objects.create(
            cooperative_id=locked.cooperative_id, promise_id=promise_id, accepted_at=clock.now()
        )
    return True
