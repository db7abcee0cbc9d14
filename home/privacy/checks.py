"""`manage.py check` says what the register lacks."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from home.privacy import register as held
from home.privacy.retention import keys_said


@register()
def every_column_stands_in_the_register(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    unsaid = sorted(keys_said(group.kept for group in held.groups()))
    words = [*held.faults(), *(f"Nothing says how long “{one}” is: no rule of retention, no Term." for one in unsaid)]
    return [Error(text, id="home.E010") for text in words]
