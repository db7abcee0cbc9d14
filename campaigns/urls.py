"""Addresses of this room's public forms, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from campaigns import views

urlpatterns = [
    path(_("<int:campaign_id>/notify-me/"), views.notify_me, name="campaign_notify"),
    path(_("<int:campaign_id>/noted/"), views.noted, name="campaign_noted"),
]
