"""What a person is told at the next page, in a cookie that its own host alone can set."""

from typing import ClassVar

from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    cookie_name = "__Host-messages"


class HostStorage(FallbackStorage):
    """Django's own, by that cookie: for HTTPS alone, as browsers refuse the name without it."""

    storage_classes: ClassVar[tuple[type[BaseStorage], ...]] = (HostCookieStorage, SessionStorage)  # type: ignore[misc]
