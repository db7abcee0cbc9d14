"""What `manage.py check --deploy` says of an installation that lets more in than it should."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from home.log_in.second_factor import SUPERUSER
from home.models import Role

DECIDING = {Role.TREASURER.value, Role.OWNER.value, SUPERUSER}


@register(Tags.security, deploy=True)
def second_factor_is_asked_for(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    missing = sorted(DECIDING - set(settings.SECOND_FACTOR_REQUIRED_FOR))
    if not missing:
        return []
    words = (
        f"SECOND_FACTOR_REQUIRED_FOR leaves out: {', '.join(missing)}. They decide about money with a password alone."
    )
    return [Warning(words, id="home.W001")]


@register(Tags.security, deploy=True)
def recent_login_is_asked_for(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.RECENT_LOGIN_WITHIN is not None:
        return []
    return [Warning("RECENT_LOGIN_WITHIN is None: money moves from any session left open.", id="home.W002")]
