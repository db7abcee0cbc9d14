"""Addresses of the backer's way, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from pledges.views import choosing, contribution, mending, returning, wall

urlpatterns = [
    path("<int:campaign_id>/", choosing.contribute, name="contribute"),
    path(_("<int:campaign_id>/review/"), choosing.review, name="contribute_review"),
    path(_("<int:campaign_id>/wall/"), wall.show, name="wall"),
    path(_("return/<uuid:key>/"), returning.returned, name="checkout_return"),
    path(_("left/<uuid:key>/"), returning.left, name="checkout_cancelled"),
    path(_("link/"), contribution.lost_link, name="contribution_link"),
    path(_("my/<str:token>/"), contribution.show, name="contribution"),
    path(_("my/<str:token>/cancel/"), contribution.cancel, name="contribution_cancel"),
    path(_("my/<str:token>/pay/"), mending.mend, name="contribution_mend"),
    path(_("my/<str:token>/paid/"), mending.returned, name="contribution_mend_return"),
]
