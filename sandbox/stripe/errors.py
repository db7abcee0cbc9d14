"""Errors in Stripe's shape: {"error": {"type", "code", "message", "param", …}}."""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer other than 200.

    `saved` says whether the answer is kept under the idempotency key. Stripe saves a result only
    once the endpoint has started executing: parameter errors, 401, 403, 409 and 429 are not kept.
    `commits` says whether what was written before the error stays written (a declined payment
    leaves a failed charge behind).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        saved: bool = True,
        commits: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.commits = commits
        self.error: Json = {"type": kind, "message": message}
        for name, value in (("code", code), ("param", param), *more.items()):
            if value is not None:
                self.error[name] = value
        if code is not None:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"

    @property
    def body(self) -> Json:
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A parameter refused before anything was executed (never saved under the key)."""
    return ApiError(400, message, param=param, code=code, saved=False)


def refused(message: str, code: str | None = None, param: str | None = None, **more: Any) -> ApiError:
    """A request that is well formed but that the state of the object does not allow."""
    return ApiError(400, message, code=code, param=param, **more)


_NAMES = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}


def missing(kind: str, object_id: str, param: str = "id", status: int = 404) -> ApiError:
    """Stripe says the same for an object that never was and for one of another account."""
    return ApiError(
        status,
        f"No such {_NAMES.get(kind, kind)}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(
        404,
        f"Unrecognized request URL ({method}: {path}). "
        "The sandbox does not speak this endpoint; see sandbox/stripe/README.md.",
        saved=False,
    )


def idempotency_mismatch(key: str, what: str) -> ApiError:
    """Same key, other endpoint or other parameters (Stripe: idempotency_error)."""
    return ApiError(
        400,
        f"Keys for idempotent requests can only be used {what} they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
        saved=False,
    )


def idempotency_in_use(key: str) -> ApiError:
    """The first request with this key has not been answered yet."""
    return ApiError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.",
        kind="idempotency_error",
        code="idempotency_key_in_use",
        saved=False,
    )


def server_error() -> ApiError:
    return ApiError(
        500,
        "An unexpected error occurred on Stripe's side (ordered from the sandbox).",
        kind="api_error",
    )


def rate_limited() -> ApiError:
    return ApiError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        saved=False,
    )
