"""The form that copies a page: a copy is a page of its own, and goes live only where a new page might."""

from typing import Any

from wagtail.admin.forms.pages import CopyForm


class PublicCopyForm(CopyForm):
    """Says at the box « publish the copy » why it may not be. An alias is always live, and refused likewise."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        wanted = [name for name in ("publish_copies", "alias") if cleaned.get(name)]
        if wanted and (refusal := self._refusal()):
            self.add_error(wanted[0], refusal)
        return cleaned

    def _refusal(self) -> str | None:
        """What a page that is not made yet, of the same type and language, would be told."""
        model = self.page.specific_class
        refusal: str | None = model(locale=self.page.locale).refusal_to_publish()
        return refusal
