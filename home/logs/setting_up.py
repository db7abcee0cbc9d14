"""What Django's LOGGING is: one way out, in the format that was asked for."""

from typing import Any

#: Their lines say what the product does.
OURS = ("home", "campaigns", "pledges", "updates")

#: Django and servers give these handlers of their own, which would write without masking; or mail whole requests.
WITHOUT_HANDLERS = ("django", "uvicorn", "uvicorn.error")

#: Addresses as they were asked for, keys included: home.logs.server writes what may be written.
SILENT = ("uvicorn.access",)


def logging_settings(format_name: str) -> dict[str, Any]:
    """All that is logged goes to the standard error, by `home.logs.lines`. Raises KeyError for another format."""
    writers = {"json": "home.logs.lines.JsonLines", "plain": "home.logs.lines.PlainLines"}
    others = {name: {"level": "WARNING", "handlers": [], "propagate": True} for name in WITHOUT_HANDLERS}
    silent = {name: {"level": "CRITICAL", "handlers": [], "propagate": False} for name in SILENT}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": writers[format_name]}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in OURS} | others | silent,
    }
