"""A translation has words of its own and no terms: its amounts, limits, dates and choices are those of its source.

wagtail-localize's editor does not show them. Once a translation is kept by hand (« Stop synced translation ») the
normal editor does: here they are read-only there, or refused at their field.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.models import Page

from home.fields import AmountBlock
from home.languages import ENGLISH, FRENCH

FROM_SOURCE: dict[str, Any] = {
    FRENCH: _("Amounts, limits and dates come from the French page. Change them there."),
    ENGLISH: _("Amounts, limits and dates come from the English page. Change them there."),
}

#: The fields of the page that are terms.
FIELDS = ("funding_model", "goal_unit", "goal", "suggested_amounts", "end_date", "theme")

#: What each language says in its own way; everything else in a block of terms is the source's.
WORDS = (
    blocks.CharBlock,
    blocks.TextBlock,
    blocks.RichTextBlock,
    blocks.BlockQuoteBlock,
    blocks.URLBlock,
    blocks.EmailBlock,
    blocks.ChooserBlock,
)


def source_of(page: Any) -> Page | None:
    """The page whose terms these are; None where it is this one. The campaign's, once there is one, else the French."""
    twins = type(page)._default_manager.filter(translation_key=page.translation_key).exclude(pk=page.pk)
    twins = twins.select_related("locale")
    campaign = page.campaign
    if campaign is not None:
        return (
            None if campaign.source_locale_id == page.locale_id else twins.filter(locale=campaign.source_locale).first()
        )
    if page.locale_id is None:  # the preview of a page that is being added
        return None
    return None if page.locale.language_code == FRENCH else twins.filter(locale__language_code=FRENCH).first()


def lock_fields(form: WagtailAdminPageForm, source: Page) -> None:
    """The terms of the page itself are shown and cannot be changed; what is posted for them is not read."""
    for name in FIELDS:
        if name in form.fields:
            form.fields[name].disabled = True
            form.fields[name].help_text = FROM_SOURCE[source.locale.language_code]


def check_body(form: WagtailAdminPageForm, source: Page) -> None:
    """Say at its field, inside the blocks, where a term is neither what it was nor what the source page says."""
    stream = form.instance._meta.get_field("body").stream_block
    comparison = _Comparison(str(FROM_SOURCE[source.locale.language_code]))
    before, theirs = form.instance.body, source.get_latest_revision_as_object().body
    error = comparison.of_stream(stream, *(_stored(body) for body in (form.cleaned_data["body"], before, theirs)))
    if error is not None:
        form.add_error("body", error)


def _stored(body: Any) -> list[Any]:
    stored: list[Any] = body.get_prep_value()
    return stored


def _holds_amounts(block: blocks.Block) -> bool:
    if isinstance(block, blocks.ListBlock):
        return _holds_amounts(block.child_block)
    if isinstance(block, blocks.StructBlock | blocks.StreamBlock):
        return any(_holds_amounts(child) for child in block.child_blocks.values())
    return isinstance(block, AmountBlock)


def _by_id(items: Any) -> dict[str, Any]:
    return {item["id"]: item["value"] for item in items or [] if isinstance(item, dict) and "id" in item}


class _Comparison:
    """Walks three versions of stored content side by side: what is posted, what was there, what the source says."""

    def __init__(self, message: str) -> None:
        self.message = message

    def of_stream(
        self, block: blocks.StreamBlock, mine: Any, before: Any, theirs: Any
    ) -> StreamBlockValidationError | None:
        was, source = _by_id(before), _by_id(theirs)
        errors: dict[int, ValidationError] = {}
        for index, item in enumerate(mine):
            child = block.child_blocks[item["type"]]
            if _holds_amounts(child):
                error = self._of(child, item["value"], was.get(item["id"]), source.get(item["id"]))
                errors |= {index: error} if error else {}
        gone = self._lacks_terms(block, mine, before, theirs)
        if not errors and not gone:
            return None
        return StreamBlockValidationError(
            block_errors=errors, non_block_errors=ValidationError([self.message]) if gone else None
        )

    def _lacks_terms(self, block: blocks.StreamBlock, mine: Any, before: Any, theirs: Any) -> bool:
        """A whole block of terms was taken away or added here."""
        held = [
            {item["id"] for item in items if _holds_amounts(block.child_blocks[item["type"]])}
            for items in (mine, before, theirs)
        ]
        return held[0] not in held[1:]

    def _of(self, block: blocks.Block, mine: Any, before: Any, theirs: Any) -> ValidationError | None:
        if isinstance(block, blocks.ListBlock):
            return self._of_list(block, mine or [], before, theirs)
        if isinstance(block, blocks.StructBlock):
            return self._of_struct(block, mine or {}, before or {}, theirs or {})
        if isinstance(block, WORDS) or mine in (before, theirs):
            return None
        if mine is False and None in (before, theirs):
            return None  # it was saved before the box existed
        return ValidationError(self.message)

    def _of_struct(self, block: blocks.StructBlock, mine: Any, before: Any, theirs: Any) -> ValidationError | None:
        errors = {
            name: error
            for name, child in block.child_blocks.items()
            if (error := self._of(child, mine.get(name), before.get(name), theirs.get(name)))
        }
        return StructBlockValidationError(block_errors=errors) if errors else None

    def _of_list(self, block: blocks.ListBlock, mine: Any, before: Any, theirs: Any) -> ValidationError | None:
        was, source = _by_id(before), _by_id(theirs)
        errors = {
            index: error
            for index, item in enumerate(mine)
            if item["id"] in was | source
            and (error := self._of(block.child_block, item["value"], was.get(item["id"]), source.get(item["id"])))
        }
        order = [item["id"] for item in mine]
        moved = order not in (list(was), list(source))
        if not errors and not moved:
            return None
        general = ValidationError([self.message]) if moved else None
        return ListBlockValidationError(block_errors=errors, non_block_errors=general)
