"""Addresses about a campaign that anyone may ask for, in each language."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from pledges.views import figures, social, wishing

urlpatterns = [
    path(_("<int:campaign_id>/news/"), wishing.news, name="campaign_news"),
    path(_("<int:campaign_id>/news/noted/"), wishing.news_noted, name="campaign_news_noted"),
    path(_("news/<str:token>/"), wishing.confirm_news, name="campaign_news_confirm"),
    path(_("<int:campaign_id>/figures.json"), figures.figures, name="campaign_figures"),
    path("<int:campaign_id>/widget/", figures.widget, name="campaign_widget"),
    path("<int:campaign_id>/image/<str:name>", social.campaign_image, name="campaign_image"),
    path(_("<int:campaign_id>/rewards/<int:reward_id>/"), social.reward_page, name="campaign_reward"),
    path(_("<int:campaign_id>/rewards/<int:reward_id>/<str:name>"), social.reward_image, name="reward_image"),
]
