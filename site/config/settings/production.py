"""The settings of a real installation: everything secret comes from the environment."""

import os

from config.settings.base import *  # noqa: F403
from config.settings.base import MEDIA_STORAGE
from config.settings.browsers_https import *  # noqa: F403
from home.logs.setting_up import logging_settings

DEBUG = False
SECRET_KEY = os.environ["SECRET_KEY"]
# Former ones, parted by commas: what they signed and encrypted (the keys of second factors) is read still.
SECRET_KEY_FALLBACKS = [one for one in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if one]
# Any host that is a cooperative's (home.middleware.KnownHostMiddleware), so that a new one needs no restart. A list
# given here, comma separated, narrows it.
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "*").split(",")
# A form is sent to the host that showed it, which needs nothing here; one cooperative's host is not trusted by another.
# For a proxy that changes the host: the origins that browsers see, comma separated.
CSRF_TRUSTED_ORIGINS = [one for one in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if one]

STORAGES = {
    "default": MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

PROXIES_IN_FRONT = int(os.environ.get("PROXIES_IN_FRONT", "1"))
LOGGING = logging_settings(os.environ.get("LOG_FORMAT", "json"))
