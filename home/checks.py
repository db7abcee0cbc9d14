"""What `manage.py check` says of settings that cannot work, and `--deploy` of those that let in too much."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from home.log_in.second_factor import SUPERUSER
from home.models import Role

#: Characters of a key that nobody guesses.
SHORTEST_KEY = 32

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


@register(Tags.security, deploy=True)
def erased_addresses_have_a_key_of_their_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if len(settings.SUPPRESSION_KEY) >= SHORTEST_KEY and settings.SUPPRESSION_KEY != settings.SECRET_KEY:
        return []
    words = (
        "SUPPRESSION_KEY is empty, short or SECRET_KEY itself: with another SECRET_KEY, news would go again to "
        "addresses that were erased after they bounced or complained, and a restore could not erase anyone again."
    )
    return [Warning(words, id="home.W010")]


@register(Tags.caches)
def tasks_on_redis_have_one(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "RQ" not in str(settings.TASKS["default"]["BACKEND"]) or settings.REDIS_URL:
        return []
    return [Error("TASK_QUEUE=rq needs REDIS_URL: where the tasks wait.", id="home.E001")]


@register(Tags.files)
def a_bucket_is_shown_by_somebody(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.MEDIA_BUCKET or settings.MEDIA_HOST:
        return []
    words = "MEDIA_BUCKET needs MEDIA_HOST: the host that shows the bucket's pictures and films to browsers."
    return [Error(words, id="home.E002")]
