"""Why a bank said no, and what that allows: the same card again, its owner at the bank's page, or another card.

Networks fine whoever charges a card again that its bank called lost or stolen, and a backer is never told which of
these it was: only treasurers see the code. Stripe's own advice is followed where it gives one, and it can only make a
code harder: a code that says "never again" stays so.
"""

from enum import Enum

from pledges.gateway import Intent


class Decline(Enum):
    """SOFT: the same card may pay another day. HARD: only another card. BANK: its owner confirms at the bank."""

    SOFT = "soft"
    HARD = "hard"
    BANK = "bank"


BANK = frozenset({"authentication_required", "payment_intent_authentication_failure"})

#: What may pass by itself. `card_declined` alone, and `generic_decline`, say nothing more than no.
SOFT = frozenset(
    {
        "approve_with_id",
        "card_declined",
        "card_velocity_exceeded",
        "do_not_honor",
        "generic_decline",
        "insufficient_funds",
        "issuer_not_available",
        "no_action_taken",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)

#: Stripe's `advice_code` where it wants another card, or the card's data looked at by its owner.
HARDENS = frozenset({"confirm_card_data", "do_not_try_again"})


def sort(code: str, decline_code: str = "", advice: str = "") -> Decline:
    """`decline_code` is the bank's and says more than Stripe's `code`. What nobody knows is HARD."""
    if not BANK.isdisjoint({code, decline_code}):
        return Decline.BANK
    if advice in HARDENS:
        return Decline.HARD
    return Decline.SOFT if (decline_code or code) in SOFT else Decline.HARD


def sort_intent(intent: Intent) -> Decline:
    """What the last try of a payment says."""
    return Decline.BANK if intent.asks_bank else sort(intent.error_code, intent.decline_code, intent.advice)
