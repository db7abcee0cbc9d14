"""A request for a reward's money back: asked once, answered once, by two people above the limit, and told."""

import uuid
from datetime import date, timedelta
from html import unescape

import pytest

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock
from home.mail import composing
from home.models import Cooperative, OutgoingMail, Role
from pledges import (
    accepting,
    address_checks,
    changing,
    erasing,
    fulfilment,
    ledger_checks,
    own_settings,
    pledging,
    refund_decisions,
    refund_requests,
    surveys,
)
from pledges.change_plans import Wanted
from pledges.enums import FulfilmentState, PaymentMethod, PledgeState, RefundState, RequestState
from pledges.fulfilment import Obstacle, today_in
from pledges.gone_back import given_up
from pledges.models import Payment, Pledge, PledgeItem, Refund, RefundRequest
from pledges.promises import Promised, agreed_month, awaits_answer, history
from pledges.refund_decisions import RefundRefused
from pledges.refund_requests import RequestRefused
from tests.factories.books import make_offline
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund
from tests.factories.surveys import make_survey

pytestmark = pytest.mark.usefixtures("inside")

ASKED, GRANTED, DECLINED, WITHDRAWN = RequestState


@pytest.fixture
def treasurer(cooperative):
    return make_user(cooperative, Role.TREASURER)


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


@pytest.fixture
def pledge(campaign):
    return make_pledge(campaign, rewards=[(tier, 1) for tier in campaign.rewards.order_by("position")], fee=300)


def item_of(pledge):
    return PledgeItem.objects.select_related("pledge").filter(pledge=pledge).order_by("pk").first()


def grant(request, by, amount=3000, key=None, answer=""):
    return refund_decisions.grant(request, amount=amount, answer=answer, by=by, key=key or uuid.uuid4())


def state_of(request):
    return RefundRequest.objects.get(pk=request.pk).state


def mails(*kinds):
    rows = OutgoingMail.objects.filter(kind__in=kinds).order_by("pk")
    return [(mail.kind, mail.address) for mail in rows]


def limit(cooperative, cents):
    Cooperative.objects.filter(pk=cooperative.pk).update(second_person_above=cents)


def test_it_asks_for_what_the_reward_cost_and_tells_both_sides(pledge, cooperative, treasurer, owner):
    make_user(cooperative, Role.EDITOR)
    request = refund_requests.ask(item_of(pledge), "La date ne va plus.")
    assert (request.state, request.amount, request.currency, request.message) == (
        ASKED,
        3000,
        "CAD",
        "La date ne va plus.",
    )
    assert request.answer_by == today_in(cooperative) + timedelta(days=10)
    assert sorted(mails("refund_requested", "refund_to_decide")) == sorted(
        [
            ("refund_requested", pledge.backer.email),
            ("refund_to_decide", treasurer.email),
            ("refund_to_decide", owner.email),
        ]
    )


def test_one_open_request_a_reward(pledge):
    refund_requests.ask(item_of(pledge), "")
    with pytest.raises(RequestRefused, match="open"):
        refund_requests.ask(item_of(pledge), "")
    assert RefundRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda campaign: make_pledge(campaign, paid=False), "unpaid"),
        (lambda campaign: make_pledge(campaign, state=PledgeState.CANCELLED), "ended"),
        (lambda campaign: make_refund(make_pledge(campaign).payment).payment.pledge, "given_back"),
    ],
)
def test_where_nothing_can_go_back_nothing_is_asked(campaign, make, why):
    with pytest.raises(RequestRefused, match=why):
        refund_requests.ask(item_of(make(campaign)), "")
    assert (RefundRequest.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def test_never_more_than_is_left(pledge):
    make_refund(pledge.payment, amount=8000, commission=0)
    assert refund_requests.ask(item_of(pledge), "").amount == 1500


def test_granting_writes_the_refund_and_tells_the_backer(pledge, treasurer):
    request = refund_requests.ask(item_of(pledge), "")
    refund = grant(request, treasurer, answer="Merci de votre patience.")
    request.refresh_from_db()
    assert (request.state, request.refund, request.answer, request.answered_by) == (
        GRANTED,
        refund,
        "Merci de votre patience.",
        treasurer,
    )
    assert (refund.state, refund.amount, refund.asked_by) == (RefundState.DUE, 3000, treasurer)
    assert mails("refund_answered") == [("refund_answered", pledge.backer.email)]
    assert PledgeItem.objects.filter(given_up()).get() == item_of(pledge)
    assert [str(one) for one in ledger_checks.all_findings()] == []


def test_a_part_leaves_the_reward_owed_and_the_rest_to_ask(pledge, treasurer):
    grant(refund_requests.ask(item_of(pledge), ""), treasurer, amount=1000)
    assert not PledgeItem.objects.filter(given_up()).exists()
    assert refund_requests.ask(item_of(pledge), "").amount == 2000


@pytest.mark.parametrize("amount", [3001, 9500])
def test_no_more_than_was_asked(pledge, treasurer, amount):
    request = refund_requests.ask(item_of(pledge), "")
    with pytest.raises(RefundRefused, match="too_much"):
        grant(request, treasurer, amount=amount)
    assert (state_of(request), Refund.objects.count()) == (ASKED, 0)


def test_the_same_form_twice_grants_once(pledge, treasurer):
    request, key = refund_requests.ask(item_of(pledge), ""), uuid.uuid4()
    assert grant(request, treasurer, key=key) == grant(request, treasurer, key=key)
    assert (Refund.objects.count(), len(mails("refund_answered"))) == (1, 1)


def test_answered_once_is_answered(pledge, treasurer, owner):
    request = refund_requests.ask(item_of(pledge), "")
    assert refund_requests.decline(request, "Déjà envoyée.", owner)
    with pytest.raises(RefundRefused, match="decided"):
        grant(request, treasurer)
    assert not refund_requests.decline(request, "Encore", treasurer)
    assert not refund_requests.withdraw(request)
    request.refresh_from_db()
    assert (request.state, request.answer, Refund.objects.count()) == (DECLINED, "Déjà envoyée.", 0)
    assert len(mails("refund_answered")) == 1


def test_above_the_limit_nothing_is_granted_before_the_second_person(pledge, cooperative, treasurer, owner):
    limit(cooperative, 1000)
    request = refund_requests.ask(item_of(pledge), "")
    refund = grant(request, treasurer)
    assert (refund.state, state_of(request), mails("refund_answered")) == (RefundState.TO_APPROVE, ASKED, [])
    assert not refund_requests.decline(request, "Non", owner)
    refund_decisions.approve(refund, owner)
    request.refresh_from_db()
    assert (request.state, request.refund, request.answered_by) == (GRANTED, refund, treasurer)
    assert mails("refund_answered") == [("refund_answered", pledge.backer.email)]


def test_not_approved_it_is_open_again_and_the_backer_was_told_nothing(pledge, cooperative, treasurer, owner):
    limit(cooperative, 1000)
    request = refund_requests.ask(item_of(pledge), "")
    refund_decisions.reject(grant(request, treasurer), owner)
    assert (state_of(request), mails("refund_answered")) == (ASKED, [])
    assert grant(request, owner, amount=800).state == RefundState.DUE
    assert (state_of(request), RefundRequest.objects.get().refund.amount) == (GRANTED, 800)


def test_withdrawn_it_takes_the_waiting_refund_with_it(pledge, cooperative, treasurer, owner):
    limit(cooperative, 1000)
    request = refund_requests.ask(item_of(pledge), "")
    refund = grant(request, treasurer)
    assert refund_requests.withdraw(request)
    assert not refund_requests.withdraw(request)
    with pytest.raises(RefundRefused, match="decided"):
        refund_decisions.approve(refund, owner)
    assert (state_of(request), Refund.objects.get().state) == (WITHDRAWN, RefundState.REJECTED)
    assert refund_requests.ask(item_of(pledge), "").state == ASKED


def test_a_cheque_is_given_back_by_hand(campaign, treasurer):
    pledge = make_pledge(campaign, paid=False)
    make_offline(pledge)
    refund = grant(refund_requests.ask(item_of(pledge), ""), treasurer)
    assert (refund.state, refund.commission, refund.payment.method) == (RefundState.DUE, 0, PaymentMethod.CHEQUE)
    [mail] = OutgoingMail.objects.filter(kind="refund_answered")
    message = composing.compose(mail)
    for said in (message.body, message.alternatives[0][0]):
        assert "La coopérative vous remboursera elle-même 30,00 $." in unescape(said).replace("\u00a0", " "), said


def test_cancelling_settles_what_was_asked(cooperative, treasurer):
    flexible = make_campaign(cooperative, title="Le four", slug="four", funding_model=FundingModel.FLEXIBLE)
    pledge = make_pledge(flexible)
    request = refund_requests.ask(item_of(pledge), "")
    pledge = Pledge.objects.select_related("campaign", "backer", "cooperative").get(pk=pledge.pk)
    assert pledging.cancel(pledge)
    with pytest.raises(RefundRefused, match="nothing_left"):
        grant(request, treasurer)
    assert (state_of(request), Refund.objects.get().amount) == (WITHDRAWN, 3000)


def test_a_reward_given_up_in_a_change_keeps_what_was_asked_for_it(cooperative):
    flexible = make_campaign(cooperative, title="Le four", slug="four", funding_model=FundingModel.FLEXIBLE)
    flour, box = flexible.rewards.order_by("position")
    pledge = make_pledge(flexible, rewards=[(flour, 1), (box, 1)])
    request = refund_requests.ask(item_of(pledge), "")
    pledge = Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=pledge.pk)
    changing.ask(pledge, changing.ChangeRequest([Wanted(box.pk, 1)], amount=box.amount))
    item = PledgeItem.objects.get(reward=flour)
    assert (state_of(request), item.quantity, item.state) == (WITHDRAWN, 0, FulfilmentState.NOT_APPLICABLE)


def test_each_mail_says_the_same_in_both_parts_and_languages(campaign, treasurer):
    for language, words in (
        ("fr", ("« Le sac de farine »", "30,00 $")),
        ("en", ("“The bag of flour”", "$30.00")),
    ):
        pledge = make_pledge(campaign, language=language)
        rights = {"fr": "Les droits que la loi vous donne restent entiers.", "en": "Your rights under the law remain."}
        request = refund_requests.ask(item_of(pledge), "Un mot à moi.")
        refund_requests.decline(request, "Elle est partie hier.", treasurer)
        asked, answered = OutgoingMail.objects.filter(backer=pledge.backer).order_by("pk")
        for mail, said in (
            (asked, (*words[:2], "Un mot à moi.")),
            (answered, (words[0], "Elle est partie hier.", rights[language])),
        ):
            message = composing.compose(mail)
            for part in (message.body, message.alternatives[0][0]):
                assert [text for text in said if text not in unescape(part).replace("\u00a0", " ")] == [], part


def test_what_it_would_cost(pledge, treasurer):
    request = refund_requests.ask(item_of(pledge), "")
    assert refund_requests.cost_of(request, 3000) == 95
    [mail] = OutgoingMail.objects.filter(kind="refund_to_decide")
    body = composing.compose(mail).body
    assert "0,95" in body
    assert "octobre 2027" in body


def promised(*months):
    """A history: each month, and whether it was accepted."""
    return [
        Promised(date(2027, number, 1), clock.now() if index else None, clock.now() if yes else None)
        for index, (number, yes) in enumerate(months)
    ]


@pytest.mark.parametrize(
    ("months", "agreed", "awaits"),
    [
        ([(5, 0)], 5, False),
        ([(5, 0), (8, 0)], 5, True),
        ([(5, 0), (8, 1)], 8, False),
        ([(5, 0), (8, 1), (9, 0)], 8, True),
        ([(5, 0), (3, 0)], 3, False),
        ([(5, 0), (8, 0), (7, 0)], 5, True),
        ([(5, 0), (8, 1), (7, 0)], 7, False),
        ([(5, 0), (3, 0), (5, 0)], 3, True),
        ([(5, 0), (8, 0), (5, 0)], 5, False),
    ],
)
def test_only_a_date_later_than_any_agreed_to_is_asked_about(months, agreed, awaits):
    told = promised(*months)
    assert (agreed_month(told).month, awaits_answer(told)) == (agreed, awaits)


def test_nobody_is_asked_about_what_they_have_or_gave_back(pledge, treasurer):
    item = item_of(pledge)
    assert [accepting.asks(item), len(history(item))] == [False, 1]
    assert not accepting.accept(pledge, 999)


def test_payments_in_two_parts_are_given_back_one_at_a_time(pledge, treasurer):
    item = item_of(pledge)
    PledgeItem.objects.filter(pk=item.pk).update(quantity=4)
    first = pledge.payment
    Payment.objects.filter(pk=first.pk).update(amount=9000)
    Payment.objects.create(
        cooperative=first.cooperative, pledge=pledge, part=1, state="paid", currency="CAD", amount=4000, commission=0,
        created_at=clock.now(), paid_at=clock.now(),
    )  # fmt: skip
    request = refund_requests.ask(item_of(pledge), "")
    assert (request.amount, refund_requests.largest_at_once(request)) == (12000, (first, 9000))


def test_a_reward_given_up_is_neither_asked_about_nor_handed_over(pledge, cooperative, treasurer):
    flour, box = pledge.items.order_by("pk")
    request = refund_requests.ask(flour, "")
    refund = grant(request, treasurer)
    survey = make_survey(flour.reward, opened=True)
    for state in (RefundState.DUE, RefundState.FAILED):
        Refund.objects.filter(pk=refund.pk).update(state=state)
        assert set(fulfilment.owed(cooperative)) == {box}
        assert list(surveys.asked(survey)) == list(surveys.concerned(survey)) == []
        assert not address_checks.parcels([flour.reward]).exists()
        weighing = fulfilment.weigh(PledgeItem.objects.filter(pledge=pledge), FulfilmentState.SENT)
        assert (weighing.movable, weighing.obstacles) == (1, {Obstacle.NOT_OWED: 1})
    assert mails("survey_opened") == []


def test_nothing_of_a_reward_given_up_is_to_be_mailed_and_its_backer_may_be_erased(campaign, treasurer):
    pledge = make_pledge(campaign, rewards=[(campaign.rewards.order_by("position").first(), 1)], extra=500)
    assert own_settings.needs_address(pledge)
    grant(refund_requests.ask(item_of(pledge), ""), treasurer)
    assert not own_settings.needs_address(pledge)
    Refund.objects.update(state=RefundState.DONE, done_at=clock.now())
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert erasing.reason_against(pledge.backer) == ""


def refuse(refund):
    """Stripe has said no to it."""
    Refund.objects.filter(pk=refund.pk).update(state=RefundState.FAILED, failed_at=clock.now())
    refund.refresh_from_db()


def test_what_was_refused_of_two_parts_is_asked_again(pledge, treasurer, owner):
    grant(refund_requests.ask(item_of(pledge), ""), treasurer, amount=1000)
    rest = grant(refund_requests.ask(item_of(pledge), ""), treasurer, amount=2000)
    refuse(rest)
    refund_decisions.ask_again(rest, owner)
    assert sum(Refund.objects.filter(state=RefundState.DUE).values_list("amount", flat=True)) == 3000
