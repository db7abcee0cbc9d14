"""Wagtail tells when a page is published. Its pictures are drawn then, before a visitor has to wait for them."""

from functools import partial
from typing import Any

from django.db import transaction
from wagtail.models import Page
from wagtail.signals import page_published

from home.tasks import draw_pictures


def draw_soon(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    if instance.live:
        transaction.on_commit(partial(draw_pictures.enqueue, instance.pk))


def connect() -> None:
    page_published.connect(draw_soon, dispatch_uid="home.draw_soon")
