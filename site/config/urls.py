"""All addresses: the admin, what has no language, then what has one, then Wagtail's pages."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.static import serve
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from home.admin_choices import complete_tag

urlpatterns = [
    path("admin/tag-autocomplete/", complete_tag),
    path("admin/tag-autocomplete/<slug:app_name>/<slug:model_name>/", complete_tag),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("stripe/", include("pledges.stripe_urls")),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]

urlpatterns += i18n_patterns(
    path("", include("home.urls")),
    path(_("campaign/"), include("campaigns.urls")),
    path(_("contribute/"), include("pledges.urls")),
    path("", include(wagtail_urls)),
)
