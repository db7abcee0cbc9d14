"""What the demo does in seconds, done on the day it would have happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from django.utils import timezone

from home import clock


@contextmanager
def lived_at(moment: datetime) -> Iterator[None]:
    """Inside, the product's clock runs on from that instant, in this process alone.

    The clock's file would set web, worker and tick back too, and can only be moved forward.
    """
    ahead = moment - timezone.now()
    with patch.object(clock, "offset", lambda: ahead):
        yield
