"""What can go wrong at Stripe, in three kinds that the callers treat differently."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe


class GatewayError(Exception):
    """Anything the payment provider answered that is not success."""


class Unavailable(GatewayError):
    """No answer, or one that says nothing about the outcome: the same call with the same key may be made again."""


class NoAccess(Unavailable):
    """The account is not reachable with our key (any more): its owner may have disconnected it."""


class NoTestMode(Unavailable):
    """The account is a rehearsal's, and no key of Stripe's test mode is set: nothing was asked."""


class Held(Unavailable):
    """A backup was put back, and what happened since is not known yet: nothing was asked (home.backups)."""


class Throttled(Unavailable):
    """429: nothing happened, and calls are to be made more slowly."""


class Crashed(Unavailable):
    """Stripe answered 5xx: it may have acted or not, and replays that answer for the key. Look the object up."""


class Refused(GatewayError):
    """The call was not understood or not allowed: nothing happened, and it will not with the same parameters."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_gone(self) -> bool:
        """What was named does not exist on this account."""
        return self.code == "resource_missing"


class Declined(GatewayError):
    """The bank said no, or asks for its customer. `intent` is the payment that may be mended."""

    def __init__(self, code: str, decline_code: str, intent: str, advice: str = "") -> None:
        super().__init__(f"{code} {decline_code}".strip())
        self.code, self.decline_code, self.intent, self.advice = code, decline_code, intent, advice

    @property
    def asks_bank(self) -> bool:
        """Stripe: an off-session charge that needs 3-D Secure fails with `authentication_required`."""
        return "authentication_required" in (self.code, self.decline_code)


@contextmanager
def translated() -> Iterator[None]:
    """Stripe's errors as ours.

    409 (key in use), 429 and 5xx say nothing of the outcome: Stripe replays the saved answer for the same key.
    """
    try:
        yield
    except stripe.CardError as error:
        intent = getattr(error.error, "payment_intent", None)
        decline = getattr(error.error, "decline_code", None) or ""
        advice = getattr(error.error, "advice_code", None) or ""
        raise Declined(error.code or "", decline, intent.id if intent else "", advice) from error
    except stripe.RateLimitError as error:
        raise Throttled(str(error)) from error
    except stripe.APIConnectionError as error:
        raise Unavailable(str(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        kind = NoAccess if getattr(error.error, "code", None) == "account_invalid" else Unavailable
        raise kind(f"The key or the account was refused: {error}") from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise Unavailable(str(error)) from error
        raise Refused(str(error), "idempotency") from error
    except stripe.StripeError as error:
        if error.http_status is not None and error.http_status >= 500:
            raise Crashed(str(error)) from error
        if error.http_status is None or error.http_status in (409, 429):
            raise Unavailable(str(error)) from error
        raise Refused(str(error), error.code or "") from error
