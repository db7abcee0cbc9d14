"""Times until which a row is somebody's, or waits; and what becomes of them where the clock was set back.

A clock that jumps ahead and back again leaves times behind that lie a day away. Whoever finds one further ahead than
anybody could have given now takes it for over: otherwise the work would wait for that day, and nobody would know.
"""

from datetime import datetime, timedelta

from django.db.models import Q

#: How far the clocks of two machines may be apart without either taking the other's work.
APART = timedelta(minutes=10)


def never_given(field: str, now: datetime, longest: timedelta) -> Q:
    """`field` lies further ahead than `longest`, the longest time that is given, allows."""
    return Q(**{f"{field}__gt": now + longest + APART})


def over(field: str, now: datetime, longest: timedelta) -> Q:
    """A time that was given, and is over."""
    return Q(**{f"{field}__lt": now}) | never_given(field, now, longest)


def free(field: str, now: datetime, longest: timedelta) -> Q:
    """Nobody's, or nobody's any more."""
    return Q(**{field: None}) | over(field, now, longest)
