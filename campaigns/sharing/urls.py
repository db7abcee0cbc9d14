"""Addresses of what is passed on, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from campaigns.sharing import views

urlpatterns = [
    path(_("preview/<str:token>/"), views.preview, name="campaign_preview"),
    path(_("campaigns/<int:campaign_id>/qr.svg"), views.qr, name="campaign_qr"),
]
