"""Prove that the ledger, payments, totals and stock agree, in every cooperative."""

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from home.tenancy import across_cooperatives
from pledges.ledger_checks import all_findings
from pledges.payout_checks import payout_findings


class Command(BaseCommand):
    help = "Prints every row at fault, and exits with 1 if there is one. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        with across_cooperatives():
            for count, finding in enumerate(chain(all_findings(), payout_findings()), start=1):  # noqa: B007 (the count is read after the loop)
                self.stdout.write(str(finding))
        if count:
            raise CommandError(f"The ledger does not agree: {count} at fault.", returncode=1)
        self.stdout.write("The ledger agrees.")
