"""Films of a few hundred bytes, built as cameras build theirs: with positions wherever they are written."""

from django.core.files.base import ContentFile

#: What must not be left anywhere.
PLACE = b"+46.8139-071.2080/"
PICTURES = b"what is seen" * 8


def box(name, *parts):
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4) + name + body


def table(name, *rows, before=b""):
    numbers = b"".join(number.to_bytes(4) for row in rows for number in row)
    return box(name, bytes(4), before, len(rows).to_bytes(4), numbers)


def track(handler, at, sizes, *more, wide=False):
    """One track, whose samples lie in one chunk at `at`."""
    place = box(b"co64", bytes(4), (1).to_bytes(4), at.to_bytes(8)) if wide else table(b"stco", (at,))
    samples = box(
        b"stbl",
        table(b"stsz", *((size,) for size in sizes), before=bytes(4)),
        table(b"stsc", (1, len(sizes), 1)),
        place,
    )
    named = box(b"hdlr", bytes(8), handler, bytes(13))
    media = box(b"mdia", box(b"mdhd", bytes(24)), named, box(b"minf", samples), box(b"udta", PLACE))
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"tref", PLACE), media, *more)


def mp4(*, wide=False, before=b"", handler=b"meta", last=b""):
    """A picture track and one of positions, with the place in user data, in Apple's and in XMP's boxes."""
    head = box(b"ftyp", b"isom", bytes(4), b"isommp42")
    contents = box(b"mdat", PICTURES, PLACE, PLACE)
    at = len(head) + 8
    seen = track(b"vide", at, [len(PICTURES)], box(b"udta", box(b"\xa9xyz", PLACE)), box(b"meta", PLACE))
    told = track(handler, at + len(PICTURES), [len(PLACE)] * 2, wide=wide)
    movie = box(b"moov", box(b"mvhd", bytes(100)), before, seen, told, box(b"udta", box(b"\xa9xyz", PLACE)))
    return head + contents + movie + box(b"uuid", bytes(16), PLACE) + box(b"free", PLACE) + last


def element(name, *parts, size=None):
    body = b"".join(parts)
    if size is None:
        size = (1 << 56 | len(body)).to_bytes(8)
    return bytes.fromhex(name) + size + body


UNKNOWN = b"\x01" + b"\xff" * 7


def webm(*, streamed=False):
    size = UNKNOWN if streamed else None
    head = element("1A45DFA3", element("4282", b"webm"))
    info = element("1549A966", element("2AD7B1", b"\x0f\x42\x40"), element("7BA9", PLACE))
    tracks = element("1654AE6B", element("AE", element("D7", b"\x01")))
    cluster = element("1F43B675", element("E7", b"\x00"), element("A3", PICTURES), size=size)
    tags = element("1254C367", element("7373", PLACE))
    attached = element("1941A469", element("61A7", PLACE))
    small = b"\x12\x54\xc3\x67\x81a"  # an element too small for a size of eight bytes
    return head + element("18538067", info, tags, tracks, attached, cluster, small, cluster, tags, size=size)


def film_file(name="film.mp4"):
    return ContentFile(mp4(), name)
