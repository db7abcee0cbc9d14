"""The editors' morning and the advisers' Monday: once, only with something to say, in the cooperative's own time."""

from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.enums import CampaignState
from campaigns.models import Campaign, Dossier, ReviewQuestion
from home import clock
from home.mail import composing
from home.models import Cooperative, OutgoingMail, Role, TeamMailChoice
from home.tenancy import within
from pledges.enums import PledgeState
from pledges.models import Pledge, Problem
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update
from updates import coaching, digests, portfolios, tasks
from updates.models import ReaderQuestion

pytestmark = pytest.mark.usefixtures("inside")

TORONTO = ZoneInfo("America/Toronto")
NBSP = "\u00a0"

#: A Wednesday; the campaign of the factories is live around it.
YESTERDAY = datetime(2031, 12, 3, 15, tzinfo=TORONTO)
MORNING = datetime(2031, 12, 4, 8, tzinfo=TORONTO)
MONDAY = datetime(2031, 12, 8, 8, tzinfo=TORONTO)


@pytest.fixture(autouse=True)
def team(cooperative):
    return {role: make_user(cooperative, role) for role in Role}


@pytest.fixture(autouse=True)
def long_live(campaign, inside):
    """Whenever these tests run, the campaign runs around the days they speak of."""
    Campaign.objects.filter(pk=campaign.pk).update(
        launched_at=YESTERDAY - timedelta(days=3), deadline=datetime(2032, 2, 1, 4, 59, 59, tzinfo=ZoneInfo("UTC"))
    )
    campaign.refresh_from_db()


def tick(cooperative, at):
    with time_machine.travel(at, tick=False):
        tasks.write_to_team.func(cooperative.pk)


def told(kind):
    rows = OutgoingMail.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("address", "occasion"))


def composed(kind, language, at):
    mail = OutgoingMail.objects.filter(kind=kind).first()
    mail.language = language
    with time_machine.travel(at, tick=False):
        message = composing.compose(mail)
    return message.subject, message.body, unescape(message.alternatives[0].content)


def said_in_both(kind, language, *words, at=MORNING):
    subject, text, html = composed(kind, language, at)
    for one in words:
        assert one in text
        assert one in html
    return subject


def pledge_at(campaign, at, *, amount=4550, state=PledgeState.CONFIRMED, ended_at=None):
    pledge = make_pledge(campaign, rewards=[], extra=amount, paid=False)
    Pledge.objects.filter(pk=pledge.pk).update(confirmed_at=at, state=state, ended_at=ended_at)
    return pledge


# ------------------------------------------------------------------ the digest


def test_a_day_with_contributions_is_told_in_the_morning(cooperative, campaign):
    pledge_at(campaign, YESTERDAY)
    pledge_at(campaign, YESTERDAY)
    pledge_at(campaign, YESTERDAY - timedelta(days=3), state=PledgeState.CANCELLED, ended_at=YESTERDAY)
    tick(cooperative, MORNING)
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]
    subject = said_in_both(
        "editor_digest",
        "fr",
        "2 nouvelles contributions, 1 annulée",
        f"91{NBSP}$ promis sur 1{NBSP}000{NBSP}$ (9{NBSP}%)",
    )
    assert subject == f"Hier{NBSP}: 2 contributions, 91{NBSP}$"
    subject = said_in_both(
        "editor_digest",
        "en",
        "2 new contributions, 1 cancelled",
        "Get the millstone turning · $91 pledged of $1,000 (9%)",
        "Open my day",
    )
    assert subject == "Yesterday: 2 contributions, $91"


def test_nothing_happened_nothing_is_told(cooperative, campaign):
    pledge_at(campaign, YESTERDAY - timedelta(days=1))
    pledge_at(campaign, MORNING)
    make_pledge(campaign, state=PledgeState.PENDING)
    tick(cooperative, MORNING)
    assert told("editor_digest") == []


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2031, 12, 3, 0, 0, tzinfo=TORONTO), True),
        (datetime(2031, 12, 3, 23, 59, 59, tzinfo=TORONTO), True),
        (datetime(2031, 12, 4, 0, 0, tzinfo=TORONTO), False),
        (datetime(2031, 12, 2, 23, 59, 59, tzinfo=TORONTO), False),
    ],
)
def test_yesterday_is_a_day_of_the_cooperative_s_calendar(cooperative, campaign, at, counts):
    pledge_at(campaign, at)
    tick(cooperative, MORNING)
    assert bool(told("editor_digest")) == counts


def test_a_day_is_told_once_however_often_the_tick_comes(cooperative, campaign):
    pledge_at(campaign, YESTERDAY)
    for hours in (0, 0, 1, 10):
        tick(cooperative, MORNING + timedelta(hours=hours))
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]


def test_not_before_the_morning_there(cooperative, campaign):
    Cooperative.objects.filter(pk=cooperative.pk).update(time_zone="America/Vancouver")
    pledge_at(campaign, YESTERDAY)
    tick(cooperative, MORNING)  # five in Vancouver
    assert told("editor_digest") == []
    tick(cooperative, MORNING + timedelta(hours=2))
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]


def test_after_a_day_without_ticks_there_is_one_digest_and_it_says_yesterday(cooperative, campaign):
    pledge_at(campaign, YESTERDAY - timedelta(days=1), amount=1000)
    pledge_at(campaign, YESTERDAY, amount=2000)
    tick(cooperative, MORNING)
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]
    assert composed("editor_digest", "en", MORNING)[0] == "Yesterday: 1 contribution, $20"


def test_late_the_same_day_is_better_than_never(cooperative, campaign):
    pledge_at(campaign, YESTERDAY)
    tick(cooperative, MORNING + timedelta(hours=12))
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]


def ask(campaign, at):
    pledge = pledge_at(campaign, YESTERDAY - timedelta(days=9))
    ReaderQuestion.objects.create(
        cooperative=campaign.cooperative,
        update=make_update(campaign),
        backer=pledge.backer,
        language="fr",
        text="Quand?",
        asked_at=at,
    )


def test_a_question_is_told_and_stays_counted(cooperative, campaign):
    ask(campaign, YESTERDAY)
    tick(cooperative, MORNING)
    subject = said_in_both("editor_digest", "fr", f"Questions sans réponse{NBSP}: 1", "Aucune nouvelle contribution")
    assert subject == f"Hier{NBSP}: 1 question reçue"


def test_an_old_question_alone_does_not_write_every_day(cooperative, campaign):
    ask(campaign, YESTERDAY - timedelta(days=2))
    tick(cooperative, MORNING)
    assert told("editor_digest") == []


def test_tiers_nearly_gone_and_what_is_to_do(cooperative, campaign):
    flour, box = campaign.rewards.order_by("position")
    sold = make_pledge(campaign, rewards=[(box, 7)], paid=False)
    Pledge.objects.filter(pk=sold.pk).update(confirmed_at=YESTERDAY)
    item = make_pledge(campaign, rewards=[(flour, 1)], paid=False).items.get()
    Problem.objects.create(cooperative=cooperative, item=item, kind="damaged", reported_at=YESTERDAY)
    dossier = Dossier.objects.create(
        cooperative=cooperative, translation_key=campaign.translation_key, created_at=YESTERDAY
    )
    for _ in range(2):
        ReviewQuestion.objects.create(
            cooperative=cooperative, dossier=dossier, text="?", answer_by=date(2031, 12, 9), asked_at=YESTERDAY
        )
    with time_machine.travel(YESTERDAY, tick=False):
        coaching.prepare(campaign)
    tick(cooperative, MORNING)
    said_in_both(
        "editor_digest",
        "en",
        "Rewards nearly gone:",
        "“The miller's box”: 3 left",
        "To do:",
        "1 draft to finish",
        "1 problem to answer",
        "2 questions of the review to answer",
    )
    said_in_both("editor_digest", "fr", f"À faire{NBSP}:", "1 brouillon à terminer")


def test_the_digest_is_the_editors_and_of_their_cooperative(cooperative, campaign, outsider):
    make_user(outsider, Role.EDITOR)
    pledge_at(campaign, YESTERDAY)
    for one in (cooperative, outsider):
        tick(one, MORNING)
    assert told("editor_digest") == [("editor@meule.example", "2031-12-04")]
    with within(outsider):
        assert told("editor_digest") == []


def test_who_switched_it_off_gets_none(cooperative, campaign, team):
    pledge_at(campaign, YESTERDAY)
    TeamMailChoice.objects.create(cooperative=cooperative, user=team[Role.EDITOR], kind="editor_digest", wanted=False)
    tick(cooperative, MORNING)
    assert told("editor_digest") == []


def test_the_digest_takes_the_same_queries_with_more_campaigns(cooperative, campaign):
    def queries():
        with time_machine.travel(MORNING, tick=False), CaptureQueriesContext(connection) as captured:
            found = digests.happened_on(cooperative, date(2031, 12, 3)) | digests.still_open(cooperative)
        return len(captured), found["new"]

    pledge_at(campaign, YESTERDAY)
    once = queries()
    for number in (2, 3):
        pledge_at(make_campaign(cooperative, title=f"La campagne {number}"), YESTERDAY)
    assert (once[1], queries()) == (1, (once[0], 3))


# ------------------------------------------------------------------ the week


def verified(cooperative):
    Cooperative.objects.filter(pk=cooperative.pk).update(sender_verified_at=clock.now())
    cooperative.refresh_from_db()


def in_review(cooperative, title="Le four"):
    campaign = make_campaign(cooperative, title=title)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.IN_REVIEW, submitted_at=YESTERDAY)
    return campaign


def test_advisers_are_written_to_on_monday(cooperative, campaign):
    verified(cooperative)
    in_review(cooperative)
    for days in (-1, 0, 0, 1, 2, 5):
        tick(cooperative, MONDAY + timedelta(days=days))
    assert told("adviser_weekly") == [("adviser@meule.example", "2031-12-08")]


def test_after_a_monday_without_ticks_the_week_is_told_on_tuesday(cooperative, campaign):
    verified(cooperative)
    in_review(cooperative)
    tick(cooperative, MONDAY + timedelta(days=1))
    assert told("adviser_weekly") == [("adviser@meule.example", "2031-12-08")]


def test_another_week_is_told_again(cooperative, campaign):
    verified(cooperative)
    in_review(cooperative)
    tick(cooperative, MONDAY)
    tick(cooperative, MONDAY + timedelta(days=7))
    assert [occasion for _address, occasion in told("adviser_weekly")] == ["2031-12-08", "2031-12-15"]


def test_a_week_with_nothing_to_follow_is_not_told(cooperative, campaign):
    verified(cooperative)
    tick(cooperative, MONDAY)
    assert told("adviser_weekly") == []


def test_the_week_says_dossiers_dates_promises_and_settings_and_no_name(cooperative, campaign, outsider):
    with within(outsider):
        in_review(outsider, title="Le phare")
    Cooperative.objects.filter(pk=cooperative.pk).update(charges_enabled=False)
    in_review(cooperative)
    soon = make_campaign(cooperative, title="La serre", bilingual=False)
    Campaign.objects.filter(pk=soon.pk).update(deadline=MONDAY + timedelta(days=3))
    opening = make_campaign(cooperative, title="Le quai", bilingual=False)
    Campaign.objects.filter(pk=opening.pk).update(state=CampaignState.APPROVED, launch_at=MONDAY + timedelta(days=2))
    pledges = [make_pledge(campaign, backer_name="Rosalie Tremblay") for _ in range(2)]
    for pledge, month in zip(pledges, (date(2031, 12, 1), date(2031, 11, 1)), strict=True):
        pledge.items.update(first_month=month)
    tick(cooperative, MONDAY)
    subject = said_in_both(
        "adviser_weekly",
        "en",
        "“Get the millstone turning”, submitted on December 3, 2031",
        "“La serre” ends on December 11, 2031 at 8:00 a.m. (Eastern Time)",
        "“Le quai” opens on December 10, 2031 at 8:00 a.m. (Eastern Time)",
        "“The bag of flour”: promised for December 2031 to 1 person",
        "“The bag of flour”: promised for November 2031, which is over; 1 person is waiting",
        "The payment account cannot take payments yet.",
        "The sending address nouvelles@meule.example is not verified.",
        "Open my dossiers",
        at=MONDAY,
    )
    assert subject == "Your week: 4 dossiers to follow"
    subject, text, html = composed("adviser_weekly", "fr", MONDAY)
    assert subject == f"Votre semaine{NBSP}: 4 dossiers à suivre"
    assert "2 dates promises à surveiller." in html
    for said in (text, html):
        assert "Rosalie" not in said
        assert "phare" not in said


def test_the_week_takes_the_same_queries_with_more_campaigns(cooperative, campaign):
    def queries():
        with time_machine.travel(MONDAY, tick=False), CaptureQueriesContext(connection) as captured:
            portfolio = portfolios.portfolio_of(cooperative, MONDAY.date())
            _read = [campaign.title for campaign in portfolio.waiting]
        return len(captured), len(portfolio.promises)

    def owed(number):
        other = make_campaign(cooperative, title=f"La campagne {number}")
        make_pledge(other).items.update(first_month=date(2031, 12, 1))
        make_pledge(other).items.update(first_month=date(2031, 11, 1))

    owed(1)
    once = queries()
    owed(2), owed(3)
    assert (once[1], queries()) == (2, (once[0], 6))
