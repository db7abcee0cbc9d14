"""Addresses of this room, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from home import views
from home.brand import preview_views as brand_preview_views
from home.brand import views as brand_views
from home.mail import sender_views
from home.people import invitation_views, switching_views
from home.privacy import public_views

urlpatterns = [
    path("brand/<int:version>.css", brand_views.stylesheet, name="brand_stylesheet"),
    path("brand/trial/<str:token>.css", brand_preview_views.trial, name="brand_trial"),
    path("brand.css", brand_views.stylesheet_of_host, name="brand_of_host"),
    path(_("sending-address/<str:token>/"), sender_views.confirmation, name="sender_confirmation"),
    path(_("invitation/<str:token>/"), invitation_views.invitation, name="invitation"),
    path(_("continue/<str:token>/"), switching_views.crossing, name="crossing"),
    path(_("what-is-kept/"), public_views.kept, name="privacy_register"),
    path(_("unsubscribe/<str:token>/"), views.unsubscribe, name="unsubscribe"),
]
