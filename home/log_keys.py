"""Keys of signed links stay out of logs and of mails about faults, whoever writes the line."""

import logging

from django.views.debug import ExceptionReporter

from home import links


class WithoutKeys(logging.Filter):
    """For a handler: what it is given says no key, neither in its words nor in the way to its fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = links.masked(_words_of(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = links.masked(record.exc_text)
        return True


def _words_of(record: logging.LogRecord) -> str:
    """A line whose values do not fit its words fails nothing here."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


class Reporter(ExceptionReporter):
    """Django's account of a fault, which it mails to ADMINS, without keys."""

    def get_traceback_text(self) -> str:
        return links.masked(str(super().get_traceback_text()))

    def get_traceback_html(self) -> str:
        return links.masked(str(super().get_traceback_html()))
