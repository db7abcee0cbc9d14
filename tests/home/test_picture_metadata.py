"""Pictures keep what they show, their colours and which side is up; nothing else that a camera wrote is left."""

import random
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture
from PIL import ImageChops, ImageCms, ImageOps, PngImagePlugin
from wagtail.images import get_image_model

from home.picture_metadata import Broken, without_metadata
from tests.factories.cooperatives import make_user

PLACE = b"46.8139N-071.2080W"
XMP = b"<x:xmpmeta><exif:GPSLatitude>" + PLACE + b"</exif:GPSLatitude></x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def drawn(size=(48, 32), mode="RGB"):
    """Left half red, right half blue, and a white corner."""
    picture = Picture.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    picture.paste("white", (0, 0, 16, 16))
    return picture.convert(mode)


def exif(orientation=1):
    found = Picture.Exif()
    found[0x0112] = orientation
    found[0x010E] = PLACE.decode()
    found.get_ifd(0x8825)[1], found.get_ifd(0x8825)[2] = "N", (46.0, 48.0, 50.0)
    found.get_ifd(0x8825)[29] = PLACE.decode()
    return found


def written(kind, picture=None, **more):
    made = BytesIO()
    (picture or drawn()).save(made, kind, **{"icc_profile": PROFILE, **more})
    return made.getvalue()


def png(**more):
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", PLACE.decode())
    told.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return written("PNG", pnginfo=told, **more)


def gif():
    frames = [drawn(mode="P"), ImageOps.mirror(drawn()).convert("P")]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0, comment=PLACE)
    data = made.getvalue()
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    blocks = b"\x21\xff\x0bXMP DataXMP" + bytes([len(XMP)]) + XMP + b"\0"
    return data[:at] + blocks + data[at:]


TELLING = {
    "jpeg": lambda: written("JPEG", exif=exif(), xmp=XMP, comment=PLACE, quality=90),
    "jpeg with more behind it": lambda: written("JPEG", exif=exif()) + written("JPEG", exif=exif()),
    "jpeg of four inks": lambda: written("JPEG", drawn(mode="CMYK"), exif=exif(), icc_profile=None),
    "jpeg drawn in passes": lambda: written("JPEG", exif=exif(), xmp=XMP, progressive=True),
    "png": lambda: png(exif=exif()),
    "png that moves": lambda: png(save_all=True, append_images=[ImageOps.mirror(drawn())]),
    "webp": lambda: written("WEBP", exif=exif(), xmp=XMP, quality=80),
    "webp without loss": lambda: written("WEBP", exif=exif(), xmp=XMP, lossless=True),
    "webp that moves": lambda: written(
        "WEBP", exif=exif(), xmp=XMP, save_all=True, append_images=[ImageOps.mirror(drawn())]
    ),
    "gif that moves": gif,
}


def frames(data):
    with Picture.open(BytesIO(data)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            yield picture.convert("RGB")


def assert_says_nothing(data):
    assert PLACE not in data
    with Picture.open(BytesIO(data)) as picture:
        assert (dict(picture.getexif()), picture.getxmp()) == ({}, {})
        assert not {"comment", "Comment", "xmp", "exif"} & set(picture.info)


@pytest.mark.parametrize("make", TELLING.values(), ids=TELLING)
def test_what_is_seen_stays_to_the_last_bit_and_what_is_said_goes(make):
    data = make()
    clean = without_metadata(data)
    assert PLACE in data
    assert_says_nothing(clean)
    before, after = list(frames(data)), list(frames(clean))
    assert len(before) == len(after)
    assert [ImageChops.difference(*pair).getbbox() for pair in zip(before, after, strict=True)] == [None] * len(before)
    with Picture.open(BytesIO(data)) as was, Picture.open(BytesIO(clean)) as now:
        assert (now.format, now.info.get("icc_profile")) == (was.format, was.info.get("icc_profile"))
        assert (now.info.get("loop"), now.info.get("duration")) == (was.info.get("loop"), was.info.get("duration"))
    assert without_metadata(clean) == clean


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_taken_sideways_stands_upright(kind, orientation):
    data = written(
        kind,
        exif=exif(orientation),
        xmp=XMP,
        **({"lossless": True} if kind == "WEBP" else {"quality": 95, "subsampling": 0}),
    )
    with Picture.open(BytesIO(data)) as held:
        upright = ImageOps.exif_transpose(held).convert("RGB")
    clean = without_metadata(data)
    assert_says_nothing(clean)
    with Picture.open(BytesIO(clean)) as picture:
        assert (picture.format, picture.size) == (kind, upright.size)
        assert picture.info["icc_profile"] == PROFILE
        most = max(high for _low, high in ImageChops.difference(picture.convert("RGB"), upright).getextrema())
        assert most <= (8 if kind == "JPEG" else 0)


def test_what_breaks_off_or_is_none_is_refused():
    for data in (b"", b"x" * 100, b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"):
        with pytest.raises(Broken):
            without_metadata(data)


@pytest.mark.filterwarnings("ignore:::PIL")
@pytest.mark.parametrize("make", TELLING.values(), ids=TELLING)
def test_whatever_the_bytes_the_answer_is_a_picture_or_a_refusal(make):
    """Damaged anywhere, or cut off: nothing but Broken comes of it."""
    data, chance = make(), random.Random(7)
    for _ in range(60):
        hurt = bytearray(data)
        for _hit in range(3):
            hurt[chance.randrange(len(hurt))] = chance.randrange(256)
        cut = bytes(hurt[: chance.randrange(20, len(hurt))]) if chance.random() < 0.3 else bytes(hurt)
        try:
            without_metadata(cut)
        except Broken:
            continue


def stored(name="a.jpg", data=None):
    data = data or written("JPEG", exif=exif(6), xmp=XMP)
    return get_image_model().objects.create(title="Le moulin", file=ContentFile(data, name))


def test_an_image_stored_without_a_form_is_clean_and_so_are_its_renditions(db):
    image = stored()
    assert (image.width, image.height) == (32, 48)
    assert_says_nothing(image.file.open().read())
    assert image.file_size == image.file.size
    for spec in ("original", "width-20", "width-20|format-webp", "width-20|format-jpeg"):
        assert_says_nothing(image.get_rendition(spec).file.open().read())


def test_an_image_that_an_editor_sends_is_clean(cooperative, on_host):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative))
    sent = SimpleUploadedFile("a.jpg", written("JPEG", exif=exif(6), xmp=XMP), "image/jpeg")
    answer = client.post(reverse("wagtailimages:add"), {"title": "Le moulin", "file": sent})
    assert answer.status_code == 302, answer.context["form"].errors
    image = get_image_model().objects.get()
    assert (image.width, image.height) == (32, 48)
    assert_says_nothing(image.file.open().read())


def test_the_picture_of_someone_of_the_team_is_clean_and_measured(cooperative, on_host, settings):
    user = make_user(cooperative)
    client = on_host(cooperative)
    client.force_login(user)

    def send(data):
        form = {"name_email-email": user.email, "name_email-first_name": "A", "name_email-last_name": "B"}
        form |= {"locale-preferred_language": "", "locale-current_time_zone": "", "theme-theme": "system"}
        form |= {"theme-density": "default", "theme-contrast": "system", "theme-keyboard_shortcuts": "on"}
        form["avatar-avatar"] = SimpleUploadedFile("moi.jpg", data, "image/jpeg")
        client.post(reverse("wagtailadmin_account"), form)
        user.refresh_from_db()
        return getattr(getattr(user, "wagtail_userprofile", None), "avatar", None)

    settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS = 1000
    assert not send(written("JPEG", exif=exif()))
    settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS = 50_000_000
    user = type(user).objects.get(pk=user.pk)
    assert_says_nothing(send(written("JPEG", exif=exif())).open().read())
