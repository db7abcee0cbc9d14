"""Every operation on a campaign's page, through Wagtail's own views, with pledges present: terms, stock and pledges
are right after it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone, translation
from wagtail.models import Locale, Page, Revision
from wagtail_localize.models import StringTranslation, Translation, TranslationSource

from campaigns import publishing, removal, term_checks
from campaigns.models import Ambassador, Campaign, CampaignPage, Reward, RewardStock
from home.models import PublicationRefused, Role
from home.tenancy import across_cooperatives, within
from pledges import pledging
from pledges.choosing import ChosenReward, PledgeRefused, PledgeRequest
from pledges.models import Pledge, PledgeItem
from tests.campaigns.editing import address, at_home, errors_of, fields_of, fresh, save, tier
from tests.factories.campaigns import make_campaign_page, translate
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def editor(cooperative):
    return at_home(cooperative)


@pytest.fixture
def page(cooperative):
    """The French page of a live campaign that has an English twin and two pledges."""
    page = make_campaign_page(cooperative)
    translate(page, tier_titles=("The bag of flour", "The miller's box"))
    flour, box = Reward.objects.order_by("position")
    campaign = Campaign.objects.get()
    make_pledge(campaign, rewards=[(flour, 1), (box, 2)])
    make_pledge(campaign, rewards=[(box, 1)], state="pending")
    return fresh(page)


@pytest.fixture
def twin(page):
    return CampaignPage.objects.get(translation_key=page.translation_key, locale__language_code="en")


@pytest.fixture
def draft(cooperative):
    """An approved campaign, published and never launched."""
    page = make_campaign_page(cooperative, launch=False)
    translate(page)
    return fresh(page)


TERMS = ("state", "goal", "funding_model", "currency", "deadline", "source_locale_id", "title_fr", "title_en")
TIERS = ("block_id", "kind", "position", "amount", "limit", "estimated_delivery", "title_fr", "title_en", "retired_at")


def everything():
    """Terms, stock and pledges as they stand."""
    return {
        "campaign": list(Campaign.objects.order_by("pk").values_list(*TERMS)),
        "tiers": list(Reward.objects.order_by("pk").values_list(*TIERS)),
        "stock": list(RewardStock.objects.order_by("pk").values_list("limit", "held", "promised")),
        "pledges": list(Pledge.objects.order_by("pk").values_list("state", "amount")),
        "items": list(
            PledgeItem.objects.order_by("pk").values_list("reward__block_id", "quantity", "unit_amount", "first_month")
        ),
    }


def confirmed(page, name="unpublish"):
    return reverse(f"wagtailadmin_pages:{name}", args=[page.pk])


def said(response):
    return [str(message).strip() for message in response.context["messages"]]


# publish


def test_publishing_again_changes_what_may_change_and_nothing_that_was_promised(editor, page):
    before = everything()
    assert (
        save(editor, page, **{tier(page, 1, "limit"): "20", tier(page, 0, "description"): "Autre."}).status_code == 302
    )
    after = everything()
    assert after["stock"] == [(20, 1, 2)]
    assert [row[4] for row in after["tiers"]] == [None, 20]
    assert Reward.objects.get(position=0).description_fr == "Autre."
    assert {**after, "tiers": before["tiers"], "stock": before["stock"]} == before
    assert list(term_checks.all_differences()) == []


def test_publishing_a_refused_change_changes_nothing(editor, page):
    before = everything()
    response = save(editor, page, **{tier(page, 0, "amount"): "31", tier(page, 0, "description"): "Autre."})
    assert list(errors_of(response)) == [("reward_tiers", 0, "amount")]
    assert everything() == before
    assert Reward.objects.get(position=0).description_fr != "Autre."


def test_order_follows_the_page(editor, page):
    first, second = tier(page, 0, "x")[: -len("-value-x")], tier(page, 1, "x")[: -len("-value-x")]
    titles = [row[6] for row in everything()["tiers"]]
    assert save(editor, page, **{f"{first}-order": "1", f"{second}-order": "0"}).status_code == 302
    assert [reward.title_fr for reward in Reward.objects.order_by("position")] == titles[::-1]
    assert PledgeItem.objects.order_by("pk").first().reward.title_fr == titles[0]


# scheduled publish


def in_an_hour():
    return timezone.localtime(timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")


def test_a_change_that_is_only_scheduled_writes_nothing_until_it_goes_live(editor, page):
    before = everything()
    later = in_an_hour()
    assert save(editor, page, go_live_at=later, **{tier(page, 1, "limit"): "20"}).status_code == 302
    assert fresh(page).live
    assert everything() == before
    Revision.objects.exclude(approved_go_live_at=None).update(approved_go_live_at=timezone.now() - timedelta(minutes=1))
    CampaignPage.objects.filter(pk=page.pk).update(go_live_at=timezone.now() - timedelta(minutes=1))
    revision = Revision.objects.exclude(approved_go_live_at=None).get()
    revision.content["go_live_at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    revision.save()
    with across_cooperatives():
        call_command("publish_scheduled")
    assert RewardStock.objects.get().limit == 20
    assert everything()["pledges"] == before["pledges"]


def test_a_first_publication_that_is_only_scheduled_founds_nothing(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False)
    assert save(editor, page, go_live_at=in_an_hour()).status_code == 302
    assert not fresh(page).live
    assert list(Campaign.objects.all()) == []


# unpublish


def request_for(campaign, reward, attempt="11111111-1111-4111-8111-111111111111"):
    return PledgeRequest(
        campaign_id=campaign.pk,
        attempt=attempt,
        email="camille@courriel.example",
        name="Camille",
        language="fr",
        consent_text="J’accepte.",
        consent_version="1",
        chosen=[ChosenReward(reward.pk, 1, reward.amount)],
    )


def test_unpublishing_one_language_leaves_everything_and_people_may_go_on(editor, twin, cooperative, on_host):
    before = everything()
    answer = editor.post(confirmed(twin), follow=True)
    assert not fresh(twin).live
    assert "people can still contribute" in " ".join(said(answer))
    assert everything() == before
    campaign = Campaign.objects.get()
    assert on_host(cooperative).get(f"/fr/contribuer/{campaign.pk}/").context["form"]


def test_once_no_language_is_public_nobody_contributes_and_what_was_promised_stands(
    editor, page, twin, cooperative, on_host
):
    before = everything()
    editor.post(confirmed(page))
    answer = editor.post(confirmed(twin), follow=True)
    assert "Nobody can contribute until a page is published again." in " ".join(said(answer))
    assert everything() == before
    campaign, reward = Campaign.objects.get(), Reward.objects.order_by("position").first()
    form = on_host(cooperative).get(f"/en/contribute/{campaign.pk}/")
    assert "The page of this campaign is not published at the moment" in form.content.decode()
    assert "<form" not in form.content.decode().split("<main")[1].split("</main")[0]
    with pytest.raises(PledgeRefused) as refused:
        pledging.begin(cooperative, request_for(campaign, reward))
    assert refused.value.code == "hidden"
    assert everything() == before
    pledge = Pledge.objects.select_related("campaign", "cooperative", "backer").get(state="confirmed")
    assert pledging.cancel(pledge), "whoever contributed may still cancel"
    fresh(page).get_latest_revision().publish()
    assert pledging.begin(cooperative, request_for(campaign, reward)).pledge.amount == 3000


def test_unpublishing_several_at_once_says_the_same(editor, page, twin):
    before = everything()
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "unpublish"]) + f"?id={page.pk}&id={twin.pk}"
    answer = editor.post(url, {"include_descendants": ""}, follow=True)
    assert not CampaignPage.objects.live().exists()
    assert "Nobody can contribute" in " ".join(said(answer))
    assert everything() == before


def test_a_page_that_expires_ends_no_campaign(page):
    before = everything()
    CampaignPage.objects.update(expire_at=timezone.now() - timedelta(minutes=1))
    with across_cooperatives():
        call_command("publish_scheduled")
    assert not CampaignPage.objects.live().exists()
    assert everything() == before


# revert


def test_an_old_revision_brings_no_old_price_back(cooperative, editor):
    page = make_campaign_page(cooperative)
    old = page.latest_revision
    page.tier_blocks[0].value["amount"] = 3500
    page.save_revision().publish()
    make_pledge(Campaign.objects.get(), rewards=[(Reward.objects.get(amount=3500), 1)])
    before = everything()
    shown = editor.get(reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, old.pk]))
    assert shown.status_code == 200
    reverted = old.as_object()
    response = editor.post(address(page), fields_of(reverted) | {"action-publish": "1", "revision": str(old.pk)})
    assert list(errors_of(response)) == [("reward_tiers", 0, "amount")]
    assert everything() == before
    old.publish()
    assert everything() == before, "published by other ways, its frozen terms hold all the same"
    assert [one.mendable for one in term_checks.all_differences()] == [False]


# copy


def test_a_copy_is_a_draft_campaign_of_its_own(editor, page):
    before = everything()
    form = editor.get(confirmed(page, "copy")).context["form"]
    assert set(form.fields) == {"new_title", "new_slug", "new_parent_page"}
    data = {"new_title": "Copie", "new_slug": "copie", "new_parent_page": str(page.get_parent().pk)}
    answer = editor.post(confirmed(page, "copy"), data | {"publish_copies": "on", "alias": "on", "copy_subpages": "on"})
    assert answer.status_code == 302
    copied = CampaignPage.objects.get(slug="copie")
    assert (copied.live, copied.alias_of_id, copied.translation_key == page.translation_key) == (False, None, False)
    assert [child.id for child in copied.tier_blocks] == [child.id for child in page.tier_blocks]
    assert everything() == before


def test_publishing_a_copy_neither_approves_nor_launches_it(page):
    before = everything()
    with pytest.raises(PublicationRefused), transaction.atomic():
        page.copy(update_attrs={"slug": "copie", "title": "Copie"}, keep_live=True)
    copied = page.copy(update_attrs={"slug": "copie", "title": "Copie"}, keep_live=False)
    with pytest.raises(PublicationRefused):
        copied.save_revision().publish()
    assert everything() == before


def test_an_alias_has_no_terms_and_shows_those_of_its_page(page):
    before = everything()
    alias = page.create_alias(update_slug="alias")
    assert publishing.project(alias) is None
    page.save_revision().publish()
    assert everything() == before
    assert CampaignPage.objects.get(pk=alias.pk).campaign == Campaign.objects.get()
    assert list(term_checks.all_differences()) == []
    CampaignPage.objects.get(pk=alias.pk).delete()
    assert everything() == before


# move


def test_a_page_does_not_move_to_another_cooperative(page, outsider):
    before = everything()
    operator = at_home(page.campaign.cooperative, Role.OWNER)
    theirs = outsider.site.root_page
    from home.models import User

    User.objects.update(is_superuser=True)
    url = reverse("wagtailadmin_pages:move_confirm", args=[page.pk, theirs.pk])
    answer = operator.post(url, follow=True)
    assert "This page cannot move to another cooperative." in said(answer)
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "move"]) + f"?id={page.pk}"
    answer = operator.post(bulk, {"chooser": str(theirs.pk)}, follow=True)
    assert answer.context["form"].errors.keys() == {"chooser"}, "another cooperative's page is not there to be chosen"
    with pytest.raises(PermissionDenied):
        fresh(page).move(theirs, pos="last-child")
    assert fresh(page).get_parent() == page.get_parent()
    assert everything() == before


def test_a_page_stays_in_the_tree_of_its_language(page, twin):
    with pytest.raises(PermissionDenied):
        page.move(twin.get_parent(), pos="last-child")
    assert fresh(page).get_parent().locale.language_code == "fr"


def test_a_page_may_change_places(editor, page, cooperative):
    other = make_campaign_page(cooperative, title="Autre")
    before = everything()
    url = reverse("wagtailadmin_pages:set_page_position", args=[page.pk]) + "?position=1"
    assert editor.post(url).status_code == 200
    assert [one.pk for one in page.get_parent().get_children()] == [other.pk, page.pk]
    assert everything() == before


# delete


def test_a_page_with_contributions_is_not_deleted(page, cooperative):
    before = everything()
    owner = superuser(cooperative)
    answer = owner.post(confirmed(page, "delete"), follow=True)
    assert said(answer) == [
        "This page holds the amounts and dates of a campaign with contributions: it cannot be deleted. Unpublish it."
    ]
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"]) + f"?id={page.pk}"
    assert any("it cannot be deleted" in one for one in said(owner.post(bulk, follow=True)))
    for delete in (fresh(page).delete, Page.objects.get(pk=page.pk).delete, Page.objects.filter(pk=page.pk).delete):
        with pytest.raises(ProtectedError), transaction.atomic():
            delete()
    assert fresh(page).live
    assert everything() == before


def superuser(cooperative):
    from home.models import User

    client = at_home(cooperative, Role.OWNER)
    User.objects.update(is_superuser=True)
    return client


def test_the_translation_may_go_and_terms_stay(page, twin, cooperative):
    before = everything()
    assert superuser(cooperative).post(confirmed(twin, "delete")).status_code == 302
    assert list(CampaignPage.objects.all()) == [page]
    assert everything() == before


def test_a_launched_page_without_contributions_is_unpublished_rather_than_deleted(cooperative):
    page = make_campaign_page(cooperative)
    with translation.override("en"):
        obstacle = removal.obstacle_to_deleting(page)
    assert obstacle == ("This page holds the amounts and dates of a campaign that was launched. Unpublish it instead.")


def test_a_page_that_was_never_launched_goes_with_its_terms_and_its_translation(draft, cooperative):
    assert Reward.objects.count() == 2
    assert superuser(cooperative).post(confirmed(draft, "delete")).status_code == 302
    assert (CampaignPage.objects.count(), Campaign.objects.count(), Reward.objects.count()) == (0, 0, 0)
    assert RewardStock.objects.count() == 0


def test_terms_that_something_holds_on_to_stay_whole(draft, cooperative):
    campaign = Campaign.objects.get()
    Ambassador.objects.create(
        cooperative=cooperative, campaign=campaign, name="Lison", code="lison", created_at=timezone.now()
    )
    draft.delete()
    assert (Campaign.objects.count(), Reward.objects.count(), RewardStock.objects.count()) == (1, 2, 1)


# translations


def sync(client, page):
    source = TranslationSource.objects.get(object_id=page.translation_key)
    return client.post(f"/admin/localize/update/{source.pk}/", {"publish_translations": "on"})


@pytest.fixture
def synced(cooperative, editor, django_capture_on_commit_callbacks):
    """A live campaign saved by the form and translated by wagtail-localize, with pledges."""
    page = make_campaign_page(cooperative)
    assert save(editor, page).status_code == 302
    page = fresh(page)
    source, _created = TranslationSource.update_or_create_from_instance(page)
    english = Locale.objects.get(language_code="en")
    with django_capture_on_commit_callbacks(execute=True):
        translation = Translation.objects.create(source=source, target_locale=english)
        translation.save_target(publish=True)
    flour, box = Reward.objects.order_by("position")
    make_pledge(Campaign.objects.get(), rewards=[(flour, 1), (box, 2)])
    return fresh(page)


def test_syncing_translations_writes_texts_only(editor, synced, django_capture_on_commit_callbacks):
    assert (
        save(editor, synced, **{tier(synced, 1, "limit"): "20", tier(synced, 0, "description"): "Autre."}).status_code
        == 302
    )
    before = everything()
    with django_capture_on_commit_callbacks(execute=True):
        assert sync(editor, synced).status_code == 302
    assert everything() == before
    assert Reward.objects.get(position=0).description_en == "Autre."
    assert list(term_checks.all_differences()) == []


def test_editing_a_translation_writes_its_texts_only(editor, synced, django_capture_on_commit_callbacks):
    before = everything()
    twin = CampaignPage.objects.get(translation_key=synced.translation_key, locale__language_code="en")
    translation = Translation.objects.get()
    segment = translation.source.stringsegment_set.get(string__data="Le sac de farine")
    english = Locale.objects.get(language_code="en")
    edit = reverse("wagtail_localize:edit_string_translation", args=[translation.pk, segment.pk])
    assert (
        editor.put(edit, "value=The+bag+of+flour", content_type="application/x-www-form-urlencoded").status_code == 201
    )
    assert StringTranslation.objects.filter(locale=english, data="The bag of flour").exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert editor.post(address(twin), {"action": "publish"}).status_code == 302
    after = everything()
    assert [row[7] for row in after["tiers"]] == ["The bag of flour", "La boîte du meunier"]
    assert [row[:7] for row in after["tiers"]] == [row[:7] for row in before["tiers"]]
    assert (after["stock"], after["pledges"], after["items"]) == (before["stock"], before["pledges"], before["items"])


def test_a_stale_translation_published_again_brings_nothing_back(editor, page, twin, cooperative):
    assert save(editor, page, **{tier(page, 1, "limit"): "20", tier(page, 0, "retired"): "on"}).status_code == 302
    before = everything()
    twin.save_revision().publish()
    assert everything() == before
    with within(cooperative):
        assert list(term_checks.all_differences()) == []
