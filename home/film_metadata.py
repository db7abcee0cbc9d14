"""Films without what a camera writes beside them: where they were taken, by whom, with what.

Written over in place, so that nothing of the film moves and a large one costs no memory: what held the place is made
an empty space of the same size. Of an MP4, what is seen and heard stays; tracks of anything else (a camera's positions
second by second) are emptied with their contents, and captions are files beside a film here. Of a WebM, tags and
attachments go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

CHUNK: Final = 1024 * 1024
#: The largest table of a track that is read.
LARGEST_TABLE: Final = 8 * 1024 * 1024
#: Boxes that one level may hold.
MOST_BOXES: Final = 100_000

EMPTY: Final = {b"free", b"skip", b"wide"}
TOP: Final = {b"ftyp", b"moov", b"mdat", b"pdin", b"styp", b"sidx", b"ssix", b"moof", b"mfra"}
MOVIE: Final = {b"mvhd", b"trak", b"mvex", b"iods"}
TRACK: Final = {b"tkhd", b"edts", b"mdia"}
MEDIA: Final = {b"mdhd", b"hdlr", b"minf", b"elng"}
SHOWN: Final = {b"vide", b"soun"}

EBML: Final = b"\x1a\x45\xdf\xa3"
SEGMENT, CLUSTER, INFO, VOID = 0x18538067, 0x1F43B675, 0x1549A966, 0xEC
#: Tags, attachments, and of the information about the film its title, its file's name and its date.
WEBM_EMPTIED: Final = {0x1254C367, 0x1941A469, 0x7BA9, 0x7384, 0x4461, VOID}


class Broken(Exception):
    """The file is not built as its format asks, or in a way that is not known here."""


@dataclass(frozen=True)
class Box:
    """A piece of the file: what it is, where it begins, where its contents do, and where it ends."""

    name: bytes
    start: int
    body: int
    end: int


def kind_of(film: IO[bytes]) -> str:
    """By what it holds: "mp4", "webm", or nothing that browsers play."""
    film.seek(0)
    head = film.read(64)
    if head[4:8] == b"ftyp":
        return "mp4"
    return "webm" if head.startswith(EBML) and b"webm" in head else ""


def strip(film: IO[bytes]) -> None:
    """In place. Raises Broken."""
    kind = kind_of(film)
    if not kind:
        raise Broken
    try:
        if kind == "mp4":
            _strip_mp4(film)
        else:
            _strip_webm(film)
    finally:
        film.seek(0)


def _size(film: IO[bytes]) -> int:
    return film.seek(0, 2)


def _read(film: IO[bytes], at: int, length: int) -> bytes:
    film.seek(at)
    found = film.read(length)
    if len(found) < length:
        raise Broken
    return found


def _wipe(film: IO[bytes], start: int, end: int) -> None:
    film.seek(start)
    for at in range(start, end, CHUNK):
        film.write(bytes(min(CHUNK, end - at)))


def _boxes(film: IO[bytes], start: int, end: int) -> list[Box]:
    found: list[Box] = []
    at = start
    while at + 8 <= end:
        head = _read(film, at, 8)
        size, body = int.from_bytes(head[:4]), at + 8
        if size == 1:
            size, body = int.from_bytes(_read(film, at + 8, 8)), at + 16
        stop = end if size == 0 else at + size
        if stop < body or stop > end or len(found) >= MOST_BOXES:
            raise Broken
        found.append(Box(head[4:], at, body, stop))
        at = stop
    return found


def _empty(film: IO[bytes], box: Box) -> None:
    film.seek(box.start + 4)
    film.write(b"free")
    _wipe(film, box.body, box.end)


def _keep_only(film: IO[bytes], boxes: list[Box], names: set[bytes]) -> None:
    for box in boxes:
        if box.name not in names:
            _empty(film, box)


def _child(film: IO[bytes], box: Box, *path: bytes) -> Box:
    for name in path:
        box = next((one for one in _boxes(film, box.body, box.end) if one.name == name), Box(b"", 0, 0, 0))
        if not box.name:
            raise Broken
    return box


def _strip_mp4(film: IO[bytes]) -> None:
    top = _boxes(film, 0, _size(film))
    contents = [box for box in top if box.name == b"mdat"]
    movies = [box for box in top if box.name == b"moov"]
    if not movies:
        raise Broken
    for movie in movies:
        inside = _boxes(film, movie.body, movie.end)
        in_fragments = any(box.name == b"mvex" for box in inside)
        for track in (box for box in inside if box.name == b"trak"):
            if _handler(film, track) in SHOWN:
                _strip_track(film, track)
            elif in_fragments:  # its contents lie scattered
                raise Broken
            else:
                _empty_contents(film, track, contents)
                _empty(film, track)
        _keep_only(film, inside, MOVIE)
    _keep_only(film, top, TOP)


def _handler(film: IO[bytes], track: Box) -> bytes:
    return _read(film, _child(film, track, b"mdia", b"hdlr").body + 8, 4)


def _strip_track(film: IO[bytes], track: Box) -> None:
    media = _child(film, track, b"mdia")
    _keep_only(film, _boxes(film, media.body, media.end), MEDIA)
    _keep_only(film, _boxes(film, track.body, track.end), TRACK)


def _empty_contents(film: IO[bytes], track: Box, contents: list[Box]) -> None:
    """What the track holds, wherever it lies in the film."""
    left = _size(film)
    for start, length in list(_pieces(film, _child(film, track, b"mdia", b"minf", b"stbl"))):
        left -= length
        if left < 0 or not any(box.body <= start and start + length <= box.end for box in contents):
            raise Broken
        _wipe(film, start, start + length)


def _table(film: IO[bytes], box: Box, skipped: int, width: int) -> list[tuple[int, ...]]:
    """The rows of a table of 32-bit numbers (`width` a row), behind its version and `skipped` more bytes."""
    at = box.body + 4 + skipped
    count = int.from_bytes(_read(film, at, 4))
    if count * width * 4 > min(box.end - at - 4, LARGEST_TABLE):
        raise Broken
    rows = _read(film, at + 4, count * width * 4)
    numbers = [int.from_bytes(rows[place : place + 4]) for place in range(0, len(rows), 4)]
    return [tuple(numbers[place : place + width]) for place in range(0, len(numbers), width)]


def _pieces(film: IO[bytes], samples: Box) -> Iterator[tuple[int, int]]:
    """Where the samples of a track lie: beginning and length of each chunk of them."""
    tables = {box.name: box for box in _boxes(film, samples.body, samples.end)}
    if not {b"stsz", b"stsc"} <= tables.keys() or not {b"stco", b"co64"} & tables.keys():
        raise Broken
    each = int.from_bytes(_read(film, tables[b"stsz"].body + 4, 4))
    sizes = [] if each else [size for (size,) in _table(film, tables[b"stsz"], 4, 1)]
    runs = _table(film, tables[b"stsc"], 0, 3)
    if b"stco" in tables:
        starts = [start for (start,) in _table(film, tables[b"stco"], 0, 1)]
    else:
        starts = [(high << 32) + low for high, low in _table(film, tables[b"co64"], 0, 2)]
    first, run = 0, -1
    for number, start in enumerate(starts, start=1):
        while run + 1 < len(runs) and runs[run + 1][0] <= number:
            run += 1
        many = runs[run][1] if run >= 0 else 0
        yield start, each * many if each else sum(sizes[first : first + many])
        first += many


def _strip_webm(film: IO[bytes]) -> None:
    """Flat: into the segment, into its information, and into what does not say where it ends; past all else."""
    at, end = 0, _size(film)
    while at < end:
        name, size_at = _number(film, at, keep_mark=True)
        size, body = _number(film, size_at, keep_mark=False)
        is_open = size == 2 ** (7 * (body - size_at)) - 1
        if is_open and name not in (SEGMENT, CLUSTER):
            raise Broken
        stop = body if is_open or name in (SEGMENT, INFO) else body + size
        if stop > end:
            if name not in (CLUSTER,) and body + size > end:
                raise Broken
            stop = end  # it breaks off: browsers show what there is
        if name in WEBM_EMPTIED:
            _void(film, at, stop)
        at = stop


def _number(film: IO[bytes], at: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number whose first bits say how long it is, and where it ends."""
    first = _read(film, at, 1)[0]
    if not first:
        raise Broken
    length = 9 - first.bit_length()
    number = int.from_bytes(_read(film, at, length))
    return (number if keep_mark else number & (1 << 7 * length) - 1), at + length


def _void(film: IO[bytes], start: int, end: int) -> None:
    """An element of the same size, which says nothing."""
    room = end - start
    size = (1 << 56 | room - 9).to_bytes(8) if room >= 9 else bytes([0x80 | room - 2])
    film.seek(start)
    film.write(bytes([VOID]) + size)
    _wipe(film, start + 1 + len(size), end)
