"""The cooperative's account at Stripe: opened by a person, answered for at Stripe, and read back from there.

What happens when the process dies:
- before the row is committed: nothing was asked;
- after it, before the account's name is stored: the next click asks with the same key and gets the same account; once
  Stripe may have forgotten the key, the account is looked for by the row named in its metadata first;
- after the account was read, before that is recorded: the next event, return or poll reads it again.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from home import audit, clock
from home.models import Cooperative
from home.tenancy import within
from pledges import account_emails, gateway, money_acts, resuming
from pledges.models import StripeAccount

#: Stripe keeps idempotency keys for 24 hours.
KEY_LASTS = timedelta(hours=23)

#: After an answer that says nothing, how long an account made nevertheless is given to show itself.
SHOWS_WITHIN = timedelta(minutes=1)


def state_of(cooperative: Cooperative) -> StripeAccount | None:
    """What is known of its account beside what stands on the cooperative; None before there was one to know of."""
    return StripeAccount.objects.filter(cooperative=cooperative).first()


def onboarding_url(cooperative: Cooperative, *, by: Any, return_url: str, refresh_url: str) -> str:
    """Where the team answers what Stripe asks; the account is opened first if there is none.

    Raises NoAccess, Refused or Unavailable: the same call may be made again.
    """
    account = cooperative.stripe_account or open_for(cooperative, by=by)
    url = gateway.onboarding_link(account, return_url=return_url, refresh_url=refresh_url)
    with within(cooperative):
        audit.record(money_acts.ACCOUNT_OPENED, cooperative=cooperative, by=by, account=account)
    return url


def open_for(cooperative: Cooperative, *, by: Any) -> str:
    """The name of the cooperative's account, made once however often it is asked for. Raises Refused or Unavailable."""
    row = _asked(cooperative, by)
    account = _made(row, cooperative)
    Cooperative.objects.filter(pk=cooperative.pk, stripe_account="").update(stripe_account=account)
    cooperative.refresh_from_db()
    return cooperative.stripe_account


def _asked(cooperative: Cooperative, by: Any) -> StripeAccount:
    """The row that says what is about to happen, committed."""
    with transaction.atomic():
        StripeAccount.objects.get_or_create(cooperative=cooperative)
        fresh = StripeAccount.objects.filter(cooperative=cooperative, asked_at=None)
        fresh.update(asked_at=clock.now(), asked_by=by)
    return StripeAccount.objects.get(cooperative=cooperative)


def _made(row: StripeAccount, cooperative: Cooperative) -> str:
    since = (row.asked_at or clock.now()) - timedelta(hours=1)
    is_rehearsal = cooperative.is_rehearsal
    opening = gateway.open_test_account if is_rehearsal else gateway.open_account
    if clock.now() - since > KEY_LASTS and (found := _find(row, since, is_rehearsal)):
        return found
    try:
        return opening(
            str(row.key),
            email=cooperative.contact_email,
            name=cooperative.name,
            descriptor=cooperative.statement_descriptor,
            metadata={"cooperative": cooperative.slug},
        )
    except (gateway.Crashed, gateway.Refused):
        # Stripe replays a 500, and refuses the key with what has changed since: look first, then ask anew.
        if found := _find(row, since, is_rehearsal):
            return found
        if clock.now() - (row.asked_at or clock.now()) > SHOWS_WITHIN:
            anew = {"key": uuid.uuid4(), "asked_at": None}
            StripeAccount.objects.filter(pk=row.pk, key=row.key).update(**anew)
        raise


def _find(row: StripeAccount, since: datetime, is_rehearsal: bool) -> str | None:
    return gateway.find_account(str(row.key), since, rehearsal=is_rehearsal)


def refresh(cooperative: Cooperative) -> None:
    """Read the account and record what it may do now. Raises Unavailable where nothing could be learned."""
    if not cooperative.stripe_account:
        return
    asked_at = clock.now()
    try:
        found = gateway.read_account(cooperative.stripe_account)
    except gateway.NoAccess:
        found = None
    with within(cooperative):
        _record(cooperative, found, asked_at)
    cooperative.refresh_from_db()


@transaction.atomic
def _record(cooperative: Cooperative, found: gateway.Account | None, asked_at: datetime) -> None:
    """`found` None: we do not reach it any more. An answer to an older question than the recorded one is let go."""
    StripeAccount.objects.get_or_create(cooperative=cooperative)
    row = StripeAccount.objects.select_for_update().get(cooperative=cooperative)
    if row.read_at and row.read_at > asked_at:
        return
    was = Cooperative.objects.get(pk=cooperative.pk)
    took = was.charges_enabled and was.disconnected_at is None
    row.read_at = asked_at
    if found is None:
        Cooperative.objects.filter(pk=was.pk, disconnected_at=None).update(disconnected_at=asked_at)
    else:
        _write(was, row, found)
        if was.disconnected_at is not None:
            act = money_acts.ACCOUNT_RECONNECTED
            audit.record(act, cooperative=was, by=None, account=was.stripe_account)
    takes = found is not None and found.charges_enabled
    lost_at = row.charges_lost_at
    if takes:
        row.charges_lost_at = None
    elif took:
        row.charges_lost_at = asked_at
    row.save()
    if took and not takes:
        account_emails.tell_lost(was, row, is_reachable=found is not None)
    elif takes and row.due_by and row.requirements:
        account_emails.tell_due(was, row)
    if takes and not took:
        resuming.tell(was, lost_at)


def _write(cooperative: Cooperative, row: StripeAccount, found: gateway.Account) -> None:
    Cooperative.objects.filter(pk=cooperative.pk).update(
        charges_enabled=found.charges_enabled,
        payouts_enabled=found.payouts_enabled,
        details_submitted=found.details_submitted,
        disconnected_at=None,
    )
    row.requirements = list(found.requirements)
    row.due_by = found.due_by
    row.disabled_reason = found.disabled_reason
