"""Drawing the pictures of a page beforehand, by rendering it once: its templates alone know the sizes.

AVIF is drawn here alone: it takes several times as long as WebP, and no visitor waits for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wagtail.models import Page

from home.models import Cooperative
from home.page_cache import versions
from home.queries import cooperative_of

_drawing: ContextVar[bool] = ContextVar("drawing_pictures", default=False)


def is_drawing() -> bool:
    return _drawing.get()


def draw(page: Page) -> None:
    """What is drawn already is not drawn again. Pages kept without the new pictures are made anew."""
    with beforehand():
        page.specific.make_preview_request()
    versions.bump(_house(page))


@contextmanager
def beforehand() -> Iterator[None]:
    """What is rendered within is rendered for its pictures."""
    token = _drawing.set(True)
    try:
        yield
    finally:
        _drawing.reset(token)


def _house(page: Page) -> int | None:
    try:
        return cooperative_of(page).pk
    except Cooperative.DoesNotExist:
        return None
