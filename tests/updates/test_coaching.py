"""Drafts that wait for the team: prepared once, in both languages, never published, never sent."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Page

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock, outbox
from home.mail import composing
from home.mail.registry import kind_of
from home.models import OutgoingMail, Role, User
from home.tenancy import across_cooperatives, within
from home.translation import bilingual
from pledges.enums import FulfilmentState, PledgeState
from pledges.models import Pledge, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, notice_block
from updates import coaching, coaching_due, tasks
from updates.announcing import announce
from updates.coaching_words import PLAN
from updates.enums import MissingLanguage
from updates.models import CoachingDraft, Mailing, Update, UpdatePage

pytestmark = pytest.mark.usefixtures("inside")

NBSP = "\u00a0"


def occasions(campaign):
    rows = CoachingDraft.objects.filter(campaign=campaign).order_by("pk")
    return [occasion for occasion in rows.values_list("occasion", flat=True) if occasion not in PLAN]


def page_in(occasion, language, campaign=None):
    rows = CoachingDraft.objects.filter(occasion=occasion)
    row = rows.get(campaign=campaign) if campaign else rows.get()
    page = UpdatePage.objects.get(translation_key=row.page_key, locale__language_code=language)
    return page.get_latest_revision_as_object()


def said_in(occasion, language, campaign=None):
    """Title, summary and text of a draft."""
    page = page_in(occasion, language, campaign)
    text = "\n".join(unescape(re.sub(r"</p>\s*", "\n", block.value["text"].source)) for block in page.body)
    return page.title, page.summary, re.sub(r"<[^>]+>", "", text).strip()


def give(campaign, amount, **fields):
    return make_pledge(campaign, rewards=[], extra=amount, paid=not campaign.is_all_or_nothing, **fields)


def at_hours_before_end(campaign, hours):
    return time_machine.travel(campaign.deadline - timedelta(hours=hours), tick=False)


def launched_long_ago(campaign, days=40):
    Campaign.objects.filter(pk=campaign.pk).update(launched_at=clock.now() - timedelta(days=days))
    campaign.refresh_from_db()


def decided(campaign, state=CampaignState.FUNDED, *, pledged=120_000, backers=2, days_ago=0):
    at = clock.now() - timedelta(days=days_ago)
    Campaign.objects.filter(pk=campaign.pk).update(
        state=state,
        outcome=state,
        decided_at=at,
        closed_at=at,
        deadline=at,
        pledged_at_deadline=pledged,
        backers_at_deadline=backers,
    )
    campaign.refresh_from_db()


# ------------------------------------------------------------------ the plan


def test_a_plan_is_six_empty_drafts_in_both_languages(campaign):
    assert coaching.start_plan(campaign, by=None) == 6
    rows = list(CoachingDraft.objects.order_by("pk"))
    assert [row.occasion for row in rows] == list(PLAN)
    pages = [[page_in(row.occasion, language) for language in ("fr", "en")] for row in rows]
    assert [[page.title for page in pair] for pair in pages] == [
        ["La campagne est ouverte", "The campaign is open"],
        ["À mi-chemin de la campagne", "Halfway through the campaign"],
        ["Les trois derniers jours", "The last three days"],
        ["Merci de la part de toute l’équipe", "Thank you from the whole team"],
        ["En production", "In production"],
        ["C’est prêt", "It is ready"],
    ]
    every = [page for pair in pages for page in pair]
    assert {(page.live, page.summary, len(page.body)) for page in every} == {(False, "", 0)}
    assert {page.get_parent().specific.campaign for page in every} == {campaign}
    assert not Update.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert not Mailing.objects.exists()


def test_the_english_of_a_plan_is_translated_the_product_s_way(campaign):
    coaching.start_plan(campaign, by=None)
    french, english = page_in("plan:ready", "fr"), page_in("plan:ready", "en")
    assert bilingual.translation_of(french) is not None
    assert bilingual.missing_in(french, english) == 0
    assert english.slug == "it-is-ready"


def test_a_plan_started_twice_makes_nothing_twice(campaign):
    coaching.start_plan(campaign, by=None)
    pages = Page.objects.count()
    assert coaching.start_plan(campaign, by=None) == 0
    assert (Page.objects.count(), CoachingDraft.objects.count()) == (pages, 6)


def test_a_campaign_in_french_alone_has_french_drafts(cooperative):
    campaign = make_campaign(cooperative, bilingual=False)
    assert coaching.start_plan(campaign, by=None) == 6
    assert UpdatePage.objects.filter(locale__language_code="fr").count() == 6
    assert not UpdatePage.objects.filter(locale__language_code="en").exists()


# ------------------------------------------------------------------ milestones


@pytest.mark.parametrize(
    ("given", "occasion"), [(24_999, None), (25_000, "25"), (50_000, "50"), (75_000, "75"), (100_000, "100")]
)
def test_a_milestone_prepares_its_draft_once(campaign, given, occasion):
    give(campaign, given)
    assert coaching.prepare(campaign) == (1 if occasion else 0)
    assert coaching.prepare(campaign) == 0
    assert occasions(campaign) == ([occasion] if occasion else [])
    assert {page.live for page in UpdatePage.objects.all()} <= {False}
    assert not OutgoingMail.objects.exists()


def test_a_milestone_jumped_over_makes_only_the_highest(campaign):
    give(campaign, 80_000)
    coaching.prepare(campaign)
    assert occasions(campaign) == ["75"]
    give(campaign, 30_000)
    coaching.prepare(campaign)
    assert occasions(campaign) == ["75", "100"]


def test_a_milestone_lost_and_reached_again_is_not_told_again(campaign):
    pledge = give(campaign, 60_000)
    coaching.prepare(campaign)
    Pledge.objects.filter(pk=pledge.pk).update(state=PledgeState.CANCELLED)
    give(campaign, 30_000)
    coaching.prepare(campaign)
    assert occasions(campaign) == ["50"]


def test_figures_are_filled_in_and_say_as_of_when(campaign):
    give(campaign, 25_000, backer_name="Rosalie")
    give(campaign, 25_050, backer_name="Oumar", language="en")
    with time_machine.travel(campaign.deadline - timedelta(days=6, hours=23), tick=False):
        day_fr, day_en = (
            coaching.coaching_words.formats.local_day(clock.now(), "America/Toronto", one) for one in ("fr", "en")
        )
        coaching.prepare(campaign)
    until_fr, until_en = (
        coaching.coaching_words.formats.deadline(campaign.deadline, "America/Toronto", one) for one in ("fr", "en")
    )
    title, summary, text = said_in("50", "fr")
    assert (title, summary) == (
        "La moitié de l’objectif",
        f"500,50{NBSP}$ promis sur 1{NBSP}000{NBSP}$ (50{NBSP}%).",
    )
    assert text.splitlines()[0] == (
        f"Au {day_fr}, 2 personnes ont contribué. {summary} "
        f"Il reste 6 jours{NBSP}: la campagne prend fin le {until_fr}."
    )
    title, summary, text = said_in("50", "en")
    assert (title, summary) == ("Half of the goal", "$500.50 pledged of $1,000 (50%).")
    assert text.splitlines()[0] == (
        f"As of {day_en}, 2 people have contributed. {summary} 6 days left: the campaign ends on {until_en}."
    )


def test_one_person_is_one_person(campaign):
    give(campaign, 25_000)
    coaching.prepare(campaign)
    assert "1 personne a contribué." in said_in("25", "fr")[2]
    assert "1 person has contributed." in said_in("25", "en")[2]


def test_the_english_of_a_filled_draft_is_complete(campaign):
    give(campaign, 25_000)
    coaching.prepare(campaign)
    assert bilingual.missing_in(page_in("25", "fr"), page_in("25", "en")) == 0


def test_a_presale_counts_units(cooperative):
    campaign = make_campaign(cooperative, goal=4, goal_unit="units", tiers=[tier(), tier("La boîte", 6500)])
    make_pledge(campaign, rewards=[(campaign.rewards.first(), 2)], paid=False)
    coaching.prepare(campaign)
    assert occasions(campaign) == ["50"]
    assert said_in("50", "fr")[1] == f"2 unités réservées sur 4 (50{NBSP}%)."
    assert said_in("50", "en")[1] == "2 of 4 units reserved (50%)."


def test_a_flexible_campaign_counts_what_is_paid(cooperative):
    campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    give(campaign, 50_000)
    coaching.prepare(campaign)
    assert said_in("50", "en")[1] == "$500 raised of $1,000 (50%)."


# ------------------------------------------------------------------ the last hours


@pytest.mark.parametrize(
    ("hours", "made", "left"),
    [
        (73, [], None),
        (72, ["72h"], "3 days left"),
        (25, ["72h"], "1 day left"),
        (24, ["24h"], "1 day left"),
        (23, ["24h"], "23 hours left"),
        (0.5, ["24h"], "Less than an hour left"),
        (0, [], None),
    ],
)
def test_the_last_hours_prepare_a_draft(campaign, hours, made, left):
    give(campaign, 1000)
    launched_long_ago(campaign, days=1)
    with at_hours_before_end(campaign, hours):
        coaching.prepare(campaign)
        coaching.prepare(campaign)
    assert occasions(campaign) == made
    if made:
        assert left in said_in(made[0], "en")[2]


def test_no_one_has_contributed_is_said_so(campaign):
    launched_long_ago(campaign, days=1)
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    assert "personne n’a encore contribué." in said_in("72h", "fr")[2]
    assert "no one has contributed yet." in said_in("72h", "en")[2]


def test_a_campaign_opened_within_its_last_hours_has_no_draft_of_them(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(launched_at=campaign.deadline - timedelta(hours=71))
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    assert occasions(campaign) == []


def test_an_extended_campaign_has_its_last_hours_again(campaign):
    launched_long_ago(campaign, days=1)
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(
        first_deadline=campaign.deadline, deadline=campaign.deadline + timedelta(days=10)
    )
    campaign.refresh_from_db()
    with at_hours_before_end(campaign, 100):
        coaching.prepare(campaign)
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    assert occasions(campaign) == ["72h", "72h:extended"]


def test_the_empty_draft_of_the_plan_is_filled(campaign):
    coaching.start_plan(campaign, by=None)
    launched_long_ago(campaign, days=1)
    pages = UpdatePage.objects.count()
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    assert UpdatePage.objects.count() == pages
    assert page_in("72h", "fr").pk == page_in("plan:72h", "fr").pk
    assert "2 days left" in said_in("72h", "en")[2]
    assert "Il reste 2 jours" in said_in("72h", "fr")[2]
    assert next(one.draft.occasion for one in coaching.waiting_for(campaign.cooperative)) == "72h"
    assert len(coaching.waiting_for(campaign.cooperative)) == 6


def test_what_someone_wrote_in_the_plan_is_left_alone(campaign):
    coaching.start_plan(campaign, by=None)
    launched_long_ago(campaign, days=1)
    page = page_in("plan:72h", "fr")
    page.summary = "Nos mots."
    page.save_revision(clean=False)
    with at_hours_before_end(campaign, 70):
        coaching.prepare(campaign)
    assert occasions(campaign) == ["72h"]
    assert said_in("72h", "fr") == ("Les trois derniers jours", "Nos mots.", "")


# ------------------------------------------------------------------ what is over


@pytest.mark.parametrize("state", [CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED])
def test_the_outcome_prepares_thanks_and_nothing_else(campaign, state):
    give(campaign, 120_000)
    decided(campaign, state)
    assert coaching.prepare(campaign) == 1
    assert coaching.prepare(campaign) == 0
    assert occasions(campaign) == ["thanks"]


def test_thanks_say_how_many_and_the_result(campaign):
    decided(campaign)
    coaching.prepare(campaign)
    title, summary, text = said_in("thanks", "fr")
    assert (title, summary) == (
        "Merci de la part de toute l’équipe",
        f"2 personnes ont rendu «{NBSP}Remettre la meule en marche{NBSP}» possible.",
    )
    assert f"2 personnes ont contribué{NBSP}: " in text
    assert f"1{NBSP}200{NBSP}$ promis sur 1{NBSP}000{NBSP}$ (120{NBSP}%)" in text
    assert said_in("thanks", "en")[1] == "2 people made “Get the millstone turning” possible."


def test_a_missed_goal_is_not_called_a_success(campaign):
    decided(campaign, CampaignState.MISSED, pledged=50_000)
    coaching.prepare(campaign)
    assert "possible" not in " ".join(said_in("thanks", "en"))
    assert "No card was charged." in said_in("thanks", "en")[2]


def test_a_campaign_long_over_is_left_in_peace(campaign):
    decided(campaign, days_ago=31)
    assert coaching.prepare(campaign) == 0


# ------------------------------------------------------------------ silence


def silent(campaign, days=31):
    launched_long_ago(campaign, days=90)
    decided(campaign, days_ago=days)
    CoachingDraft.objects.create(
        cooperative=campaign.cooperative,
        campaign=campaign,
        occasion="thanks",
        page_key="00000000-0000-0000-0000-000000000001",
        made_at=clock.now() - timedelta(days=days + 1),
    )


@pytest.mark.parametrize(("days", "made"), [(29, 0), (31, 1)])
def test_a_month_of_silence_while_rewards_are_owed(campaign, days, made):
    make_pledge(campaign)
    silent(campaign, days)
    assert coaching.prepare(campaign) == made
    assert coaching.prepare(campaign) == 0


def test_a_draft_of_silence_says_who_waits(campaign):
    make_pledge(campaign)
    make_pledge(campaign)
    make_pledge(campaign, rewards=[], extra=500)
    silent(campaign)
    coaching.prepare(campaign)
    (occasion,) = [one for one in occasions(campaign) if one != "thanks"]
    assert re.fullmatch(r"silence:\d{4}-\d\d-\d\d", occasion)
    assert "2 personnes attendent une contrepartie." in said_in(occasion, "fr")[2]
    assert "2 people are waiting for a reward." in said_in(occasion, "en")[2]


def test_news_ends_the_silence(campaign):
    make_pledge(campaign)
    silent(campaign)
    make_update(campaign)
    assert coaching.prepare(campaign) == 0


def test_one_draft_a_silence(campaign):
    make_pledge(campaign)
    silent(campaign)
    coaching.prepare(campaign)
    with time_machine.travel(clock.now() + timedelta(days=40), tick=False):
        assert coaching.prepare(campaign) == 0


def test_nothing_owed_needs_no_news(campaign):
    make_pledge(campaign)
    silent(campaign)
    PledgeItem.objects.update(state=FulfilmentState.DELIVERED)
    assert coaching.prepare(campaign) == 0


# ------------------------------------------------------------------ news that was promised


def promise_news(campaign, *, due_in_days=10):
    flour = campaign.rewards.order_by("position").first()
    announce(
        make_update(campaign, notice_block([flour], next_news_on=clock.now().date() + timedelta(days=due_in_days))),
        by=None,
        missing_language=MissingLanguage.NONE,
    )


def test_promised_news_that_did_not_come_prepares_a_draft(campaign):
    make_pledge(campaign)
    promise_news(campaign)
    launched_long_ago(campaign)
    with time_machine.travel(clock.now() + timedelta(days=9), tick=False):
        assert coaching.prepare(campaign) == 0
    with time_machine.travel(clock.now() + timedelta(days=12), tick=False):
        assert coaching.prepare(campaign) == 1
        assert coaching.prepare(campaign) == 0
    (occasion,) = occasions(campaign)
    assert occasion.startswith("next-news:")
    assert "1 personne attend une contrepartie." in said_in(occasion, "fr")[2]


def test_news_that_came_needs_no_draft(campaign):
    make_pledge(campaign)
    promise_news(campaign)
    with time_machine.travel(clock.now() + timedelta(days=5), tick=False):
        make_update(campaign, title="Où nous en sommes")
    with time_machine.travel(clock.now() + timedelta(days=12), tick=False):
        assert coaching.prepare(campaign) == 0


# ------------------------------------------------------------------ the tick


def test_the_tick_asks_as_often_for_three_campaigns_as_for_one(cooperative, campaign):
    def queries():
        with across_cooperatives(), CaptureQueriesContext(connection) as captured:
            found = coaching_due.due(coaching_due.followed())
        return len(captured), [len(occasions) for _pk, occasions in sorted(found.items())]

    give(campaign, 30_000)
    launched_long_ago(campaign)
    once, due = queries()
    assert due == [1]
    for number in (2, 3):
        other = make_campaign(cooperative, title=f"La campagne {number}")
        give(other, 60_000)
        launched_long_ago(other)
    thrice, due = queries()
    assert due == [1, 1, 1]
    assert thrice == once


def test_the_tick_prepares_in_each_cooperative_what_is_due_there(
    campaign, outsider, django_capture_on_commit_callbacks
):
    theirs = make_campaign(outsider)
    give(theirs, 80_000)
    give(campaign, 30_000)
    for _ in range(2):
        for one in (campaign, theirs):
            tasks.prepare_drafts.func(one.pk)
    assert occasions(campaign) == ["25"]
    with within(outsider):
        assert occasions(theirs) == ["75"]


# ------------------------------------------------------------------ what the editor sees


@pytest.fixture
def editor(on_host, cooperative):
    user = make_user(cooperative)
    client = on_host(cooperative)
    client.force_login(user)
    return client


def test_an_editor_starts_a_plan_and_finds_its_drafts(editor, campaign):
    page = editor.get(reverse("updates_mailings")).content.decode()
    assert f'action="{reverse("updates_plan", args=[campaign.pk])}"' in page
    assert CoachingDraft.objects.count() == 0
    editor.get(reverse("updates_plan", args=[campaign.pk]))
    assert CoachingDraft.objects.count() == 0
    done = editor.post(reverse("updates_plan", args=[campaign.pk]), follow=True)
    assert "6 brouillons vous attendent." in done.content.decode()
    page = unescape(done.content.decode())
    assert "Brouillons qui vous attendent" in page
    for row in CoachingDraft.objects.all():
        french = UpdatePage.objects.get(translation_key=row.page_key, locale__language_code="fr")
        assert reverse("wagtailadmin_pages:edit", args=[french.pk]) in page
    again = editor.post(reverse("updates_plan", args=[campaign.pk]), follow=True)
    assert "déjà commencé" in again.content.decode()
    assert CoachingDraft.objects.count() == 6


def test_a_draft_that_was_published_no_longer_waits(editor, campaign):
    give(campaign, 25_000)
    coaching.prepare(campaign)
    (waiting,) = coaching.waiting_for(campaign.cooperative)
    bilingual.publish_both(waiting.page, None)
    assert coaching.waiting_for(campaign.cooperative) == []
    assert coaching.prepare(campaign) == 0


def test_a_mail_s_button_opens_the_draft(editor, campaign):
    url = reverse("updates_draft", args=[campaign.pk, "thanks"])
    assert editor.get(url).url == reverse("updates_mailings")
    decided(campaign)
    coaching.prepare(campaign)
    french = page_in("thanks", "fr")
    assert editor.get(url).url == reverse("wagtailadmin_pages:edit", args=[french.pk])


def test_the_mail_of_the_outcome_leads_to_the_draft_of_thanks(editor, cooperative, campaign):
    decided(campaign)
    mail = outbox.mail_for(
        kind_of("campaign_outcome"),
        cooperative=cooperative,
        subject_key=f"campaign:{campaign.pk}",
        to=User.objects.get(),
    )
    message = composing.compose(mail)
    url = f"http://meule.localhost{reverse('updates_draft', args=[campaign.pk, 'thanks'])}"
    for said in (message.body, unescape(message.alternatives[0].content)):
        assert "Un brouillon de remerciements vous attend." in said
        assert "Ouvrir le brouillon" in said
        assert url in said


def test_the_list_of_drafts_takes_the_same_queries_with_more_rows(editor, cooperative, campaign):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            rows = editor.get(reverse("updates_mailings")).context_data["drafts"]
        return len(captured), len(rows)

    give(campaign, 30_000)
    coaching.prepare(campaign)
    queries()
    once, rows = queries()
    assert rows == 1
    for number in (2, 3):
        other = make_campaign(cooperative, title=f"La campagne {number}")
        give(other, 60_000)
        coaching.prepare(other)
    thrice, rows = queries()
    assert (thrice, rows) == (once, 3)


def test_another_cooperative_s_drafts_are_not_there(editor, campaign, outsider):
    theirs = make_campaign(outsider, title="Le phare")
    with within(outsider):
        decided(theirs)
        coaching.prepare(theirs)
    page = editor.get(reverse("updates_mailings")).content.decode()
    assert "Le phare" not in page
    assert editor.post(reverse("updates_plan", args=[theirs.pk]), follow=True).status_code == 404
    assert editor.get(reverse("updates_draft", args=[theirs.pk, "thanks"]), follow=True).status_code == 404
    with within(outsider):
        assert CoachingDraft.objects.exclude(occasion="thanks").count() == 0


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_a_plan_is_the_editor_s(on_host, cooperative, campaign, role):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, role))
    for response in (
        client.post(reverse("updates_plan", args=[campaign.pk])),
        client.get(reverse("updates_draft", args=[campaign.pk, "thanks"])),
    ):
        assert response.status_code == 302
        assert response.url == reverse("wagtailadmin_home")
    assert CoachingDraft.objects.count() == 0
