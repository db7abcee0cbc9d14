"""Every endpoint spoken: method, address, who answers, which parameters.

`params_class` names the class of the installed package's `stripe.params` that the table is a part of
(a test holds them together).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import schemas as s
from .errors import Json
from .resources import (
    accounts,
    customers,
    money,
    notices,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    sessions,
    setup_intents,
)
from .world import Call

Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Endpoint:
    method: str
    address: str
    handler: Handler
    params: s.Table
    params_class: str


def _resource(address: str, name: str, **handlers: tuple[Handler, s.Table]) -> list[Endpoint]:
    """The usual five: create, retrieve, update, delete, list."""
    shapes = {
        "create": ("POST", address), "list": ("GET", address), "retrieve": ("GET", f"{address}/{{id}}"),
        "update": ("POST", f"{address}/{{id}}"), "delete": ("DELETE", f"{address}/{{id}}"),
    }  # fmt: skip
    return [
        Endpoint(*shapes[verb], handler, table, f"{name}{verb.title()}Params")
        for verb, (handler, table) in handlers.items()
    ]


def _action(address: str, name: str, handler: Handler, table: s.Table, method: str = "POST") -> Endpoint:
    return Endpoint(method, address, handler, table, f"{name}Params")


ENDPOINTS: list[Endpoint] = [
    *_resource(
        "/v1/accounts", "Account",
        create=(accounts.create, s.ACCOUNT_CREATE), retrieve=(accounts.retrieve, s.EXPAND),
        update=(accounts.update, s.ACCOUNT_UPDATE), list=(accounts.list_all, s.DATED),
    ),
    _action("/v1/account", "AccountRetrieveCurrent", accounts.retrieve_current, s.EXPAND, "GET"),
    _action("/v1/account_links", "AccountLinkCreate", accounts.create_link, s.ACCOUNT_LINK),
    *_resource(
        "/v1/customers", "Customer",
        create=(customers.create, s.CUSTOMER_CREATE), retrieve=(customers.retrieve, s.EXPAND),
        update=(customers.update, s.CUSTOMER_UPDATE), delete=(customers.delete, {}),
        list=(customers.list_all, s.CUSTOMER_LIST),
    ),
    _action("/v1/customers/{id}/payment_methods", "CustomerPaymentMethodList",
            payment_methods.list_of_customer, s.METHOD_LIST_OF_CUSTOMER, "GET"),
    _action("/v1/customers/{id}/payment_methods/{method}", "CustomerPaymentMethodRetrieve",
            payment_methods.retrieve_of_customer, s.EXPAND, "GET"),
    *_resource(
        "/v1/payment_methods", "PaymentMethod",
        create=(payment_methods.create, s.METHOD_CREATE), retrieve=(payment_methods.retrieve, s.EXPAND),
        update=(payment_methods.update, s.METHOD_UPDATE), list=(payment_methods.list_all, s.METHOD_LIST),
    ),
    _action("/v1/payment_methods/{id}/attach", "PaymentMethodAttach", payment_methods.attach, s.METHOD_ATTACH),
    _action("/v1/payment_methods/{id}/detach", "PaymentMethodDetach", payment_methods.detach, s.EXPAND),
    *_resource(
        "/v1/payment_intents", "PaymentIntent",
        create=(payment_intents.create, s.INTENT_CREATE), retrieve=(payment_intents.retrieve, s.INTENT_RETRIEVE),
        update=(payment_intents.update, s.INTENT_UPDATE), list=(payment_intents.list_all, s.INTENT_LIST),
    ),
    _action("/v1/payment_intents/{id}/confirm", "PaymentIntentConfirm", payment_intents.confirm, s.INTENT_CONFIRM),
    _action("/v1/payment_intents/{id}/cancel", "PaymentIntentCancel", payment_intents.cancel, s.INTENT_CANCEL),
    *_resource(
        "/v1/setup_intents", "SetupIntent",
        create=(setup_intents.create, s.SETUP_CREATE), retrieve=(setup_intents.retrieve, s.EXPAND),
        update=(setup_intents.update, s.SETUP_UPDATE), list=(setup_intents.list_all, s.SETUP_LIST),
    ),
    _action("/v1/setup_intents/{id}/confirm", "SetupIntentConfirm", setup_intents.confirm, s.SETUP_CONFIRM),
    _action("/v1/setup_intents/{id}/cancel", "SetupIntentCancel", setup_intents.cancel, s.SETUP_CANCEL),
    *_resource(
        "/v1/checkout/sessions", "checkout.Session",
        create=(sessions.create, s.SESSION_CREATE), retrieve=(sessions.retrieve, s.EXPAND),
        update=(sessions.update, s.SESSION_UPDATE), list=(sessions.list_all, s.SESSION_LIST),
    ),
    _action("/v1/checkout/sessions/{id}/expire", "checkout.SessionExpire", sessions.expire, s.EXPAND),
    _action("/v1/checkout/sessions/{id}/line_items", "checkout.SessionLineItemList",
            sessions.line_items, s.PAGE, "GET"),
    *_resource(
        "/v1/charges", "Charge", retrieve=(money.retrieve_charge, s.EXPAND),
        update=(money.update_charge, s.CHARGE_UPDATE), list=(money.list_charges, s.CHARGE_LIST),
    ),
    *_resource(
        "/v1/balance_transactions", "BalanceTransaction",
        retrieve=(money.retrieve_transaction, s.EXPAND), list=(money.list_transactions, s.TRANSACTION_LIST),
    ),
    _action("/v1/balance", "BalanceRetrieve", money.balance, s.EXPAND, "GET"),
    *_resource(
        "/v1/application_fees", "ApplicationFee",
        retrieve=(refunds.retrieve_fee, s.EXPAND), list=(refunds.list_fees, s.FEE_LIST),
    ),
    _action("/v1/application_fees/{id}/refunds", "ApplicationFeeRefundCreate",
            refunds.create_fee_refund, s.FEE_REFUND_CREATE),
    _action("/v1/application_fees/{id}/refunds", "ApplicationFeeRefundList", refunds.list_fee_refunds, s.PAGE, "GET"),
    _action("/v1/application_fees/{id}/refunds/{refund}", "ApplicationFeeRefundRetrieve",
            refunds.retrieve_fee_refund, s.EXPAND, "GET"),
    *_resource(
        "/v1/refunds", "Refund",
        create=(refunds.create, s.REFUND_CREATE), retrieve=(refunds.retrieve, s.EXPAND),
        update=(refunds.update, s.REFUND_UPDATE), list=(refunds.list_all, s.OF_CHARGE_LIST),
    ),
    *_resource(
        "/v1/disputes", "Dispute", retrieve=(money.retrieve_dispute, s.EXPAND),
        update=(money.update_dispute, s.DISPUTE_UPDATE), list=(money.list_disputes, s.OF_CHARGE_LIST),
    ),
    _action("/v1/disputes/{id}/close", "DisputeClose", money.close_dispute, s.EXPAND),
    *_resource(
        "/v1/radar/early_fraud_warnings", "radar.EarlyFraudWarning",
        retrieve=(money.retrieve_warning, s.EXPAND), list=(money.list_warnings, s.OF_CHARGE_LIST),
    ),
    *_resource(
        "/v1/payouts", "Payout", retrieve=(payouts.retrieve, s.EXPAND), list=(payouts.list_all, s.PAYOUT_LIST),
    ),
    *_resource(
        "/v1/events", "Event",
        retrieve=(notices.retrieve_event, s.EXPAND), list=(notices.list_events, s.EVENT_LIST),
    ),
    *_resource(
        "/v1/webhook_endpoints", "WebhookEndpoint",
        create=(notices.create_endpoint, s.ENDPOINT_CREATE), retrieve=(notices.retrieve_endpoint, s.EXPAND),
        delete=(notices.delete_endpoint, {}), list=(notices.list_endpoints, s.PAGE),
    ),
]  # fmt: skip


def _pattern(address: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", address))


_ROUTES = [(_pattern(endpoint.address), endpoint) for endpoint in ENDPOINTS]
_FIXED = {(e.method, e.address): e for e in ENDPOINTS if "{" not in e.address}


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint for a request, with the ids in its path."""
    fixed = _FIXED.get((method, path))
    if fixed is not None:
        return fixed, {}
    for pattern, endpoint in _ROUTES:
        match = pattern.fullmatch(path) if endpoint.method == method else None
        if match is not None:
            return endpoint, match.groupdict()
    return None
