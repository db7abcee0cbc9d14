"""The demo is loaded once for this module, through the double, in a transaction that is given back at the end."""

import io
import json
from collections import Counter

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from wagtail.models import Page, Site
from wagtail_localize.models import StringSegment, Translation

from campaigns import goal
from campaigns.budgets import budget_in
from campaigns.enums import GoalUnit
from campaigns.models import Campaign, CampaignPage, CampaignState, ReviewQuestion
from home import clock
from home.models import Cooperative, HeldFor, MailState, Membership, OutgoingMail, Role, User
from home.tenancy import across_cooperatives, within
from pledges import ledger_checks, surveys, totals, unreachable, walls
from pledges.enums import (
    FulfilmentState,
    LedgerAccount,
    Origin,
    PaymentMethod,
    PaymentState,
    PayoutState,
    PledgeState,
    RefundState,
    RequestState,
    SurveyState,
)
from pledges.management.commands import check_ledger, reconcile_stripe
from pledges.models import (
    AddressCheck,
    DatePromise,
    LedgerEntry,
    LedgerGroup,
    Matching,
    Payment,
    PaymentTax,
    Payout,
    Pledge,
    PledgeItem,
    Problem,
    PromiseAcceptance,
    Refund,
    RefundRequest,
    Survey,
    Tally,
)
from sandbox.demo.content import CAMPAIGNS, PREPARING, campaign_text
from sandbox.demo.crowd import contributions, late_ones
from sandbox.demo.management.commands import demo_addresses, load_demo
from tests.factories.cooperatives import bootstrap
from updates import coaching, figures, next_news
from updates.enums import MailingState
from updates.models import CoachingDraft, Correction, Mailing, ReaderQuestion

OURS = ("home", "campaigns", "pledges", "updates")

pytestmark = pytest.mark.django_db


def run(command):
    out = io.StringIO()
    call_command(command.Command(), stdout=out)
    return out.getvalue()


def counts():
    """How many rows there are of each model of ours (but of changes that wait to be folded), and of Wagtail's pages."""
    models = [model for label in OURS for model in apps.get_app_config(label).get_models() if model is not Tally]
    with across_cooperatives():
        return {model._meta.label: model.objects.count() for model in [*models, Page]}


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, stripe_server, tmp_path_factory):
    """The double, with the demo loaded."""
    stripe_server.reset()
    elsewhere = {
        "STRIPE_API_BASE": stripe_server.url,
        "MEDIA_ROOT": tmp_path_factory.mktemp("media"),
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    }
    with django_db_blocker.unblock(), override_settings(**elsewhere), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORT", "8000")
        with transaction.atomic():
            bootstrap()
            run(load_demo)
            yield stripe_server
            transaction.set_rollback(True)


@pytest.fixture
def everywhere(demo):
    with across_cooperatives():
        yield


def test_a_second_loading_changes_nothing(demo):
    before = counts()
    assert run(load_demo) == ""
    assert counts() == before


def test_a_loading_that_was_interrupted_goes_on(demo):
    """Everything is found again by its name or its attempt; only the mark of a whole demo was missing."""
    before = counts()
    User.objects.filter(is_superuser=True).delete()
    run(load_demo)
    assert counts() == before


def test_another_port_is_followed(demo, monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    run(load_demo)
    ports = dict(Site.objects.filter(cooperative__isnull=False).values_list("hostname", "port"))
    assert ports == {"meule.localhost": 8123, "large.localhost": 8123}
    homes = [row["address"] for row in json.loads(run(demo_addresses))][:4]
    assert homes == [
        "http://tremplin.localhost:8123/fr/",
        "http://tremplin.localhost:8123/en/",
        "http://meule.localhost:8123/fr/",
        "http://meule.localhost:8123/en/",
    ]


def test_states_of_the_campaigns(everywhere):
    states = {campaign.title_fr: campaign.state for campaign in Campaign.objects.all()}
    assert states == {
        "Remettre la meule en marche": CampaignState.LIVE,
        "Des voiles pour La\u00a0Bernache": CampaignState.LIVE,
        "Un four pour le village": CampaignState.FULFILLING,
        "Le sarrasin revient": CampaignState.FULFILLING,
        "Le calendrier des marées": CampaignState.LIVE,
        "Trier le grain ici": CampaignState.ANNOUNCED,
        "Une classe au phare": CampaignState.IN_REVIEW,  # its words are written once it is public
    }
    assert list(ReviewQuestion.objects.values_list("settled_at", "answered_at")) == [(None, None)]


def test_every_contribution_of_the_content_is_there(everywhere):
    planned = sum(len(contributions(text)) + len(late_ones(text)) for text in map(campaign_text, CAMPAIGNS))
    states = Counter(Pledge.objects.filter(origin=Origin.ONLINE).values_list("state", flat=True))
    assert states == {PledgeState.CONFIRMED: planned - 3, PledgeState.CANCELLED: 3}
    assert planned >= 110


def test_payments_of_the_funded_campaign(everywhere):
    payments = Payment.objects.filter(pledge__campaign__outcome=CampaignState.FUNDED)
    states = Counter(payments.values_list("state", flat=True))
    assert (states[PaymentState.MEND], states[PaymentState.ACTION]) == (2, 1)
    assert states[PaymentState.PAID] == payments.count() - 3


def test_the_ledger_is_clean(demo):
    for cooperative in Cooperative.objects.all():
        with within(cooperative):
            assert [str(finding) for finding in ledger_checks.all_findings()] == []


def test_the_commands_find_nothing(demo):
    """Both end with 1, and say what, where something differs."""
    assert run(check_ledger) == "The ledger agrees.\n"
    assert run(reconcile_stripe).startswith("Stripe and our rows agree")


def test_the_ledger_says_what_the_double_moved(demo):
    """Per account: charges, refunds, our commission less what went back, the provider's fee, transfers to the bank."""
    for cooperative in Cooperative.objects.all():
        moved = Counter()
        for line in demo.journal(cooperative.stripe_account):
            moved[line["kind"]] += abs(line["amount"])
        with within(cooperative):
            kept = Counter()
            by_hand = Payment.objects.exclude(method=PaymentMethod.CARD).values_list("pk", flat=True)
            elsewhere = [f"payment:{pk}" for pk in by_hand]
            for entry in LedgerEntry.objects.select_related("group").exclude(group__subject_key__in=elsewhere):
                income = entry.account in (LedgerAccount.CONTRIBUTIONS, LedgerAccount.TAXES)
                kept[entry.group.kind, "income" if income else entry.account] += entry.amount
        assert -kept["payment", "income"] == moved["charge"]
        assert kept["refund", "income"] == moved["refund"]
        assert kept["payout", "bank"] == moved["payout"]
        assert kept["payment", "commission"] == moved["application_fee"]
        assert -kept["refund", "commission"] == moved["application_fee_refund"]
        assert kept["fee", "processing_fees"] == moved["stripe_fee"]


def test_the_all_or_nothing_campaign_that_runs_has_charged_nobody(demo):
    large = Cooperative.objects.get(slug="large")
    assert demo.journal(large.stripe_account) == []
    with within(large):
        live = {one.title_en: totals.progress_of(one) for one in Campaign.objects.filter(state=CampaignState.LIVE)}
        assert {title: progress.collected for title, progress in live.items()} == dict.fromkeys(live, 0)
        schooner, calendar = live["Sails for La\u00a0Bernache"], live["The tide calendar"]
        assert 0 < schooner.pledged < schooner.campaign.goal
        assert 0 < calendar.units < calendar.campaign.goal == 300


def test_contributions_of_each_kind(everywhere):
    confirmed = Pledge.objects.filter(state=PledgeState.CONFIRMED)
    assert set(confirmed.exclude(gift_for="").values_list("gift_for", flat=True)) == {
        "Marguerite et Anselme",
        "La classe de madame Yvonne",
    }
    assert confirmed.exclude(company_name="").count() == 4
    assert confirmed.filter(is_late=True).count() == 2
    items = PledgeItem.objects.filter(pledge__in=confirmed)
    assert items.filter(reward__kind="addon").count() == 12
    assert set(items.values_list("pledge__zone", flat=True)) == {"quebec", "canada", "us", "world", ""}
    offline = Payment.objects.exclude(method=PaymentMethod.CARD).order_by("pk")
    assert [(one.state, one.amount) for one in offline] == [(PaymentState.PAID, 25000), (PaymentState.DUE, 18000)]


def test_what_the_treasury_did(everywhere):
    """Taxes of the one that is registered; partners' money; a part given back; one transfer, explained line by line."""
    taxed = set(PaymentTax.objects.values_list("payment__cooperative__slug", "code"))
    assert taxed == {("meule", "gst"), ("meule", "qst")}
    assert list(Matching.objects.values_list("campaign__title_en", "amount")) == [("Get the millstone turning", 150000)]
    partial = Refund.objects.filter(reason="agreed", request=None).values_list("state", "amount")
    assert list(partial) == [(RefundState.DONE, 1000)]
    payout = Payout.objects.get()
    assert (payout.state, payout.read_at is not None) == (PayoutState.PAID, True)
    assert sum(line.net for line in payout.lines.all()) == payout.amount


def test_a_deadline_was_extended_and_everyone_told(everywhere):
    extended = Campaign.objects.get(extended_at__isnull=False)
    assert extended.title_en == "The tide calendar"
    told = OutgoingMail.objects.filter(kind="deadline_extended").count()
    assert told == extended.pledges.filter(state=PledgeState.CONFIRMED).count()


def test_both_languages_of_every_page_are_live_and_whole(demo):
    pages = Page.objects.filter(depth__gt=1, locale__language_code="fr")
    alone = [page for page in pages if not page.live or page.get_translations().live().count() != 1]
    with across_cooperatives():
        drafts = set(CoachingDraft.objects.values_list("page_key", flat=True))
    # One in review, whole and not public; and the drafts that wait for their editors.
    assert [page.title for page in alone if page.translation_key not in drafts] == ["Une classe au phare"]
    assert Page.objects.filter(depth__gt=1).count() == 2 * pages.count()


def test_every_string_of_a_synced_translation_is_translated(demo):
    for translation in Translation.objects.select_related("source", "target_locale"):
        segments = StringSegment.objects.filter(source=translation.source)
        missing = segments.annotate_translation(translation.target_locale).filter(translation=None)
        assert list(missing.values_list("string__data", flat=True)) == []


def every_offer(key):
    return campaign_text(key).tiers + campaign_text(key).add_ons


def test_alternative_texts_are_in_the_language_of_the_page(demo):
    alts = {
        (page.locale.language_code, child.value["image"].contextual_alt_text)
        for page in CampaignPage.objects.all()
        for _kind, child in page.offered_blocks
    }
    said = {tier.alt["fr"]: tier.alt["en"] for key in [*CAMPAIGNS, *PREPARING] for tier in every_offer(key)}
    assert alts == {("fr", french) for french in said} | {("en", english) for english in said.values()}


def test_tiers_sold_out_and_almost_gone(everywhere):
    left = {
        reward.title_fr: reward.stock.left
        for campaign in Campaign.objects.filter(state=CampaignState.LIVE)
        for reward in campaign.rewards.exclude(limit=None).select_related("stock")
    }
    assert (left["La boîte du meunier, offre de lancement"], left["Une journée au moulin"]) == (0, 1)
    assert (left["Le sac de vieille voile, offre de lancement"], left["La première sortie"]) == (0, 2)


def test_half_of_the_rewards_have_left(everywhere):
    items = PledgeItem.objects.filter(pledge__campaign__outcome=CampaignState.FUNDED)
    items = items.filter(pledge__payments__state=PaymentState.PAID).exclude(state=FulfilmentState.NOT_APPLICABLE)
    gone = items.exclude(state=FulfilmentState.NOT_STARTED).count()
    assert 0.4 <= gone / items.count() <= 0.6


def test_a_delay_is_announced_to_those_whom_it_concerns(everywhere):
    oven = Campaign.objects.get(title_en="An oven for the village")
    promises = DatePromise.objects.filter(item__pledge__campaign=oven)
    promised = set(promises.values_list("item__reward__title_fr", flat=True))
    assert promised == {"La pelle à pain", "La première fournée"}
    keys = [update.key for update in oven.updates.all()]
    told = OutgoingMail.objects.filter(kind="delay_announced", subject_key__in=keys).count()
    assert told == promises.values("item__pledge__backer").distinct().count() > 0


def test_mails_have_left(everywhere):
    """But for those of the mailing that stands still."""
    paused = Mailing.objects.get(state=MailingState.PAUSED)
    left = OutgoingMail.objects.exclude(batch=paused.key)
    assert dict(Counter(left.values_list("state", flat=True))) == {MailState.SENT: left.count()}
    held = OutgoingMail.objects.filter(batch=paused.key)
    assert set(held.values_list("state", "held_for")) == {(MailState.HELD, HeldFor.DECISION)}


def test_dates_lie_within_the_campaign(everywhere):
    online = Pledge.objects.filter(origin=Origin.ONLINE)
    for pledge in online.select_related("campaign").prefetch_related("consents"):
        assert pledge.campaign.launched_at <= pledge.created_at < pledge.confirmed_at < clock.now()
        assert (pledge.created_at > pledge.campaign.deadline) == pledge.is_late
        assert [consent.given_at for consent in pledge.consents.all()] == [pledge.created_at]
    first = Campaign.objects.exclude(launched_at=None).order_by("launched_at").first()
    assert not LedgerGroup.objects.filter(happened_at__lt=first.launched_at)


def test_log_ins_of_each_role(demo):
    members = Membership.objects.values_list("cooperative__slug", "role", "user__email")
    names = {"editor": "redaction", "adviser": "accompagnement", "treasurer": "tresorerie", "owner": "direction"}
    assert set(members) == {
        (slug, role, f"{names[role]}@{slug}.example") for slug in ("meule", "large") for role in Role.values
    } | {("large", "adviser", "accompagnement@meule.example")}
    assert all(user.check_password("tremplin") for user in User.objects.all())


def test_addresses_answer(demo, client):
    """What the table of `make run` says can be opened as it stands there."""
    rows = json.loads(run(demo_addresses))
    pages = [row["address"] for row in rows if ".localhost:" in row["address"] and not row["login"]]
    assert len(pages) == 27
    for address in pages:
        host, _slash, path = address.removeprefix("http://").partition("/")
        assert client.get(f"/{path}", headers={"host": host}).status_code == 200, address
    assert {row["login"] for row in rows if row["login"]} == set(User.objects.values_list("email", flat=True))


def test_every_budget_adds_up_and_every_goal_is_honest(demo):
    with across_cooperatives():
        for page in CampaignPage.objects.select_related("locale"):
            budget = budget_in(page.body)
            if page.goal_unit == GoalUnit.MONEY:
                assert (budget.asked, budget.total > 0) == (page.goal, True), page
            found = goal.assess(page)
            assert (found.gap, found.losing) == (0, []), (page, found)


def test_two_walls_show_who_said_so(demo):
    with across_cooperatives():
        shown = {campaign.title_fr: walls.page_of(campaign, size=200) for campaign in Campaign.objects.all()}
    named = {title: bool(wall.entries and wall.hidden) for title, wall in shown.items()}
    assert named == {
        "Remettre la meule en marche": True,
        "Des voiles pour La\u00a0Bernache": True,
        "Un four pour le village": False,
        "Le sarrasin revient": False,
        "Trier le grain ici": False,
        "Une classe au phare": False,
        "Le calendrier des marées": False,
    }


@pytest.fixture
def buckwheat(everywhere):
    """The campaign that ended well, in its scope."""
    campaign = Campaign.objects.get(title_en="Buckwheat is back")
    with within(campaign.cooperative):
        yield campaign


def test_dates_that_moved_and_what_backers_answered(buckwheat):
    notices = buckwheat.delay_notices.order_by("pk")
    moved = [(notice.rewards.get().title_en, notice.pledged_before is None) for notice in notices]
    notebook, apron = ("The galette notebook", True), ("The miller's apron", False)
    assert moved == [notebook, apron, notebook]
    concerned = PledgeItem.objects.filter(pledge__campaign=buckwheat, reward__title_en="The miller's apron")
    assert 0 < concerned.exclude(promises=None).count() < concerned.count()
    assert PromiseAcceptance.objects.count() == 7
    asked = RefundRequest.objects.values_list("state", "item__reward__title_en")
    assert set(asked) == {(RequestState.GRANTED, notebook[0]), (RequestState.ASKED, apron[0])}


def test_a_tier_delivered_in_part_and_another_to_pick_up(buckwheat):
    items = PledgeItem.objects.filter(pledge__campaign=buckwheat)
    states = {key: Counter() for key in ("Flour from the first harvest", "The ten-kilo bag")}
    for item in items.filter(reward__title_en__in=states):
        states[item.reward.title_en][item.state] += 1
    assert list(states.values()) == [
        {"delivered": 2, "returned": 1, "sent": 3, "in_production": 1},
        {"delivered": 2, "ready": 3},
    ]
    assert set(items.filter(state="sent").values_list("carrier", flat=True)) == {"Messageries de l’Est"}
    assert all(item.tracking_url for item in items.filter(state="sent"))
    problems = [(problem.kind, problem.answered_at is None) for problem in Problem.objects.order_by("pk")]
    assert problems == [("damaged", False), ("not_arrived", True)]


def test_a_survey_runs_and_addresses_are_checked(buckwheat):
    survey = Survey.objects.get()
    assert (survey.state, survey.replies.count(), surveys.unanswered(survey).count()) == (SurveyState.OPEN, 4, 2)
    assert AddressCheck.objects.get().campaign == buckwheat
    assert {mail.kind for mail in OutgoingMail.objects.all()} >= {"survey_opened", "address_check", "delivery_check"}


def test_what_became_of_mailings(buckwheat):
    news = Mailing.objects.filter(update__campaign=buckwheat, kind="news").order_by("pk")
    done, paused = (figures.figures_of(mailing) for mailing in news)
    assert (done.bounced, done.delivered, done.sent) == (1, done.total - 2, done.total)
    assert paused.waiting == paused.total > 0
    assert done.total > 10
    assert [one.why for one in unreachable.backers_of(buckwheat.cooperative)] == [unreachable.REFUSED]
    assert Counter(Correction.objects.values_list("language", flat=True)) == {"fr": 1, "en": 1}
    shown = ReaderQuestion.objects.values_list("state", "shown").order_by("pk")
    assert list(shown) == [("answered", True), ("waiting", False)]
    assert buckwheat.updates.get(audience="backers").is_open is False


def test_what_waits_for_teams(everywhere):
    meule, large = (Cooperative.objects.get(slug=slug) for slug in ("meule", "large"))
    assert [one.draft.occasion for one in coaching.waiting_for(meule)] == ["75"]
    assert next_news.missed(meule) == []
    missed = next_news.missed(large)
    assert [one.campaign.title_en for one in missed] == ["The tide calendar"]
    assert f"next-news:{missed[0].notice.pk}" in {one.draft.occasion for one in coaching.waiting_for(large)}
