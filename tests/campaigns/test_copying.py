"""« Recopier ma campagne précédente »: what is kept, what stays behind, and who may."""

from datetime import date

import pytest
from django.urls import reverse

from campaigns import copying
from campaigns.models import Campaign, CampaignPage, Reward
from home.models import Role
from home.tenancy import within
from tests.campaigns.editing import at_home, fresh
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def page(cooperative):
    tiers = [
        tier(available_until="2026-12-31T23:59", unit_cost=450),
        tier("Ancienne", 4000, retired=True),
        tier("La boîte du meunier", 6500, limit=10, estimated_delivery="2020-01"),
    ]
    page = make_campaign_page(cooperative, body=[*body_of(tiers), add_ons(tier("Un mélange", 900))])
    translate(page)
    campaign = Campaign.objects.get()
    make_pledge(campaign)
    make_update(campaign, title="La pierre est là")
    return fresh(page)


def ask(client, page, method="post"):
    return getattr(client, method)(reverse("campaigns_copy_again", args=[page.pk]))


def test_a_new_draft_has_the_words_the_goal_and_what_is_still_offered(page, cooperative):
    before = (Campaign.objects.count(), Reward.objects.count(), list(fresh(page).body.raw_data))
    client = at_home(cooperative)
    assert ask(client, page, "get").status_code == 200
    assert CampaignPage.objects.count() == 2, "asking makes nothing"
    answer = ask(client, page)
    copied = CampaignPage.objects.order_by("-pk").first()
    assert answer.url == reverse("wagtailadmin_pages:edit", args=[copied.pk])
    assert (copied.title, copied.slug) == ("Remettre la meule en marche (copie)", "remettre-la-meule-en-marche-copie")
    assert (copied.goal, copied.funding_model, copied.end_date) == (page.goal, page.funding_model, None)
    assert (copied.live, copied.alias_of_id, copied.locale.language_code) == (False, None, "fr")
    assert copied.translation_key != page.translation_key
    assert copied.get_children().count() == 0
    first, second = copied.tier_blocks
    assert (first.id, first.value["title"]) == (page.tier_blocks[0].id, "Le sac de farine")
    assert (first.value["available_until"], first.value["estimated_delivery"]) == (None, date(2027, 10, 1))
    assert (first.value["unit_cost"], second.value["estimated_delivery"]) == (450, None)
    assert [child.value["title"] for child in copied.add_on_blocks] == ["Un mélange"]
    assert copied.get_latest_revision_as_object().title == copied.title
    assert (Campaign.objects.count(), Reward.objects.count(), list(fresh(page).body.raw_data)) == before


def test_the_editor_opens_and_saves_the_draft(page, cooperative):
    client = at_home(cooperative)
    edit = client.get(ask(client, page).url)
    assert edit.status_code == 200
    assert "(copie)" in edit.content.decode()


def test_the_translation_leads_to_its_source(page, cooperative):
    twin = CampaignPage.objects.get(translation_key=page.translation_key, locale__language_code="en")
    ask(at_home(cooperative), twin)
    assert CampaignPage.objects.order_by("-pk").first().title == "Remettre la meule en marche (copie)"


def test_twice_gives_two_addresses(page, cooperative):
    client = at_home(cooperative)
    ask(client, page)
    ask(client, page)
    slugs = CampaignPage.objects.order_by("-pk").values_list("slug", flat=True)[:2]
    assert sorted(slugs) == ["remettre-la-meule-en-marche-copie", "remettre-la-meule-en-marche-copie-1"]


def test_a_draft_that_was_never_published_is_copied_as_it_was_last_saved(cooperative):
    page = make_campaign_page(cooperative, publish=False)
    page.goal = 77_700
    page.save_revision()
    from tests.factories.cooperatives import make_user

    assert copying.copy_again(fresh(page), by=make_user(cooperative)).goal == 77_700


def test_the_button_stands_on_the_page_and_on_the_home_page(page, cooperative):
    client = at_home(cooperative)
    href = reverse("campaigns_copy_again", args=[page.pk])
    explorer = client.get(reverse("wagtailadmin_explore", args=[page.get_parent().pk])).content.decode()
    assert "Start again from my previous campaign" in explorer
    assert explorer.count(href) >= 2
    assert href in client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_others_of_the_team_make_no_campaign(page, cooperative, role):
    assert ask(at_home(cooperative, role), page).status_code in (302, 403)
    assert CampaignPage.objects.count() == 2


def test_nobody_copies_another_cooperative_s_campaign(page, outsider):
    with within(outsider):
        stranger = at_home(outsider, Role.OWNER)
        for method in ("get", "post"):
            answer = ask(stranger, page, method)
            assert answer.status_code in (302, 403, 404)
            assert "Remettre la meule" not in answer.content.decode()
    assert CampaignPage.objects.filter(title__contains="copie").count() == 0
