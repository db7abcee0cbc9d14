"""What looks like cards being tried out: pages that come to nothing, by network, by address, by campaign.

Counted in the shared cache and forgotten within hours: nothing here decides about money, and what is lost is counted
anew. A page is counted once however often its form is sent, a declined card once however often its event is told.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

from home import clock
from home.attempts import Count, mark_of, read
from pledges.models import Checkout

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
RECENT = timedelta(minutes=15)

#: Pages opened and not paid for: of a network, of an address. One of a small amount counts twice.
UNPAID = Count("unpaid", HOUR)
UNPAID_BY = Count("unpaid-by", HOUR)
#: Addresses that a network has given.
GIVEN = Count("given", HOUR)
#: Pages for another card, or for the difference of a change, of one contribution.
OWN = Count("own-pages", RECENT)
#: Cards that were declined, and pages that came to something.
BAD = Count("declined", RECENT)
GOOD = Count("succeeded", RECENT)
#: Cards that were declined on one page.
TRIED = Count("tried", HOUR)

#: After so long nothing is counted of them any more.
OWN_LASTS = 2 * RECENT

#: Cards are tried out with little money.
SMALL = 500

#: From how many declined cards on, of a campaign or of all together, their share says something; and which share does.
#: A launch has some: cards expire, and people mistype. It may have any number of contributions.
ENOUGH, ENOUGH_ANYWHERE, SHARE = 8, 60, 0.25

#: How long everybody is asked for a proof after the last time that there were so many.
ALARM_LASTS = timedelta(hours=1)

#: A page on which so many cards were declined is ended.
MOST_TRIED = 8

ANYWHERE = "anywhere"


@dataclass(frozen=True)
class Signs:
    """What there is about somebody who comes now."""

    alarm: bool
    unpaid: int
    unpaid_by: int
    given: int


@dataclass(frozen=True)
class Comer:
    """Who comes, by marks that name nobody."""

    network: str
    email: str


def comer(network: str, email: str) -> Comer:
    return Comer(mark_of("network", network), mark_of("email", email))


def signs(campaign_id: int, who: Comer) -> Signs:
    """Asked of the cache alone: who tries cards out is answered cheaply."""
    alarms = cache.get_many([_alarm(str(campaign_id)), _alarm(ANYWHERE)])
    unpaid, unpaid_by, given = read([(UNPAID, who.network), (UNPAID_BY, who.email), (GIVEN, who.network)])
    return Signs(bool(alarms), unpaid, unpaid_by, given)


def own_pages(pledge_id: int) -> int:
    """How many pages this contribution has had opened from its own page of late."""
    return read([(OWN, str(pledge_id))])[0]


def opens(pledge_id: int, who: Comer, amount: int) -> None:
    """A page for a new contribution is about to be opened."""
    seconds = 2 * HOUR.total_seconds()
    if not cache.add(f"opened:{pledge_id}", (who.network, who.email), seconds):
        return
    if who.network:
        UNPAID.add(who.network, 2 if amount < SMALL else 1)
        if cache.add(f"gave:{who.network}:{who.email}", True, seconds):
            GIVEN.add(who.network)
    UNPAID_BY.add(who.email)


def opens_own(pledge_id: int) -> None:
    """A page is about to be opened from the contribution's own page."""
    OWN.add(str(pledge_id))


def succeeded(row: Checkout) -> None:
    """A page came to something. It stands whether it can be counted or not."""
    try:
        _count_success(row)
    except OSError as error:
        log.warning("the success of page %s was not counted: %s", row.pk, error)


def _count_success(row: Checkout) -> None:
    if not cache.add(f"succeeded:{row.pk}", True, HOUR.total_seconds()):
        return
    for scope in (str(row.pledge.campaign_id), ANYWHERE):
        GOOD.add(scope)
    who = _who_opened(row)
    if who is not None:
        UNPAID_BY.add(who.email, -1)
        if who.network:
            UNPAID.add(who.network, -2 if row.pledge.amount < SMALL else -1)


def declined(row: Checkout, event: str, at: datetime) -> None:
    """A card was declined on a page. `event` names the telling of it, which may come again; an old one says nothing."""
    if at < clock.now() - 2 * RECENT or not cache.add(f"declined:{event}", True, 2 * HOUR.total_seconds()):
        return
    TRIED.add(str(row.pk))
    who = _who_opened(row)
    if who is not None and who.network:
        UNPAID.add(who.network)
    for scope, enough in ((str(row.pledge.campaign_id), ENOUGH), (ANYWHERE, ENOUGH_ANYWHERE)):
        BAD.add(scope)
        _look(scope, enough)


def _who_opened(row: Checkout) -> Comer | None:
    marks: tuple[str, str] | None = cache.get(f"opened:{row.pledge_id}")
    return Comer(*marks) if marks else None


def _look(scope: str, enough: int) -> None:
    bad, good = read([(BAD, scope), (GOOD, scope)])
    if bad >= enough and bad > SHARE * (bad + good):
        if cache.get(_alarm(scope)) is None:
            total = bad + good
            log.warning("%s of %s cards were declined (campaign %s): a proof is asked for", bad, total, scope)
        cache.set(_alarm(scope), True, ALARM_LASTS.total_seconds())


def is_tried_out(row: Checkout) -> bool:
    """So many cards were declined on this page that it is not for paying."""
    return read([(TRIED, str(row.pk))])[0] >= MOST_TRIED


def _alarm(scope: str) -> str:
    return f"cards-tried:{scope}"
