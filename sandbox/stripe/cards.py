"""Stripe's published test cards and what each does (docs.stripe.com/testing)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Decline:
    code: str
    decline_code: str | None
    message: str
    blocked: bool = False

    @property
    def advice(self) -> str | None:
        """Stripe's `advice_code`: what to do with the card."""
        return _ADVICE.get(self.decline_code or self.code)


_ADVICE = {
    "generic_decline": "try_again_later",
    "insufficient_funds": "try_again_later",
    "processing_error": "try_again_later",
    "do_not_honor": "try_again_later",
    "issuer_not_available": "try_again_later",
    "try_again_later": "try_again_later",
    "expired_card": "confirm_card_data",
    "incorrect_cvc": "confirm_card_data",
    "lost_card": "do_not_try_again",
    "stolen_card": "do_not_try_again",
    "pickup_card": "do_not_try_again",
    "fraudulent": "do_not_try_again",
    "do_not_try_again": "do_not_try_again",
    "revocation_of_authorization": "do_not_try_again",
}
_DECLINED = "Your card was declined."
_OWN_CODES = {
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
}


def decline(decline_code: str, *, blocked: bool = False) -> Decline:
    """The decline that Stripe answers for an issuer's code."""
    code, message = _OWN_CODES.get(decline_code, ("card_declined", _DECLINED))
    return Decline(code, decline_code, message, blocked)


AUTHENTICATION_REQUIRED = decline("authentication_required")
LIVE_CARD = Decline(
    "card_declined",
    "live_mode_test_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)
WRONG_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")


@dataclass(frozen=True)
class Card:
    """How a number behaves.

    `off_session`: "fine", "asks" (always), or "asks_unless_set_up".
    `after`: what happens once it is charged; `refund`: what happens once that is refunded.
    """

    number: str
    tokens: tuple[str, ...] = ()
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    at_setup: Decline | None = None
    at_charge: Decline | None = None
    asks_at_setup: bool = False
    asks_on_session: bool = False
    off_session: str = "fine"
    after: str = ""
    refund: str = ""
    cvc_check: str = field(default="pass")


def _declined(number: str, token: str, decline_code: str) -> Card:
    refusal = decline(decline_code)
    check = "fail" if decline_code == "incorrect_cvc" else "pass"
    return Card(number, (token,), at_setup=refusal, at_charge=refusal, cvc_check=check)


def _asking(number: str, token: str, off_session: str, at_charge: Decline | None = None) -> Card:
    return Card(
        number, (token,), asks_at_setup=True, asks_on_session=True,
        off_session=off_session, at_charge=at_charge,
    )  # fmt: skip


_ALL = (
    Card("4242424242424242", ("pm_card_visa",)),
    Card("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    Card("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    Card("378282246310005", ("pm_card_amex",), brand="amex"),
    Card("6011111111111117", ("pm_card_discover",), brand="discover"),
    Card("4000001240000000", ("pm_card_ca",), country="CA"),
    Card("4000000000000341", ("pm_card_chargeCustomerFail",), at_charge=decline("generic_decline")),
    _declined("4000000000000002", "pm_card_visa_chargeDeclined", "generic_decline"),
    _declined("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    _declined("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "lost_card"),
    _declined("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "stolen_card"),
    _declined("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card"),
    _declined("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    _declined("4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error"),
    _declined("4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded"),
    _asking("4000002500003155", "pm_card_authenticationRequiredOnSetup", "asks_unless_set_up"),
    _asking("4000002760003184", "pm_card_authenticationRequired", "asks"),
    _asking(
        "4000008260003178", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        "asks_unless_set_up", decline("insufficient_funds"),
    ),
    Card("4000003800000446", ("pm_card_authenticationRequiredSetupForOffSession",), asks_on_session=True),
    Card("4100000000000019", ("pm_card_radarBlock",), at_charge=decline("fraudulent", blocked=True)),
    Card("4000000000000259", ("pm_card_createDispute",), after="fraudulent"),
    Card("4000000000002685", ("pm_card_createDisputeProductNotReceived",), after="product_not_received"),
    Card("4000000000001976", ("pm_card_createDisputeInquiry",), after="inquiry"),
    Card("4000000000005423", ("pm_card_createIssuerFraudRecord",), after="early_fraud_warning"),
    Card("4000000000005126", ("pm_card_refundFail",), refund="fails"),
    Card("4000000000007726", ("pm_card_pendingRefund",), refund="succeeds_later"),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in _ALL}
BY_TOKEN = {token: card for card in _ALL for token in card.tokens}


def luhn(number: str) -> bool:
    """The check digit every card number carries."""
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def refusal_of(number: str) -> Decline | None:
    """Why a typed number is no test card, in Stripe's words."""
    if number in BY_NUMBER:
        return None
    return LIVE_CARD if luhn(number) else WRONG_NUMBER
