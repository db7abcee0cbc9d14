"""The limit of the machine for a page: a Django project of one file whose one view gives a body that lies ready.

No middleware, no database, no template: what remains is the server, Django's handler and the network. Served as
`bench.bare:application` with BARE_BYTES in the environment (bench.serving.bare does it).
"""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="nothing is signed here",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    DATABASES={},
    USE_I18N=False,
)

_BODY = b"x" * int(os.environ.get("BARE_BYTES", "1000"))


def body(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(_BODY, headers={"Content-Length": str(len(_BODY))})  # else the server would send it in chunks


urlpatterns: list[URLPattern] = [re_path("", body)]
application = get_wsgi_application()
