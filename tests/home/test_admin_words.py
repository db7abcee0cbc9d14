"""The admin as a French-speaking editor reads it: none of the English that was found there, Québec's words."""

import json
import re
from html import unescape

import polib
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.html import strip_tags
from wagtail.models import Locale
from wagtail.users.models import UserProfile

from home.models import HomePage, Role, TextPage
from home.tenancy import within
from home.translation import bilingual
from sandbox.translations import CATALOGUE, entry_faults
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_user

#: Seen in English, or in the French of France, on one of the pages below.
UNWANTED = re.compile(
    r"Password|Sign in|Skip to|S.identifier|Changer les régions|sûr\(e\)|[Tt]ransfér|Publish|Unpublish|Save draft|"
    r"Translate|Languages|January|February|April|June|July|August|October|November|December|\bthe\b|\byour?\b"
)


@pytest.fixture
def editor(client, cooperative):
    """Someone new, whose browser asks for nothing: French comes first."""
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.user = make_user(cooperative, Role.EDITOR)
    client.force_login(client.user)
    return client


@pytest.fixture
def page(cooperative):
    with within(cooperative):
        return make_campaign_page(cooperative)


def words_of(response):
    html = response.content.decode()
    html = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", html, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', html)
    return unescape(" ".join([strip_tags(html), *spoken]))


ADDRESSES = {
    "home": lambda page: reverse("wagtailadmin_home"),
    "explorer": lambda page: reverse("wagtailadmin_explore", args=[page.get_parent().pk]),
    "edit": lambda page: reverse("wagtailadmin_pages:edit", args=[page.pk]),
    "add": lambda page: reverse("wagtailadmin_pages:add_subpage", args=[page.get_parent().pk]),
    "new": lambda page: reverse("wagtailadmin_pages:add", args=["campaigns", "campaignpage", page.get_parent().pk]),
    "unpublish": lambda page: reverse("wagtailadmin_pages:unpublish", args=[page.pk]),
    "copy": lambda page: reverse("wagtailadmin_pages:copy", args=[page.pk]),
    "move": lambda page: reverse("wagtailadmin_pages:move", args=[page.pk]),
    "history": lambda page: reverse("wagtailadmin_pages:history", args=[page.pk]),
    "usage": lambda page: reverse("wagtailadmin_pages:usage", args=[page.pk]),
    "languages": lambda page: reverse("home_page_languages", args=[page.pk]),
    "translations": lambda page: reverse("home_translations"),
    "images": lambda page: reverse("wagtailimages:index"),
    "image": lambda page: reverse("wagtailimages:add"),
    "documents": lambda page: reverse("wagtaildocs:index"),
    "document": lambda page: reverse("wagtaildocs:add"),
    "search": lambda page: reverse("wagtailadmin_pages:search"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_english_is_left(editor, page, name):
    response = editor.get(ADDRESSES[name](page))
    assert response.status_code == 200
    assert UNWANTED.findall(words_of(response)) == []


def test_no_english_is_left_where_one_logs_in(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    said = words_of(client.get(reverse("wagtailadmin_login"), headers={"accept-language": "fr-CA"}))
    assert UNWANTED.findall(said) == []
    assert "Mot de passe" in said


def test_no_english_is_left_in_the_translation_s_editor(editor, page, cooperative):
    with within(cooperative):
        page.title = "Mai"
        page.save_revision()
        english = bilingual.open_translation(page, editor.user)
    response = editor.get(reverse("wagtailadmin_pages:edit", args=[english.pk]))
    assert UNWANTED.findall(words_of(response)) == []
    html = response.content.decode()
    props = json.loads(unescape(re.search(r'data-props="([^"]+)"', html)[1]))
    comments = [one["comment"] for one in props["initialStringTranslations"]]
    assert UNWANTED.findall(" ".join(comments)) == []
    assert 'data-title="Du français vers l’anglais"' in html
    assert 'data-english-title="français to anglais translation"' in html


@pytest.mark.parametrize(
    ("profile", "browser", "french"),
    [("", "fr-CA", True), ("", "en", False), ("fr", "en", True), ("en", "fr-CA", False)],
)
def test_the_admin_speaks_the_language_of_the_profile_else_of_the_browser(editor, profile, browser, french):
    UserProfile.objects.create(user=editor.user, preferred_language=profile)
    said = words_of(editor.get(reverse("wagtailadmin_home"), headers={"accept-language": browser}))
    assert ("Search" in said, "Chercher" in said) == (not french, french)


def test_what_scripts_say_is_ours_where_it_differs(editor):
    catalogue = polib.pofile(str(CATALOGUE.parent / "djangojs.po"))
    assert {entry.msgid: faults for entry in catalogue if (faults := entry_faults(entry))} == {}
    said = editor.get(
        reverse("wagtail_localize:javascript_catalog"), headers={"accept-language": "fr"}
    ).content.decode()
    assert '"Publish in ": "Publier en "' in said
    said = editor.get(reverse("wagtailadmin_javascript_catalog")).content.decode()
    assert "Voulez-vous vraiment?" in said


def test_every_time_zone_offered_is_one_that_browsers_know():
    assert {"localtime", "Factory"}.isdisjoint(settings.WAGTAIL_USER_TIME_ZONES)
    assert "America/Toronto" in settings.WAGTAIL_USER_TIME_ZONES


def test_a_page_of_text_has_its_buttons_in_french(editor, cooperative):
    with within(cooperative):
        page = TextPage(title="Conditions", locale=Locale.objects.get(language_code="fr"), live=False)
        page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
        page.save_revision()
    said = words_of(editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
    assert ["Traduire en anglais" in said, "Publier les deux langues" in said, "Langues" in said] == [True] * 3
