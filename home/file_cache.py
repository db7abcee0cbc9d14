"""The cache of one machine, in files, where what is added once is added once, and what is counted is counted."""

import fcntl
import os
import pickle  # nosec B403 # of files that only this user can write
import time
import zlib
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import IO, Any, ClassVar

from django.core.cache import caches
from django.core.cache.backends import filebased
from django.core.cache.backends.base import DEFAULT_TIMEOUT

from home.forgiving_cache import Forgiving

#: Those of CACHES that may lie in files.
NAMES = ("default", "pages")

#: How many entries a process writes between two looks at how many there are.
LOOKS_EVERY = 100

#: How a file is made that only its owner reads.
WRITING, OWN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600

Base: Any = filebased.FileBasedCache  # whose inner parts have no types


class FileCache(Base):
    """Django's own looks and then writes: of two processes that add the same key at once, both were told that they did.

    A code that serves once (the second factor's) and the lock of a count of attempts rest on one of them being told no.
    """

    #: By this process.
    _written = 0

    def add(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with self._made("lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if super().has_key(key, version):
                return False
            FileCache.set(self, key, value, timeout, version)  # whatever a class below makes of one that fails
            return True

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Django's own misses one of two that come at once, and has every count forgotten after its default of five
        minutes, whatever it was given.
        """
        with self._made("lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            until, value = self._until_and_value(key, version)
            left = None if until is None else max(until - time.time(), 0)
            FileCache.set(self, key, value + delta, left, version)  # it fails where the new count cannot be written
            return value + delta

    def _until_and_value(self, key: Any, version: int | None) -> tuple[float | None, int]:
        """Raises ValueError for what is not there, or is over."""
        with suppress(FileNotFoundError), open(self._key_to_file(key, version), "rb") as file:
            until = pickle.load(file)  # noqa: S301 # nosec B301 # of files that only this user can write
            if until is None or until > time.time():
                counted = pickle.loads(zlib.decompress(file.read()))  # noqa: S301 # nosec B301 # the same
                return until, int(counted)
        raise ValueError(f"Key '{key}' not found")

    def _made(self, name: str) -> IO[bytes]:
        """A file of this name in the folder, which may be emptied at any time."""
        path = os.path.join(self._dir, name)
        try:
            return open(os.open(path, WRITING, OWN), "wb")
        except FileNotFoundError:
            self._createdir()
            return open(os.open(path, WRITING, OWN), "wb")

    def set(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Written beside its place, then put there, as Django does with a name that it takes longer to find."""
        self._cull()
        place = self._key_to_file(key, version)
        beside = f"{place}.{os.getpid()}-{get_ident()}-{time.monotonic_ns()}"
        try:
            with self._made(beside) as file:
                self._write_content(file, timeout, value)
            os.replace(beside, place)
        except BaseException:
            with suppress(FileNotFoundError):
                os.remove(beside)
            raise

    def _write_content(self, file: IO[bytes], timeout: float | None, value: Any) -> None:
        """As Django reads it, but not compressed: what stands here is packed already, or a few bytes, and making room
        for the compression alone takes longer than writing.
        """
        file.write(pickle.dumps(self.get_backend_timeout(timeout), self.pickle_protocol))
        packing = zlib.compressobj(zlib.Z_NO_COMPRESSION, wbits=9, memLevel=1)
        file.write(packing.compress(pickle.dumps(value, self.pickle_protocol)) + packing.flush())

    def forget_expired(self) -> None:
        """What is over goes now, and not once someone asks for it or room is needed."""
        for name in self._list_cache_files():
            with suppress(FileNotFoundError), Path(name).open("rb") as file:
                self._is_expired(file)

    def _cull(self) -> None:
        """What is over goes first; Django's own throws out a third at random.

        Now and then: it lists every file, which a launch would pay for with each visitor that is counted.
        """
        if self._written % LOOKS_EVERY:
            self._written += 1
            return
        self._written += 1
        names = self._list_cache_files()
        if len(names) < self._max_entries:
            return
        self.forget_expired()
        super()._cull()


class ForgivingFileCache(Forgiving, FileCache):
    """The disk is full, or may not be written to."""

    away: ClassVar[tuple[type[Exception], ...]] = (OSError,)


def forget_expired() -> None:
    """In every cache that lies in files; Redis does it by itself."""
    for name in NAMES:
        cache = caches[name]
        if isinstance(cache, FileCache):
            cache.forget_expired()
