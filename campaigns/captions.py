"""Captions of a video: WebVTT documents."""

from typing import Any

#: More than the captions of a feature film.
LONGEST = 2_000_000
MARK = "WEBVTT"


def is_webvtt(document: Any) -> bool:
    """Whether a document opens as the format asks and has at least one cue. False for a file that is not there."""
    try:
        with document.open_file() as file:
            data = file.read(LONGEST + 1)
    except OSError:
        return False
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return False
    opens = bool(lines) and lines[0].split(" ")[0].split("\t")[0] == MARK
    return len(data) <= LONGEST and opens and any(" --> " in line for line in lines)
