"""The terms of a translation: not shown in its own editor, read-only or refused in the normal one, never projected."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import translation
from wagtail_localize.models import Translation

from campaigns.models import Campaign, CampaignPage
from home.models import Role
from home.translation import bilingual
from tests.campaigns.editing import fields_of
from tests.factories.campaigns import make_campaign_page, tier, translate
from tests.factories.cooperatives import make_user

MESSAGE = "Montants, limites et dates viennent de la page en français. Changez-les là."


@pytest.fixture(autouse=True)
def scope(inside):
    """All of this is done inside our cooperative."""


@pytest.fixture(autouse=True)
def in_french():
    with translation.override("fr"):
        yield


@pytest.fixture
def editor(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    user = make_user(cooperative, Role.EDITOR)
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def french(cooperative):
    return make_campaign_page(cooperative, tiers=[tier(limit=10), tier("La boîte", 6500)])


@pytest.fixture
def english(french):
    """Kept by hand."""
    return translate(french)


def form_of(page, **changes):
    """The editor's form with what the page holds, then some changes by field name."""
    form_class = CampaignPage.get_edit_handler().get_form_class()
    return form_class(fields_of(page, **changes), instance=page, for_user=None)


TIERS = "body-2-value"


def errors_at(form, *path):
    """The messages at a place inside the body."""
    error = form.errors.as_data()["body"][0]
    for name in path:
        error = error.block_errors[name]
    return error.messages


def test_words_are_free(english):
    changes = {"title": "Get the stone turning", f"{TIERS}-0-value-title": "The bag", "body-0-value-place": "Downtown"}
    form = form_of(english, **changes)
    assert form.is_valid(), form.errors
    assert form.instance.tier_blocks[0].value["title"] == "The bag"


def test_the_terms_of_the_page_are_read_only(english, french):
    posted = {
        "goal_unit": "units",
        "goal": "5",
        "funding_model": "flexible",
        "suggested_amounts": "5",
        "end_date": "2031-01-01",
        "theme": "food",
    }
    form = form_of(english, **posted)
    assert form.is_valid(), form.errors
    page = form.save(commit=False)
    assert [getattr(page, name) for name in posted] == [getattr(french, name) for name in posted]
    assert {str(form.fields[name].help_text) for name in posted} == {MESSAGE}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", "1"),
        ("limit", ""),
        ("limit", "99"),
        ("estimated_delivery", "2030-01"),
        ("handover", "nothing"),
        ("retired", "on"),
    ],
)
def test_a_term_of_a_tier_is_refused_at_its_field(english, name, value):
    form = form_of(english, **{f"{TIERS}-0-value-{name}": value})
    assert not form.is_valid()
    assert errors_at(form, 2, 0, name) == [MESSAGE]


@pytest.mark.parametrize("change", [{f"{TIERS}-1-deleted": "1"}, {f"{TIERS}-0-order": "1", f"{TIERS}-1-order": "0"}])
def test_tiers_are_neither_dropped_nor_moved(english, change):
    form = form_of(english, **change)
    assert not form.is_valid()
    assert form.errors.as_data()["body"][0].block_errors[2].non_block_errors.as_data()[0].messages == [MESSAGE]


def test_a_whole_block_of_terms_is_not_dropped(english):
    form = form_of(english, **{"body-2-deleted": "1"})
    assert not form.is_valid()
    assert form.errors.as_data()["body"][0].non_block_errors.as_data()[0].messages == [MESSAGE]


def test_what_the_french_page_says_now_may_be_said(english, french):
    french.tier_blocks[0].value["amount"] = 4200
    french.save_revision()
    assert form_of(english, **{f"{TIERS}-0-value-amount": "42"}).is_valid()


def test_the_french_page_changes_its_own(french):
    form = form_of(french, **{f"{TIERS}-0-value-amount": "31"})
    assert form.is_valid(), form.errors


def test_the_editor_of_a_stopped_translation_is_the_normal_one_and_says_it(editor, french):
    english = bilingual.open_translation(french, editor.user)
    url = reverse("wagtailadmin_pages:edit", args=[english.pk])
    assert "js-translation-editor" in editor.get(url).content.decode()
    stop = reverse("wagtail_localize:stop_translation", args=[Translation.objects.get().pk])
    editor.post(stop, {"next": url})
    html = editor.get(url).content.decode()
    assert "js-translation-editor" not in html
    assert html.count(MESSAGE) == 6
    assert re.search(r'<input[^>]*name="goal"[^>]*disabled', html)


def test_the_translation_s_editor_shows_words_only(editor, french):
    english = bilingual.open_translation(french, editor.user)
    html = editor.get(reverse("wagtailadmin_pages:edit", args=[english.pk])).content.decode()
    props = json.loads(unescape(re.search(r'data-props="([^"]+)"', html)[1]))
    shown = {one["contentPath"].split(".")[-1] for one in props["segments"]}
    ids = {block.id for block in french.body}
    assert shown - ids == {"title", "slug", "place", "tagline", "heading", "text", "description"}


def test_publishing_a_translation_kept_by_hand_projects_no_term(english):
    before = list(Campaign.objects.values("goal", "deadline", "theme", "rewards__amount", "rewards__limit"))
    for child in english.tier_blocks:
        child.value["amount"], child.value["limit"] = 100, 1
    english.goal = 100
    english.save_revision(clean=False).publish()
    assert list(Campaign.objects.values("goal", "deadline", "theme", "rewards__amount", "rewards__limit")) == before
