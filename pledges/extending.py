"""Moving the deadline of a live campaign: one act, once, which tells everyone who contributed.

All of it is one transaction, so that a process that dies inside it has done nothing, and two people at once do it once
(campaigns.lifecycle.extend moves the deadline under the campaign's lock, a mail has one row). A pledge that is being
confirmed waits for that lock, or is told.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction

from campaigns import end_dates, lifecycle
from campaigns.models import Campaign
from campaigns.publishing import deadline_of
from home import audit, clock, outbox
from home.models import OutgoingMail
from home.tenancy import within
from pledges import money_acts
from pledges.enums import PledgeState
from pledges.extension_emails import DEADLINE_EXTENDED
from pledges.models import Pledge
from pledges.totals import progress_of


def may_extend(campaign: Campaign) -> bool:
    """While it is live, before its deadline, once, and where the limit leaves a later day."""
    return lifecycle.may_extend(campaign, clock.now()) and end_dates.can_move(campaign)


def people_to_tell(campaign: Campaign) -> int:
    """While it runs, those who count in its progress."""
    return progress_of(campaign).backers


def extend(campaign: Campaign, last_day: date, *, by: Any, reason_fr: str, reason_en: str) -> bool:
    """Move the end to a later last day within the limit, and write the mails. False if it cannot be done (any more)."""
    with within(campaign.cooperative), transaction.atomic():
        if last_day > end_dates.latest_end(campaign):
            return False
        deadline = deadline_of(last_day, campaign.cooperative)
        before = campaign.deadline
        if not lifecycle.extend(campaign, deadline, by=by, reason_fr=reason_fr, reason_en=reason_en):
            return False
        facts = {"before": before.isoformat() if before else "", "after": deadline.isoformat()}
        act = money_acts.DEADLINE_EXTENDED
        audit.record(act, cooperative=campaign.cooperative, by=by, subject=campaign, **facts)
        end_dates.write_on_pages(campaign, last_day)
        outbox.queue_all(_mails(campaign))
    return True


def _confirmed(campaign: Campaign) -> Any:
    return Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)


def _mails(campaign: Campaign) -> Iterator[OutgoingMail]:
    """One for each contribution: it names its amount, and leads to its own page."""
    for pledge in _confirmed(campaign).select_related("backer").order_by("pk").iterator(500):
        yield outbox.mail_for(
            DEADLINE_EXTENDED, cooperative=campaign.cooperative, subject_key=pledge.key, to=pledge.backer
        )
