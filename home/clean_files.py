"""Files of people are stored without what their camera wrote into them, whatever way they come in by.

The forms do it, and can say what is wrong with a file. What is stored without a form (a picture that Wagtail keeps
until its title is typed, a command, a copy) passes here as it is saved; what is neither a picture nor a film that
browsers know is left as it is.
"""

import shutil
import tempfile
from functools import partial
from io import BytesIO
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db.models import Model
from django.db.models.signals import pre_save
from wagtail.images import get_image_model
from wagtail.models import UploadedFile
from wagtail.users.models import UserProfile
from wagtailmedia.models import Media

from home import film_metadata, picture_metadata


def clean_picture(uploaded: Any) -> Any:
    """The uploaded picture as it may be stored. Raises picture_metadata.Broken."""
    uploaded.seek(0)
    data = picture_metadata.without_metadata(uploaded.read())
    clean: Any = InMemoryUploadedFile(BytesIO(data), None, uploaded.name, uploaded.content_type, len(data), None)
    clean.image, clean.is_clean = getattr(uploaded, "image", None), True
    return clean


def clean_film(uploaded: Any) -> None:
    """In place. Raises film_metadata.Broken."""
    film_metadata.strip(uploaded.file)
    uploaded.is_clean = True


def _awaits(stored: Any) -> bool:
    """Whether a file was given that is not stored yet, nor cleaned by a form."""
    return bool(stored) and not stored._committed and not getattr(stored.file, "is_clean", False)


def _picture_as_saved(sender: type[Model], instance: Any, field: str, **kwargs: Any) -> None:
    stored = getattr(instance, field)
    if not _awaits(stored):
        return
    stored.seek(0)
    data = stored.read()
    stored.seek(0)
    if not picture_metadata.is_known(data):
        return
    setattr(instance, field, ContentFile(picture_metadata.without_metadata(data), name=stored.name))
    if hasattr(instance, "_set_image_file_metadata"):
        instance._set_image_file_metadata()


def _film_as_saved(sender: type[Media], instance: Media, **kwargs: Any) -> None:
    if not _awaits(instance.file):
        return
    is_film = film_metadata.kind_of(instance.file.file)
    instance.file.seek(0)
    if not is_film:
        return
    copy: IO[bytes] = tempfile.NamedTemporaryFile(suffix=".film")  # noqa: SIM115 (the storage reads it as the row is saved)
    shutil.copyfileobj(instance.file, copy)
    film_metadata.strip(copy)
    instance.file = File(copy, name=instance.file.name)


def _waiting_picture(sender: type[UploadedFile], instance: UploadedFile, **kwargs: Any) -> None:
    """Wagtail keeps a picture apart while its form is not filled in."""
    kind = instance.for_content_type
    if kind is not None and kind.model_class() is get_image_model():
        _picture_as_saved(sender, instance, "file")


def connect() -> None:
    for model, field in ((get_image_model(), "file"), (UserProfile, "avatar"), (Media, "thumbnail")):
        uid = f"clean_{model.__name__}_{field}"
        pre_save.connect(partial(_picture_as_saved, field=field), sender=model, weak=False, dispatch_uid=uid)
    pre_save.connect(_film_as_saved, sender=Media, dispatch_uid="clean_film")
    pre_save.connect(_waiting_picture, sender=UploadedFile, dispatch_uid="clean_waiting_picture")
