"""The campaigns room in the admin."""

from campaigns import page_hooks  # noqa: F401 (registers its hooks)
