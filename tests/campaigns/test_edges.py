"""What was found by those who tried to break reviews, launches and the addresses beside a campaign's page."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.models import PageViewRestriction
from wagtail_localize.models import StringSegment, StringTranslation

from campaigns import following, launching, reviewing
from campaigns.models import AdviserReview, Campaign, CampaignPage
from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import within
from home.translation import bilingual
from pledges import last_hours
from tests.factories.campaigns import make_campaign
from tests.factories.reviews import again, make_announced, make_approved, make_draft, member, terms_of


def french(campaign):
    return CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")


def editor_of(cooperative):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(member(cooperative, Role.EDITOR))
    return client


def changed(page, **fields):
    """A later draft of a page."""
    draft = again(page).get_latest_revision_as_object()
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.save_revision()


def test_a_page_that_is_scheduled_is_not_launched_before_it_is_public(cooperative, inside):
    page = make_approved(cooperative)
    changed(page, go_live_at=clock.now() + timedelta(days=3), goal=555_000)
    following.follow(terms_of(page), email="a@example.org", language="fr")
    with pytest.raises(launching.LaunchRefused):
        launching.launch(again(page), terms_of(page), by=None)
    assert (terms_of(page).is_live, again(page).live, OutgoingMail.objects.filter(kind="campaign_opened").count()) == (
        False,
        False,
        0,
    )


def translated(page, owner):
    """Every passage of the latest draft in English."""
    bilingual.open_translation(again(page), owner)
    translation_ = bilingual.translation_of(again(page))
    for segment in StringSegment.objects.filter(source=translation_.source):
        StringTranslation.objects.get_or_create(
            translation_of=segment.string,
            context=segment.context,
            locale=translation_.target_locale,
            defaults={"data": f"en {segment.string.data}", "translation_type": "manual"},
        )


def test_a_launch_publishes_no_english_of_a_french_draft(cooperative, inside):
    page, owner = make_draft(cooperative, bilingual=False), member(cooperative, Role.OWNER)
    reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
    reviewing.approve(again(page), by=member(cooperative, Role.ADVISER))
    again(page).get_latest_revision().publish()
    translated(page, owner)
    changed(page, title="Brouillon secret", goal=300_000)
    translated(page, owner)
    with pytest.raises(launching.LaunchRefused):
        launching.launch(again(page), terms_of(page), by=None)
    assert (bilingual.english_of(page).live, terms_of(page).is_live) == (False, False)


def test_taking_a_pre_campaign_down_takes_its_launch_back(cooperative, inside):
    campaign = make_announced(cooperative)
    launching.schedule(campaign, clock.now() + timedelta(hours=1))
    french(campaign).unpublish()
    campaign.refresh_from_db()
    assert campaign.launch_at is None


def test_a_draft_from_before_the_launch_is_not_published_with_another_goal(cooperative, inside):
    campaign = make_announced(cooperative)
    page = french(campaign)
    changed(page, goal=777_700)
    launching.launch(again(page), campaign, by=None)
    with pytest.raises(bilingual.NothingPublished, match="objectif ne change plus"):
        bilingual.publish_both(again(page), None)
    assert (again(page).goal, terms_of(page).goal) == (100_000, 100_000)


def test_a_page_that_is_not_for_all_has_no_public_side_doors(cooperative):
    campaign = make_campaign(cooperative)
    with within(cooperative):
        for page in CampaignPage.objects.filter(translation_key=campaign.translation_key):
            PageViewRestriction.objects.create(page=page, restriction_type="login")
        reward = campaign.rewards.first()
    client = Client(HTTP_HOST=cooperative.site.hostname)
    with translation.override("fr"):
        doors = [
            reverse("campaign_reward", args=[campaign.pk, reward.pk]),
            reverse("campaign_widget", args=[campaign.pk]),
            reverse("campaign_figures", args=[campaign.pk]),
            reverse("campaign_qr", args=[campaign.pk]),
        ]
        index = client.get(reverse("campaign_index")).content.decode()
    assert [client.get(door).status_code for door in doors] == [404] * len(doors)
    assert campaign.title_fr not in index


def test_ambassadors_of_an_english_page_do_not_make_it_the_source(cooperative):
    page = make_draft(cooperative)
    english = CampaignPage.objects.get(translation_key=page.translation_key, locale__language_code="en")
    editor_of(cooperative).post(reverse("campaign_sharing_add", args=[english.pk]), {"name": "Ann"})
    with within(cooperative):
        assert [campaign.source_locale.language_code for campaign in Campaign.objects.all()] == ["fr"]


def test_a_review_that_an_operator_switched_off_breaks_no_page(cooperative, inside):
    page = make_draft(cooperative)
    reviewing.workflow_for(again(page)).deactivate()
    AdviserReview.objects.update(active=False)
    assert again(page).has_workflow is False
    assert AdviserReview.objects.count() == 1


@pytest.mark.parametrize("at", ["9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_launch_is_not_asked_for_in_another_age(cooperative, at):
    page = make_approved(cooperative)
    response = editor_of(cooperative).post(reverse("campaigns_schedule", args=[page.pk]), {"launch_at": at})
    assert "Enter a date and a time." in response.content.decode()
    with within(cooperative):
        assert terms_of(page).launch_at is None


def test_the_last_hours_are_not_told_of_what_nobody_can_read(cooperative):
    campaign = make_campaign(cooperative)
    with within(cooperative):
        following.follow(campaign, email="a@example.org", language="fr")
        french(campaign).unpublish()
        times = {"deadline": clock.now() + timedelta(hours=47), "launched_at": clock.now() - timedelta(days=9)}
        Campaign.objects.filter(pk=campaign.pk).update(**times)
        (near,) = last_hours.near_their_end()
        last_hours.tell(near)
        assert OutgoingMail.objects.filter(kind="campaign_last_hours").count() == 0
        french(campaign).save_revision().publish()
        last_hours.tell(near)
        assert OutgoingMail.objects.filter(kind="campaign_last_hours").count() == 1


def test_the_platform_leads_to_the_cooperative_though_its_site_is_the_default(cooperative):
    make_campaign(cooperative)
    cooperative.listed = True
    cooperative.save()
    cooperative.site.is_default_site = True
    cooperative.site.save()
    html = Client(HTTP_HOST="tremplin.localhost").get("/fr/").content.decode()
    assert re.findall(r'<h3><a href="([^"]+)"', html) == ["http://meule.localhost/fr/remettre-la-meule-en-marche/"]


def test_a_range_beyond_all_measure_is_no_fault(cooperative, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "film.mp4").write_bytes(b"abc")
    client = Client(HTTP_HOST=cooperative.site.hostname)
    assert client.get("/media/film.mp4", headers={"range": f"bytes={'9' * 5000}-"}).status_code == 200
