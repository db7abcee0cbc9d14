"""What of this room is checked each night."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from home.self_checks.registry import self_check
from pledges import settlement
from pledges.ledger_checks import all_findings
from pledges.management.commands import reconcile_stripe
from pledges.payout_checks import payout_findings


@self_check(
    "ledger",
    _("Ledger, payments, totals and stock"),
    _("Run check_ledger, and correct nothing in the ledger: it is append-only. Tell whoever maintains the code."),
)
def the_ledger() -> Iterator[object]:
    yield from all_findings()
    yield from payout_findings()


@self_check(
    "stripe",
    _("Our rows and Stripe"),
    _("Run reconcile_stripe: it says what each side has. Most differences settle when the event is handled."),
)
def our_rows_and_stripe() -> Iterator[str]:
    """Cooperatives whose debits are under way are left to the next night: what happens meanwhile would differ."""
    busy = {campaign.cooperative_id for campaign in settlement.unsettled()}
    calm = [one for one in reconcile_stripe.to_compare() if one.pk not in busy]
    if not calm:
        return
    for cooperative, difference in reconcile_stripe.differences(calm):
        yield f"{cooperative.slug} · {difference}"
