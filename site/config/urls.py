"""All addresses: the admin, what has no language, then what has one, then Wagtail's pages."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from campaigns.sharing import crawling
from home import serving
from home.admin_choices import complete_tag
from home.media_serving import serve_media
from home.security_txt import security_txt
from pledges.views import discovery

handler500 = "home.views.server_error"

urlpatterns = [
    path("admin/tag-autocomplete/", complete_tag),
    path("admin/tag-autocomplete/<slug:app_name>/<slug:model_name>/", complete_tag),
    path("admin/", include("home.log_in.urls")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/authenticate_with_password/<int:restriction_id>/", serving.document_password),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("home.brand.urls")),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("robots.txt", crawling.robots, name="robots"),
    path("sitemap.xml", crawling.sitemap, name="sitemap"),
    path("stripe/", include("pledges.stripe_urls")),
    path("anymail/", include("home.mail.tracking_urls")),
    path("media/<path:path>", serve_media),
]

urlpatterns += i18n_patterns(
    path("_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/", serving.page_password),
    path("", include("home.urls")),
    path("", include("campaigns.sharing.urls")),
    path(_("campaigns/"), discovery.index, name="campaign_index"),
    path(_("campaigns/"), include("pledges.public_urls")),
    path(_("campaigns/"), include("updates.public_urls")),
    path(_("campaign/"), include("campaigns.urls")),
    path(_("contribute/"), include("pledges.urls")),
    path(_("contribute/"), include("updates.urls")),
    path("", include(wagtail_urls)),
)
