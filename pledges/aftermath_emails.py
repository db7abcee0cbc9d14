"""Mails to treasurers about what happens after a payment: refunds to approve, money sent back, disputes, grace over.

`subject_key` is `refund:<id>`, `dispute:<id>`, `warning:<id>` or `campaign:<id>`.
"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext

from campaigns.models import Campaign
from home import formats
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import refund_decisions, totals
from pledges.disputes import reason_words
from pledges.enums import DisputeState, PledgeState
from pledges.models import Dispute, FraudWarning, Payment, Pledge, Refund


def _id_in(key: str) -> int:
    return int(key.rpartition(":")[2])


def _admin_button(mail: OutgoingMail, label: str, name: str, *args: int) -> Context:
    return {"button_url": mail.cooperative.root_url + reverse(name, args=args), "button_label": label}


def _about(payment: Payment) -> Context:
    """Amounts in minor units of `currency`."""
    pledge = payment.pledge
    return {
        "backer_name": pledge.backer.name,
        "campaign": pledge.campaign,
        "currency": payment.currency,
        "zone": payment.cooperative.time_zone,
        "paid_at": payment.paid_at,
        "processor": settings.PAYMENT_PROCESSOR_NAME,
    }


WITH_PAYMENT = ("payment__pledge__backer", "payment__pledge__campaign", "payment__cooperative")


def fill_to_approve(mail: OutgoingMail) -> Context:
    refund = Refund.objects.select_related(*WITH_PAYMENT, "asked_by").get(pk=_id_in(mail.subject_key))
    return (
        _about(refund.payment)
        | _admin_button(mail, gettext("Decide"), "pledges_refund", refund.pk)
        | {
            "amount": refund.amount,
            "asked_by": str(refund.asked_by or ""),
            "reason": refund.get_reason_display(),
            "note": refund.note,
            "limit": refund.payment.cooperative.second_person_above,
        }
    )


def fill_bounced(mail: OutgoingMail) -> Context:
    """`occasion`: `bounced` (the bank sent it back) or `refused` (it was never made)."""
    refund = Refund.objects.select_related(*WITH_PAYMENT).get(pk=_id_in(mail.subject_key))
    return (
        _about(refund.payment)
        | _admin_button(mail, gettext("See the refund"), "pledges_refund", refund.pk)
        | {"amount": refund.amount, "code": refund.failure, "came_back": refund.done_at is not None}
    )


def fill_dispute(mail: OutgoingMail) -> Context:
    dispute = Dispute.objects.select_related(*WITH_PAYMENT).get(pk=_id_in(mail.subject_key))
    pledge = dispute.payment.pledge
    return (
        _about(dispute.payment)
        | _admin_button(mail, gettext("Open the file"), "pledges_contribution", pledge.pk)
        | {
            "amount": dispute.amount,
            "fee": dispute.fee,
            "reason": reason_words(dispute.reason),
            "due_date": formats.local_day(dispute.answer_by, dispute.payment.cooperative.time_zone)
            if dispute.answer_by
            else "",
            "is_inquiry": mail.occasion in (DisputeState.INQUIRY, DisputeState.INQUIRY_CLOSED),
            "is_won": mail.occasion == DisputeState.WON,
            "refund_waits": refund_decisions.to_ask_again(dispute.payment.refunds.all()).exists(),
        }
    )


def fill_warning(mail: OutgoingMail) -> Context:
    warning = FraudWarning.objects.select_related(*WITH_PAYMENT).get(pk=_id_in(mail.subject_key))
    payment = warning.payment
    return (
        _about(payment)
        | _admin_button(mail, gettext("Refund"), "pledges_refund_ask", payment.pk)
        | {"amount": payment.amount, "code": warning.kind}
    )


def fill_grace_ended(mail: OutgoingMail) -> Context:
    campaign = Campaign.objects.select_related("cooperative").get(pk=_id_in(mail.subject_key))
    progress = totals.progress_of(campaign)
    dropped = Pledge.objects.filter(campaign=campaign, state=PledgeState.DROPPED)
    counted = dropped.aggregate(count=Count("pk"), amount=Sum("amount"))
    return _admin_button(mail, gettext("See the report"), "pledges_settlement", campaign.pk) | {
        "campaign": campaign,
        "currency": campaign.currency,
        "collected": progress.collected,
        "pledged": progress.pledged,
        "percent": formats.percent(progress.collected, progress.pledged or 1),
        "n_dropped": counted["count"],
        "dropped": counted["amount"] or 0,
    }


def _team(key: str, purpose: str, fill: Callable[[OutgoingMail], Context]) -> None:
    register(MailKind(key, "pledges", Category.TEAM, purpose, fill))


_team("refund_to_approve", "A refund waits for a second person.", fill_to_approve)
_team("refund_bounced", "A refund was refused, or sent back by the bank.", fill_bounced)
_team("dispute_opened", "A bank contests a payment, or asks about it.", fill_dispute)
_team("dispute_closed", "A bank has decided about a dispute.", fill_dispute)
_team("fraud_warning", "A bank thinks that a payment may be fraud.", fill_warning)
_team("grace_ended", "The time to mend payments is over.", fill_grace_ended)
