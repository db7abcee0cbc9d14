"""What the demo did in seconds, dated as if it had taken weeks. Dates only: no amount, state or count changes."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Model

from campaigns.models import Campaign
from home import clock
from home.models import Backer, MailState, NewsConsent, OutgoingMail
from pledges.models import (
    Checkout,
    LedgerGroup,
    Payment,
    PaymentAttempt,
    Payout,
    Pledge,
    PledgeConsent,
    Refund,
    Settlement,
)
from pledges.settlement import GRACE
from updates.enums import MailingState
from updates.mailing_emails import FINISHED
from updates.models import Mailing

TYPING_TIME = timedelta(minutes=3)


def local_time(day: date, hour: int, zone: str) -> datetime:
    """An instant of the cooperative's day."""
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def moments(start: datetime, end: datetime, count: int, seed: int) -> list[datetime]:
    """So many instants between two, in order, many at the beginning as at every launch."""
    chance = random.Random(seed)  # nosec B311 # a demo that is the same each time
    return [start + (end - start) * share**1.4 for share in sorted(chance.random() for _ in range(count))]


def age_launch(campaign: Campaign, at: datetime) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(launched_at=at)


def age_pledges(pledges: Iterable[Pledge], at: Iterable[datetime]) -> None:
    """Each pledge at its instant, with all that belongs to it."""
    for pledge, moment in zip(pledges, at, strict=False):
        _age_pledge(pledge, moment)


def _age_pledge(pledge: Pledge, at: datetime) -> None:
    done, ended = at + TYPING_TIME, min(at + timedelta(days=1), clock.now())
    mine = Pledge.objects.filter(pk=pledge.pk)
    mine.update(created_at=at, confirmed_at=done)
    mine.exclude(ended_at=None).update(ended_at=ended)
    PledgeConsent.objects.filter(pledge=pledge).update(given_at=at)
    Checkout.objects.filter(pledge=pledge).update(created_at=at, ended_at=done)
    Backer.objects.filter(pk=pledge.backer_id, created_at__gt=at).update(created_at=at)
    consents = NewsConsent.objects.filter(backer=pledge.backer_id, topic=pledge.campaign.translation_key)
    consents.update(granted_at=at)
    _age_payments(Payment.objects.filter(pledge=pledge), done)
    for refund in Refund.objects.filter(payment__pledge=pledge):
        Refund.objects.filter(pk=refund.pk).update(created_at=ended, done_at=ended)
        _age_ledger(f"refund:{refund.pk}", ended)
    _age_mails(pledge.key, done)
    OutgoingMail.objects.filter(subject_key=pledge.key, kind="pledge_cancelled").update(created_at=ended)


def _age_payments(payments: Iterable[Payment], at: datetime) -> None:
    for payment in payments:
        mine = Payment.objects.filter(pk=payment.pk)
        mine.update(created_at=at)
        mine.exclude(paid_at=None).update(paid_at=at)
        PaymentAttempt.objects.filter(payment=payment).update(started_at=at, answered_at=at)
        _age_ledger(f"payment:{payment.pk}", at)


def _age_ledger(subject: str, at: datetime) -> None:
    with _rewritable(LedgerGroup):
        LedgerGroup.objects.filter(subject_key=subject).update(happened_at=at, recorded_at=at)


@contextmanager
def _rewritable(model: type[Model]) -> Iterator[None]:
    """PostgreSQL refuses to change the ledger; the owner of its tables may look away while a demo is aged."""
    if connection.vendor != "postgresql":
        yield
        return
    table = connection.ops.quote_name(model._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ledger_append_only")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ledger_append_only")


def _age_mails(subject: str, at: datetime) -> None:
    OutgoingMail.objects.filter(subject_key=subject).update(created_at=at)


def age_offline(pledge: Pledge, at: datetime) -> None:
    """Entered at an instant; when it was received is a day of its own."""
    Pledge.objects.filter(pk=pledge.pk).update(created_at=at)
    Payment.objects.filter(pledge=pledge).update(created_at=at)
    Backer.objects.filter(pk=pledge.backer_id, created_at__gt=at).update(created_at=at)


def age_payout(payout: Payout) -> None:
    """Left two days ago, and arrived: Stripe's double does both at once."""
    now = clock.now()
    Payout.objects.filter(pk=payout.pk).update(created_at=now - timedelta(days=2), arrives_on=now.date())
    with _rewritable(LedgerGroup):
        LedgerGroup.objects.filter(subject_key=f"payout:{payout.pk}").update(happened_at=now)


def age_extension(campaign: Campaign, at: datetime) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(extended_at=at)
    OutgoingMail.objects.filter(kind="deadline_extended", cooperative=campaign.cooperative).update(created_at=at)


def age_settlement(campaign: Campaign) -> None:
    """Settled in the minute after the deadline; the days of grace count from there."""
    at = campaign.deadline + timedelta(minutes=1)
    Campaign.objects.filter(pk=campaign.pk).update(closed_at=at, decided_at=at)
    Settlement.objects.filter(campaign=campaign).update(
        started_at=at, prepared_at=at, finished_at=at, grace_ends_at=at + GRACE
    )
    if campaign.is_all_or_nothing:
        _age_payments(Payment.objects.filter(pledge__campaign=campaign), at)
    keys = [pledge.key for pledge in Pledge.objects.filter(campaign=campaign)]
    settled = OutgoingMail.objects.filter(kind__in=["goal_met_charged", "payment_to_mend"], subject_key__in=keys)
    settled.update(created_at=at)
    _age_mails(f"campaign:{campaign.pk}", at)


def age_sent_mails() -> None:
    """Mails left in the minute after they were written."""
    OutgoingMail.objects.filter(state=MailState.SENT).update(sent_at=F("created_at") + timedelta(seconds=40))


def age_mailings() -> None:
    """Those that are done were so some minutes after they were begun, and the team was told then."""
    for mailing in Mailing.objects.filter(state=MailingState.DONE):
        done = mailing.created_at + timedelta(minutes=5)
        Mailing.objects.filter(pk=mailing.pk).update(done_at=done)
        OutgoingMail.objects.filter(kind=FINISHED, subject_key=mailing.key).update(created_at=done)
