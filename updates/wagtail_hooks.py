"""The updates room in the admin: its addresses and menu, the button of an update's page, the tiers of its form."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.widgets import Button
from wagtail.models import Page

from home.admin_access import RoleMenuItem
from home.models import User
from home.queries import roles_of
from home.tenancy import current_cooperative
from updates import (
    coaching_views,
    day_lines,  # noqa: F401 (says what waits)
    mailing_views,
    portfolio_views,
    question_views,
    tier_choices,
    views,
)
from updates.models import Update, UpdatePage


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [
        path("portfolio/", portfolio_views.portfolio, name="updates_portfolio"),
        path("questions/", question_views.received, name="updates_questions"),
        path("questions/<int:question_id>/", question_views.question, name="updates_question"),
        path("questions/<int:question_id>/close/", question_views.close, name="updates_question_close"),
        path("questions/<int:question_id>/show/", question_views.show, name="updates_question_show"),
        path("mailings/", views.mailings, name="updates_mailings"),
        path("mailings/plan/<int:campaign_id>/", coaching_views.start_plan, name="updates_plan"),
        path("mailings/drafts/<int:campaign_id>/<str:occasion>/", coaching_views.draft, name="updates_draft"),
        path("mailings/<int:mailing_id>/", mailing_views.mailing, name="updates_mailing"),
        path("mailings/<int:mailing_id>/progress/", mailing_views.progress, name="updates_mailing_progress"),
        path("mailings/<int:mailing_id>/people/<str:group>/", mailing_views.people, name="updates_mailing_people"),
        path("mailings/<int:mailing_id>/pause/", mailing_views.pause, name="updates_mailing_pause"),
        path("mailings/<int:mailing_id>/resume/", mailing_views.resume, name="updates_mailing_resume"),
        path("mailings/<int:mailing_id>/cancel/", mailing_views.cancel, name="updates_mailing_cancel"),
        path("mailings/<int:mailing_id>/moment/", mailing_views.reschedule, name="updates_mailing_moment"),
        path("mailings/<int:mailing_id>/waiting/", mailing_views.settle_waiting, name="updates_mailing_waiting"),
        path(
            "mailings/<int:mailing_id>/doubt/<int:mail_id>/", mailing_views.settle_doubt, name="updates_mailing_doubt"
        ),
        path("updates/<int:page_id>/", views.briefing, name="updates_briefing"),
        path("updates/<int:page_id>/send/", views.send, name="updates_send"),
        path("updates/<int:page_id>/<str:kind>/left-out/", views.left_out, name="updates_left_out"),
        path("updates/<int:page_id>/announce/", views.announce_delay, name="updates_announce"),
        path("updates/<int:page_id>/<str:kind>/<str:language>/test/", views.test, name="updates_test"),
        path("updates/<int:page_id>/<str:kind>/<str:language>/<str:part>/", views.preview, name="updates_preview"),
    ]


@hooks.register("register_admin_menu_item")
def portfolio_item() -> portfolio_views.PortfolioItem:
    return portfolio_views.PortfolioItem(
        gettext_lazy("My dossiers"),
        reverse_lazy("updates_portfolio"),
        name="portfolio",
        icon_name=portfolio_views.ICON,
        order=2,
    )


@hooks.register("register_admin_menu_item")
def mailings_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Mailings"),
        reverse_lazy("updates_mailings"),
        name="mailings",
        icon_name=views.ICON,
        order=305,
        roles=views.ROLES,
    )


@hooks.register("register_admin_menu_item")
def questions_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Questions received"),
        reverse_lazy("updates_questions"),
        name="reader-questions",
        icon_name=question_views.ICON,
        order=306,
        roles=question_views.ROLES,
    )


@hooks.register("register_page_header_buttons")
def header_button(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    yield from _buttons(page, user)


@hooks.register("register_page_listing_more_buttons")
def listing_button(page: Page, user: User, next_url: str | None = None) -> Iterator[Button]:
    yield from _buttons(page, user)


def _buttons(page: Page, user: User) -> Iterator[Button]:
    cooperative = current_cooperative()
    if cooperative and page.specific_class is UpdatePage and not roles_of(user, cooperative).isdisjoint(views.ROLES):
        yield Button(
            _("Send or announce"), reverse("updates_briefing", args=[page.pk]), icon_name=views.ICON, priority=5
        )


@hooks.register("before_create_page")
def offer_tiers_to_new_page(request: HttpRequest, parent_page: Page, page_class: type[Page]) -> None:
    tier_choices.campaign_key.set(parent_page.translation_key if page_class is UpdatePage else None)


@hooks.register("before_edit_page")
def offer_tiers_to_page(request: HttpRequest, page: Page) -> None:
    is_update = page.specific_class is UpdatePage
    tier_choices.campaign_key.set(page.get_parent().translation_key if is_update else None)


@hooks.register("before_move_page")
def keep_where_it_was_told(request: HttpRequest, page: Page, destination: Page) -> HttpResponse | None:
    """An update whose row exists belongs to its campaign: its number, its readers and its promises are there."""
    known: Any = page.specific_class is UpdatePage and Update.objects.filter(translation_key=page.translation_key)
    if not known or not known.exists() or destination.pk == page.get_parent().pk:
        return None
    messages.error(request, _("A published update cannot move to another campaign. Copy it there instead."))
    return redirect("wagtailadmin_pages:edit", page.pk)
