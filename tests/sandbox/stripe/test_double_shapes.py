"""The double held against the installed package: parameters it takes, objects it answers with."""

import builtins
import functools
import importlib
import typing

import pytest
import stripe

from sandbox.stripe.endpoints import ENDPOINTS, Endpoint
from sandbox.stripe.params import Hash, Kind, ListOf

OPTIONS = set(stripe.RequestOptions.__annotations__) | {"headers"}
CLASSES = {
    "account": stripe.Account,
    "account_link": stripe.AccountLink,
    "application_fee": stripe.ApplicationFee,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "bank_account": stripe.BankAccount,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "fee_refund": stripe.ApplicationFeeRefund,
    "item": stripe.LineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
PLAIN = {int: int, str: str, bool: bool, float: float}


def params_class(name: str) -> type | None:
    folder, _, last = name.rpartition(".")
    module = importlib.import_module(f"stripe.params.{folder}" if folder else "stripe.params")
    return getattr(module, last, None)


class Unknown:
    def __class_getitem__(cls, _: object) -> type:
        return cls


class Names(dict):
    """Names that the package's modules import for type checkers only; those it does not export are held as unknown."""

    def __init__(self, module: object) -> None:
        super().__init__(vars(module))

    def __missing__(self, name: str) -> object:
        if hasattr(builtins, name) or name.startswith("_"):
            raise KeyError(name)
        return getattr(stripe, name, Unknown)


@functools.cache
def annotations_of(found: type, extras: bool = False) -> dict[str, object]:
    module = importlib.import_module(found.__module__)
    return typing.get_type_hints(found, vars(module), Names(module), include_extras=extras)


def hashes_in(annotation: object) -> list[type]:
    """The TypedDicts inside an annotation, however deep in Union, List and Literal."""
    if isinstance(annotation, type) and hasattr(annotation, "__required_keys__"):
        return [annotation]
    return [one for part in typing.get_args(annotation) for one in hashes_in(part)]


def unknown_in(table: dict[str, Kind], known: type, path: str) -> list[str]:
    hints = annotations_of(known)
    wrong = []
    for name, kind in table.items():
        if name not in hints or name in OPTIONS:
            wrong.append(f"{path}.{name}")
            continue
        inner = kind.item if isinstance(kind, ListOf) else kind
        if isinstance(inner, Hash):
            below = hashes_in(hints[name])
            assert below, f"{path}.{name} is no hash in the package"
            wrong += unknown_in(dict(inner.fields), below[0], f"{path}.{name}")
    return wrong


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.address}")
def test_every_parameter_exists_in_the_package(endpoint: Endpoint):
    if endpoint.method == "DELETE":
        assert endpoint.params == {}
        return
    known = params_class(endpoint.params_class)
    assert known is not None, endpoint.params_class
    assert unknown_in(endpoint.params, known, endpoint.params_class) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.address}")
def test_what_the_package_requires_is_required(endpoint: Endpoint):
    known = params_class(endpoint.params_class)
    if endpoint.method == "POST" and known is not None:
        hints = annotations_of(known, extras=True)
        needed = {
            n for n, hint in hints.items() if n not in OPTIONS and typing.get_origin(hint) is not typing.NotRequired
        }
        assert needed <= {name for name, kind in endpoint.params.items() if kind.required}


def test_an_invented_parameter_would_be_seen():
    """The control of the test above: it must be able to fail, at any depth."""
    known = params_class("PaymentIntentCreateParams")
    assert known is not None
    table: dict[str, Kind] = {"colour": Hash({}), "automatic_payment_methods": Hash({"colour": Hash({})})}
    assert len(unknown_in(table, known, "x")) == 2


@pytest.fixture(scope="module")
def objects(running):
    """One of each resource that the double answers with, as plain JSON, keyed by type."""
    from tests.sandbox.stripe.conftest import open_shop

    shop = open_shop(running)
    api, on = shop.api.v1, shop.on
    customer = shop.customer()
    disputed = shop.pay(customer, shop.saved(customer, "pm_card_createDispute"))
    warned = shop.pay(customer, shop.saved(customer, "pm_card_createIssuerFraudRecord"))
    intent = shop.pay(customer, shop.saved(customer), application_fee_amount=100)
    session = shop.session("payment")
    shop.type_card(session.url, "4242424242424242")
    refund = api.refunds.create({"payment_intent": intent.id, "amount": 500}, on)
    charge = api.charges.retrieve(intent.latest_charge, {}, on)
    fee = api.application_fees.retrieve(charge.application_fee)
    setup = shop.session(customer=customer, currency="cad").setup_intent
    items = api.checkout.sessions.line_items.list(session.id, {}, on).data
    link: typing.Any = {
        "account": shop.account,
        "type": "account_onboarding",
        "return_url": "http://s",
        "refresh_url": "http://s",
    }
    found = [
        api.accounts.retrieve(shop.account), api.account_links.create(link), fee, charge, refund, intent,
        api.balance.retrieve({}, on), api.balance_transactions.retrieve(charge.balance_transaction, {}, on),
        shop.read_session(session.id), api.customers.retrieve(customer, {}, on),
        api.disputes.list({"payment_intent": disputed.id}, on).data[0], api.events.list({}, on).data[0],
        api.application_fees.refunds.create(fee.id, {"amount": 1}), items[0], items[0].price,
        api.payment_methods.retrieve(intent.payment_method, {}, on), api.setup_intents.retrieve(setup, {}, on),
        api.radar.early_fraud_warnings.list({"payment_intent": warned.id}, on).data[0],
        api.webhook_endpoints.list({"limit": 1}).data[0],
    ]  # fmt: skip
    running.advance(2 * 86400 + 5)
    payout = running.control(f"/accounts/{shop.account}/payout", {})["id"]
    found.append(api.payouts.retrieve(payout, {}, on))
    found.append(api.payouts.retrieve(payout, {"expand": ["destination"]}, on).destination)
    return {one["object"]: one.to_dict() for one in found}


def test_every_resource_is_held(objects):
    assert set(objects) == set(CLASSES)


def is_optional(hint: object) -> bool:
    return type(None) in typing.get_args(hint)


def wrong_in(value: dict, known: type, path: str) -> list[str]:
    """Missing fields that the package calls always present, fields unknown to it, and wrong plain types."""
    hints = annotations_of(known)
    wrong = [f"{path}.{name} missing" for name, hint in hints.items() if _needed(name, hint) and name not in value]
    for name, found in value.items():
        if name not in hints:
            wrong.append(f"{path}.{name} unknown")
            continue
        wrong += _wrong_value(found, hints[name], f"{path}.{name}")
    return wrong


def _needed(name: str, hint: object) -> bool:
    return not name.startswith("_") and typing.get_origin(hint) is not typing.ClassVar and not is_optional(hint)


def _wrong_value(found: object, hint: object, path: str) -> list[str]:
    if found is None:
        return [] if is_optional(hint) else [f"{path} is null"]
    kinds = [part for part in typing.get_args(hint) if part is not type(None)] if is_optional(hint) else [hint]
    if len(kinds) != 1:
        return []
    kind = kinds[0]
    if kind in PLAIN:
        return [] if type(found) is PLAIN[kind] else [f"{path}: {found!r} is no {kind.__name__}"]
    if typing.get_origin(kind) is list:
        if not isinstance(found, list):
            return [f"{path} is no list"]
        return [wrong for one in found for wrong in _wrong_value(one, typing.get_args(kind)[0], f"{path}[]")]
    plain = isinstance(kind, type) and issubclass(kind, stripe.StripeObject) and kind is not stripe.StripeObject
    if plain and isinstance(found, dict) and kind.__name__ not in ("UntypedStripeObject", "ListObject"):
        return wrong_in(found, kind, path)
    return []


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_answers_have_the_packages_shape(objects, kind):
    assert wrong_in(objects[kind], CLASSES[kind], kind) == []


def test_a_wrong_answer_would_be_seen():
    """The control of the test above."""
    found = wrong_in({"amount": "1", "colour": 1}, stripe.Refund, "refund")
    assert "refund.colour unknown" in found
    assert "refund.amount: '1' is no int" in found
    assert "refund.currency missing" in found
    nested = wrong_in({"evidence_details": {"colour": 1, "has_evidence": None}}, stripe.Dispute, "dispute")
    assert "dispute.evidence_details.colour unknown" in nested
    assert "dispute.evidence_details.has_evidence is null" in nested
    assert "dispute.evidence_details.past_due missing" in nested
