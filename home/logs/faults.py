"""Faults told to Sentry, where SENTRY_DSN names one: what broke and where, without whoever met it."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from home.logs import request_ids
from home.logs.masking import masked

#: Parts of an event that are of the visitor, or hold whatever the code held.
_LEFT_OUT = ("user", "breadcrumbs", "modules", "extra")
_LEFT_OUT_OF_REQUEST = ("cookies", "data", "env", "headers", "query_string")


def connect() -> None:
    """Begin to tell. Raises ImproperlyConfigured where the package is missing: faults would go nowhere, unnoticed."""
    if not settings.SENTRY_DSN:
        return
    try:
        import sentry_sdk  # noqa: PLC0415 (who names no Sentry need not have it)
    except ImportError as error:
        raise ImproperlyConfigured("SENTRY_DSN is set, and sentry-sdk is not installed.") from error
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.SENTRY_RELEASE or None,
        send_default_pii=False,
        include_local_variables=False,  # they hold rows, forms and keys
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        traces_sample_rate=None,
        before_send=_before_send,
    )


def _before_send(event: Any, hint: dict[str, Any]) -> Any:
    return scrubbed(event)


def scrubbed(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what is of a visitor, each of its texts masked, and with the name of the request."""
    kept = {name: value for name, value in event.items() if name not in _LEFT_OUT}
    if isinstance(request := kept.get("request"), dict):
        kept["request"] = {name: value for name, value in request.items() if name not in _LEFT_OUT_OF_REQUEST}
    if name := request_ids.current():
        kept["tags"] = dict(kept.get("tags") or {}) | {"request": name}
    return {name: value if name in ("event_id", "tags") else _masked(value) for name, value in kept.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value
