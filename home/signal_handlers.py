"""Wagtail tells when a page goes offline: unpublished, expired or deleted. Its English twin goes with it."""

from typing import Any

from wagtail.models import Page
from wagtail.signals import page_unpublished

from home.languages import FRENCH
from home.models import PublicPage


def unpublish_the_twin(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    if not isinstance(instance, PublicPage) or instance.locale.language_code != FRENCH:
        return
    if instance.french_goes_first():
        for twin in instance.get_translations().live().specific():
            twin.unpublish()


def connect() -> None:
    page_unpublished.connect(unpublish_the_twin, dispatch_uid="home.unpublish_the_twin")
