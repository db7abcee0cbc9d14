"""Errors of several checks in one StreamField: all of them reach the editor, each at its block."""

from typing import Any

from wagtail.blocks.stream_block import StreamBlockValidationError


def add(form: Any, errors: dict[int, Exception], field: str = "body") -> None:
    """Add errors by block index to those of the field; a block that has one already keeps it."""
    if not errors:
        return
    for known in form.errors.as_data().get(field, []):
        if isinstance(known, StreamBlockValidationError):
            known.block_errors = errors | dict(known.block_errors or {})
            return
    form.add_error(field, StreamBlockValidationError(block_errors=errors))
