"""Stock of limited tiers, taken by one conditional UPDATE. A tier without a limit has no row and is never short.

Call inside the transaction that writes what the stock is for, rewards in ascending id (so that two buyers of the
same two tiers never wait for each other).
"""

from django.db.models import F, QuerySet

from campaigns.models import Reward, RewardStock


def take(reward: Reward, quantity: int) -> bool:
    """Hold `quantity` for someone who is paying. False if that many are not left."""
    if reward.limit is None:
        return True
    free = RewardStock.objects.filter(pk=reward.pk, limit__gte=F("held") + F("promised") + quantity)
    return bool(free.update(held=F("held") + quantity))


def confirm(reward_id: int, quantity: int) -> None:
    """What was held is now promised."""
    _row(reward_id).update(held=F("held") - quantity, promised=F("promised") + quantity)


def hold_again(reward_id: int, quantity: int) -> None:
    """What was promised is held: the payment that had come was not honoured, and another one is awaited."""
    _row(reward_id).update(held=F("held") + quantity, promised=F("promised") - quantity)


def release_held(reward_id: int, quantity: int) -> None:
    """The payment is known to be over and did not come."""
    _row(reward_id).update(held=F("held") - quantity)


def release_promised(reward_id: int, quantity: int) -> None:
    """A confirmed pledge was cancelled or dropped."""
    _row(reward_id).update(promised=F("promised") - quantity)


def set_limit(reward: Reward, limit: int) -> bool:
    """Create or change the limit. False if more than that is already held or promised."""
    _stock, created = RewardStock.objects.get_or_create(reward=reward, defaults={"limit": limit})
    return created or bool(_row(reward.pk).filter(held__lte=limit - F("promised")).update(limit=limit))


def _row(reward_id: int) -> QuerySet[RewardStock]:
    return RewardStock.objects.filter(pk=reward_id)


def forget(reward: Reward) -> bool:
    """Lift the limit of a tier that nobody has taken yet. False if someone has."""
    deleted, _by_model = _row(reward.pk).filter(held=0, promised=0).delete()
    return bool(deleted)
