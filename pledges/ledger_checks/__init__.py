"""Whether the ledger, the rows it was written from, the totals and tallies, and the stock still agree.

Every check reads in the scope it is called in and yields what is at fault; memory does not grow with the number of
rows. What a group should hold is worked out here from the rows, never by the functions that wrote it. Amounts in
minor units.
"""

from collections.abc import Iterator

from pledges.ledger_checks.campaigns import check_campaigns
from pledges.ledger_checks.findings import Fault, Finding
from pledges.ledger_checks.groups import check_groups
from pledges.ledger_checks.payments import check_payments
from pledges.ledger_checks.payouts import check_payouts
from pledges.ledger_checks.pledges import check_pledges
from pledges.ledger_checks.rows import check_rows
from pledges.ledger_checks.stock import check_stock
from pledges.ledger_checks.tallies import check_tallies
from pledges.ledger_checks.taxes import check_taxes

__all__ = ["Fault", "Finding", "all_findings"]


def all_findings() -> Iterator[Finding]:
    """Everything at fault, as it is found."""
    yield from check_groups()
    yield from check_rows()
    yield from check_payments()
    yield from check_taxes()
    yield from check_pledges()
    yield from check_campaigns()
    yield from check_payouts()
    yield from check_stock()
    yield from check_tallies()
