"""The ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django_application = get_asgi_application()

from home import malformed  # noqa: E402  (Django is set up)

application = malformed.asgi(django_application)
