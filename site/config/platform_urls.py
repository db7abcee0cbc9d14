"""The addresses of the platform's own host, which is no cooperative's."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from wagtail import urls as wagtail_urls

from home.security_txt import security_txt
from pledges.views import discovery

urlpatterns = [
    path(".well-known/security.txt", security_txt, name="security_txt"),
    *i18n_patterns(
        path("", discovery.platform, name="discovery"),
        # No page is served here: a page's address on its own host is made from this pattern.
        path("", include(wagtail_urls)),
    ),
]
