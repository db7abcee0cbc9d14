"""Who may read an update that is not for everyone, and the signed link that opens it.

A link names an update and a backer, and proves nothing else: what the backer holds is looked up each time it is
opened, so that a contribution that was cancelled opens nothing any more.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q

from campaigns.models import Campaign
from home import links
from home.models import Backer, Cooperative
from pledges.fulfilment import today_in
from pledges.models import PledgeItem
from updates.audience import contributing
from updates.enums import Audience
from updates.models import Update, UpdatePage

PURPOSE = "update"
LASTS = timedelta(days=400)


def open_to_all(cooperative: Cooperative) -> Q:
    """Of `Update`: what anyone may read today, where the cooperative is."""
    return Q(audience=Audience.PUBLIC) | Q(public_on__lte=today_in(cooperative))


def closed_paths(cooperative: Cooperative) -> Iterable[str]:
    """Where pages stand that not everyone may read, so that nobody is led there."""
    known = Update.objects.filter(cooperative=cooperative)
    closed = known.exclude(open_to_all(cooperative)).values("translation_key")
    unknown = ~Q(audience=Audience.PUBLIC) & ~Q(translation_key__in=known.values("translation_key"))
    return UpdatePage.objects.live().filter(Q(translation_key__in=closed) | unknown).values_list("path", flat=True)


def may_read(update: Update, backer: Backer) -> bool:
    """Whether this backer's contributions open it now."""
    return bool(readable([update], update.campaign, backer))


def readable(updates: Iterable[Update], campaign: Campaign, backer: Backer) -> set[int]:
    """The ids of those that a backer may read, of one campaign. Reads `tiers`, which may be prefetched."""
    wanted = list(updates)
    found = {update.pk for update in wanted if update.is_open}
    if len(found) == len(wanted) or backer.erased_at is not None:
        return found
    mine = contributing(campaign).filter(backer=backer)
    if not mine.exists():
        return found
    held = set(PledgeItem.objects.filter(pledge__in=mine, quantity__gt=0).values_list("reward_id", flat=True))
    return found | {update.pk for update in wanted if _opens(update, held)}


def _opens(update: Update, held: set[int]) -> bool:
    """Whether a backer who holds these tiers may read it."""
    if update.audience == Audience.TIERS:
        return any(tier.pk in held for tier in update.tiers.all())
    return True


def token_for(update: Update, backer: Backer) -> str:
    return _token(update.pk, backer)


def _token(update_id: int, backer: Backer) -> str:
    return links.sign(PURPOSE, f"{update_id}:{backer.pk}", lasts=LASTS, generation=backer.link_generation)


def address_of(update: Update, backer: Backer, language: str | None = None) -> str:
    """The absolute address that opens an update to this backer, in their language unless told otherwise."""
    path = links.path_of("update_by_link", token_for(update, backer), language or backer.language)
    return update.cooperative.root_url + path


def own_addresses_of(update_id: int, backer: Backer, cooperative: Cooperative, language: str) -> tuple[str, str]:
    """What opens it to this backer, and where they ask about it without typing an address: one token for both."""
    token, root = _token(update_id, backer), cooperative.root_url
    opens, asks = links.paths_of(("update_by_link", "update_question_by_link"), token, language)
    return root + opens, root + asks


def opened_by(token: str) -> tuple[Update, Backer]:
    """What a link names. Raises LinkRefused where it is none of ours, has expired, was replaced, or names nothing here.

    Whether the backer may read it (still) is for the caller to ask.
    """
    link = links.read(PURPOSE, token)
    update_id, _colon, backer_id = link.subject.partition(":")
    if not (update_id.isdecimal() and backer_id.isdecimal()):
        raise links.LinkRefused
    rows = Update.objects.select_related("campaign__source_locale", "campaign__cooperative", "cooperative__site")
    update, backer = rows.filter(pk=update_id).first(), Backer.objects.filter(pk=backer_id).first()
    if backer is not None and backer.link_generation != link.generation:
        raise links.LinkRefused
    if update is None or backer is None:
        raise links.LinkRefused
    return update, backer
