"""Surveys: who is asked and reminded, what counts, when it is over; in the words of each reader."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from home import clock
from home.mail import composing
from home.models import OutgoingMail
from home.tenancy import within
from pledges import address_locks, exports, fulfilment, fulfilment_tasks, survey_answers, surveys
from pledges.enums import FulfilmentState, PledgeState, SurveyState
from pledges.exports import Wanted
from pledges.fulfilment import today_in
from pledges.models import DeliveryAddress, PledgeItem, Survey, SurveyAnswer, SurveyReply
from pledges.surveys import FIRST, LAST, OPENED, Given, Lack
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.factories.surveys import make_survey

pytestmark = pytest.mark.usefixtures("inside")

NOON = "2026-10-05 16:00+00:00"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def campaign(cooperative):
    return make_campaign(
        cooperative,
        tiers=[
            tier("Chandail", 3000, estimated_delivery="2027-03"),
            tier("Pain", 2000, estimated_delivery="2027-05", handover="pickup"),
        ],
    )


@pytest.fixture
def shirt(campaign):
    return campaign.rewards.order_by("position").first()


def mails(kind=None):
    rows = OutgoingMail.objects.order_by("pk")
    return [mail.address for mail in (rows.filter(kind=kind) if kind else rows)]


def answer(survey, pledge, size=None, text="", number=1, language="fr"):
    """Every piece of every item of this contribution, in the same way."""
    size_question, *others = survey.questions.all()
    given = {}
    for item in surveys.asked(survey).filter(pledge=pledge):
        option = size_question.options.get(label_fr=size) if size else None
        given[item.pk] = [
            one
            for piece in range(1, item.quantity + 1)
            for one in (Given(size_question, piece, option), *(Given(other, piece, None, text) for other in others))
        ]
    return surveys.reply(survey, pledge, given, language)


def address_of(pledge, **fields):
    return DeliveryAddress.objects.create(
        cooperative=pledge.cooperative,
        pledge=pledge,
        recipient="Rosalie Tremblay",
        line1="12, rue du Moulin",
        city="Saint-Aurèle",
        region="Québec",
        postal_code="G0L 0X0",
        country="CA",
        changed_at=clock.now(),
        **fields,
    )


def test_opening_writes_to_each_backer_owed_that_tier_once_in_their_language(campaign, shirt):
    bread = campaign.rewards.order_by("position")[1]
    make_pledge(campaign, email="une@c.example", rewards=[(shirt, 2)])
    make_pledge(campaign, email="two@c.example", language="en", rewards=[(shirt, 1)])
    make_pledge(campaign, email="pain@c.example", rewards=[(bread, 1)])
    make_pledge(campaign, email="promise@c.example", rewards=[(shirt, 1)], paid=False)
    make_pledge(campaign, email="gone@c.example", rewards=[(shirt, 1)], state=PledgeState.CANCELLED)
    sent = make_pledge(campaign, email="sent@c.example", rewards=[(shirt, 1)])
    fulfilment.mark([item.pk for item in sent.items.all()], FulfilmentState.SENT, by=None)
    survey = make_survey(shirt)
    assert surveys.open_survey(survey, by=None)
    assert mails(OPENED) == ["une@c.example", "two@c.example"]
    assert not surveys.open_survey(survey, by=None)
    surveys.attend(survey)
    assert mails(OPENED) == ["une@c.example", "two@c.example"]


@pytest.mark.parametrize(
    ("fields", "lack"),
    [
        ({"sizes": [], "text": False}, [Lack.NOTHING_ASKED]),
        ({"sizes": [("Petit", "Small")]}, [Lack.OPTIONS, Lack.DEFAULT]),
        ({"days": 0}, [Lack.PAST]),
        ({"sizes": [], "text": False, "asks_address": True}, []),
    ],
)
def test_a_draft_that_lacks_something_is_not_opened(campaign, shirt, fields, lack):
    make_pledge(campaign)
    survey = make_survey(shirt, **fields)
    assert surveys.lacks(survey) == lack
    assert surveys.open_survey(survey, by=None) is (not lack)
    assert len(mails(OPENED)) == (0 if lack else 1)


def test_who_comes_after_the_opening_gets_it_too(campaign, shirt, noon):
    make_pledge(campaign, email="une@c.example")
    survey = make_survey(shirt, opened=True)
    make_pledge(campaign, email="late@c.example")
    surveys.attend(survey)
    assert mails(OPENED) == ["une@c.example", "late@c.example"]


def test_reminders_go_once_and_only_to_who_has_not_answered(campaign, shirt, noon):
    answers = make_pledge(campaign, email="answers@c.example")
    make_pledge(campaign, email="silent@c.example")
    survey = make_survey(shirt, days=20, opened=True)
    start = today_in(campaign.cooperative)
    assert surveys.reminders(survey) == {FIRST: start + timedelta(days=13), LAST: start + timedelta(days=18)}
    answer(survey, answers, "Petit")
    kinds = {}
    for day in range(21):
        noon.move_to(clock.now() + timedelta(days=1 if day else 0))
        fulfilment_tasks.attend_survey.call(survey.pk)
        fulfilment_tasks.attend_survey.call(survey.pk)
        kinds[day] = [kind for kind in (FIRST, LAST) if mails(kind)]
    assert [day for day in range(21) if kinds[day] != kinds.get(day - 1, [])] == [13, 18]
    assert (mails(FIRST), mails(LAST)) == (["silent@c.example"], ["silent@c.example"])


@pytest.mark.parametrize(
    ("days", "expected"), [(2, {}), (3, {LAST: 1}), (6, {FIRST: 3, LAST: 4}), (10, {FIRST: 5, LAST: 8})]
)
def test_a_short_survey_reminds_half_way(campaign, shirt, days, expected):
    start = today_in(campaign.cooperative)
    survey = make_survey(shirt, days=days, opened=True)
    assert surveys.reminders(survey) == {kind: start + timedelta(days=day) for kind, day in expected.items()}


def test_who_heard_of_it_today_is_not_reminded_today(campaign, shirt, noon):
    survey = make_survey(shirt, days=20, opened=True)
    noon.move_to(clock.now() + timedelta(days=18))
    make_pledge(campaign, email="late@c.example")
    surveys.attend(survey)
    assert (mails(OPENED), mails(LAST)) == (["late@c.example"], [])
    noon.move_to(clock.now() + timedelta(days=1))
    surveys.attend(survey)
    assert mails(LAST) == ["late@c.example"]


def test_answers_may_be_changed_until_the_end_of_the_last_day(campaign, shirt, noon):
    pledge = make_pledge(campaign, rewards=[(shirt, 2)])
    survey = make_survey(shirt, days=20, opened=True)
    assert answer(survey, pledge, "Petit", "Rose")
    assert answer(survey, pledge, "Grand", "Owen")
    assert SurveyReply.objects.count() == 1
    assert [
        (one.number, str(one.option or one.text)) for one in SurveyAnswer.objects.order_by("number", "question")
    ] == [
        (1, "Grand"),
        (1, "Owen"),
        (2, "Grand"),
        (2, "Owen"),
    ]
    noon.move_to("2026-10-26 03:59+00:00")  # 23:59 in Toronto on the last day
    assert answer(survey, pledge, "Petit")
    noon.move_to("2026-10-26 04:00+00:00")
    assert not answer(survey, pledge, "Grand")
    surveys.attend(survey)
    survey.refresh_from_db()
    assert (survey.state, survey.locked_at) == (SurveyState.LOCKED, clock.now())
    later = survey.locked_at
    noon.move_to(clock.now() + timedelta(days=1))
    assert not surveys.lock(survey)
    assert Survey.objects.get().locked_at == later


def test_defaults_count_for_who_did_not_answer_once_it_is_locked(campaign, shirt, noon):
    answers = make_pledge(campaign, rewards=[(shirt, 2)])
    silent = make_pledge(campaign, rewards=[(shirt, 1)])
    survey = make_survey(shirt, opened=True)
    answer(survey, answers, "Grand", "Rose")
    items = list(PledgeItem.objects.order_by("pk"))
    assert list(survey_answers.words_for(items).values()) == ["1. Grand, Rose · 2. Grand, Rose", ""]
    size, name = survey_answers.tallies(survey)
    assert ([count for _option, count in size.counts], size.unanswered) == ([0, 0, 2], 1)
    assert (name.texts, name.unanswered) == (2, 1)
    surveys.lock(survey)
    survey.refresh_from_db()
    size, name = survey_answers.tallies(survey)
    assert ([count for _option, count in size.counts], size.unanswered) == ([0, 1, 2], 1)
    with translation.override("en"):
        assert list(survey_answers.words_for(items).values()) == ["1. Large, Rose · 2. Large, Rose", "Medium"]
    assert silent.items.get().replies.count() == 0


def test_more_pieces_than_were_answered_for_ask_again(campaign, shirt):
    pledge = make_pledge(campaign)
    survey = make_survey(shirt, opened=True)
    answer(survey, pledge, "Petit")
    assert not surveys.unanswered(survey).exists()
    PledgeItem.objects.update(quantity=3)
    assert surveys.unanswered(survey).count() == 1


def test_the_address_is_opened_and_locked_with_the_survey(campaign, shirt, noon):
    pledge = make_pledge(campaign)
    address_of(pledge, locked_at=clock.now())
    survey = make_survey(shirt, asks_address=True, opened=True)
    address = DeliveryAddress.objects.get()
    assert (address.lock_on, address.locked_at) == (survey.lock_on, None)
    assert address_locks.last_day(pledge) == survey.lock_on
    noon.move_to("2026-10-26 03:59+00:00")
    fulfilment_tasks.lock_addresses.call()
    assert DeliveryAddress.objects.get().locked_at is None
    noon.move_to("2026-10-26 04:00+00:00")
    assert address_locks.is_locked(DeliveryAddress.objects.get())
    fulfilment_tasks.lock_addresses.call()
    assert DeliveryAddress.objects.get().locked_at == clock.now()


def test_lists_of_the_team_tell_the_choices_in_as_many_queries_however_many_rows(campaign, shirt, cooperative):
    survey = make_survey(shirt, opened=True)

    def one_more(name):
        pledge = make_pledge(campaign, rewards=[(shirt, 2)], backer_name=name)
        address_of(pledge)
        answer(survey, pledge, "Grand", "Rose")

    def read():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = list(exports.backers(cooperative, Wanted(), "fr"))
            labels = list(exports.labels(cooperative, Wanted()))
        return len(queries), rows, labels

    one_more("Rosalie")
    few, rows, labels = read()
    assert rows[0][-1] == "1. Grand, Rose · 2. Grand, Rose"
    assert labels[0][5] == "2 × Chandail [1. Grand, Rose · 2. Grand, Rose]"
    one_more("Owen")
    one_more("Aziz")
    many, rows, _labels = read()
    assert (many, len(rows)) == (few, 3)


@pytest.mark.parametrize("kind", [OPENED, FIRST, LAST])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_mail_says_what_is_asked_until_when_and_what_counts_otherwise(campaign, shirt, kind, language):
    make_pledge(campaign, language=language)
    survey = make_survey(shirt, asks_address=True)
    Survey.objects.update(intro_fr="Merci d’avance!", intro_en="Thanks in advance!")
    survey.refresh_from_db()
    surveys.open_survey(survey, by=None)
    mail = OutgoingMail.objects.get()
    mail.kind = kind
    message = composing.compose(mail)
    text = message.body
    both = {
        "fr": ["Taille, Nom à graver", "25 octobre 2026", survey.reward.title_fr],
        "en": ["Size, Name to engrave", "October 25, 2026", survey.reward.title_en],
    }
    own = {
        "fr": ["3\u00a0questions", "Merci d’avance!"] if kind == OPENED else ["«\u00a0Taille\u00a0»\u00a0: Moyen"],
        "en": ["3 questions", "Thanks in advance!"] if kind == OPENED else ["“Size”: Medium"],
    }
    for fact in both[language] + own[language]:
        assert fact in text
        assert fact in message.alternatives[0].content.replace("&nbsp;", "\u00a0")
    assert "/choix/" in text if language == "fr" else "/choices/" in text


def test_nothing_crosses_to_another_cooperative(campaign, shirt, outsider):
    survey = make_survey(shirt)
    with within(outsider):
        theirs = make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000)])
        make_pledge(theirs, email="voisine@c.example")
        make_survey(theirs.rewards.get(), opened=True)
    make_pledge(campaign, email="une@c.example")
    surveys.open_survey(survey, by=None)
    assert mails() == ["une@c.example"]
    assert Survey.objects.count() == 1
