"""Erasing what is kept about a backer, except what the law requires for accounting.

What happens when the process dies: `erase` is one transaction, with the last mail in it, whose row keeps the address
it goes to. After that the rows say what is left to do, and the tick does it: the customer at the provider is deleted
(`stripe_customer` is emptied once it is), the address of the last mail is emptied once it has left for good
(`finish_due`), and what names them in texts of others is taken out (home.privacy.erasures). docs/privacy.md says what
is kept, and why.
"""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.enums import OVER
from home import backing, clock, outbox
from home.mail.registry import kind_of
from home.models import Backer, Cooperative, MailState, NewsConsent, OutgoingMail
from home.privacy import erasures
from home.tenancy import across_cooperatives
from pledges import gateway, kept_elsewhere, refund_requests
from pledges.enums import (
    CardState,
    DisputeState,
    FulfilmentState,
    PaymentMethod,
    PaymentState,
    PledgeState,
    RefundState,
    RequestState,
    Wall,
)
from pledges.gone_back import given_up, gone_back
from pledges.models import (
    Continuation,
    DeliveryAddress,
    Dispute,
    EmailChange,
    Payment,
    Pledge,
    PledgeItem,
    Problem,
    Refund,
    RefundRequest,
    SurveyAnswer,
)

log = logging.getLogger(__name__)

#: What accounting keeps: six years after the one it is about.
YEARS = 6

RUNNING, MONEY, REWARDS = "running", "money", "rewards"

OWED = (FulfilmentState.NOT_STARTED, FulfilmentState.IN_PRODUCTION, FulfilmentState.READY, FulfilmentState.RETURNED)


def reason_against(backer: Backer) -> str:
    """Why not yet: RUNNING (a contribution to a campaign that is not over), MONEY, REWARDS; "" where nothing stands."""
    pledges = Pledge.objects.filter(backer=backer)
    standing = pledges.filter(state__in=[PledgeState.PENDING, PledgeState.CONFIRMED])
    if standing.exclude(campaign__state__in=OVER).exists() or pledges.filter(state=PledgeState.PENDING).exists():
        return RUNNING
    if _money_moves(backer):
        return MONEY
    standing_items = PledgeItem.objects.filter(~given_up(), pledge__in=pledges, pledge__state=PledgeState.CONFIRMED)
    owed = standing_items.filter(state__in=OWED)
    return REWARDS if owed.filter(quantity__gt=0).exclude(pledge__in=gone_back()).exists() else ""


def _money_moves(backer: Backer) -> bool:
    mine = Payment.objects.filter(pledge__backer=backer)
    open_payments = mine.filter(state__in=[PaymentState.DUE, PaymentState.ACTION, PaymentState.MEND])
    unpaid = Pledge.objects.filter(backer=backer, state=PledgeState.CONFIRMED, payments=None)
    owed = Q(state=RefundState.FAILED, settled_at=None, done_at__isnull=False)
    waiting = Q(state__in=[RefundState.DUE, RefundState.TO_APPROVE]) | owed
    refunds = Refund.objects.filter(waiting, payment__pledge__backer=backer)
    open_disputes = [DisputeState.INQUIRY, DisputeState.OPEN]
    disputes = Dispute.objects.filter(payment__pledge__backer=backer, state__in=open_disputes)
    unanswered = Q(state=RequestState.ASKED) | refund_requests.NOT_MADE
    requests = RefundRequest.objects.filter(unanswered, item__pledge__backer=backer)
    return any(rows.exists() for rows in (open_payments, unpaid, refunds, disputes, requests))


def erase(pledge: Pledge) -> str:
    """Erase the backer of a contribution, or say why not yet (as `reason_against`). "" once done, or done before."""
    with transaction.atomic():
        backer = Backer.objects.select_for_update().get(pk=pledge.backer_id)
        if backer.erased_at:
            return ""
        if reason := reason_against(backer):
            return reason
        _write_last_mail(pledge, backer)
        _erase(backer)
    return ""


def erase_silently(backer: Backer) -> bool:
    """The same, where its time has come or a restore brought them back: no mail. False where something stands."""
    with transaction.atomic():
        found = Backer.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=backer.pk)
        if found.erased_at or reason_against(found):
            return False
        _erase(found)
    return True


def _erase(backer: Backer) -> None:
    erasures.note(backer, _words_of(backer))
    _empty(backer)
    transaction.on_commit(_nudge)


def _words_of(backer: Backer) -> list[str]:
    """What may name them in texts that others wrote."""
    pledges = Pledge.objects.filter(backer=backer)
    addresses = DeliveryAddress.objects.filter(pledge__in=pledges).values_list("recipient", "line1")
    changes = EmailChange.objects.filter(backer=backer).values_list("old_email", "new_email")
    mails = OutgoingMail.objects.filter(backer=backer).order_by().values_list("address").distinct()
    shown = pledges.values_list("wall_name", "gift_for")
    rows = [*addresses, *changes, *mails, *shown]
    return [backer.name, backer.email, backer.email_key, *(text for row in rows for text in row)]


def _write_last_mail(pledge: Pledge, backer: Backer) -> None:
    companies = Pledge.objects.filter(backer=backer).exclude(company_name="")
    outbox.queue(
        kind_of("data_erased"),
        cooperative=pledge.cooperative,
        subject_key=pledge.key,
        to=backer,
        facts={"year": kept_until(backer), "company": companies.exists()},
    )


def kept_until(backer: Backer) -> int:
    """The year in which accounting no longer needs what is about this backer."""
    latest = Payment.objects.filter(pledge__backer=backer).exclude(paid_at=None).order_by("-paid_at").first()
    at: datetime = latest.paid_at if latest and latest.paid_at else clock.now()
    return at.astimezone(ZoneInfo(backer.cooperative.time_zone)).year + YEARS


def _empty(backer: Backer) -> None:
    pledges = Pledge.objects.filter(backer=backer)
    DeliveryAddress.objects.filter(pledge__in=pledges).delete()
    SurveyAnswer.objects.filter(reply__item__pledge__in=pledges).update(text="")
    Problem.objects.filter(item__pledge__in=pledges).update(text="", answer="")
    RefundRequest.objects.filter(item__pledge__in=pledges).update(message="", answer="")
    Refund.objects.filter(payment__pledge__in=pledges, payment__method=PaymentMethod.CARD).update(note="")
    PledgeItem.objects.filter(pledge__in=pledges).update(state_reason="", carrier="", tracking_url="")
    EmailChange.objects.filter(backer=backer).delete()
    Continuation.objects.filter(backer=backer).delete()
    kept_elsewhere.erase(backer)
    pledges.filter(card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
    for pledge in pledges:  # one by one: each has a generation of its own
        Pledge.objects.filter(pk=pledge.pk).update(
            wall=Wall.NEITHER,
            wall_name="",
            gift_for="",
            message="",
            via="",
            card_last4="",
            card_expires=None,
            link_generation=pledge.link_generation + 1,
        )
    NewsConsent.objects.filter(backer=backer).delete()
    backing.suppress_by_mark(backer)
    outbox.forget_reader(backer, but=kind_of("data_erased"))
    Backer.objects.filter(pk=backer.pk).update(
        email="", email_key=f"erased:{backer.pk}", name="", erased_at=clock.now()
    )


def empty_rehearsal(cooperative: Cooperative) -> None:
    """Whoever contributed to a rehearsal that is over, whatever they are owed. Raises TypeError for a real cooperative.

    No mail says so: none of a rehearsal may leave any more.
    """
    if not cooperative.is_rehearsal:
        raise TypeError(f"{cooperative.slug} is no rehearsal.")
    for backer in Backer.objects.filter(cooperative=cooperative, erased_at=None).select_related("cooperative"):
        _empty(backer)
    transaction.on_commit(_nudge)


def finish_due() -> int:
    """What is left of erased backers: customers at the provider, addresses of mails that have left."""
    with across_cooperatives():
        for backer in Backer.objects.filter(pk__in=_with_address().values("backer"))[:200]:
            outbox.forget_reader(backer, but=kind_of("data_erased"))
        return sum(_forget(backer) for backer in _with_customer().select_related("cooperative").order_by("id")[:200])


def is_due() -> bool:
    """Whether something of an erased backer is left."""
    with across_cooperatives():
        return _with_address().exists() or _with_customer().exists()


def _with_customer() -> QuerySet[Backer]:
    """On an account that we reach: the others wait until it is connected again."""
    erased = Backer.objects.filter(erased_at__isnull=False, cooperative__disconnected_at=None)
    return erased.exclude(stripe_customer="")


def _with_address() -> QuerySet[OutgoingMail]:
    """Mails of erased backers that keep where they went, and need not: facts go with the address."""
    kept = OutgoingMail.objects.filter(backer__erased_at__isnull=False).exclude(address="")
    return kept.exclude(state__in=[MailState.QUEUED, MailState.LEAVING])


def _forget(backer: Backer) -> bool:
    try:
        gateway.forget_customer(backer.cooperative.stripe_account, backer.stripe_customer)
    except gateway.GatewayError as error:
        log.warning("the customer of backer %s is still to be forgotten: %s", backer.pk, error)
        return False
    Backer.objects.filter(pk=backer.pk).update(stripe_customer="")
    return True


def _nudge() -> None:
    from pledges.tasks import finish_erasing  # noqa: PLC0415 (tasks import this module)

    finish_erasing.enqueue()
