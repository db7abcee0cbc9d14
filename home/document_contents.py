"""Documents are what their name says, and not too large: judged by what they hold."""

import zipfile
from pathlib import Path
from typing import IO, Any, Final

from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

LARGEST: Final = 20 * 1024 * 1024

#: Formats that are archives, and a part that each holds.
ARCHIVES: Final = {
    "docx": "word/document.xml",
    "pptx": "ppt/presentation.xml",
    "xlsx": "xl/workbook.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "odp": "content.xml",
    "zip": "",
}
TEXTS: Final = {"csv", "txt", "vtt"}
#: Control characters that no text has: a tab and the ends of lines are none.
CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f"))
#: What Windows writes before a text of two bytes a letter, where every second one is 0.
WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def check(file: Any) -> None:
    """Raises ValidationError, which says what to do."""
    if file.size > LARGEST:
        message = _("This file is too large (%(size)s); the limit is %(limit)s.")
        shown = {"size": filesizeformat(file.size), "limit": filesizeformat(LARGEST)}
        raise ValidationError(message, code="size", params=shown)
    extension = Path(file.name or "").suffix[1:].lower()
    file.seek(0)
    is_what_it_says = _holds(file, extension)
    file.seek(0)
    if not is_what_it_says:
        message = _(
            "The name of this file ends in .%(extension)s, but it holds something else. Save it again, and send "
            "that copy."
        )
        raise ValidationError(message, code="contents", params={"extension": extension[:20]})


def _holds(file: IO[bytes], extension: str) -> bool:
    """Extensions that are not known here are refused elsewhere."""
    if extension == "pdf":
        return b"%PDF-" in file.read(1024)
    if extension in ARCHIVES:
        return _is_archive(file, ARCHIVES[extension])
    return extension not in TEXTS or _is_text(file)


def _is_archive(file: IO[bytes], part: str) -> bool:
    """Its list of contents is read, and nothing is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            return not part or part in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _is_text(file: IO[bytes]) -> bool:
    head = file.read(64 * 1024)
    return head.startswith(WIDE) or head.translate(None, CONTROLS) == head
