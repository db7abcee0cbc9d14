"""The campaigns room in the admin."""

from django.urls import URLPattern, path
from wagtail import hooks

from campaigns import (
    goal_views,
    page_hooks,  # noqa: F401 (registers its hooks)
)


@hooks.register("register_admin_urls")
def goal_urls() -> list[URLPattern]:
    return [
        path("campaigns/goal/<int:page_id>/", goal_views.of_page, name="campaign_goal"),
        path("campaigns/goal/below/<int:parent_page_id>/", goal_views.of_new_page, name="campaign_goal_below"),
    ]
