"""Lists that Wagtail's admin gives as CSV: what editors and backers typed is no formula there either.

Wagtail disarms the cells of its XLSX files only.
"""

from typing import Any

from wagtail.admin.views.mixins import SpreadsheetExportMixin

from home.csv_files import disarmed

_as_it_was = SpreadsheetExportMixin.preprocess_field_value


def _as_text(self: SpreadsheetExportMixin, field: str, value: Any, export_format: str) -> Any:
    found = _as_it_was(self, field, value, export_format)
    return disarmed(found) if export_format == self.FORMAT_CSV and isinstance(found, str) else found


def mend() -> None:
    SpreadsheetExportMixin.preprocess_field_value = _as_text
