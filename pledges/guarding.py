"""Whether somebody who comes to contribute goes on, proves some work first, or waits.

A campaign has no limit of its own: a launch is never throttled. What asks for a proof is what cards being tried out
look like (pledges.suspecting), of a campaign, a network, an address or a contribution; a network alone may have to
wait.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest

from home import backing
from home.attempts import Limit, network_of
from pledges import suspecting
from pledges.suspecting import Comer, Signs

#: How many contributions one network may begin before it waits.
SESSIONS = Limit("contribute", most=60, within=timedelta(minutes=10))

#: How many links by mail one network may ask for.
LINKS = Limit("links to continue", most=10, within=timedelta(hours=1))

#: From how many on a network or an address proves its work: pages not paid for, addresses given. Neighbours who share
#: a network at a launch open some at once, and pay for them.
UNPAID, UNPAID_BY, GIVEN = 6, 4, 20

#: How many pages a contribution opens from its own page of late before it proves its work: while cards are being
#: tried out on its campaign, and otherwise.
OWN_IN_ALARM, OWN = 1, 3


@dataclass(frozen=True)
class Verdict:
    """`effort`: how much is asked for. 0: nothing."""

    who: Comer
    effort: int

    @property
    def asks_proof(self) -> bool:
        return self.effort > 0


def of_form(request: HttpRequest, campaign_id: int) -> Verdict:
    """About the form of a contribution as it was posted, before anything of it is read or written."""
    email = request.POST.get("email", "")
    who = suspecting.comer(network_of(request), backing.email_key(email) if email else "")
    return Verdict(who, _effort(suspecting.signs(campaign_id, who)))


def _effort(signs: Signs) -> int:
    many = signs.unpaid >= UNPAID or signs.unpaid_by >= UNPAID_BY or signs.given >= GIVEN
    if not (signs.alarm or many):
        return 0
    return 1 + max(signs.unpaid // UNPAID, signs.unpaid_by // UNPAID_BY)


def of_own_page(request: HttpRequest, campaign_id: int, pledge_id: int) -> Verdict:
    """About a page that is to be opened from a contribution's own page, where cards can be tried out as well."""
    who = suspecting.comer(network_of(request), "")
    opened = suspecting.own_pages(pledge_id)
    alarm = suspecting.signs(campaign_id, who).alarm
    return Verdict(who, 1 + opened // OWN if opened >= (OWN_IN_ALARM if alarm else OWN) else 0)
