"""Wagtail and wagtail-localize where one installation serves several cooperatives: nothing crosses from one to another.

Their views ask for a permission of the model, which everyone has in their own cooperative, and not for the row. The
views here stand on the same addresses, are found first, and ask for the row. Nothing is granted.
"""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import permissions
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.reports.page_types_usage import PageTypesUsageReportView
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.documents.api.admin.views import DocumentsAdminAPIViewSet
from wagtail.images.api.admin.views import ImagesAdminAPIViewSet
from wagtail.models import Page
from wagtail.rich_text.feature_registry import FeatureRegistry
from wagtail_localize.models import TranslationSource
from wagtail_localize.views.report import TranslationsReportView
from wagtail_localize.views.snippets_api import SnippetViewSet
from wagtail_localize.views.submit_translations import SubmitPageTranslationView, SubmitSnippetTranslationView
from wagtail_localize.views.update_translations import UpdateTranslationsView

from home import (
    admin_choices,  # noqa: F401 (replaces what lists offer)
    admin_words,  # noqa: F401 (registers itself)
    audit_views,
    day_lines,  # noqa: F401 (says what waits)
    page_links,
    serving,  # noqa: F401 (registers itself)
    videos,  # noqa: F401 (closes what is not ours)
    wagtail_exports,
)
from home.admin_access import RoleMenuItem, findable, roles_in
from home.brand import preview_views as brand_preview_views
from home.cooperatives import platform_hooks  # noqa: F401 (registers itself)
from home.hosts import domain_views
from home.mail import sender_views, team_mail_views
from home.models import Brand, PublicPage, Role
from home.my_day import MyDayPanel
from home.people import switching_views, team_views
from home.privacy import admin_views as privacy_views
from home.ready_bodies import make_ready
from home.translation import bilingual_hooks  # noqa: F401 (registers itself)
from home.translation.own_overrides import edit_own_override

wagtail_exports.mend()

#: Menu items whose pages are the platform's: everyone but its operators is refused there.
PLATFORM_MENU = {
    "snippets",
    "sites",
    "locales",
    "redirects",
    "users",
    "groups",
    "workflows",
    "workflow-tasks",
    "page-types-usage",
}

#: The report names the last page edited in any cooperative. Wagtail's own addresses are found before a hook's, so that
#: its view can be closed here only: no group has this permission, and superusers need none.
PageTypesUsageReportView.any_permission_required = ["platform"]


def may_edit(request: HttpRequest, page: Page) -> bool:
    return page.permissions_for_user(request.user).can_edit()


class SubmitOwnPage(SubmitPageTranslationView):
    """Translate a page that one may edit."""

    def get_object(self) -> Page:
        page = super().get_object()
        if not may_edit(self.request, page):
            raise PermissionDenied
        return page


class SubmitNothingElse(SubmitSnippetTranslationView):
    """There is nothing but pages to translate, for those who are not the platform's operators."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class UpdateOwnTranslations(UpdateTranslationsView):
    """Bring translations in step with a source that one may edit, onto pages that one may edit."""

    def get_object(self) -> TranslationSource:
        source = super().get_object()
        pages = Page.objects.filter(translation_key=source.object_id)
        if not pages and not self.request.user.is_superuser:
            raise PermissionDenied
        if not all(may_edit(self.request, page) for page in pages):
            raise PermissionDenied
        return source

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        """Publishing is refused before anything is brought in step."""
        if form.cleaned_data["publish_translations"] and (refusal := self._refusal()):
            form.add_error("publish_translations", refusal)
            return self.render_to_response(self.get_context_data() | {"form": form})
        return super().form_valid(form)

    def _refusal(self) -> str | None:
        for translation in self.object.translations.filter(enabled=True):
            page = translation.get_target_instance()
            refusal = page.refusal_to_publish() if isinstance(page, PublicPage) else None
            if refusal is not None:
                return refusal
        return None


class OwnTranslationsReport(TranslationsReportView):
    """Translations of pages that one can find in the explorer."""

    def get_queryset(self) -> QuerySet:
        translations = super().get_queryset()
        if self.request.user.is_superuser:
            return translations
        mine = findable(self.request.user, Page).values("translation_key")
        return translations.filter(source__object_id__in=mine).order_by("-pk")


class OperatorsOnly(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_superuser)


class SnippetsForOperators(SnippetViewSet):
    permission_classes = (OperatorsOnly,)


def in_own_collections(files: QuerySet, request: Any) -> QuerySet:
    """Images or documents of the collections that one may choose from."""
    return files.filter(pk__in=findable(request.user, files.model).values("pk"))


class OwnImages(ImagesAdminAPIViewSet):
    def get_queryset(self) -> QuerySet:
        return in_own_collections(super().get_queryset(), self.request)


class OwnDocuments(DocumentsAdminAPIViewSet):
    def get_queryset(self) -> QuerySet:
        return in_own_collections(super().get_queryset(), self.request)


@hooks.register("register_admin_urls", order=-10)
def guarded_urls() -> list[URLPattern]:
    """Found before wagtail-localize's own, whose names still lead here."""
    snippets = "localize/api/snippets/<slug:app_label>/<slug:model_name>/"
    return [
        path("localize/submit/page/<int:page_id>/", SubmitOwnPage.as_view()),
        path(
            "localize/submit/snippet/<slug:app_label>/<slug:model_name>/<str:pk>/",
            SubmitNothingElse.as_view(),
        ),
        path("localize/update/<int:translation_source_id>/", UpdateOwnTranslations.as_view()),
        path("localize/translate/<int:translation_id>/overrides/<int:overridable_segment_id>/edit/", edit_own_override),
        path("localize/reports/translations/", OwnTranslationsReport.as_view()),
        path("localize/reports/translations/results/", OwnTranslationsReport.as_view(results_only=True)),
        path(snippets, SnippetsForOperators.as_view({"get": "list"})),
        path(f"{snippets}<str:pk>/", SnippetsForOperators.as_view({"get": "retrieve"})),
    ]


@hooks.register("register_admin_urls")
def own_urls() -> list[URLPattern]:
    return [
        path("sending-address/", sender_views.verification, name="sender_verification"),
        path("brand/preview/<int:site_id>/", brand_preview_views.preview, name="brand_preview"),
        path("domain/", domain_views.domain, name="domain"),
        path("my-emails/", team_mail_views.choices, name="team_mails"),
        path("my-cooperatives/", switching_views.index, name="my_cooperatives"),
        path("audit/", audit_views.index, name="audit"),
        path("privacy/", privacy_views.index, name="privacy"),
        path("privacy/incidents/add/", privacy_views.add_incident, name="incident_add"),
        path("privacy/incidents/<int:incident_id>/", privacy_views.incident, name="incident"),
        path("privacy/incidents/<int:incident_id>/change/", privacy_views.change_incident, name="incident_change"),
        path("privacy/incidents.csv", privacy_views.incidents_file, name="incidents_file"),
        path("privacy/consents.csv", privacy_views.consents_file, name="consents_file"),
        path("team/", team_views.index, name="team"),
        path("team/<int:user_id>/", team_views.member, name="team_member"),
        path("team/invitations/<int:invitation_id>/", team_views.invitation, name="team_invitation"),
    ]


@hooks.register("register_settings_menu_item")
def team_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Team"),
        reverse_lazy("team"),
        name="team",
        icon_name=team_views.ICON,
        order=110,
        roles=(Role.OWNER,),
    )


@hooks.register("register_settings_menu_item")
def audit_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Audit log"),
        reverse_lazy("audit"),
        name="audit",
        icon_name=audit_views.ICON,
        order=190,
        roles=(Role.OWNER,),
    )


@hooks.register("register_settings_menu_item")
def privacy_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Personal information"),
        reverse_lazy("privacy"),
        name="privacy",
        icon_name=privacy_views.ICON,
        order=195,
        roles=privacy_views.ROLES,
        operators=True,
    )


@hooks.register("register_admin_menu_item")
def my_day_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("My day"),
        reverse_lazy("wagtailadmin_home"),
        name="my-day",
        icon_name="calendar-check",
        order=1,
        roles=tuple(Role),
    )


@hooks.register("construct_homepage_panels")
def my_day(request: HttpRequest, panels: list[Any]) -> None:
    if roles_in(request):
        panels.append(MyDayPanel(request))


@hooks.register("register_admin_menu_item")
def switch_item() -> switching_views.SwitchItem:
    return switching_views.SwitchItem(
        gettext_lazy("My cooperatives"),
        reverse_lazy("my_cooperatives"),
        name="my-cooperatives",
        icon_name=switching_views.ICON,
        order=900,
    )


@hooks.register("register_settings_menu_item")
def domain_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Domain"),
        reverse_lazy("domain"),
        name="domain",
        icon_name=domain_views.ICON,
        order=210,
        roles=domain_views.ROLES,
        operators=True,
    )


@hooks.register("construct_homepage_summary_items", order=100)
def no_counts(request: HttpRequest, summary_items: list[Any]) -> None:
    """How many pages and images there are needs nobody: what does stands at the top instead."""
    summary_items.clear()


@hooks.register("register_account_menu_item")
def team_mails_item(request: HttpRequest) -> dict[str, Any] | None:
    """From one's account to one's choice of emails, in a cooperative."""
    if not roles_in(request):
        return None
    return {
        "url": reverse("team_mails"),
        "label": _("Set my emails"),
        "help_text": _("Choose what you are written about."),
    }


@hooks.register("register_account_menu_item")
def second_factor_item(request: HttpRequest) -> dict[str, Any]:
    """From one's account to one's second factor."""
    return {
        "url": reverse("mfa_index"),
        "label": _("Two-step log-in"),
        "help_text": _("Add or remove an application of codes, a passkey, recovery codes."),
    }


@hooks.register("construct_admin_api", order=10)
def own_files(router: WagtailAPIRouter) -> None:
    router.register_endpoint("images", OwnImages)
    router.register_endpoint("documents", OwnDocuments)


def refuse_below(request: HttpRequest, page_id: int) -> None:
    """The page above a list is named there, a draft too."""
    if not findable(request.user, Page).filter(pk=page_id).exists():
        raise PermissionDenied


@hooks.register("construct_page_chooser_queryset")
def own_pages(pages: QuerySet, request: HttpRequest) -> QuerySet:
    """The chooser finds what the explorer shows, and no page of another cooperative."""
    match = request.resolver_match
    if match and (parent := match.kwargs.get("parent_page_id")):
        refuse_below(request, parent)
    return pages & findable(request.user, Page)


@hooks.register("construct_explorer_page_queryset")
def own_branches(parent_page: Page, pages: QuerySet, request: HttpRequest) -> QuerySet:
    """Two language trees have only the root above them both, so that Wagtail lets every tree be walked."""
    refuse_below(request, parent_page.pk)
    return pages


@hooks.register("construct_main_menu")
@hooks.register("construct_settings_menu")
@hooks.register("construct_reports_menu")
def hide_the_platform(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    if not request.user.is_superuser:
        menu_items[:] = [item for item in menu_items if item.name not in PLATFORM_MENU]


@hooks.register("before_serve_page")
def make_body_ready(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> None:
    """Pictures and links of the whole page, and of its header, are fetched before anything is rendered."""
    brand = Brand.for_request(request) if hasattr(request, "cooperative") else None
    if brand is None:
        make_ready(page)
    else:
        make_ready(page, None if brand.drawing_name else brand.logo, beside=[brand.shown_footer()])


@hooks.register("register_rich_text_features", order=10)
def links_within_the_house(features: FeatureRegistry) -> None:
    page_links.register(features)
