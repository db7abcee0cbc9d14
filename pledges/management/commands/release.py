"""Let an installation go on that was brought back from a backup."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from home import clock
from home.backups import standing
from home.mail import since_restored as mails
from home.models import Cooperative, Restoration
from home.tenancy import within
from pledges import gateway
from pledges.since_restored import TakenUp, take_up

WORDS = {
    "pages": "payment pages whose rows are here",
    "ended_pages": "payment pages of lost contributions ended",
    "payments": "payments made of contributions that are here",
    "ended_payments": "payments of lost contributions ended before they were made",
    "refunds": "refunds recorded",
}


class Command(BaseCommand):
    help = (
        "After `restore` and `reconcile_stripe`: takes over what Stripe has of the time since the backup, puts news "
        "that may have left in doubt, and lets settlement, mail and the tick go on. What stays held is named."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        held = list(Restoration.objects.filter(standing.holding()).order_by("taken_at"))
        if not held:
            self.stdout.write("Nothing is held.")
            return
        _refuse_unready([one for one in held if one.released_at is None])
        unread = self._take_up(held)
        doubtful = mails.doubt_news() if any(one.released_at is None for one in held) else 0
        with transaction.atomic():
            for one in held:
                one.released_at, one.unread = one.released_at or clock.now(), unread
                one.save(update_fields=["released_at", "unread"])
        self.stdout.write(f"{doubtful} news in doubt. Released.")
        if unread:
            raise CommandError(f"Still held, as they could not be read: {', '.join(unread)}. Run it again.")

    def _take_up(self, held: list[Restoration]) -> list[str]:
        """Accounts that we do not reach. Rehearsals are left out, as their money is no money."""
        everything = any(one.released_at is None for one in held)
        waiting = {account for one in held for account in one.unread}
        rows = Cooperative.objects.exclude(stripe_account="").filter(rehearses=None).select_related("site")
        done, unread = TakenUp(), []
        for cooperative in rows.order_by("slug"):
            if not everything and cooperative.stripe_account not in waiting:
                continue
            try:
                with within(cooperative), standing.lifted():
                    done.add(take_up(cooperative, held[0].taken_at))
            except gateway.NoAccess:
                unread.append(cooperative.stripe_account)
            except gateway.Unavailable as error:
                raise CommandError(f"Stripe could not be read whole, all stays held: {error}", returncode=2) from error
        for name, count in asdict(done).items():
            self.stdout.write(f"{count} {WORDS[name]}")
        return unread


def _refuse_unready(held: list[Restoration]) -> None:
    for one in held:
        if one.completed_at is None:
            raise CommandError(f"{one.backup} was not put back to its end: restore it again, with --replace.")
        if one.compared_at is None:
            raise CommandError("Run reconcile_stripe first, of all cooperatives: it names what came after the backup.")
