"""The editor's goal panel: what is posted is reckoned with, for people who may edit that page, and nothing is saved."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Locale, Revision
from wagtail.users.models import UserProfile
from wagtail_localize.models import Translation, TranslationSource

from campaigns.models import CampaignPage
from home.cooperatives.founding import welcome
from home.models import Role
from tests.campaigns.composing import budget
from tests.campaigns.editing import fields_of
from tests.campaigns.reading import words
from tests.factories.campaigns import body_of, make_campaign_page, tier
from tests.factories.cooperatives import make_user

LINES = [("Meule", 80_000, "production"), ("Envois", 12_000, "postage"), ("Frais", 8_000, "fees")]


def make_page(cooperative, **fields):
    body = body_of([tier("Le sac", 3_000, unit_cost=200, postage_cost=300)], extra=[budget(LINES)])
    return make_campaign_page(cooperative, body=body, publish=False, **fields)


@pytest.fixture
def ask(client, cooperative):
    """Post a page's form to its panel, as someone of our team at our host."""

    def post(page, role=Role.EDITOR, data=None, *, below=False, user=None):
        client.defaults["HTTP_HOST"] = cooperative.site.hostname
        client.force_login(user or make_user(cooperative, role, f"{role}@ours.example"))
        name, pk = ("campaign_goal_below", page.get_parent().pk) if below else ("campaign_goal", page.pk)
        return client.post(reverse(name, args=[pk]), fields_of(page) if data is None else data)

    return post


def english(user):
    profile = UserProfile.get_for_user(user)
    profile.preferred_language = "en"
    profile.save()
    return user


def test_what_is_typed_is_reckoned_with_and_nothing_is_saved(cooperative, ask):
    page = make_page(cooperative)
    data = fields_of(page) | {"goal": "2 000"}
    answer = ask(page, data=data, user=english(make_user(cooperative)))
    text = words(answer.content.decode())
    # A mix of $30 rewards: $5 of each in costs, $2.67 in fees.
    assert "A goal of $2,000 leaves $1,488.66 in hand; rewards, mailing and fees take $511.34." in text
    assert "The goal covers the budget: $2,000 for $1,000" in text
    assert "The lines less the other sources come to $1,000: make the goal and the lines agree" in text
    assert "a commission of 5% and processing fees of 2.9% + $0.30 on each" in text
    assert CampaignPage.objects.get(pk=page.pk).goal == 100_000
    assert not Revision.objects.filter(object_id=str(page.pk)).exists()


def test_a_goal_that_is_too_low_says_what_is_missing(cooperative, ask):
    page = make_page(cooperative)
    text = words(ask(page, user=english(make_user(cooperative))).content.decode())
    assert "After costs and fees, the budget is $55.67 short." in text
    assert "Smallest goal that covers the budget: $1,075" in text


def test_a_tier_that_loses_money_is_named(cooperative, ask):
    page = make_page(cooperative)
    page.tier_blocks[0].value["unit_cost"] = 2_800
    text = words(ask(page, user=english(make_user(cooperative))).content.decode())
    assert "“Le sac” costs $31 and brings in $27.33." in text


def test_in_french(cooperative, ask):
    text = words(ask(make_page(cooperative)).content.decode())
    assert "Une fois retirés les coûts et les frais, il manque 55,67 $ au budget." in text


def test_a_page_that_is_not_created_yet(cooperative, ask):
    page = make_page(cooperative)
    assert "1 075 $" in words(ask(page, below=True).content.decode())


def test_what_is_half_typed_is_tolerated(cooperative, ask):
    page = make_page(cooperative)
    blank = {name: "" for name in fields_of(page) if name.endswith("-amount") or name == "goal"}
    data = fields_of(page) | blank
    assert "Dès que la page aura un budget" in words(ask(page, data=data).content.decode())


def test_what_no_form_posts_is_refused(cooperative, ask):
    page = make_page(cooperative)
    user = make_user(cooperative)
    posted = ({"body-count": "x"}, {"body-count": "3"}, {})
    assert [ask(page, data=data, user=user).status_code for data in posted] == [400, 400, 400]


def test_it_is_only_posted_to(cooperative, ask, client):
    page = make_page(cooperative)
    ask(page)
    assert client.get(reverse("campaign_goal", args=[page.pk])).status_code == 405


@pytest.mark.parametrize("below", [False, True])
def test_another_cooperatives_page_is_out_of_reach(cooperative, outsider, ask, below):
    theirs = make_page(outsider, title="Zanzibar")
    both = make_user(cooperative, Role.OWNER, "deux@ours.example")
    assert ask(theirs, below=below).status_code in (302, 403, 404)
    welcome(both, outsider, Role.EDITOR)
    assert ask(theirs, below=below, user=both).status_code in (302, 403, 404)


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
@pytest.mark.parametrize("below", [False, True])
def test_people_who_may_not_edit_are_refused(cooperative, ask, role, below):
    assert ask(make_page(cooperative), role, below=below).status_code == 302


def test_the_form_shows_the_figures_last_saved(cooperative, client):
    page = make_page(cooperative)
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(english(make_user(cooperative)))
    html = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert re.search(rf'data-goal-panel="{reverse("campaign_goal", args=[page.pk])}"', html)
    assert "the budget is $55.67 short" in html
    assert re.search(r'<script src="[^"]*goal-panel[^"]*" type="module">', html)
    parent = page.get_parent().pk
    html = client.get(reverse("wagtailadmin_pages:add", args=["campaigns", "campaignpage", parent])).content.decode()
    assert f'data-goal-panel="{reverse("campaign_goal_below", args=[parent])}"' in html
    assert "Once the page has a budget" in html


def test_the_translation_editor_opens_beside_the_panel(cooperative, client):
    """wagtail-localize walks the panels of the page for its fields: one without a field is passed over."""
    page = make_page(cooperative)
    page.body.raw_data[0]["value"].pop("image")
    page.save()
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation = Translation.objects.create(source=source, target_locale=Locale.objects.get(language_code="en"))
    translation.save_target(publish=False)
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative))
    english = page.get_translation(Locale.objects.get(language_code="en"))
    answer = client.get(reverse("wagtailadmin_pages:edit", args=[english.pk]))
    assert answer.status_code == 200
    assert "data-goal-panel" not in answer.content.decode()
    assert "Meule" in answer.content.decode()
