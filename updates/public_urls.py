"""Addresses about a campaign's updates that anyone may ask for, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from updates import asking_views, feed_views, summary_views

urlpatterns = [
    path(_("<int:campaign_id>/updates.rss"), feed_views.updates_feed, {"kind": "rss"}, name="updates_rss"),
    path(_("<int:campaign_id>/updates.atom"), feed_views.updates_feed, {"kind": "atom"}, name="updates_atom"),
    path(_("<int:campaign_id>/summary/"), summary_views.show, name="campaign_summary"),
    path(_("<int:campaign_id>/updates/<int:number>/question/"), asking_views.ask, name="update_question"),
]
