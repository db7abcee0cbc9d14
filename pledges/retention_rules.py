"""How long this room keeps what is about backers: see home.privacy.retention.

Whoever nothing is owed to any more is erased as if they had asked for it, without the mail that tells them: what was
agreed when they contributed says when. Names of businesses stay with the invoices for as long as the law has them kept.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from home.models import Backer, NewsConsent
from home.privacy.retention import A_YEAR, AFTER_A_YEAR, SEVEN_YEARS, THREE_YEARS, TWO_YEARS, deleted, emptied, rule
from home.tenancy import within
from pledges import continuing, erasing
from pledges.models import (
    Checkout,
    Continuation,
    DataRequest,
    EmailChange,
    Payment,
    Pledge,
    PledgeItem,
    Refund,
    StripeEvent,
)
from pledges.unreachable import UNFINISHED


def _known() -> QuerySet[Backer]:
    """Not erased, of a real cooperative, and without a yes to any news."""
    asks = NewsConsent.objects.filter(backer=OuterRef("pk"), withdrawn_at=None)
    return Backer.objects.filter(erased_at=None, cooperative__rehearses=None).exclude(Exists(asks))


def _backers(before: datetime) -> QuerySet[Backer]:
    """Whose contributions are all over, with nothing said, paid or handed over since; `_erase` leaves who is owed more.

    `created_at` first, as most are found younger by it.
    """
    mine = Pledge.objects.filter(backer=OuterRef("pk"))
    finished = mine.exclude(state__in=UNFINISHED)
    since = Q(created_at__gt=before) | Q(confirmed_at__gt=before) | Q(ended_at__gt=before)
    handed = PledgeItem.objects.filter(pledge__backer=OuterRef("pk"))
    moved = Q(state_since__gt=before) | Q(left_at__gt=before) | Q(received_at__gt=before)
    paid = Payment.objects.filter(pledge__backer=OuterRef("pk"))
    given_back = Refund.objects.filter(payment__pledge__backer=OuterRef("pk"))
    running = mine.exclude(campaign__decided_at__lte=before)
    old = _known().filter(Exists(finished), created_at__lte=before)
    return (
        old.exclude(Exists(mine.filter(since)))
        .exclude(Exists(handed.filter(moved)))
        .exclude(Exists(paid.filter(Q(paid_at__gt=before) | Q(created_at__gt=before))))
        .exclude(Exists(given_back.filter(Q(created_at__gt=before) | Q(done_at__gt=before))))
        .exclude(Exists(running))
    )


def _followers(before: datetime) -> QuerySet[Backer]:
    """Who never contributed, and whose last yes was taken back before that moment."""
    contributed = Exists(Pledge.objects.filter(backer=OuterRef("pk")))
    later = NewsConsent.objects.filter(backer=OuterRef("pk"), withdrawn_at__gt=before)
    return _known().filter(created_at__lte=before).exclude(contributed).exclude(Exists(later))


def _unfinished(before: datetime) -> QuerySet[Backer]:
    """Who began a contribution, never finished one, and asked for nothing else."""
    mine = Pledge.objects.filter(backer=OuterRef("pk"))
    begun = _known().filter(Exists(mine), created_at__lte=before)
    return begun.exclude(Exists(mine.exclude(state__in=UNFINISHED) | mine.filter(created_at__gt=before)))


def _erase(backers: QuerySet[Backer]) -> int:
    done = 0
    for backer in backers.select_related("cooperative"):
        with within(backer.cooperative):
            done += erasing.erase_silently(backer)
    return done


def _businesses(before: datetime) -> QuerySet[Pledge]:
    """Of contributions whose last payment is that old, as invoices are kept six years after their year."""
    named = Pledge.objects.exclude(company_name="", company_numbers="").filter(backer__erased_at__isnull=False)
    later = Payment.objects.filter(pledge=OuterRef("pk"), paid_at__gt=before)
    return named.filter(created_at__lte=before).exclude(Exists(later))


def _by_hand_payments(before: datetime) -> QuerySet[Payment]:
    return Payment.objects.exclude(reference="").filter(created_at__lte=before)


def _by_hand_refunds(before: datetime) -> QuerySet[Refund]:
    return Refund.objects.exclude(note="").filter(created_at__lte=before)


def _email_changes(before: datetime) -> QuerySet[EmailChange]:
    return EmailChange.objects.filter(asked_at__lte=before)


def _data_requests(before: datetime) -> QuerySet[DataRequest]:
    return DataRequest.objects.filter(expires_at__lte=before)


def _continuations(before: datetime) -> QuerySet[Continuation]:
    return Continuation.objects.filter(asked_at__lte=before)


def _payment_pages(before: datetime) -> QuerySet[Checkout]:
    return Checkout.objects.exclude(url="").filter(ended_at__lte=before)


def _stripe_events(before: datetime) -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(handled_at__lte=before)


SIX_YEARS_AFTER = _("Six years after the year of the payment")

rule(
    "pledges.backers",
    TWO_YEARS,
    _("Two years after the last delivery, unless you still ask for news"),
    _backers,
    _erase,
)
rule(
    "pledges.followers",
    THREE_YEARS,
    _("Three years after your last agreement was taken back"),
    _followers,
    _erase,
    _("All that is known of someone who only followed a campaign"),
)
rule(
    "pledges.unfinished",
    timedelta(days=90),
    _("90 days, of a contribution that was not finished"),
    _unfinished,
    _erase,
    _("All that is known of someone who never finished a contribution"),
)
rule("pledges.books", SEVEN_YEARS, SIX_YEARS_AFTER, _businesses, emptied(company_name="", company_numbers=""))
rule(
    "pledges.references",
    SEVEN_YEARS,
    SIX_YEARS_AFTER,
    _by_hand_payments,
    emptied(reference=""),
    _("Number of a cheque or of a transfer"),
)
rule(
    "pledges.notes",
    SEVEN_YEARS,
    SIX_YEARS_AFTER,
    _by_hand_refunds,
    emptied(note=""),
    _("Note on a refund that was made by hand"),
)
rule("pledges.email_changes", A_YEAR, AFTER_A_YEAR, _email_changes, deleted)
rule("pledges.data_requests", A_YEAR, AFTER_A_YEAR, _data_requests, deleted)
rule("pledges.continuations", continuing.KEPT, _("Two days after the link was asked for"), _continuations, deleted)
rule("pledges.payment_pages", timedelta(days=30), _("30 days after it is over"), _payment_pages, emptied(url=""))
rule("pledges.stripe_events", A_YEAR, AFTER_A_YEAR, _stripe_events, deleted)
