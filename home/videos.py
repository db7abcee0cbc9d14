"""Video files of a cooperative: what may be uploaded, and who sees where a file is used.

wagtailmedia keeps audio files too, which no page of ours plays: its pages for them are closed.
"""

from pathlib import Path
from typing import IO, Any, ClassVar, cast

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem
from wagtail.permissions import policy_registry
from wagtailmedia.forms import BaseMediaForm
from wagtailmedia.models import Media
from wagtailmedia.settings import wagtailmedia_settings
from wagtailmedia.views.media import usage

from home import film_metadata
from home.clean_files import clean_film

#: Three minutes at a good quality take a quarter of it.
LARGEST = 200 * 1024 * 1024

#: The page says duration and poster; sizes are of no use to it.
LEFT_OUT = ("duration", "width", "height", "thumbnail")


#: What a file holds, by the end of its name.
KINDS = {"mp4": "mp4", "m4v": "mp4", "webm": "webm"}


def _unreadable() -> str:
    return gettext("This file could not be read as a film. Export it again as MP4 or WebM, and send that copy.")


class VideoForm(BaseMediaForm):
    """Title, file, collection and tags."""

    class Meta(BaseMediaForm.Meta):
        help_texts: ClassVar = {"file": _("MP4 or WebM, 200 MB at most.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LEFT_OUT:
            self.fields.pop(name, None)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not isinstance(file, UploadedFile) or file.file is None:
            return file
        if Path(file.name or "").suffix[1:].lower() not in wagtailmedia_settings.VIDEO_EXTENSIONS:
            raise ValidationError(_("Choose an MP4 or WebM file."), code="extension")
        if (file.size or 0) > LARGEST:
            message = _("This file is too large (%(size)s); the limit is %(limit)s.")
            shown = {"size": filesizeformat(file.size or 0), "limit": filesizeformat(LARGEST)}
            raise ValidationError(message, code="size", params=shown)
        if film_metadata.kind_of(cast(IO[bytes], file.file)) != KINDS[Path(file.name or "").suffix[1:].lower()]:
            raise ValidationError(_unreadable(), code="contents")
        try:
            clean_film(file)
        except film_metadata.Broken as error:
            raise ValidationError(_unreadable(), code="contents") from error
        return file

    def _post_clean(self) -> None:
        """The model would object to the file once more, at no field."""
        if "file" not in self.errors:
            super()._post_clean()


def editable(user: Any) -> QuerySet[Media]:
    """The files of the collections in which someone may change files."""
    return policy_registry.get_by_type(Media).instances_user_has_any_permission_for(user, ["change", "delete"])


@require_admin_access
def own_usage(request: HttpRequest, media_id: int) -> HttpResponseBase:
    """In place of wagtailmedia's, which asks for no right on the file: where a file of one's own is used."""
    get_object_or_404(editable(request.user), pk=media_id)
    return usage(request, media_id)


@require_admin_access
def no_audio(request: HttpRequest) -> HttpResponseBase:
    raise Http404


@hooks.register("register_admin_urls", order=-10)
def guarded_urls() -> list[URLPattern]:
    """Found before wagtailmedia's own, whose names still lead here."""
    return [
        path("media/usage/<int:media_id>/", own_usage),
        re_path(r"^media/(?:audio|media)/add/$", no_audio),
        path("media/audio/chooser/upload/", no_audio),
    ]


@hooks.register("construct_main_menu")
def name_the_menu(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """What stands there are videos."""
    for item in menu_items:
        if item.name == "media":
            item.label = _("Videos")
