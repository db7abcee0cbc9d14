"""A refund that was granted and did not reach its backer: true to the backer, back with the treasurer, never silent."""

import uuid
from html import unescape

import pytest
from django.urls import reverse

from campaigns.enums import FundingModel
from home import clock, formats
from home.mail import composing
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import erasing, gateway, pledging, refund_decisions, refund_requests, refunds
from pledges.enums import RefundState, RequestState
from pledges.gateway import MadeRefund
from pledges.gone_back import given_up
from pledges.models import Pledge, PledgeItem, Refund, RefundRequest
from pledges.refund_decisions import RefundRefused
from pledges.refund_requests import Course, RequestRefused
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.pledges.test_answering import own, said
from tests.pledges.test_refund_request_views import page, text_of

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def treasurer(cooperative):
    return make_user(cooperative, Role.TREASURER)


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def admin(client, cooperative, treasurer):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(treasurer)
    return client


@pytest.fixture
def pledge(campaign):
    return make_pledge(campaign, rewards=[(tier, 1) for tier in campaign.rewards.order_by("position")], language="en")


@pytest.fixture
def granted(pledge, treasurer):
    """A request for the first reward, granted whole; its refund is due."""
    item = PledgeItem.objects.select_related("pledge").filter(pledge=pledge).order_by("pk").first()
    request = refund_requests.ask(item, "")
    refund_decisions.grant(request, amount=3000, answer="Sorry for the wait.", by=treasurer, key=uuid.uuid4())
    return read(request)


def read(request):
    return RefundRequest.objects.select_related("refund__payment", "item__pledge").get(pk=request.pk)


def refuse(refund):
    """As the provider does: nothing moved."""
    refunds._refuse(refund, gateway.Refused("no", code="charge_disputed"))


def made(refund, status="succeeded", failure=""):
    """As the provider has it."""
    intent = refund.payment.stripe_intent
    refunds.record(refund, MadeRefund("re_1", intent, status, refund.amount, "CAD", 0, True, "", failure))


def send_back(refund):
    made(refund)
    made(refund, "failed", "expired_or_canceled_card")


def day_of(instant):
    return formats.local_day(instant, "America/Toronto", "en")


def test_the_backers_page_follows_the_refund_all_the_way(visitor, pledge, granted, treasurer):
    lead, today = f"Refund of $30.00 granted on {day_of(granted.answered_at)}", day_of(clock.now())
    statement = "It will show on your statement within 5 to 10 business days."
    for act, words in (
        (lambda refund: None, f"{lead} {statement} Sorry for the wait."),
        (
            refuse,
            f"{lead} It could not be made so far. The cooperative has been told, and is seeing to it. Sorry for the",
        ),
        (lambda refund: refund_decisions.ask_again(refund, treasurer), f"{lead} {statement} Sorry for the wait."),
        (made, f"Refunded on {today}: $30.00 {statement} Sorry for the wait."),
        (
            lambda refund: made(refund, "failed", "lost_or_stolen_card"),
            f"{lead} It could not be paid to your card. The cooperative has been told, and owes it to you. Sorry for",
        ),
        (
            lambda refund: refund_decisions.settle_otherwise(refund, treasurer),
            f"Refunded on {today}: $30.00 Sorry for the wait.",
        ),
    ):
        act(read(granted).refund)
        shown = said(visitor.get(own(pledge)))
        assert words in shown, shown


def test_in_french(visitor, pledge, granted):
    refuse(granted.refund)
    shown = said(visitor.get(own(pledge, language="fr"))).replace("\u00a0", " ")
    assert "Il n’a pas pu être fait jusqu’ici. La coopérative en est avisée et s’en occupe." in shown
    Refund.objects.update(done_at=clock.now())
    shown = said(visitor.get(own(pledge, language="fr"))).replace("\u00a0", " ")
    assert "Il n’a pas pu être versé sur votre carte. La coopérative en est avisée et vous le doit." in shown


def test_its_course_is_the_refunds_own_state(granted):
    found = []
    for state, done, settled in (
        ("due", None, None),
        ("failed", None, None),
        ("rejected", None, None),
        ("done", 1, None),
        ("failed", 1, None),
        ("failed", 1, 1),
    ):
        now = clock.now()
        Refund.objects.update(state=state, done_at=now if done else None, settled_at=now if settled else None)
        request = read(granted)
        listed = refund_requests.unpaid(request.cooperative).filter(pk=request.pk).exists()
        found.append((refund_requests.course_of(request), listed))
    assert found == [
        (Course.UNDER_WAY, False),
        (Course.NOT_MADE, True),
        (Course.NOT_MADE, True),
        (Course.PAID, False),
        (Course.SENT_BACK, True),
        (Course.PAID, False),
    ]


def test_the_reward_stays_given_up_and_is_not_asked_for_twice(visitor, pledge, granted):
    refuse(granted.refund)
    item = read(granted).item
    assert PledgeItem.objects.filter(given_up()).get() == item
    assert refund_requests.is_given_up(item)
    with pytest.raises(RequestRefused, match="granted"):
        refund_requests.ask(item, "")
    PledgeItem.objects.exclude(pk=item.pk).update(quantity=0)
    assert "A refund of this reward is granted already" in said(visitor.get(own(pledge, "_refund")))


def test_it_is_back_on_the_treasurers_list_with_what_to_do(admin, granted):
    assert "Granted, and not paid back" not in text_of(admin.get(reverse("pledges_refund_requests")))
    refuse(granted.refund)
    shown = text_of(admin.get(reverse("pledges_refund_requests")))
    assert "Granted, and not paid back" in shown
    assert "$30.00 Granted, and the refund was refused Ask for the refund again, or answer the backer" in shown
    detail = text_of(admin.get(page(granted)))
    for words in ("refused this refund", "Code given: charge_disputed", "Ask again, and refund $30.00"):
        assert words in detail, detail
    made(read(granted).refund)
    made(read(granted).refund, "failed", "lost_or_stolen_card")
    shown = text_of(admin.get(reverse("pledges_refund_requests")))
    assert "Granted, and sent back by the bank Pay it by cheque or transfer, then mark it as paid" in shown
    detail = text_of(admin.get(page(granted)))
    assert "Code given: lost_or_stolen_card" in detail
    assert "Ask again" not in detail
    refund_decisions.settle_otherwise(read(granted).refund, make_user(granted.cooperative, Role.OWNER))
    shown = text_of(admin.get(reverse("pledges_refund_requests")))
    assert ("Granted, and not paid back" in shown, "Granted and paid back" in shown) == (False, True)


def test_the_treasurer_asks_for_it_again_once(admin, granted):
    admin.post(page(granted), {"act": "again"})
    assert read(granted).refund.key == granted.refund.key
    refuse(granted.refund)
    for _press in range(2):
        admin.post(page(granted), {"act": "again"})
    again = read(granted)
    assert (again.state, again.refund.state, Refund.objects.count()) == (RequestState.GRANTED, RefundState.DUE, 1)
    assert again.refund.key != granted.refund.key


def test_or_answers_without_a_refund_and_the_backer_is_told_again(admin, visitor, pledge, granted):
    admin.post(page(granted), {"act": "decline", "decline-answer": "No."})
    assert read(granted).state == RequestState.GRANTED
    refuse(granted.refund)
    answer = admin.post(page(granted), {"act": "decline", "decline-answer": " "})
    assert list(answer.context["decline"].errors) == ["answer"]
    for _press in range(2):
        admin.post(page(granted), {"act": "decline", "decline-answer": "It left yesterday."})
    again = read(granted)
    assert (again.state, again.refund.state, again.answer) == (
        RequestState.DECLINED,
        RefundState.REJECTED,
        "It left yesterday.",
    )
    assert not PledgeItem.objects.filter(given_up()).exists()
    told = OutgoingMail.objects.filter(kind="refund_answered").order_by("pk")
    assert [mail.occasion for mail in told] == ["", "after_all"]
    message = composing.compose(told[1])
    assert message.subject == "Answer to your refund request"
    for part in (message.body, message.alternatives[0][0]):
        for words in ("The refund of $30.00 that was granted to you could not be made.", "It left yesterday."):
            assert words in unescape(part), part
    shown = said(visitor.get(own(pledge)))
    assert "The refund of $30.00 that was granted to you could not be made; answered on" in shown
    assert refund_requests.ask(again.item, "").state == RequestState.ASKED


def test_what_was_granted_is_not_let_go_in_silence(admin, granted, treasurer):
    refuse(granted.refund)
    refund = read(granted).refund
    assert not refund_decisions.may_let_go(refund)
    with pytest.raises(RefundRefused, match="decided"):
        refund_decisions.let_go(refund, treasurer)
    assert page(granted) in admin.get(reverse("pledges_refund", args=[refund.pk])).content.decode()


def test_money_that_was_granted_and_not_paid_keeps_someone_from_being_erased(campaign, pledge, granted):
    end_now(campaign)
    campaign.state = "ended"
    campaign.save()
    refuse(granted.refund)
    assert erasing.reason_against(pledge.backer) == erasing.MONEY


def test_cancelling_gives_it_back_by_another_way_and_closes_the_request(cooperative, treasurer):
    flexible = make_campaign(cooperative, title="Le four", slug="four", funding_model=FundingModel.FLEXIBLE)
    pledge = make_pledge(flexible)
    request = refund_requests.ask(PledgeItem.objects.select_related("pledge").get(pledge=pledge), "")
    refuse(refund_decisions.grant(request, amount=3000, answer="", by=treasurer, key=uuid.uuid4()))
    assert pledging.cancel(Pledge.objects.select_related("campaign", "backer", "cooperative").get(pk=pledge.pk))
    again = read(request)
    assert (again.state, again.refund.state) == (RequestState.WITHDRAWN, RefundState.REJECTED)
    assert [one.amount for one in Refund.objects.filter(state=RefundState.DUE)] == [3000]
    assert not refund_requests.unpaid(cooperative).exists()


def test_nothing_of_another_cooperative(admin, outsider, treasurer):
    with within(outsider):
        theirs = make_pledge(make_campaign(outsider), backer_name="Ailleurs")
        request = refund_requests.ask(PledgeItem.objects.select_related("pledge").get(pledge=theirs), "")
        other = make_user(outsider, Role.TREASURER)
        refuse(refund_decisions.grant(request, amount=3000, answer="", by=other, key=uuid.uuid4()))
    assert "Ailleurs" not in text_of(admin.get(reverse("pledges_refund_requests")))
    admin.post(page(request), {"act": "again"})
    with within(outsider):
        assert read(request).refund.state == RefundState.FAILED
