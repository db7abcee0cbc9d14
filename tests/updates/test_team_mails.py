"""What editors and advisers are told of promises: each once, about what is still waited for, and nothing else."""

from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine

from home import clock
from home.mail import composing
from home.mail.registry import Category, kind_of
from home.models import Cooperative, OutgoingMail, Role, TeamMailChoice
from home.tenancy import within
from pledges import fulfilment
from pledges.enums import FulfilmentState, SurveyState
from pledges.models import DatePromise, DeliveryAddress, PledgeItem, Survey, SurveyReply
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import make_update, notice_block
from updates import promise_watch, tasks
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import DelayNotice

pytestmark = pytest.mark.usefixtures("inside")

#: The tiers of the factories are promised for October 2027.
MONTH_BEFORE = datetime(2027, 9, 1, 8, tzinfo=ZoneInfo("America/Toronto"))
WEEK_AFTER = datetime(2027, 11, 8, 8, tzinfo=ZoneInfo("America/Toronto"))
NBSP = "\u00a0"


@pytest.fixture(autouse=True)
def team(cooperative):
    return {role: make_user(cooperative, role) for role in Role}


def tick(cooperative, at):
    with time_machine.travel(at, tick=False):
        tasks.write_to_team.func(cooperative.pk)


def told(kind):
    return sorted(OutgoingMail.objects.filter(kind=kind).values_list("address", flat=True))


def composed(kind, language):
    mail = OutgoingMail.objects.filter(kind=kind).first()
    mail.language = language
    message = composing.compose(mail)
    html = unescape(message.alternatives[0].content)
    return message.subject, " ".join(message.body.split(" ")), html


def said_in_both(kind, language, *words):
    subject, text, html = composed(kind, language)
    for one in words:
        assert one in text
        assert one in html
    return subject


def flour(campaign):
    return campaign.rewards.order_by("position").first()


def give_address(pledge):
    DeliveryAddress.objects.create(
        cooperative=pledge.cooperative,
        pledge=pledge,
        recipient="R. T.",
        line1="1, rue du Quai",
        city="Saint-Aurèle",
        country="CA",
        changed_at=clock.now(),
    )


# ------------------------------------------------------------------ a month before


def test_editors_are_told_a_month_before_a_promised_month(cooperative, campaign):
    make_pledge(campaign, rewards=[(flour(campaign), 3)])
    make_pledge(campaign)
    tick(cooperative, MONTH_BEFORE)
    assert told("promise_in_one_month") == ["editor@meule.example"]
    mail = OutgoingMail.objects.get(kind="promise_in_one_month")
    assert (mail.subject_key, mail.occasion) == (f"reward:{flour(campaign).pk}", "2027-10-01")
    assert mail.facts == {"month": "2027-10-01", "n": 4, "ready": 0, "missing": 2}
    assert kind_of("promise_in_one_month").category == Category.TEAM


def test_it_is_told_once(cooperative, campaign):
    make_pledge(campaign)
    for days in (0, 0, 1, 29):
        tick(cooperative, MONTH_BEFORE + timedelta(days=days))
    assert told("promise_in_one_month") == ["editor@meule.example"]


@pytest.mark.parametrize(
    "at", [MONTH_BEFORE - timedelta(days=1), MONTH_BEFORE + timedelta(days=30), MONTH_BEFORE - timedelta(hours=2)]
)
def test_neither_earlier_nor_later_nor_before_the_morning(cooperative, campaign, at):
    make_pledge(campaign)
    tick(cooperative, at)
    assert told("promise_in_one_month") == []


def test_the_month_begins_where_the_cooperative_is(cooperative, campaign):
    Cooperative.objects.filter(pk=cooperative.pk).update(time_zone="America/Vancouver")
    make_pledge(campaign)
    tick(cooperative, MONTH_BEFORE)  # five in the morning there
    assert told("promise_in_one_month") == []
    tick(cooperative, MONTH_BEFORE + timedelta(hours=2))
    assert told("promise_in_one_month") == ["editor@meule.example"]


def deliver(pledge):
    PledgeItem.objects.filter(pledge=pledge).update(state=FulfilmentState.DELIVERED, left_at=clock.now())


def put_off(pledge):
    DatePromise.objects.create(
        cooperative=pledge.cooperative, item=pledge.items.get(), month=date(2028, 3, 1), made_at=clock.now()
    )


def give_back(pledge):
    make_refund(payment_of(pledge))


@pytest.mark.parametrize("settle", [deliver, put_off, give_back])
@pytest.mark.parametrize(("kind", "at"), [("promise_in_one_month", MONTH_BEFORE), ("promise_week_late", WEEK_AFTER)])
def test_what_nobody_waits_for_is_not_told(cooperative, campaign, settle, kind, at):
    settle(make_pledge(campaign))
    tick(cooperative, at)
    assert told(kind) == []


@pytest.mark.parametrize(("kind", "at"), [("promise_in_one_month", MONTH_BEFORE), ("promise_week_late", WEEK_AFTER)])
def test_what_was_not_paid_for_is_not_told(cooperative, campaign, kind, at):
    make_pledge(campaign, paid=False)
    tick(cooperative, at)
    assert told(kind) == []


@pytest.mark.parametrize(("kind", "at"), [("promise_in_one_month", MONTH_BEFORE), ("promise_week_late", WEEK_AFTER)])
def test_another_cooperative_is_not_told(cooperative, campaign, outsider, kind, at):
    make_user(outsider, Role.EDITOR)
    make_pledge(campaign)
    make_campaign(outsider)
    tick(outsider, at)
    assert told(kind) == []
    with within(outsider):
        assert told(kind) == []
    tick(cooperative, at)
    with within(outsider):
        assert told(kind) == []


def test_a_part_refunded_is_still_waited_for(cooperative, campaign):
    make_refund(payment_of(make_pledge(campaign)), amount=500, commission=0)
    tick(cooperative, MONTH_BEFORE)
    assert told("promise_in_one_month") == ["editor@meule.example"]


def test_what_a_delay_moved_to_next_month_is_told(cooperative, campaign):
    pledge = make_pledge(campaign)
    put_off(pledge)
    tick(cooperative, datetime(2028, 2, 1, 8, tzinfo=ZoneInfo("America/Toronto")))
    assert OutgoingMail.objects.get(kind="promise_in_one_month").facts["month"] == "2028-03-01"


def test_what_is_missing_is_counted(cooperative, campaign):
    first, second, third = make_pledge(campaign), make_pledge(campaign), make_pledge(campaign)
    for pledge in (first, second):
        give_address(pledge)
    now = clock.now()
    survey = Survey.objects.create(
        cooperative=cooperative,
        reward=flour(campaign),
        state=SurveyState.OPEN,
        lock_on=date(2027, 9, 20),
        created_at=now,
    )
    SurveyReply.objects.create(
        cooperative=cooperative, survey=survey, item=first.items.get(), language="fr", replied_at=now
    )
    SurveyReply.objects.create(
        cooperative=cooperative, survey=survey, item=third.items.get(), language="fr", replied_at=now
    )
    (owed,) = promise_watch.promised_for(cooperative, date(2027, 10, 1))
    assert (owed.rewards, owed.people, owed.missing) == (3, 3, 2)


def test_the_words_a_month_before(cooperative, campaign):
    make_pledge(campaign, rewards=[(flour(campaign), 4)])
    tick(cooperative, MONTH_BEFORE)
    subject = said_in_both(
        "promise_in_one_month",
        "fr",
        "4 contreparties sont promises pour octobre 2027. Aucune n’est prête encore.",
        f"Adresses ou choix manquants{NBSP}: 1.",
        "La date tient? Rien à faire. Sinon, annoncez-le tôt.",
        "Voir la liste",
        "Préparer une annonce de retard",
    )
    assert subject == f"«{NBSP}Le sac de farine{NBSP}»{NBSP}: promise pour le mois prochain"
    subject = said_in_both(
        "promise_in_one_month",
        "en",
        "4 rewards are promised for October 2027. None is ready yet.",
        "Addresses or choices missing: 1.",
        f"/fulfilment/?campaign={campaign.pk}&reward={flour(campaign).pk}",
        "/pages/add/updates/updatepage/",
    )
    assert subject == "“The bag of flour”: promised for next month"


# ------------------------------------------------------------------ a week after


def test_editors_and_advisers_are_told_a_week_after(cooperative, campaign):
    make_pledge(campaign)
    tick(cooperative, WEEK_AFTER - timedelta(days=1))
    assert told("promise_week_late") == []
    for days in (0, 1):
        tick(cooperative, WEEK_AFTER + timedelta(days=days))
    assert told("promise_week_late") == ["adviser@meule.example", "editor@meule.example"]


def test_a_tick_that_was_down_for_a_day_tells_it_all_the_same(cooperative, campaign):
    make_pledge(campaign)
    tick(cooperative, WEEK_AFTER + timedelta(days=1))
    assert told("promise_week_late") == ["adviser@meule.example", "editor@meule.example"]


def test_long_after_it_is_no_longer_a_week(cooperative, campaign):
    make_pledge(campaign)
    tick(cooperative, WEEK_AFTER + timedelta(days=14))
    assert told("promise_week_late") == []


def test_what_is_sent_in_part_is_not_called_unsent(cooperative, campaign):
    sent, _waiting = make_pledge(campaign), make_pledge(campaign)
    fulfilment.mark([sent.items.get().pk], FulfilmentState.SENT, by=None)
    tick(cooperative, WEEK_AFTER)
    assert told("promise_week_late") == []


def test_someone_with_both_roles_gets_it_once(cooperative, campaign, team):
    cooperative.memberships.create(user=team[Role.EDITOR], role=Role.ADVISER)
    make_pledge(campaign)
    tick(cooperative, WEEK_AFTER)
    assert told("promise_week_late") == ["adviser@meule.example", "editor@meule.example"]


def test_the_words_a_week_after(cooperative, campaign):
    for _ in range(2):
        make_pledge(campaign)
    tick(cooperative, WEEK_AFTER)
    subject = said_in_both(
        "promise_week_late",
        "fr",
        f"Aucune remise n’est inscrite pour «{NBSP}Le sac de farine{NBSP}», contrepartie promise pour octobre 2027.",
        "Déjà envoyées? Marquez-les. Sinon, 2 personnes attendent une nouvelle date.",
        "Marquer comme envoyées",
    )
    assert subject == f"«{NBSP}Le sac de farine{NBSP}»{NBSP}: une semaine de retard, aucun envoi inscrit"
    subject = said_in_both("promise_week_late", "en", "If not, 2 people await a new date.", "Mark as sent")
    assert subject == "“The bag of flour”: one week late, nothing marked sent"


# ------------------------------------------------------------------ news that was promised


def promise_news(campaign, due_on):
    announce(
        make_update(campaign, notice_block([flour(campaign)], next_news_on=due_on)),
        by=None,
        missing_language=MissingLanguage.NONE,
    )
    return DelayNotice.objects.latest("pk")


def morning_of(day):
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("America/Toronto"))


def test_missed_news_is_told_once_to_editors_and_advisers(cooperative, campaign):
    make_pledge(campaign)
    due_on = clock.now().date() + timedelta(days=10)
    notice = promise_news(campaign, due_on)
    tick(cooperative, morning_of(due_on))
    assert told("next_news_missed") == []
    for days in (1, 1, 5):
        tick(cooperative, morning_of(due_on + timedelta(days=days)))
    assert told("next_news_missed") == ["adviser@meule.example", "editor@meule.example"]
    subject = said_in_both(
        "next_news_missed",
        "en",
        "Your notice of ",
        "1 person is waiting for it.",
        "A draft awaits you.",
        f"http://meule.localhost/admin/mailings/drafts/{campaign.pk}/next-news:{notice.pk}/",
    )
    assert subject.startswith("News was promised for ")
    said_in_both("next_news_missed", "fr", "1 personne les attend.", "Un brouillon vous attend.", "Écrire la nouvelle")


def test_news_that_came_is_not_missed(cooperative, campaign):
    make_pledge(campaign)
    due_on = clock.now().date() + timedelta(days=10)
    promise_news(campaign, due_on)
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        make_update(campaign, title="Où nous en sommes")
    tick(cooperative, morning_of(due_on + timedelta(days=2)))
    assert told("next_news_missed") == []


def test_a_later_notice_replaces_the_earlier_one(cooperative, campaign):
    make_pledge(campaign)
    first = clock.now().date() + timedelta(days=10)
    promise_news(campaign, first)
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        promise_news(campaign, first + timedelta(days=30))
    tick(cooperative, morning_of(first + timedelta(days=2)))
    assert told("next_news_missed") == []


def test_news_nobody_waits_for_is_not_asked_for(cooperative, campaign):
    pledge = make_pledge(campaign)
    due_on = clock.now().date() + timedelta(days=10)
    promise_news(campaign, due_on)
    deliver(pledge)
    tick(cooperative, morning_of(due_on + timedelta(days=2)))
    assert told("next_news_missed") == []


def test_news_another_cooperative_promised_is_theirs(cooperative, campaign, outsider):
    with within(outsider):
        theirs = make_campaign(outsider)
        make_pledge(theirs)
        due_on = clock.now().date() + timedelta(days=10)
        promise_news(theirs, due_on)
    tick(cooperative, morning_of(due_on + timedelta(days=2)))
    assert told("next_news_missed") == []


# ------------------------------------------------------------------ who wants it


def test_who_switched_a_mail_off_gets_none(cooperative, campaign, team):
    make_pledge(campaign)
    TeamMailChoice.objects.create(
        cooperative=cooperative, user=team[Role.EDITOR], kind="promise_week_late", wanted=False
    )
    tick(cooperative, WEEK_AFTER)
    assert told("promise_week_late") == ["adviser@meule.example"]


def test_a_choice_made_elsewhere_or_about_another_mail_changes_nothing(cooperative, campaign, team, outsider):
    make_pledge(campaign)
    shared = {"user": team[Role.EDITOR], "wanted": False}
    TeamMailChoice.objects.create(cooperative=cooperative, kind="editor_digest", **shared)
    with within(outsider):
        TeamMailChoice.objects.create(cooperative=outsider, kind="promise_week_late", **shared)
    tick(cooperative, WEEK_AFTER)
    assert told("promise_week_late") == ["adviser@meule.example", "editor@meule.example"]


def test_who_left_the_team_gets_none(cooperative, campaign, team):
    make_pledge(campaign)
    team[Role.EDITOR].is_active = False
    team[Role.EDITOR].save()
    tick(cooperative, MONTH_BEFORE)
    assert told("promise_in_one_month") == []
