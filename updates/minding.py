"""A mailing that too many addresses refuse, or too many readers complain about, pauses itself.

Above 2 % of hard bounces or 0.1 % of complaints among the mails that reached the provider, counted since the last
decision of a person, so that resuming counts anew. Under 50 of them nothing can be said, and one bounce says nothing:
it takes two. One complaint is enough, up to 1,000 mails.

What happens when the process dies: before the commit of the pause, the next tick finds the same figures and pauses.
"""

from home.tenancy import across_cooperatives, within
from updates import figures, sending
from updates.enums import Act, MailingState, PauseReason
from updates.mailing_emails import MOST_BOUNCES, MOST_COMPLAINTS
from updates.models import Mailing

FEWEST_TRIED = 50
FEWEST_BOUNCES = 2


def pause_all() -> int:
    """Pause what must be. Returns how many."""
    with across_cooperatives():
        running = list(Mailing.objects.filter(state=MailingState.SENDING).select_related("cooperative"))
    paused = 0
    for mailing in running:
        with within(mailing.cooperative):
            reason = trouble_of(mailing)
            paused += bool(reason) and sending.pause(mailing, by=None, reason=reason)
    return paused


def trouble_of(mailing: Mailing) -> PauseReason:
    """What a mailing should pause for now; NONE for a healthy one."""
    now = figures.figures_of(mailing)
    last = mailing.acts.filter(act=Act.RESUMED).last()
    tried = now.tried - (last.tried if last else 0)
    bounced = now.bounced - (last.bounced if last else 0)
    complained = now.complained - (last.complained if last else 0)
    if tried < FEWEST_TRIED:
        return PauseReason.NONE
    if bounced >= FEWEST_BOUNCES and bounced * 10_000 > MOST_BOUNCES * tried:
        return PauseReason.BOUNCES
    if complained * 10_000 > MOST_COMPLAINTS * tried:
        return PauseReason.COMPLAINTS
    return PauseReason.NONE
