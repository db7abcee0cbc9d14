"""What each decline allows; Stripe's advice makes a code harder, never softer."""

import pytest

from pledges.declines import Decline, sort


@pytest.mark.parametrize(
    ("code", "decline_code", "advice", "expected"),
    [
        ("card_declined", "insufficient_funds", "", Decline.SOFT),
        ("card_declined", "do_not_honor", "try_again_later", Decline.SOFT),
        ("card_declined", "", "", Decline.SOFT),
        ("processing_error", "processing_error", "", Decline.SOFT),
        ("card_declined", "generic_decline", "do_not_try_again", Decline.HARD),
        ("card_declined", "insufficient_funds", "confirm_card_data", Decline.HARD),
        ("card_declined", "stolen_card", "try_again_later", Decline.HARD),
        ("card_declined", "revocation_of_all_authorizations", "", Decline.HARD),
        ("expired_card", "", "", Decline.HARD),
        ("resource_missing", "", "", Decline.HARD),
        ("something_new", "", "", Decline.HARD),
        ("authentication_required", "", "", Decline.BANK),
        ("card_declined", "authentication_required", "do_not_try_again", Decline.BANK),
    ],
)
def test_declines_are_sorted(code, decline_code, advice, expected):
    assert sort(code, decline_code, advice) == expected
