"""How far each page is in each language: the report, the panel, the page of one page; and who sees what."""

import re
from datetime import datetime
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from wagtail.models import Locale, Page
from wagtail_localize.models import StringSegment, StringTranslation, TranslationSource

from home.models import HomePage, Role, TextPage
from home.tenancy import within
from home.translation import bilingual
from home.translation.standings import Standing, pairs_of
from tests.factories.campaigns import make_campaign_page, translate
from tests.factories.cooperatives import make_user


@pytest.fixture(autouse=True)
def in_french():
    with translation.override("fr"):
        yield


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


@pytest.fixture
def admin(client, cooperative, editor):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(editor)
    return client


def make_page(cooperative, title="Nos conditions", **fields):
    with within(cooperative):
        page = TextPage(title=title, locale=Locale.objects.get(language_code="fr"), live=False, **fields)
        page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
        page.save_revision()
        return TextPage.objects.get(pk=page.pk)


def translate_all(french):
    locale = Locale.objects.get(language_code="en")
    source = TranslationSource.objects.get(object_id=french.translation_key)
    for segment in StringSegment.objects.filter(source=source).select_related("string", "context"):
        StringTranslation.objects.get_or_create(
            translation_of=segment.string,
            context=segment.context,
            locale=locale,
            defaults={"data": f"EN {segment.string.data}"},
        )


def pair_of(page):
    [pair] = pairs_of(Page.objects.filter(translation_key=page.translation_key))
    return pair


def standing(page):
    pair = pair_of(page)
    return pair.standing, pair.behind


def rewrite(page, **fields):
    page = TextPage.objects.get(pk=page.pk)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision()


def test_a_page_from_its_first_word_to_both_online_and_behind_again(cooperative, editor):
    with within(cooperative):
        page = make_page(cooperative, search_description="Ce que vous acceptez")
        assert standing(page) == (Standing.MISSING, 0)
        bilingual.open_translation(page, editor)
        assert standing(page) == (Standing.BEHIND, 2)
        translate_all(page)
        assert standing(page) == (Standing.DRAFT, 0)
        bilingual.publish_both(page, editor)
        assert standing(page) == (Standing.UP_TO_DATE, 0)
        rewrite(page, title="Nos nouvelles conditions")
        assert standing(page) == (Standing.BEHIND, 1)
        rewrite(page, title="Nos conditions", search_description="")
        assert standing(page) == (Standing.TO_PUBLISH, 0)


def test_publishing_french_alone_leaves_english_to_publish(cooperative, editor):
    with within(cooperative):
        page = make_page(cooperative)
        bilingual.open_translation(page, editor)
        translate_all(page)
        bilingual.publish_both(page, editor)
        TextPage.objects.get(pk=page.pk).save_revision().publish()
    assert standing(page) == (Standing.TO_PUBLISH, 0)


def test_an_english_page_without_french_lacks_french(cooperative):
    english = cooperative.site.root_page.get_translation(Locale.objects.get(language_code="en"))
    page = english.add_child(instance=TextPage(title="Alone", locale=english.locale, live=False))
    page.save_revision()
    pair = pair_of(page)
    assert (pair.standing, pair.lacking) == (Standing.MISSING, "fr")


def test_of_a_page_kept_by_hand_empty_places_are_told(cooperative):
    with within(cooperative):
        page = make_campaign_page(cooperative, search_description="Une meule")
        english = translate(page)
        assert standing(page) == (Standing.UP_TO_DATE, 0)
        english.search_description = ""
        english.save_revision()
    assert standing(page) == (Standing.BEHIND, 1)


def rows(html):
    table = html.split("<tbody>")[1].split("</tbody>")[0]
    return [
        tuple(
            " ".join(unescape(strip_tags(cell)).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        )
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def test_the_report_says_each_standing_and_leads_to_it(admin, cooperative, editor):
    with time_machine.travel(datetime.fromisoformat("2026-10-05T12:00:00-04:00")), within(cooperative):
        page = make_page(cooperative, search_description="Ce que vous acceptez")
        bilingual.open_translation(page, editor)
        translate_all(page)
        bilingual.publish_both(page, editor)
    with within(cooperative):
        rewrite(page, title="Nos prix", search_description="Ce que ça coûte")
        alone = make_page(cooperative, "La confidentialité")
        begun = make_page(cooperative, "Le remboursement")
        bilingual.open_translation(begun, editor)
    html = admin.get(reverse("home_translations")).content.decode()
    assert rows(html) == [
        (
            "Nos prix",
            "Page de texte",
            "L’anglais est en retard : 2 passages ont changé en français depuis le 5 octobre 2026.",
        ),
        ("La confidentialité", "Page de texte", "La page anglaise manque."),
        ("Le remboursement", "Page de texte", "1 passage à traduire en anglais"),
        ("La Meule commune", "Page d’accueil", "Les deux langues sont à jour."),
    ]
    for one in (page, alone, begun):
        assert reverse("home_page_languages", args=[one.pk]) in html


def test_one_page_and_its_two_acts(admin, cooperative, editor):
    page = make_page(cooperative)
    html = admin.get(reverse("home_page_languages", args=[page.pk])).content.decode()
    assert "Traduire en anglais" in html
    assert reverse("home_publish_both", args=[page.pk]) not in html
    response = admin.post(reverse("home_translate", args=[page.pk]))
    english = bilingual.english_of(page)
    assert response.headers["Location"] == reverse("wagtailadmin_pages:edit", args=[english.pk])
    html = admin.get(reverse("home_page_languages", args=[english.pk])).content.decode()
    assert "Traduire ces passages" in html
    with within(cooperative):
        translate_all(page)
    admin.post(reverse("home_publish_both", args=[page.pk]))
    assert {one.live for one in Page.objects.filter(translation_key=page.translation_key)} == {True}


def test_looking_changes_nothing(admin, cooperative):
    page = make_page(cooperative)
    for name in ("home_translate", "home_publish_both"):
        assert admin.get(reverse(name, args=[page.pk])).status_code == 405
    admin.get(reverse("home_page_languages", args=[page.pk]))
    assert (bilingual.english_of(page), TranslationSource.objects.count()) == (None, 0)


def test_the_panel_names_what_needs_work(admin, cooperative):
    make_page(cooperative)
    html = admin.get(reverse("wagtailadmin_home")).content.decode()
    panel = html.split('id="my-day-section"')[1].split("</section>")[0]
    assert "Nos conditions" in panel
    assert "La page anglaise manque." in panel
    assert "La Meule commune" not in panel


@pytest.mark.parametrize(("role", "opens"), [(Role.OWNER, True), (Role.ADVISER, False), (Role.TREASURER, False)])
def test_who_may_open_them(client, cooperative, role, opens):
    page = make_page(cooperative)
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative, role))
    answers = [
        client.get(reverse("home_translations")).status_code,
        client.get(reverse("home_page_languages", args=[page.pk])).status_code,
        client.post(reverse("home_translate", args=[page.pk])).status_code,
    ]
    assert answers == ([200, 200, 302] if opens else [302, 302, 302])
    assert (bilingual.english_of(page) is not None) is opens
    url = reverse("home_page_languages", args=[page.pk])
    assert (url in client.get(reverse("wagtailadmin_home")).content.decode()) is opens


def test_nothing_of_another_cooperative(admin, cooperative, outsider):
    make_page(cooperative)
    theirs = make_page(outsider, "Phare secret")
    pages = [admin.get(reverse("home_translations")), admin.get(reverse("wagtailadmin_home"))]
    assert ["Phare secret" in one.content.decode() for one in pages] == [False, False]
    answers = [
        admin.get(reverse("home_page_languages", args=[theirs.pk])),
        admin.post(reverse("home_translate", args=[theirs.pk])),
        admin.post(reverse("home_publish_both", args=[theirs.pk])),
    ]
    assert [one.headers["Location"] for one in answers] == [reverse("wagtailadmin_home")] * 3
    assert bilingual.english_of(theirs) is None


def test_an_operator_sees_the_cooperative_of_the_host_only(client, cooperative, outsider):
    from home.models import User

    make_page(cooperative)
    make_page(outsider, "Phare secret")
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(User.objects.create_superuser("root@tremplin.example", "secret"))
    html = client.get(reverse("home_translations")).content.decode()
    assert ("Nos conditions" in html, "Phare secret" in html) == (True, False)


def test_queries_do_not_grow_with_pages(cooperative, editor):
    def ask():
        with CaptureQueriesContext(connection) as captured:
            pairs_of(Page.objects.filter(depth__gt=2))
        return len(captured)

    with within(cooperative):
        bilingual.open_translation(make_page(cooperative), editor)
        make_campaign_page(cooperative)
        ask()
        one = ask()
        for number in range(2):
            bilingual.open_translation(make_page(cooperative, f"Page {number}"), editor)
            make_campaign_page(cooperative, title=f"Campagne {number}")
        assert ask() == one <= 6
