"""What an exception, raised while a mail was handed to its provider, says about that mail.

News leaves at most once: what cannot be told for certain counts as doubtful.
"""

import smtplib
from enum import StrEnum

from anymail.exceptions import AnymailAPIError, AnymailError
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


def blames_the_message(error: Exception) -> bool:
    """Of a message to many that was refused: whether one reader may be why. Else nobody's would be taken."""
    if isinstance(error, AnymailAPIError):
        return error.status_code in {400, 413, 422}
    return verdict_on(error) == Verdict.REFUSED_FOR_GOOD


def _by_code(code: int) -> Verdict:
    """SMTP: 4xx may be tried again, 5xx not."""
    return Verdict.REFUSED_FOR_GOOD if code >= 500 else Verdict.REFUSED


def _by_status(status: int | None) -> Verdict:
    """HTTP: a 4xx was refused (a wrong key, a limit); without an answer, or after a 5xx, nobody knows."""
    return Verdict.REFUSED if status is not None and 400 <= status < 500 else Verdict.DOUBTFUL
