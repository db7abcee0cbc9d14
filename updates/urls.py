"""Addresses that are one backer's own, in each language: below those of the backer's way, closed to robots."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from updates import public_views

urlpatterns = [
    path(_("update/<str:token>/"), public_views.by_link, name="update_by_link"),
]
