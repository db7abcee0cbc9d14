"""Backers whom no mail reaches: « courriel à corriger », to be contacted by hand. Service mail is written all the same.

Either the address they have now was refused for good, or the latest mail about their money or rewards could not be
delivered to it. Another address takes them off the list by itself.
"""

from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Prefetch, QuerySet, Subquery, Value, When

from home import backing
from home.mail.registry import Category, all_kinds
from home.models import Backer, Cooperative, MailState, OutgoingMail, Suppression
from pledges.enums import PaymentState, PledgeState
from pledges.fulfilment import WAITING
from pledges.models import Payment, Pledge, PledgeItem
from pledges.promises import annotate_current_month

#: Why no mail reaches someone.
REFUSED, FAILED = "refused", "failed"

#: Payments that their backer can mend, and was written about.
TO_MEND = (PaymentState.ACTION, PaymentState.MEND)

#: Never were contributions.
UNFINISHED = (PledgeState.PENDING, PledgeState.LAPSED)


def backers_of(cooperative: Cooperative) -> QuerySet[Any]:
    """Backers with `why` no mail reaches them, by name."""
    refused = Suppression.objects.filter(cooperative=cooperative, reason=backing.BOUNCED).values("email_key")
    case = Case(
        When(email_key__in=refused, then=Value(REFUSED)),
        When(latest=MailState.FAILED, then=Value(FAILED)),
        default=Value(""),
        output_field=CharField(),
    )
    known = Backer.objects.filter(cooperative=cooperative, erased_at=None).exclude(email="")
    # From the few addresses and mails in trouble, as there may be a million backers.
    in_trouble = known.filter(email_key__in=refused).order_by().values("pk").union(_with_failed_mails(cooperative))
    known = known.filter(pk__in=in_trouble)
    contributed = Pledge.objects.filter(backer=OuterRef("pk")).exclude(state__in=UNFINISHED)
    standing = known.filter(Exists(contributed)).annotate(latest=_latest_mail(), why=case)
    return standing.exclude(why="").order_by("name", "pk")


def _with_failed_mails(cooperative: Cooperative) -> QuerySet[Any]:
    failed = OutgoingMail.objects.filter(cooperative=cooperative, stage=MailState.FAILED).exclude(backer=None)
    return failed.order_by().values("backer_id")


def _latest_mail() -> Subquery:
    """The state of the latest service mail that was tried at the address of now."""
    service = [kind.key for kind in all_kinds() if kind.category == Category.SERVICE]
    tried = OutgoingMail.objects.filter(
        backer=OuterRef("pk"),
        address__iexact=OuterRef("email"),
        kind__in=service,
        state__in=[MailState.SENT, MailState.FAILED],
    )
    return Subquery(tried.order_by("-pk").values("state")[:1])


def with_what_is_owed(backers: QuerySet[Any]) -> QuerySet[Any]:
    """Each with `contributions` and, of each, `waiting` items and `to_mend` payments; in three queries more."""
    waiting = annotate_current_month(_waiting_items()).order_by("pk")
    mend = Payment.objects.filter(state__in=TO_MEND).order_by("part")
    pledges = Pledge.objects.exclude(state__in=UNFINISHED).select_related("campaign").order_by("-pk")
    return backers.prefetch_related(
        Prefetch(
            "pledges",
            pledges.prefetch_related(
                Prefetch("items", waiting, to_attr="waiting"), Prefetch("payments", mend, to_attr="to_mend")
            ),
            to_attr="contributions",
        )
    )


def _waiting_items() -> QuerySet[PledgeItem]:
    return PledgeItem.objects.filter(pledge__state=PledgeState.CONFIRMED, state__in=WAITING, quantity__gt=0)


def found_good(backer: Backer) -> bool:
    """Someone of the team knows that the address takes mail again. True if it was refused until then.

    News goes there again too, unless someone complained there, before it was refused or since.
    """
    refused = Suppression.objects.filter(
        cooperative=backer.cooperative_id, email_key=backing.email_key(backer.email), reason=backing.BOUNCED
    )
    told = OutgoingMail.objects.filter(cooperative=backer.cooperative_id, address__iexact=backer.email)
    if told.filter(backer__isnull=False, complained_at__isnull=False).exists():
        return bool(refused.update(reason=backing.COMPLAINED))
    return bool(refused.delete()[0])
