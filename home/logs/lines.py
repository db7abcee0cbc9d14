"""How a line of the log is written: JSON for machines, or plain for people. Either without anybody's data."""

import json
import logging
from datetime import UTC, datetime

from home.logs import request_ids
from home.logs.masking import masked


class PlainLines(logging.Formatter):
    """One line of text, and the traceback below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        name = request_ids.current()
        return masked(super().format(record)) + (f" [{name}]" if name else "")


class JsonLines(logging.Formatter):
    """One object a line: `at`, `level`, `logger`, `message`; `request` and `error` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            "process": record.process,
        }
        if name := request_ids.current():
            said["request"] = name
        if record.exc_info:
            said["error"] = masked(self.formatException(record.exc_info))
        if isinstance(facts := getattr(record, "facts", None), dict):
            said |= facts
        return json.dumps(said, ensure_ascii=False)


#: The names that LOG_FORMAT may have.
FORMATS = {"json": JsonLines, "plain": PlainLines}
