"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django_application = get_wsgi_application()

from config.warming import warm_up  # noqa: E402  (Django is set up)
from home import malformed  # noqa: E402

application = malformed.wsgi(django_application)

warm_up()
