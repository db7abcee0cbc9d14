"""What the handing over of a mail says about it: an exception raised meanwhile, or how its provider calls it.

News leaves at most once: what cannot be told for certain counts as doubtful.
"""

import smtplib
from enum import StrEnum

from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.mail import EmailMessage
from requests.exceptions import ConnectTimeout


class Verdict(StrEnum):
    """REFUSED and REFUSED_FOR_GOOD: it has certainly not left. DOUBTFUL: it may have."""

    REFUSED = "refused"
    REFUSED_FOR_GOOD = "refused for good"
    DOUBTFUL = "doubtful"


def verdict_on(error: Exception) -> Verdict:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _by_code(min(code for code, _text in error.recipients.values()))
    if isinstance(error, smtplib.SMTPDataError):
        return _by_code(error.smtp_code)
    if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPNotSupportedError | ConnectTimeout):
        return Verdict.REFUSED
    if isinstance(error, AnymailAPIError):
        return _by_status(error.status_code)
    if isinstance(error, AnymailError | ValueError | TypeError):
        return Verdict.REFUSED_FOR_GOOD
    return Verdict.DOUBTFUL


def _by_code(code: int) -> Verdict:
    """SMTP: 4xx may be tried again, 5xx not."""
    return Verdict.REFUSED_FOR_GOOD if code >= 500 else Verdict.REFUSED


def _by_status(status: int | None) -> Verdict:
    """HTTP: a 4xx was refused (a wrong key, a limit); without an answer, or after a 5xx, nobody knows."""
    return Verdict.REFUSED if status is not None and 400 <= status < 500 else Verdict.DOUBTFUL


def provider_id_of(message: EmailMessage, address: str) -> str:
    """What the provider that took it calls the mail to this address; empty where it said nothing (SMTP)."""
    status = getattr(message, "anymail_status", None)
    recipient = status.recipients.get(address) if status is not None else None
    name = recipient.message_id if recipient is not None else None
    return "" if name is None else str(name)[:160]
