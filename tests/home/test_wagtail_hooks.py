"""An editor of one cooperative versus the admin's own pages: nothing of another cooperative is shown or changed."""

import json
import re
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Locale, Page
from wagtail_localize.models import Translation, TranslationSource

from home.models import HomePage, Role, TextPage, User
from tests.factories.cooperatives import make_user

SECRET = "Phare secret"


def make_text_page(cooperative, title):
    page = TextPage(title=title, locale=Locale.objects.get(language_code="fr"))
    page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
    page.save_revision(user=None).publish()
    return page


def make_translation(page):
    """The page submitted to English, its twin still a draft."""
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation = Translation.objects.create(source=source, target_locale=Locale.objects.get(language_code="en"))
    translation.save_target(publish=False)
    return source


@pytest.fixture
def ours(cooperative):
    return make_text_page(cooperative, "Nos conditions")


@pytest.fixture
def theirs(outsider):
    return make_text_page(outsider, SECRET)


@pytest.fixture
def editor(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative, Role.EDITOR))
    return client


@pytest.fixture
def operator(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(User.objects.create_superuser("root@tremplin.example", "secret"))
    return client


def twin(page):
    return Page.objects.filter(translation_key=page.translation_key, locale__language_code="en").first()


def submit(client, page, **data):
    url = reverse("wagtail_localize:submit_page_translation", args=[page.pk])
    english = Locale.objects.get(language_code="en")
    return client.get(url), client.post(url, {"locales": [english.pk], "include_subtree": "", **data})


def refused(*responses):
    return [(response.status_code, response.headers.get("Location")) for response in responses] == [
        (302, reverse("wagtailadmin_home"))
    ] * len(responses)


def test_an_editor_translates_own_pages_only(editor, ours, theirs):
    assert refused(*submit(editor, theirs))
    assert (twin(theirs), TranslationSource.objects.count()) == (None, 0)
    shown, posted = submit(editor, ours)
    assert (shown.status_code, posted.status_code) == (200, 302)
    assert twin(ours) is not None


def test_an_operator_translates_any_page(operator, theirs):
    shown, _posted = submit(operator, theirs)
    assert shown.status_code == 200
    assert twin(theirs) is not None


def test_an_editor_syncs_own_translations_only(editor, ours, theirs, django_capture_on_commit_callbacks):
    urls = {
        page: reverse("wagtail_localize:update_translations", args=[make_translation(page).pk])
        for page in (ours, theirs)
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert refused(editor.get(urls[theirs]), editor.post(urls[theirs], {"publish_translations": "on"}))
    assert twin(theirs).live is False
    assert editor.get(urls[ours]).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert editor.post(urls[ours], {"publish_translations": "on"}).status_code == 302
    assert twin(ours).live is True


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_who_edits_no_page_translates_none(client, cooperative, ours, role):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative, role))
    assert refused(*submit(client, ours))
    assert twin(ours) is None


@pytest.fixture
def files(cooperative, outsider):
    """One image and one document in the collection of each cooperative."""
    for name, title in ((cooperative.name, "La nôtre"), (outsider.name, SECRET)):
        collection = Collection.objects.get(name=name)
        Image.objects.create(title=title, file=get_test_image_file(), collection=collection)
        Document.objects.create(title=title, file=ContentFile(b"x", "x.txt"), collection=collection)


@pytest.mark.parametrize("kind", ["images", "documents"])
def test_the_api_lists_files_of_own_collections(editor, files, kind):
    answer = json.loads(editor.get(f"/admin/api/main/{kind}/").content)
    assert [item["title"] for item in answer["items"]] == ["La nôtre"]
    model = Image if kind == "images" else Document
    other = model.objects.get(title=SECRET)
    assert editor.get(f"/admin/api/main/{kind}/{other.pk}/", follow=True).status_code == 404


@pytest.mark.parametrize("kind", ["images", "documents"])
def test_the_api_lists_every_file_to_an_operator(operator, files, kind):
    answer = json.loads(operator.get(f"/admin/api/main/{kind}/").content)
    assert {item["title"] for item in answer["items"]} == {"La nôtre", SECRET}


def test_the_snippets_api_is_for_operators(editor):
    assert editor.get("/admin/localize/api/snippets/home/brand/").status_code == 403


def test_own_pages_are_found(editor, ours, theirs):
    home = ours.get_parent()
    call_command("update_index", verbosity=0, stdout=StringIO())
    for url in (
        reverse("wagtailadmin_explore", args=[home.pk]),
        reverse("wagtailadmin_choose_page_child", args=[home.pk]),
        reverse("wagtailadmin_choose_page_search") + "?q=conditions",
        reverse("wagtailadmin_reports:site_history"),
    ):
        assert "Nos conditions" in editor.get(url).content.decode(), url
    assert editor.get(reverse("wagtailadmin_explore_root")).status_code == 200


def test_own_translations_are_in_the_report(editor, ours, theirs):
    make_translation(ours), make_translation(theirs)
    response = editor.get(reverse("wagtail_localize:translations_report"))
    assert [row.source.object_repr for row in response.context_data["object_list"]] == ["Nos conditions"]


@pytest.mark.parametrize(
    "name",
    [
        "wagtailusers_users:index",
        "wagtailusers_groups:index",
        "wagtailsites:index",
        "wagtaillocales:index",
        "wagtailredirects:index",
        "wagtailadmin_collections:index",
        "wagtailadmin_workflows:index",
        "wagtailadmin_workflows:task_index",
        "wagtailsnippets:index",
    ],
)
def test_what_belongs_to_the_platform_is_refused_and_not_in_the_menu(editor, name):
    url = reverse(name)
    assert editor.get(url).status_code in {302, 403, 404}
    assert f'"url": "{url}"' not in editor.get(reverse("wagtailadmin_home")).content.decode()


def test_the_menu_of_an_editor(editor):
    body = editor.get(reverse("wagtailadmin_home")).content.decode()
    names = re.findall(r'"name": "([\w-]+)", "label"', body)
    assert {"snippets", "sites", "locales", "redirects", "users", "groups"} & set(names) == set()
