"""« Bilan »: every figure from the rows, honest words for each end, nothing about anyone, both languages."""

import re
from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import lifecycle
from campaigns.models import CampaignPage, FundingModel
from home.tenancy import within
from pledges.enums import FulfilmentState, PaymentState
from pledges.totals import progress_of
from tests.factories.books import make_matching
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import REASON_FR, make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage

PATHS = {"fr": "/fr/campagnes/{}/bilan/", "en": "/en/campaigns/{}/summary/"}


@pytest.fixture
def answer(on_host, cooperative):
    def get(campaign, language="en"):
        return on_host(cooperative).get(PATHS[language].format(campaign.pk))

    return get


@pytest.fixture
def read(answer):
    """What a reader sees of it, as one line of words."""

    def get(campaign, language="en"):
        html = answer(campaign, language).content.decode()
        body = re.sub(r"(?s)<svg.*?</svg>", " ", re.search(r"(?s)<main.*?</main>", html)[0])
        text = unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").replace("\u202f", " ")
        return " ".join(text.split())

    return get


def decide(campaign, *, then=()):
    """Its end comes, and what follows."""
    with within(campaign.cooperative):
        end_now(campaign)
        lifecycle.close(campaign)
        progress = progress_of(campaign)
        lifecycle.decide(campaign, pledged=progress.pledged, backers=progress.backers)
        for step in then:
            step(campaign)


def leave(pledge, *day, state=FulfilmentState.SENT):
    at = datetime(*day, 12, tzinfo=ZoneInfo("UTC"))
    with within(pledge.cooperative):
        pledge.items.update(state=state, state_since=at, left_at=at)


def give_all_kinds(campaign):
    """Two flours on time, one late after a delay, one waiting; a box on time; one refunded; one never paid."""
    flour, box = campaign.rewards.order_by("position")
    first, second, late = [make_pledge(campaign, rewards=[(flour, n)], fee=100) for n in (1, 1, 1)]
    leave(first, 2027, 9, 2)
    leave(second, 2027, 10, 31)
    leave(late, 2027, 12, 5, state=FulfilmentState.DELIVERED)
    make_pledge(campaign, rewards=[(flour, 1)], backer_name="Personne Secrète", email="secret@courriel.example")
    leave(make_pledge(campaign, rewards=[(box, 2)]), 2027, 8, 1)
    refunded = make_pledge(campaign, rewards=[(flour, 1)])
    make_refund(payment_of(refunded))
    make_pledge(campaign, rewards=[(box, 1)], payment_state=PaymentState.MEND)
    make_matching(campaign)
    with within(campaign.cooperative):
        late_news = make_update(campaign, notice_block([flour], month="2027-12"), title="Un retard")
        announce(late_news, by=None, missing_language=MissingLanguage.NONE)


def test_a_campaign_whose_rewards_are_on_their_way(cooperative, read, answer):
    with within(cooperative):
        campaign = make_campaign(cooperative, goal=20_000)
        give_all_kinds(campaign)
    assert answer(campaign).status_code == 404
    decide(campaign, then=[lifecycle.start_fulfilling])
    shown = read(campaign)
    for words in (
        "Goal $200",
        "Pledged at the deadline $345 (172%)",
        "Collected $250",
        "Refunded $30 Already taken off",
        "Never paid $65",
        "7 people have contributed",
        "80% of rewards were delivered by the first month announced (4 of 5)",
        "The bag of flour Promised for first expected in October 2027 now expected in December 2027 "
        "2 of 4 on time 1 later than first promised 1 still to come, within its month "
        "Delivered from September 2027 to December 2027",
        "The miller's box Promised for October 2027 2 of 2 on time Delivered in August 2027",
        "Announced on",
        "Paid by everyone who contributed $280.00",
        "Left for the project",
        "These figures may still move.",
    ):
        assert words in shown, (words, shown)
    french = read(campaign, "fr")
    for words in ("Bilan", "345 $ (172 %)", "2 sur 4 à temps", REASON_FR, "7 personnes ont contribué"):
        assert words in french, (words, french)
    html = answer(campaign, "fr").content.decode()
    assert "Personne Secrète" not in html
    assert "courriel.example" not in html
    root = cooperative.root_url
    assert f'<link rel="canonical" href="{root}/fr/campagnes/{campaign.pk}/bilan/">' in html
    assert f'hreflang="en-CA" href="{root}/en/campaigns/{campaign.pk}/summary/"' in html
    assert 'property="og:image"' in html


def test_what_is_not_due_yet_is_held_against_nobody_and_what_is_overdue_is(cooperative, read):
    with within(cooperative):
        campaign = make_campaign(cooperative, goal=1_000)
        make_pledge(campaign)
    decide(campaign, then=[lifecycle.start_fulfilling])
    assert "No reward is due yet." in read(campaign)
    assert "October 2027 1 still to come, within its month" in read(campaign)
    with time_machine.travel(datetime(2027, 11, 2, tzinfo=ZoneInfo("UTC"))):
        assert "0% of rewards were delivered by the first month announced (0 of 1)" in read(campaign)
        assert "0 of 1 on time 1 not delivered yet, though its first month is over" in read(campaign)


def test_what_closed_says_so_and_the_campaign_page_leads_there(cooperative, read, answer, on_host):
    with within(cooperative):
        campaign = make_campaign(cooperative, goal=1_000)
        leave(make_pledge(campaign), 2027, 9, 2, state=FulfilmentState.DELIVERED)
    decide(campaign, then=[lifecycle.complete])
    shown = read(campaign)
    assert "nothing is owed any more" in shown
    assert "100% of rewards were delivered by the first month announced (1 of 1)" in shown
    assert "may still move" not in shown
    with within(cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    html = on_host(cooperative).get(f"/fr/{page.slug}/").content.decode()
    assert f'<a href="/fr/campagnes/{campaign.pk}/bilan/">Voir le bilan</a>' in html
    assert "Campagne close" in html


def test_a_missed_goal(cooperative, read):
    with within(cooperative):
        campaign = make_campaign(cooperative)
        make_pledge(campaign, paid=False)
    decide(campaign)
    shown = read(campaign)
    assert "The goal was not reached, and no reward is owed." in shown
    assert "Pledged at the deadline $30 (3%)" in shown
    assert "Collected $0 No card was charged." in shown
    for absent in ("Never paid", "What became of the money", "Rewards: promised"):
        assert absent not in shown


def test_a_flexible_campaign_counts_apart_what_came_after_its_end(cooperative, read):
    with within(cooperative):
        campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
        make_pledge(campaign)
        late = make_pledge(campaign)
        type(late).objects.filter(pk=late.pk).update(is_late=True)
    decide(campaign)
    shown = read(campaign)
    assert "Collected $30" in shown
    assert "Contributed after the end $30" in shown
    assert "The last payments are being completed" in shown


def test_as_many_queries_for_one_tier_as_for_three(cooperative, answer):
    counts = []
    for tiers in (1, 3):
        with within(cooperative):
            campaign = make_campaign(cooperative, tiers=[tier(f"Palier {n}") for n in range(tiers)], goal=1_000)
            rewards = list(campaign.rewards.order_by("position"))
            for reward in rewards:
                leave(make_pledge(campaign, rewards=[(reward, 1)]), 2027, 9, 2)
            late = make_update(campaign, notice_block(rewards), title="Un retard")
            announce(late, by=None, missing_language=MissingLanguage.NONE)
        decide(campaign)
        answer(campaign)
        with CaptureQueriesContext(connection) as captured:
            assert answer(campaign).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_another_host_has_none_of_it(outsider, campaign, on_host):
    decide(campaign)
    assert on_host(outsider).get(PATHS["fr"].format(campaign.pk)).status_code == 404
