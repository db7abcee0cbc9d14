"""What became of a campaign's money, by the ledger: what came in, what went back, what it cost, what is left.

Amounts in minor units, of every contribution, those made after the end with them; partners' money is apart.
"""

from dataclasses import dataclass

from django.db.models import Sum

from campaigns.models import Campaign
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import LedgerEntry

#: What a contribution is made of: the cooperative's income, and the taxes it collects with it.
INCOME = (LedgerAccount.CONTRIBUTIONS, LedgerAccount.TAXES)
#: A payment that was not honoured never came in.
CAME_IN = (LedgerKind.PAYMENT, LedgerKind.BOUNCE)


@dataclass(frozen=True)
class Account:
    """`refunded` with what disputes took. `taxes` are part of what is left, and owed to the State."""

    paid: int
    refunded: int
    commission: int
    fees: int
    taxes: int

    @property
    def costs(self) -> int:
        return self.commission + self.fees

    @property
    def left(self) -> int:
        return self.paid - self.refunded - self.costs


def account_of(campaign: Campaign) -> Account:
    """One query, whatever the number of contributions."""
    rows = LedgerEntry.objects.filter(group__campaign=campaign).order_by().values("group__kind", "account")
    sums = {(row["group__kind"], row["account"]): row["total"] for row in rows.annotate(total=Sum("amount"))}

    def total(*accounts: str, kinds: tuple[str, ...] = tuple(LedgerKind)) -> int:
        return sum(sums.get((kind, account), 0) for kind in kinds for account in accounts)

    paid = -total(*INCOME, kinds=CAME_IN)
    return Account(
        paid=paid,
        refunded=paid + total(*INCOME),
        commission=total(LedgerAccount.COMMISSION),
        fees=total(LedgerAccount.PROCESSING_FEES, LedgerAccount.DISPUTE_FEES),
        taxes=-total(LedgerAccount.TAXES),
    )
