"""Periodic work of this room."""

from datetime import timedelta

from home import holding
from home.ticking import periodic
from updates import minding, sending, waiting


@periodic("mailings", every=timedelta(seconds=20))
def finish_mailings() -> None:
    """Each looks at rows alone, so that what one tick missed the next one finds."""
    holding.sweep()
    minding.pause_all()
    waiting.release_all()
    sending.finish_all()
