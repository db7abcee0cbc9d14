"""A presale: its goal is a number of units, and every figure of it says so."""

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from campaigns.enums import CampaignState, FundingModel, GoalUnit
from campaigns.models import Campaign, CampaignPage
from home import outbox
from home.mail import composing
from home.mail.registry import kind_of
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import affiches, forecasting, settlement
from pledges.consent_texts import consent_text
from pledges.enums import PledgeState
from pledges.models import Pledge
from pledges.templatetags.pledge_tags import condition_words
from pledges.totals import progress_of, progress_of_row, units_of, with_sums
from tests.campaigns.composing import next_goals
from tests.campaigns.editing import at_home
from tests.campaigns.reading import headline, part, tally, words
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, end_now, make_campaign, tier
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")


def presale(cooperative, goal=200, **fields):
    body = [
        *body_of([tier(), tier("La boîte du meunier", 6_500)], extra=[next_goals((25_000, "Un four."))]),
        add_ons(tier("Un mélange", 900)),
    ]
    return make_campaign(cooperative, goal=goal, goal_unit=GoalUnit.UNITS, **{"body": body} | fields)


def reserve(campaign, units, *, add_ons=0, **fields):
    bag, _box, blend = campaign.rewards.order_by("position")
    chosen = [(bag, units), *([(blend, add_ons)] if add_ons else [])]
    return make_pledge(campaign, rewards=chosen, **{"paid": not campaign.is_all_or_nothing} | fields)


@pytest.fixture
def visit(on_host):
    def get(campaign, language="en"):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
        response = on_host(campaign.cooperative).get(f"/{language}/{page.slug}/")
        assert response.status_code == 200
        return response.content.decode()

    return get


SENTENCES = [
    (0, "Objectif : 200 unités", "Goal: 200 units"),
    (1, "1 unité réservée sur 200 (moins de 1 %)", "1 of 200 units reserved (less than 1%)"),
    (74, "74 unités réservées sur 200 (37 %)", "74 of 200 units reserved (37%)"),
    (200, "Objectif atteint : 200 unités réservées sur 200 (100 %)", "Goal reached: 200 of 200 units reserved (100%)"),
    (
        256,
        "Objectif dépassé : 256 unités réservées sur 200 (128 %)",
        "Beyond the goal: 256 units reserved of 200 (128%)",
    ),
]


@pytest.mark.parametrize(("units", "french", "english"), SENTENCES)
@pytest.mark.parametrize("model", [FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE])
def test_the_page_says_units(cooperative, visit, units, french, english, model):
    campaign = presale(cooperative, funding_model=model)
    if units:
        reserve(campaign, units, add_ons=3)
    assert headline(visit(campaign, "fr")) == french
    assert headline(visit(campaign, "en")) == english


def test_the_money_stands_beside_and_the_condition_says_units(cooperative, visit):
    campaign = presale(cooperative)
    reserve(campaign, 74)
    text = tally(visit(campaign))
    assert "$2,220 pledged" in text
    assert "All or nothing: cards will be charged only if 200 units are reserved by" in text
    french = tally(visit(campaign, "fr"))
    assert "les cartes seront débitées seulement si 200 unités sont réservées au plus tard le" in french


def test_only_rewards_of_confirmed_pledges_made_in_time_count(cooperative):
    campaign = presale(cooperative)
    reserve(campaign, 2, add_ons=5)
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        reserve(campaign, 3, state=state)
    Pledge.objects.filter(pk=reserve(campaign, 4).pk).update(is_late=True)
    make_pledge(campaign, rewards=[], extra=5_000, paid=False)
    found, row = progress_of(campaign), progress_of_row(with_sums(Campaign.objects.all()).get())
    assert (found.units, found.amount, found.percent, found.pledged) == (2, 2, 1, 6_000 + 4_500 + 5_000)
    assert (row.units, row.amount, row.pledged, row.backers) == (2, 2, found.pledged, found.backers)
    assert units_of(campaign) == 2


def test_a_campaign_in_money_counts_no_unit(cooperative):
    campaign = make_campaign(cooperative)
    make_pledge(campaign, paid=False)
    assert progress_of(campaign).units == 0
    assert progress_of_row(with_sums(Campaign.objects.all()).get()).units == 0


def test_late_contributions_count_in_no_total(cooperative):
    campaign = make_campaign(cooperative)
    make_pledge(campaign, paid=True)
    Pledge.objects.filter(pk=make_pledge(campaign, paid=True).pk).update(is_late=True)
    found = progress_of(campaign)
    assert (found.pledged, found.collected, found.backers) == (3_000, 3_000, 1)
    assert settlement.totals(campaign) == (3_000, 1)


@pytest.mark.parametrize(("units", "outcome"), [(199, CampaignState.MISSED), (200, CampaignState.FUNDED)])
def test_units_decide_and_are_frozen(cooperative, units, outcome):
    """In money nothing would be missed: 199 bags are 5,970 $."""
    campaign = presale(cooperative)
    reserve(campaign, units, add_ons=9)
    assert forecasting.forecast(campaign).outcome == outcome
    end_now(campaign)
    Campaign.objects.update(state=CampaignState.CLOSING)
    campaign.refresh_from_db()
    settlement._decide(campaign)
    campaign.refresh_from_db()
    assert (campaign.outcome, campaign.units_at_deadline) == (outcome, units)
    Pledge.objects.update(state=PledgeState.DROPPED)
    assert (progress_of(campaign).units, progress_of(campaign).amount) == (units, units)


def test_what_settle_due_says(cooperative, capsys):
    campaign = presale(cooperative)
    reserve(campaign, 74)
    end_now(campaign)
    call_command("settle_due")
    assert "missed, 74 units of 200 reserved, $2,220.00 pledged by 1;" in capsys.readouterr().out


def test_its_stretch_goals_are_units(cooperative, visit):
    campaign = presale(cooperative)
    reserve(campaign, 210)
    assert "Stretch goal: 250 units · Un four." in tally(visit(campaign))
    goals = part(visit(campaign, "fr"), '<ol class="goals">', "</ol>")
    assert "200 unités" in goals and "250 unités" in goals and "$" not in goals


@pytest.mark.parametrize(("language", "goal"), [("fr", "Objectif : 200 unités"), ("en", "Goal: 200 units")])
def test_picture_frame_and_figures(cooperative, on_host, language, goal):
    campaign = presale(cooperative)
    reserve(campaign, 74)
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
    with translation.override(language):
        affiche = affiches._goal(progress_of(campaign))
        widget, figures = (reverse(f"campaign_{name}", args=[campaign.pk]) for name in ("widget", "figures"))
    assert affiche.replace("\u00a0", " ") == goal
    client = on_host(cooperative)
    assert "$" not in words(client.get(widget).content.decode())
    found = client.get(figures).json()
    assert (found["goal_unit"], found["goal"], found["units"], found["percent"]) == ("units", 200, 74, 37)
    assert found["title"] == page.title


def test_what_is_agreed_to(cooperative):
    campaign = presale(cooperative)
    assert "si les promesses atteignent 200 unités" in consent_text(campaign, 3_000, "fr")
    assert "if pledges reach 200 units by" in consent_text(campaign, 3_000, "en")
    with translation.override("fr"):
        assert condition_words(campaign).startswith("Votre carte sera débitée seulement si 200 unités sont réservées")
    with translation.override("en"):
        assert condition_words(campaign).startswith("Your card will be charged only if 200 units are reserved by")


MAILS = {
    "pledge_confirmed": (None, {"fr": "Si 200 unités sont réservées", "en": "If 200 units are reserved by"}),
    "goal_met_charged": (CampaignState.FUNDED, {"fr": "74 sur 200 unités", "en": "74 of 200 units"}),
    "goal_missed": (CampaignState.MISSED, {"fr": "74 unités réservées sur 200.", "en": "74 of 200 units reserved."}),
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", MAILS)
def test_mails(cooperative, kind, language):
    campaign, (state, said) = presale(cooperative), MAILS[kind]
    pledge = reserve(campaign, 2, paid=state == CampaignState.FUNDED, language=language)
    if state:
        Campaign.objects.update(
            state=state, outcome=state, pledged_at_deadline=2_220_00, units_at_deadline=74, backers_at_deadline=9
        )
    outbox.queue(kind_of(kind), cooperative=cooperative, subject_key=pledge.key, to=pledge.backer, language=language)
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").get()
    message = composing.compose(mail)
    assert said[language] in words(message.body)
    assert said[language] in words(message.alternatives[0].content)


def test_the_admin_says_units(cooperative):
    campaign = presale(cooperative)
    reserve(campaign, 74)
    owner = at_home(cooperative, Role.OWNER)
    text = words(owner.get("/admin/").content.decode())
    assert "74 of 200 units reserved (37%) · $2,220" in text
    money = words(owner.get(reverse("pledges_settlement", args=[campaign.pk])).content.decode())
    assert "Goal 200 units Units reserved 74 Pledged $2,220.00" in money


def test_what_the_bar_shows_of_a_flexible_presale_is_in_hand(cooperative):
    campaign = presale(cooperative, funding_model=FundingModel.FLEXIBLE)
    reserve(campaign, 50)
    found = progress_of(campaign)
    assert (found.solid_width, found.hatched_width) == ("25.00%", "0.00%")
    aon = presale(cooperative, title="Le four")
    reserve(aon, 50)
    found = progress_of(aon)
    assert (found.solid_width, found.hatched_width) == ("0.00%", "25.00%")


def test_another_cooperatives_units_do_not_count(cooperative, outsider):
    ours = presale(cooperative)
    with within(outsider):
        reserve(presale(outsider), 9)
    assert progress_of(ours).units == 0
