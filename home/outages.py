"""What is no fault of the product's: the database is away or restarting, or a disk is full.

It passes by itself. Whoever asks is told to try again (503), and what runs by itself does so.
"""

import errno
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from redis import exceptions as redis

#: Of a database: it cannot be reached, it ends connections, its disk is full, two stood in each other's way.
DATABASE = (OperationalError, InterfaceError)
#: Of the queue on Redis, where tasks wait there.
QUEUE = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)
#: Of a disk: no room, no more than one may have, or put in order by the system and read-only meanwhile.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}

#: Seconds after which a visitor may ask again.
RETRY_AFTER = 30


def is_outage(error: BaseException | None) -> bool:
    """Whether it is one, or came of one."""
    return any(isinstance(one, DATABASE + QUEUE) or _is_full(one) for one in _behind(error))


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in FULL


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came of, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
