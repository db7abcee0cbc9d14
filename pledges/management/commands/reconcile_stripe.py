"""Compare everything we know of money with what Stripe has of it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from home import clock
from home.models import Cooperative, Restoration
from home.tenancy import within
from pledges import gateway, payout_checks
from pledges import reconciling as main
from pledges import reconciling_rest as rest

CHECKS = (
    main.check_account,
    main.check_payments,
    main.check_refunds,
    main.check_disputes,
    rest.check_sessions,
    rest.check_customers,
    rest.check_cards,
    rest.check_payouts,
    rest.check_balance,
    rest.check_events,
)


class Command(BaseCommand):
    help = (
        "Prints every difference between our rows, the ledger and Stripe, and exits with 1 if there is one, "
        "with 2 if Stripe could not be read whole. Changes nothing but what `release` waits for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cooperative", metavar="SLUG", help="this one alone")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = self._chosen(options["cooperative"])
        count = 0
        try:
            for cooperative, difference in differences(chosen):
                count += 1
                self.stdout.write(f"{cooperative.slug} · {difference}")
        except gateway.Unavailable as error:
            raise CommandError(
                f"Stripe could not be read whole ({count} differences so far): {error}", returncode=2
            ) from error
        if not options["cooperative"]:
            Restoration.objects.filter(released_at=None).update(compared_at=clock.now())
        if count:
            raise CommandError(f"Stripe and our rows differ: {count}.", returncode=1)
        self.stdout.write(f"Stripe and our rows agree ({len(chosen)} compared).")

    def _chosen(self, slug: str | None) -> list[Cooperative]:
        chosen = [one for one in to_compare() if slug in (None, one.slug)]
        if slug and not chosen:
            raise CommandError(f"No cooperative with a Stripe account is called {slug}.", returncode=2)
        return chosen


def to_compare() -> list[Cooperative]:
    """Rehearsals are left out: their money is no money, and Stripe keeps it in another mode."""
    rows = Cooperative.objects.exclude(stripe_account="").filter(rehearses=None)
    return list(rows.select_related("site").order_by("slug"))


def differences(chosen: list[Cooperative]) -> Iterator[tuple[Cooperative, object]]:
    """As they are found. An account that we do not reach is one difference, and the others are compared."""
    reached = {}
    for cooperative in chosen:
        try:
            for check in CHECKS:
                yield from ((cooperative, one) for one in _within(cooperative, check(cooperative)))
            yield from ((cooperative, one) for one in _within(cooperative, payout_checks.payout_findings()))
            reached[cooperative.stripe_account] = cooperative
        except gateway.NoAccess as error:
            yield cooperative, main.Difference(main.What.UNREACHABLE, cooperative.stripe_account, str(error))
    yield from rest.check_fees(reached)


def _within(cooperative: Cooperative, found: Iterator[Any]) -> Iterator[Any]:
    """Each step of a generator in the scope, and none of what is done between them."""
    while True:
        with within(cooperative):
            try:
                one = next(found)
            except StopIteration:
                return
        yield one
