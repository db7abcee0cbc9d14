"""Images that editors send: what is not taken, and what to do instead, said in plain words."""

import warnings
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image as Picture
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from home import formats
from home.clean_files import clean_picture
from home.one_write import OneWrite

MILLION = 1_000_000


class ImageFileField(WagtailImageField):
    """Wagtail's field, which measures a picture before it unpacks it, and survives one that breaks off half-way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = {
            "formats": self.supported_formats_text,
            "size": self.max_upload_size_text,
            "millions": formats.number(settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS // MILLION),
        }
        self.help_text = _("%(formats)s; at most %(size)s and %(millions)s million pixels.") % limits
        self.error_messages |= {
            "invalid_image": _(
                "This file could not be read as an image. Open it on your computer, save it again as JPEG or PNG, "
                "and send that copy."
            ),
            "invalid_image_extension": _(
                "Images are taken as %(formats)s. Save this one as JPEG or PNG, and send that copy."
            )
            % limits,
            "invalid_image_known_format": _(
                "The name of this file ends in .%(extension)s, but what it holds is a picture in the format "
                "“%(image_format)s”. Save it again as JPEG or PNG, and send that copy."
            ),
            "drawing": _(
                "An SVG drawing can hold a program, so it is not taken. Export it as PNG, and send that copy."
            ),
            "file_too_large": _(
                "This file weighs %(file_size)s, and the most is %(max_filesize)s. Save a smaller copy, "
                "2,000 pixels wide for example, and send it."
            ),
            "file_too_large_unknown_size": _(
                "This file weighs more than %(size)s. Save a smaller copy, 2,000 pixels wide for example, and send it."
            )
            % limits,
            "file_too_many_pixels": _(
                "This image has more than %(millions)s million pixels. Save a smaller copy, "
                "2,000 pixels wide for example, and send it."
            )
            % limits,
        }

    def to_python(self, data: Any) -> Any:
        if data in self.empty_values:
            return super().to_python(data)
        if _pixels(data) > self.max_image_pixels:
            raise self._refused("file_too_many_pixels")
        try:
            return clean_picture(super().to_python(data))
        except ValidationError:
            raise
        except Exception as error:  # Pillow's decoders raise whatever they stumble over
            raise self._refused("invalid_image") from error

    def check_image_file_format(self, f: Any) -> None:
        if f.name.lower().endswith(".svg") or f.image.format_name == "svg":
            raise self._refused("drawing")
        super().check_image_file_format(f)

    def _refused(self, code: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code)


def _pixels(data: Any) -> float:
    """What the head of the file says, without unpacking it; 0 where it is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            with Picture.open(data) as picture:
                return picture.width * picture.height
    except Picture.DecompressionBombError:
        return float("inf")
    except Exception:  # noqa: BLE001 (the same; what it is gets said when it is read)
        return 0
    finally:
        data.seek(0)


class ImageForm(OneWrite, BaseImageForm):
    """Used in each place where Wagtail takes an image."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken: forms.FileField | None = self.fields.get("file")
        if taken is not None:
            self.fields["file"] = ImageFileField(
                label=taken.label, widget=taken.widget, required=taken.required, max_length=taken.max_length
            )
