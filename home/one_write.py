"""Forms whose objects the search index follows: saved and indexed in one transaction.

Wagtail indexes an image or a document twice: a task for the worker when it is saved, and the form itself once its tags
are there. In a transaction of their own each, both may write the first entry of the same object, and whoever comes
second fails: the editor's upload answered 500.
"""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from wagtail.documents.forms import BaseDocumentForm

from home import document_contents


class OneWrite:
    """The worker finds the task when the form is done."""

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        return super().save(commit=commit)  # type: ignore[misc]


class DocumentForm(OneWrite, BaseDocumentForm):
    """Used in each place where Wagtail takes a document."""

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if isinstance(file, UploadedFile):
            document_contents.check(file)
        return file

    def _post_clean(self) -> None:
        """The model would object to a refused file once more, at no name."""
        if "file" not in self.errors:
            super()._post_clean()
