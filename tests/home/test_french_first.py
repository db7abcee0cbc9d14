"""No English page online without its French twin, whichever way one publishes; and what one is told instead."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from wagtail.models import Locale, Page
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from home import clock
from home.models import Cooperative, HomePage, PublicationRefused, Role, TextPage
from home.translation import bilingual
from tests.factories.campaigns import make_campaign_page, translate
from tests.factories.cooperatives import make_user
from tests.updates.making import make_update_page, translate_update

REFUSAL = "La page anglaise ne peut pas être publiée avant la page française."


@pytest.fixture(autouse=True)
def scope(inside):
    """All of this is done inside our cooperative."""


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


@pytest.fixture
def lenient(cooperative):
    """The cooperative does not ask for French first."""
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=False)


def make_page(cooperative, **fields):
    page = TextPage(title="Nos conditions", locale=Locale.objects.get(language_code="fr"), live=False, **fields)
    page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
    page.save_revision()
    return TextPage.objects.get(pk=page.pk)


@pytest.fixture
def french(cooperative):
    return make_page(cooperative)


@pytest.fixture
def english(french):
    """The English twin of a French draft, kept by hand."""
    page = french.copy_for_translation(Locale.objects.get(language_code="en"))
    page.title = "Our terms"
    page.save_revision()
    return TextPage.objects.get(pk=page.pk)


@pytest.fixture
def synced(french, editor):
    """The English twin of a French draft, in the translation's editor, complete."""
    page = bilingual.open_translation(french, editor)
    locale = Locale.objects.get(language_code="en")
    for segment in StringSegment.objects.select_related("string", "context"):
        StringTranslation.objects.get_or_create(
            translation_of=segment.string,
            context=segment.context,
            locale=locale,
            defaults={"data": f"EN {segment.string.data}"},
        )
    return TextPage.objects.get(pk=page.pk)


def live(page):
    return Page.objects.get(pk=page.pk).live


def said(response):
    return [strip_tags(str(message)).split("\n")[0].strip() for message in get_messages(response.wsgi_request)]


def edit(page, **posted):
    data = {"title": page.title, "slug": page.slug, "comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}
    stream = {"body-count": 0}
    return data | stream | posted


# ------------------------------------------------------------------ the rule itself


def test_a_revision_is_not_published_before_french(english):
    with pytest.raises(PublicationRefused) as refused:
        english.get_latest_revision().publish()
    assert refused.value.messages == [REFUSAL]
    assert live(english) is False


def test_each_page_type_keeps_to_it(cooperative):
    campaign = make_campaign_page(cooperative, publish=False)
    with pytest.raises(PublicationRefused):
        translate(campaign)
    live_campaign = make_campaign_page(cooperative, title="Autre")
    translate(live_campaign)
    from campaigns.models import Campaign

    update = make_update_page(Campaign.objects.get(), publish=False)
    with pytest.raises(PublicationRefused):
        translate_update(update)
    home = HomePage.objects.get(pk=cooperative.site.root_page_id)
    home.unpublish()
    with pytest.raises(PublicationRefused):
        home.get_translation(Locale.objects.get(language_code="en")).get_latest_revision().publish()


def test_no_page_is_made_live_by_saving_it(english, cooperative):
    english.live = True
    with pytest.raises(PublicationRefused):
        english.save()
    parent = english.get_parent()
    with pytest.raises(PublicationRefused):
        parent.add_child(instance=TextPage(title="Alone", locale=english.locale))
    assert (live(english), TextPage.objects.filter(title="Alone").exists()) == (False, False)


def test_a_copy_of_an_english_page_is_not_live(french, english):
    french.get_latest_revision().publish()
    TextPage.objects.get(pk=english.pk).get_latest_revision().publish()
    with pytest.raises(PublicationRefused):
        TextPage.objects.get(pk=english.pk).copy(update_attrs={"slug": "copy"}, keep_live=True)
    assert TextPage.objects.get(pk=english.pk).copy(update_attrs={"slug": "copy"}, keep_live=False).live is False


def test_after_french_it_is_published(french, english):
    french.get_latest_revision().publish()
    TextPage.objects.get(pk=english.pk).get_latest_revision().publish()
    assert live(english) is True


@pytest.mark.usefixtures("lenient")
def test_without_the_setting_english_may_go_first(english):
    english.get_latest_revision().publish()
    assert (live(english), live(english.french_twin)) == (True, False)


def test_french_needs_nobody(french):
    french.get_latest_revision().publish()
    assert live(french) is True


@pytest.mark.parametrize("french_first", [True, False])
def test_when_french_goes_offline(french, english, cooperative, french_first):
    french.get_latest_revision().publish()
    TextPage.objects.get(pk=english.pk).get_latest_revision().publish()
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    TextPage.objects.get(pk=french.pk).unpublish()
    assert live(english) is not french_first


@pytest.mark.parametrize("french_first", [True, False])
def test_when_french_is_deleted_or_expires(cooperative, french_first):
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    pages = []
    for title in ("Une", "Deux"):
        one = make_page(cooperative, slug=title.lower(), expire_at=None)
        one.get_latest_revision().publish()
        twin = one.copy_for_translation(Locale.objects.get(language_code="en"))
        twin.save_revision().publish()
        pages.append((TextPage.objects.get(pk=one.pk), twin))
    pages[0][0].delete()
    TextPage.objects.filter(pk=pages[1][0].pk).update(expire_at=clock.now() - timedelta(minutes=1))
    call_command("publish_scheduled")
    assert [live(twin) for _page, twin in pages] == [not french_first] * 2


# ------------------------------------------------------------------ by the clock


def schedule(page, when):
    page = page.specific_class.objects.get(pk=page.pk)
    page.go_live_at = when
    page.save_revision().publish()


def test_english_is_scheduled_with_or_after_french_only(french, english):
    soon = clock.now() + timedelta(hours=1)
    with pytest.raises(PublicationRefused):
        schedule(english, soon)
    schedule(french, soon)
    with pytest.raises(PublicationRefused):
        schedule(english, soon - timedelta(minutes=5))
    schedule(english, soon)
    assert Page.objects.get(pk=english.pk).approved_schedule is True


def test_at_the_hour_english_waits_for_french_and_stops_nothing_else(cooperative, french, english):
    soon = clock.now() + timedelta(hours=1)
    other = make_page(cooperative, slug="autre")
    for page in (french, english, other):
        schedule(page, soon)
    TextPage.objects.get(pk=french.pk).revisions.update(approved_go_live_at=None)
    with time_machine.travel(soon + timedelta(minutes=1)):
        call_command("publish_scheduled")
        assert (live(english), live(other)) == (False, True)
        TextPage.objects.get(pk=french.pk).get_latest_revision().publish()
        call_command("publish_scheduled")
    assert (live(french), live(english)) == (True, True)


def test_both_are_scheduled_in_one_act_and_go_online_together(french, synced, editor):
    page = TextPage.objects.get(pk=french.pk)
    page.go_live_at = clock.now() + timedelta(hours=1)
    page.save_revision()
    bilingual.publish_both(page, editor)
    both = [Page.objects.get(pk=one.pk) for one in (french, synced)]
    assert [(one.live, one.approved_schedule) for one in both] == [(False, True)] * 2
    with time_machine.travel(page.go_live_at + timedelta(minutes=1)):
        call_command("publish_scheduled")
    assert (live(french), live(synced)) == (True, True)


# ------------------------------------------------------------------ in the admin


def test_the_editor_is_told_and_the_draft_is_kept(admin, english):
    url = reverse("wagtailadmin_pages:edit", args=[english.pk])
    response = admin.post(url, edit(english, title="Our new terms", **{"action-publish": "action-publish"}))
    assert (response.status_code, response.headers["Location"]) == (302, url)
    assert said(response) == [REFUSAL]
    assert reverse("home_page_languages", args=[english.pk]) in str(next(iter(get_messages(response.wsgi_request))))
    page = TextPage.objects.get(pk=english.pk)
    assert (page.live, page.get_latest_revision_as_object().title) == (False, "Our new terms")


@pytest.mark.usefixtures("lenient")
def test_the_editor_publishes_without_the_setting(admin, english):
    url = reverse("wagtailadmin_pages:edit", args=[english.pk])
    admin.post(url, edit(english, **{"action-publish": "action-publish"}))
    assert live(english) is True


@pytest.mark.parametrize(("french_first", "online"), [(True, False), (False, True)])
def test_a_new_english_page_is_kept_as_a_draft(admin, cooperative, french_first, online):
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    parent = cooperative.site.root_page.get_translation(Locale.objects.get(language_code="en"))
    url = reverse("wagtailadmin_pages:add", args=["home", "textpage", parent.pk])
    page = TextPage(title="Alone", slug="alone")
    response = admin.post(url, edit(page, **{"action-publish": "action-publish"}))
    assert TextPage.objects.get(slug="alone").live is online
    assert (REFUSAL in said(response)) is french_first


@pytest.mark.parametrize("french_first", [True, False])
def test_bulk_publishing(admin, cooperative, french, english, french_first):
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    other = make_page(cooperative, slug="autre")
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    response = admin.post(f"{url}?id={other.pk}&id={english.pk}", {"include_descendants": ""})
    assert (live(other), live(english)) == ((False, False) if french_first else (True, True))
    if french_first:
        assert said(response) == [REFUSAL]


def test_bulk_publishing_of_both(admin, french, english):
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    admin.post(f"{url}?id={english.pk}&id={french.pk}", {"include_descendants": ""})
    assert (live(french), live(english)) == (True, True)


@pytest.mark.parametrize("french_first", [True, False])
def test_the_editor_of_the_translation(admin, cooperative, synced, french_first, django_capture_on_commit_callbacks):
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    url = reverse("wagtailadmin_pages:edit", args=[synced.pk])
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(url, {"action": "publish"})
    assert (response.status_code, response.headers["Location"]) == (302, url)
    assert (live(synced), REFUSAL in said(response)) == (not french_first, french_first)


def test_the_editor_of_the_translation_does_not_run_ahead_of_french(admin, french, synced, editor):
    bilingual.publish_both(french, editor)
    page = TextPage.objects.get(pk=french.pk)
    page.title = "Nos nouvelles conditions"
    page.save_revision()
    bilingual.open_translation(page, editor)
    response = admin.post(reverse("wagtailadmin_pages:edit", args=[synced.pk]), {"action": "publish"})
    assert said(response) == ["La page française a des changements qui ne sont pas publiés; cette traduction les suit."]
    assert TextPage.objects.get(pk=synced.pk).title == "EN Nos conditions"


@pytest.mark.parametrize("french_first", [True, False])
def test_bringing_translations_in_step(
    admin, cooperative, french, synced, french_first, django_capture_on_commit_callbacks
):
    Cooperative.objects.filter(pk=cooperative.pk).update(french_first=french_first)
    source = TranslationSource.objects.get(object_id=french.translation_key)
    url = reverse("wagtail_localize:update_translations", args=[source.pk])
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(url, {"publish_translations": "on"})
    assert live(synced) is not french_first
    if french_first:
        assert response.status_code == 200
        assert response.context["form"].errors == {"publish_translations": [REFUSAL]}


def test_the_copy_form_says_it_at_its_box(admin, french, english):
    french.get_latest_revision().publish()
    TextPage.objects.get(pk=english.pk).get_latest_revision().publish()
    url = reverse("wagtailadmin_pages:copy", args=[english.pk])
    posted = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": english.get_parent().pk}
    response = admin.post(url, posted | {"publish_copies": "on"})
    assert response.context["form"].errors == {"publish_copies": [REFUSAL]}
    assert admin.post(url, posted).status_code == 302
    assert TextPage.objects.get(slug="copy").live is False


def test_unpublishing_french_in_the_admin_says_what_else_goes(admin, french, english):
    french.get_latest_revision().publish()
    TextPage.objects.get(pk=english.pk).get_latest_revision().publish()
    response = admin.post(reverse("wagtailadmin_pages:unpublish", args=[french.pk]))
    assert (live(french), live(english)) == (False, False)
    assert "La page anglaise n’est plus en ligne non plus." in said(response)


# ------------------------------------------------------------------ both, by one button


def test_one_button_publishes_both(admin, french, synced):
    url = reverse("wagtailadmin_pages:edit", args=[french.pk])
    response = admin.post(url, edit(french, **{"action-publish-both": "on"}))
    assert said(response) == ["Les deux langues sont publiées."]
    assert (live(french), live(synced)) == (True, True)


def test_one_button_publishes_neither_and_leads_to_what_is_missing(admin, french, synced):
    url = reverse("wagtailadmin_pages:edit", args=[french.pk])
    response = admin.post(url, edit(french, title="Nos nouvelles conditions", **{"action-publish-both": "on"}))
    message = str(next(iter(get_messages(response.wsgi_request))))
    assert said(response) == ["L’anglais n’est pas complet; rien n’a été publié."]
    assert reverse("wagtailadmin_pages:edit", args=[synced.pk]) in message
    assert "Voir ce qui manque" in message
    assert (live(french), live(synced)) == (False, False)
    assert TextPage.objects.get(pk=french.pk).get_latest_revision_as_object().title == "Nos nouvelles conditions"


def test_one_button_asks_all_that_publishing_asks(admin, cooperative):
    """At the field, with what was typed kept."""
    page = make_campaign_page(cooperative, publish=False)
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    response = admin.post(url, edit(page, goal="", **{"action-publish-both": "on"}))
    assert response.status_code == 200
    assert "goal" in response.context["form"].errors
    assert live(page) is False


def test_a_button_of_the_editor_leads_to_the_translation(admin, french):
    url = reverse("wagtailadmin_pages:edit", args=[french.pk])
    response = admin.post(url, edit(french, title="Nos prix", **{"action-translate": "on"}))
    english = bilingual.english_of(french)
    assert response.headers["Location"] == reverse("wagtailadmin_pages:edit", args=[english.pk])
    assert StringSegment.objects.get(context__path="title").string.data == "Nos prix"
    assert Translation.objects.count() == 1
    assert (live(french), live(english)) == (False, False)
    shown = admin.get(response.headers["Location"]).content.decode()
    assert reverse("wagtailadmin_pages:edit", args=[french.pk]) in shown
