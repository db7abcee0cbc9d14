"""What exists in Stripe's test mode only: an account that takes payments at once, and cards that nobody holds.

Values are those that Stripe publishes for testing (docs.stripe.com/connect/testing, docs.stripe.com/testing).
"""

from typing import cast

from stripe.params import AccountCreateParams

from pledges.gateway.accounts import OWN_ROW
from pledges.gateway.cards import as_card
from pledges.gateway.client import acting_on, client, is_of_rehearsal, test_client
from pledges.gateway.errors import NoTestMode, translated
from pledges.gateway.types import Card

#: A card that can be charged, and one that can be saved but never charged.
GOOD, BAD = "pm_card_visa", "pm_card_chargeCustomerFail"

#: Whom Stripe takes for a person without a question, in test mode.
PERSON = {
    "first_name": "Camille",
    "last_name": "Essai",
    "dob": {"day": 1, "month": 1, "year": 1901},
    "address": {"line1": "address_full_match", "city": "Toronto", "state": "ON", "postal_code": "M5V 2T6"},
    "phone": "0000000000",
    "relationship": {"title": "Essai"},
}
#: The same at every call: it is repeated with the key of the first.
ACCEPTED = {"date": 1_767_225_600, "ip": "127.0.0.1"}
BANK = {
    "object": "bank_account",
    "country": "CA",
    "currency": "cad",
    "routing_number": "11000-000",
    "account_number": "000123456789",
}


def open_test_account(key: str, *, email: str, name: str, descriptor: str, metadata: dict[str, str]) -> str:
    """The id of a new account of the test mode, with invented answers to all that Stripe asks.

    Raises NoTestMode, Refused or Unavailable.
    """
    platform = test_client()
    options = acting_on("", key)
    params: dict[str, object] = {
        "country": "CA",
        "email": email,
        "business_type": "individual",
        "business_profile": {"name": name, "mcc": "8398", "product_description": "Essai", "url": "https://example.org"},
        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
        "controller": {
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
            "requirement_collection": "application",
            "stripe_dashboard": {"type": "none"},
        },
        "external_account": BANK,
        "individual": PERSON | {"email": email},
        "settings": {"payments": {"statement_descriptor": descriptor}},
        "tos_acceptance": ACCEPTED,
        "metadata": metadata | {OWN_ROW: key},
    }
    with translated():
        account = platform.v1.accounts.create(cast(AccountCreateParams, params), options)
    return account.id


def save_test_card(account: str, key: str, customer: str, token: str) -> Card:
    """Save one of Stripe's test cards on a customer of a rehearsal. Raises NoTestMode for any other account."""
    if not is_of_rehearsal(account):
        raise NoTestMode(f"{account} is no rehearsal's.")
    with translated():
        method = client(account).v1.payment_methods.attach(token, {"customer": customer}, acting_on(account, key))
    card = as_card(method)
    if card is None:
        raise RuntimeError(f"{token} is no card.")
    return card
