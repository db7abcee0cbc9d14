"""Compare what was tallied, and the months of items, with what the rows say; put it right where that is asked."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Campaign
from home.models import Cooperative
from home.tenancy import within
from pledges import promises
from pledges.ledger_checks.tallies import differences
from pledges.tallies import recounting


class Command(BaseCommand):
    help = "Prints every tally that differs from its rows; --mend counts those campaigns again. Exits with 1 if any do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="count again where they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for cooperative in Cooperative.objects.order_by("pk"):
            with within(cooperative):
                count += self._weigh_months(mend=options["mend"])
                for campaign in Campaign.objects.order_by("pk").iterator():
                    count += self._weigh(campaign, mend=options["mend"])
        if count and not options["mend"]:
            raise CommandError(f"The tallies differ: {count} of them.", returncode=1)
        self.stdout.write("The tallies agree." if not count else f"Counted again: {count} differed.")

    def _weigh_months(self, *, mend: bool) -> int:
        found = list(promises.astray())
        for pk, month, promised in found:
            self.stdout.write(f"item:{pk}: {month}, not {promised}")
        if mend:
            promises.set_right()
        return len(found)

    def _weigh(self, campaign: Campaign, *, mend: bool) -> int:
        found = list(differences(campaign))
        for finding in found:
            self.stdout.write(str(finding))
        if found and mend:
            recounting.mend(campaign)
        return len(found)
