"""Where the two languages meet Wagtail's admin: buttons, the menu, and what is said instead of publishing."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets import Button
from wagtail.models import Page
from wagtail_localize import wagtail_hooks as localize
from wagtail_localize.models import Translation

from home.admin_access import RoleMenuItem
from home.languages import ENGLISH, FRENCH
from home.models import PublicPage, User
from home.translation import bilingual_views as views

#: In the editor's form: the button that leads to the translation, and the one that publishes both languages.
TRANSLATE, PUBLISH_BOTH = "action-translate", "action-publish-both"

# Two buttons of wagtail-localize's go: one prepares a translation from what is online instead of the draft, the other
# says what ours does in two steps. There is no hook to take a button of another's away.
for _place in ("register_page_header_buttons", "register_page_listing_more_buttons"):
    hooks._hooks[_place] = [
        (function, order)
        for function, order in hooks._hooks[_place]
        if function is not localize.page_listing_more_buttons
    ]


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    return [
        path("translations/", views.report, name="home_translations"),
        path("translations/<int:page_id>/", views.page_languages, name="home_page_languages"),
        path("translations/<int:page_id>/translate/", views.translate, name="home_translate"),
        path("translations/<int:page_id>/publish/", views.publish, name="home_publish_both"),
    ]


@hooks.register("register_reports_menu_item")
def report_item() -> RoleMenuItem:
    return RoleMenuItem(
        gettext_lazy("Translations behind"),
        reverse_lazy("home_translations"),
        name="translations-behind",
        icon_name=views.ICON,
        order=100,
        roles=views.ROLES,
    )


@hooks.register("construct_reports_menu")
def one_report_of_translations(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """Ours says what is behind; wagtail-localize's lists what was ever submitted."""
    menu_items[:] = [item for item in menu_items if not isinstance(item, localize.TranslationsReportMenuItem)]


# ------------------------------------------------------------------ buttons


@hooks.register("register_page_header_buttons")
def header_buttons(page: Page, user: User, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    if not issubclass(page.specific_class, PublicPage) or not page.permissions_for_user(user).can_edit():
        return
    yield Button(_("Languages"), reverse("home_page_languages", args=[page.pk]), icon_name=views.ICON, priority=4)
    if page.locale.language_code == ENGLISH:
        french = Page.objects.filter(translation_key=page.translation_key, locale__language_code=FRENCH).first()
        if french is not None:
            url = reverse("wagtailadmin_pages:edit", args=[french.pk])
            yield Button(_("Edit the French page"), url, icon_name="edit", priority=4)


class FrenchActionMenuItem(ActionMenuItem):
    """An act of the French page's editor, which saves the draft on the way."""

    def is_shown(self, context: dict[str, Any]) -> bool:
        if context["view"] != "edit" or context["locked_for_user"]:
            return False
        page: Page = context["page"]
        return isinstance(page, PublicPage) and page.locale.language_code == FRENCH


class TranslateMenuItem(FrenchActionMenuItem):
    name = TRANSLATE
    label = gettext_lazy("Translate into English")
    icon_name = views.ICON


class PublishBothMenuItem(FrenchActionMenuItem):
    name = PUBLISH_BOTH
    label = gettext_lazy("Publish both languages")
    icon_name = "upload"

    def is_shown(self, context: dict[str, Any]) -> bool:
        return super().is_shown(context) and self.get_user_page_permissions_tester(context).can_publish()


@hooks.register("register_page_action_menu_item")
def translate_item() -> ActionMenuItem:
    return TranslateMenuItem(order=10)


@hooks.register("register_page_action_menu_item")
def publish_both_item() -> ActionMenuItem:
    return PublishBothMenuItem(order=31)


# ------------------------------------------------------------------ what the editor's form does


@hooks.register("before_edit_page", order=-20)
def read_the_button(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Publishing both is checked as publishing is; the translation's editor is told where it may not publish."""
    if request.method != "POST" or not isinstance(page, PublicPage):
        return None
    if PUBLISH_BOTH in request.POST:
        _press(request, "action-publish")
    if request.POST.get("action") == "publish" and _is_synced(page):
        return _refuse_translation(request, page)
    return None


def _press(request: HttpRequest, button: str) -> None:
    posted = request.POST.copy()
    posted[button] = button
    request.POST = posted  # type: ignore[assignment]


def _is_synced(page: Page) -> bool:
    known = Translation.objects.filter(source__object_id=page.translation_key, enabled=True)
    return known.filter(target_locale=page.locale_id).exists()


def _refuse_translation(request: HttpRequest, page: PublicPage) -> HttpResponse | None:
    refusal = page.refusal_to_publish() or _ahead_of_french(page)
    return say_refusal(request, page, refusal) if refusal else None


def _ahead_of_french(page: PublicPage) -> str | None:
    """The translation was prepared from a French draft that nobody can read yet."""
    french = page.french_twin
    if french is None or not french.has_unpublished_changes or not french.last_published_at:
        return None
    ahead = Translation.objects.filter(
        source__object_id=page.translation_key,
        target_locale=page.locale_id,
        source__last_updated_at__gt=french.last_published_at,
    )
    if not ahead.exists() or not page.french_goes_first():
        return None
    return _("The French page has changes that are not published; this translation follows them.")


def say_refusal(request: HttpRequest, page: Page, refusal: str) -> HttpResponse:
    """Back to the editor, with the sentence and the way out of it."""
    url = reverse("home_page_languages", args=[page.pk])
    messages.error(request, refusal, buttons=[messages.button(url, _("Publish both languages"))])
    return redirect("wagtailadmin_pages:edit", page.pk)


@hooks.register("before_publish_page", order=-20)
def ask_before_publishing(request: HttpRequest, page: Page) -> HttpResponse | None:
    """The draft is saved by now."""
    if PUBLISH_BOTH in request.POST:
        return views.to_publication(request, page)
    refusal = page.refusal_to_publish() if isinstance(page, PublicPage) else None
    if refusal is None:
        return None
    if page.locale.language_code == FRENCH:
        messages.error(request, refusal)
        return redirect("wagtailadmin_pages:edit", page.pk)
    return say_refusal(request, page, refusal)


@hooks.register("after_edit_page", order=-20)
def go_and_translate(request: HttpRequest, page: Page) -> HttpResponse | None:
    return views.to_translation(request, page) if TRANSLATE in request.POST else None


@hooks.register("before_create_page", order=-20)
def create_as_draft(request: HttpRequest, parent_page: Page, page_class: type[Page]) -> None:
    """A new page that may not go live yet is kept as a draft: Wagtail would make it live before it asks."""
    if request.method != "POST" or "action-publish" not in request.POST or not issubclass(page_class, PublicPage):
        return
    refusal = page_class(locale=parent_page.locale).refusal_to_publish()
    if refusal is not None:
        posted = request.POST.copy()
        del posted["action-publish"]
        request.POST = posted  # type: ignore[assignment]
        messages.warning(request, refusal)


@hooks.register("before_bulk_action", order=-20)
def french_first(request: HttpRequest, action_type: str, objects: list[Any], action: Any) -> None:
    """Of pages published together, the French ones go first."""
    if action_type == "publish":
        objects.sort(key=lambda page: page.locale.language_code != FRENCH)


@hooks.register("after_unpublish_page")
def tell_of_the_twin(request: HttpRequest, page: Page) -> None:
    """The English page went with it (home.signal_handlers)."""
    if isinstance(page, PublicPage) and page.locale.language_code == FRENCH and page.french_goes_first():
        messages.info(request, _("The English page is no longer online either."))
