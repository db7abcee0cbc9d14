"""Periodic work of this room."""

from datetime import timedelta

from home.ticking import periodic
from updates import sending


@periodic("mailings", every=timedelta(seconds=20))
def finish_mailings() -> None:
    sending.finish_all()
