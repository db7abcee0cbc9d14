"""Pictures without what a camera writes beside them: where and when they were taken, by whom, with what.

The picture itself stays as it is, byte by byte, with its colours (ICC) and its animation; one that was held sideways is
turned upright, at the quality it has. What else follows or stands between is not copied: what is not known is dropped.
"""

import re
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

from PIL import Image as Picture
from PIL import ImageOps, JpegImagePlugin

ORIENTATION: Final = 0x0112

#: JPEG: segments of applications that the picture needs, by marker and how they begin.
JPEG_KEPT: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
JPEG_COMMENT: Final = 0xFE
JPEG_SCAN: Final = 0xDA
JPEG_END: Final = 0xD9
#: In a scan, what ends it: a marker that neither is a stuffed byte nor restarts it.
JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PNG_KEPT: Final = set(b"tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs sPLT cICP mDCV cLLI acTL fcTL fdAT".split())

WEBP_KEPT: Final = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
#: The flags of VP8X that announce EXIF and XMP.
WEBP_ANNOUNCED: Final = 0x08 | 0x04

GIF_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
GIF_APPLICATION, GIF_COMMENT = 0xFF, 0xFE

#: What Pillow raises over a file that is not what it seems.
UNREADABLE: Final = (
    *(OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error, EOFError, OverflowError),
    *(ZeroDivisionError, AttributeError, MemoryError, Picture.DecompressionBombError),
)


class Broken(Exception):
    """The file is not built as its format asks."""


def without_metadata(data: bytes) -> bytes:
    """The same picture, of the same format. Raises Broken for what is no picture that browsers know."""
    kind = _kind(data)
    if kind is None:
        raise Broken
    if _is_turned(data):
        data = _drawn_again(data)
    try:
        return b"".join(kind(data))
    except (Broken, IndexError, ValueError):  # what Pillow forgives is drawn again by it
        return b"".join(kind(_drawn_again(data)))


def is_known(data: bytes) -> bool:
    return _kind(data) is not None


def _kind(data: bytes) -> Callable[[bytes], Iterator[bytes]] | None:
    if data.startswith(b"\xff\xd8"):
        return _jpeg
    if data.startswith(PNG_SIGNATURE):
        return _png
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif
    return None


def _is_turned(data: bytes) -> bool:
    """Whether it was taken with the camera held otherwise than it is to be shown; an animation never is."""
    try:
        with Picture.open(BytesIO(data)) as picture:
            exif = Picture.Exif()
            exif.load(picture.info.get("exif", b""))
            return exif.get(ORIENTATION, 1) in range(2, 9) and not _moves(picture)
    except UNREADABLE as error:
        raise Broken from error


def _moves(picture: Picture.Image) -> bool:
    """A telephone's second picture behind the first (MPO) is no animation."""
    return picture.format != "MPO" and bool(getattr(picture, "is_animated", False))


def _drawn_again(data: bytes) -> bytes:
    """Upright, with its colours, as fine as it was."""
    drawn = BytesIO()
    try:
        with Picture.open(BytesIO(data)) as picture:
            if _moves(picture):
                raise Broken
            upright = ImageOps.exif_transpose(picture)
            profile = picture.info.get("icc_profile")
            if isinstance(picture, JpegImagePlugin.JpegImageFile):
                upright.save(
                    drawn,
                    "JPEG",
                    qtables=picture.quantization,
                    subsampling=JpegImagePlugin.get_sampling(picture),
                    progressive="progressive" in picture.info,
                    icc_profile=profile,
                )
            elif picture.format == "WEBP":
                upright.save(drawn, "WEBP", lossless=_is_lossless(data), quality=90, icc_profile=profile)
            else:
                upright.save(drawn, picture.format, icc_profile=profile)
    except UNREADABLE as error:
        raise Broken from error
    return drawn.getvalue()


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise Broken
        marker = data[at + 1]
        if marker == 0xFF:  # a filling byte
            at += 1
            continue
        if marker == JPEG_END:
            yield data[at : at + 2]
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if end < at + 4 or end > len(data):
            raise Broken
        if _is_kept(marker, data[at + 4 : at + 18]):
            yield data[at:end]
        if marker == JPEG_SCAN:
            found = JPEG_MARKER.search(data, end)
            if found is None:  # it breaks off: browsers show what there is
                yield data[end:]
                return
            yield data[end : found.start()]
            end = found.start()
        at = end


def _is_kept(marker: int, begins: bytes) -> bool:
    if marker in JPEG_KEPT:
        return begins.startswith(JPEG_KEPT[marker])
    return not (0xE0 <= marker <= 0xEF or marker == JPEG_COMMENT)


def _png(data: bytes) -> Iterator[bytes]:
    yield PNG_SIGNATURE
    at = len(PNG_SIGNATURE)
    while True:
        name = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if len(name) < 4 or end > len(data):
            raise Broken
        if name in PNG_KEPT or name[:1].isupper():
            yield data[at:end]
        if name == b"IEND":
            return
        at = end


def _webp(data: bytes) -> Iterator[bytes]:
    chunks = list(_webp_chunks(data))
    yield b"RIFF" + (4 + sum(map(len, chunks))).to_bytes(4, "little") + b"WEBP"
    yield from chunks


def _is_lossless(data: bytes) -> bool:
    return any(chunk.startswith(b"VP8L") for chunk in _webp_chunks(data))


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    at, whole = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= whole:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if at + 8 + size > len(data):
            raise Broken
        chunk = data[at:end].ljust(end - at, b"\0")
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_ANNOUNCED]) + chunk[9:]
        if name in WEBP_KEPT:
            yield chunk
        at = end


def _gif(data: bytes) -> Iterator[bytes]:
    at = 13 + _gif_table(data[10])
    yield data[:at]
    while True:
        begin, what = at, data[at]
        if what == 0x3B:
            yield data[at : at + 1]
            return
        if what == 0x2C:
            at = _gif_blocks_end(data, at + 10 + _gif_table(data[at + 9]) + 1)
            yield data[begin:at]
        elif what == 0x21:
            label = data[at + 1]
            at = _gif_blocks_end(data, at + 2)
            if label != GIF_COMMENT and (label != GIF_APPLICATION or data[begin + 3 : begin + 14] in GIF_LOOPS):
                yield data[begin:at]
        else:
            raise Broken


def _gif_table(flags: int) -> int:
    """How many bytes a table of colours takes, if there is one."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    """Behind the blocks that begin here."""
    while size := data[at]:
        at += 1 + size
    return at + 1
