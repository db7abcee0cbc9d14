"""What people do about money and lists of names, as the audit log knows it (home.audit).

Each is recorded in the transaction of the act itself. Facts are amounts in minor units (with `currency`), days,
states and ids, never a backer's name.
"""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home import audit
from home.audit_words import show_day, show_pairs
from home.models import Cooperative, User
from pledges.enums import PaymentMethod, RefundReason
from pledges.models import DataRequest, Payment, Pledge, Refund, RefundRequest, TaxRegistration


def _act(key: str, label: audit.Words) -> str:
    return audit.act(key, label, is_money=True)


REFUND_ASKED = _act("refund_asked", _("Refund asked for"))
REFUND_APPROVED = _act("refund_approved", _("Refund approved"))
REFUND_REJECTED = _act("refund_rejected", _("Refund not approved"))
REFUND_GRANTED = _act("refund_granted", _("Backer’s refund request granted"))
REFUND_DECLINED = _act("refund_declined", _("Backer’s refund request not granted"))
REFUND_SETTLED = _act("refund_settled", _("Refund settled by other means"))
REFUND_AGAIN = _act("refund_again", _("Refund asked for again"))
REFUND_LET_GO = _act("refund_let_go", _("Refund let go"))
SETTLEMENT_PAUSED = _act("settlement_paused", _("Charges paused"))
SETTLEMENT_RESUMED = _act("settlement_resumed", _("Charges resumed"))
SETTLEMENT_STARTED = _act("settlement_started", _("Settlement started by hand"))
OFFLINE_ENTERED = _act("offline_entered", _("Contribution by other means entered"))
OFFLINE_RECEIVED = _act("offline_received", _("Payment by other means received"))
OFFLINE_BOUNCED = _act("offline_bounced", _("Payment by other means not honoured"))
OFFLINE_ENDED = _act("offline_ended", _("Contribution by other means ended"))
OFFLINE_GIVEN_BACK = _act("offline_given_back", _("Refund handed over"))
MATCHING_RECORDED = _act("matching_recorded", _("Matching money recorded"))
TAXES_CHANGED = _act("taxes_changed", _("Taxes changed"))
CODES_CHANGED = _act("codes_changed", _("Account codes changed"))
ACCOUNT_OPENED = _act("account_opened", _("Way to the payment account taken"))
ACCOUNT_RECONNECTED = _act("account_reconnected", _("Payment account connected again"))
DEADLINE_EXTENDED = _act("deadline_extended", _("Deadline extended"))
OWN_DATA_EXPORTED = _act("own_data_exported", _("Personal data downloaded by their owner"))


def on_refund(key: str, refund: Refund, by: User | None, **facts: Any) -> None:
    """In the transaction of the decision."""
    about = {"amount": refund.amount, "currency": refund.currency}
    audit.record(key, cooperative=refund.cooperative, by=by, subject=refund, **about, **facts)


def on_payment(key: str, payment: Payment, by: User | None, **facts: Any) -> None:
    about = {"amount": payment.amount, "currency": payment.currency, "method": payment.method}
    audit.record(key, cooperative=payment.cooperative, by=by, subject=payment, **about, **facts)


def on_pledge(key: str, pledge: Pledge, by: User | None, **facts: Any) -> None:
    about = {"amount": pledge.amount, "currency": pledge.currency}
    audit.record(key, cooperative=pledge.cooperative, by=by, subject=pledge, **about, **facts)


def _reason(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    return str(RefundReason(value).label)


def _method(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    return str(PaymentMethod(value).label)


def _asked_of_another(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    return gettext("asked for") if value else ""


audit.fact("reason", _("Reason"), _reason)
audit.fact("method", _("Means"), _method)
audit.fact("second_person", _("Second person"), _asked_of_another)
audit.fact("received_on", _("Received on"), show_day)
audit.fact("given_on", _("Given back on"), show_day)
audit.fact("codes", _("Account codes"), show_pairs)
audit.fact("account", _("Payment account"), lambda value, facts, cooperative: str(value))
audit.about(Refund, _("Refund"), "pledges_refund")
audit.about(RefundRequest, _("Request"), "pledges_refund_request")
audit.about(Pledge, _("Contribution"), "pledges_contribution")
audit.about(Payment, _("Payment"))
audit.about(Campaign, _("Campaign"), "pledges_settlement")
audit.about(TaxRegistration, _("Tax"), "pledges_tax")
audit.about(DataRequest, _("Request"))
