"""A backer's answers on their own page: by POST only, to the date that stands, for their own contribution alone."""

import re
import uuid
from html import unescape

import pytest
from django.urls import reverse
from django.utils import translation

from home import formats
from home.models import OutgoingMail
from home.tenancy import within
from pledges import accepting, refund_decisions, refund_requests
from pledges.enums import FulfilmentState, RequestState
from pledges.links import contribution_token
from pledges.models import DatePromise, PledgeItem, PromiseAcceptance, RefundRequest
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def pledge(campaign):
    return make_pledge(campaign, language="en")


def own(pledge, name="", *args, language="en"):
    with translation.override(language):
        return reverse(f"contribution{name}", args=[contribution_token(pledge), *args])


def delay(campaign, month="2028-03"):
    with within(campaign.cooperative):
        first = campaign.rewards.order_by("position").first()
        update = make_update(campaign, notice_block([first], month=month), title=f"Retard {month}")
        announce(update, by=None, missing_language=MissingLanguage.NONE)
        return DatePromise.objects.order_by("-pk").first()


def said(response):
    body = re.sub(r"(?s)<(script|style|svg|head).*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def rows(pledge):
    with within(pledge.cooperative):
        return PromiseAcceptance.objects.count(), list(RefundRequest.objects.values_list("state", flat=True))


def test_a_later_date_is_asked_about_and_silence_accepts_nothing(visitor, campaign, pledge):
    delay(campaign)
    shown = said(visitor.get(own(pledge)))
    for words in (
        "New date: March 2028",
        "“The bag of flour” was expected in October 2027.",
        "if you do not answer, nothing is accepted on your behalf",
        "I accept the new date",
        "Ask for a refund",
        "First expected in October 2027",
    ):
        assert words in shown
    assert rows(pledge) == (0, [])


def test_accepting_is_recorded_once_and_asked_again_for_another_date(visitor, campaign, pledge):
    promise = delay(campaign)
    for _press in range(2):
        answer = visitor.post(own(pledge, "_accept", promise.pk))
        assert (answer.status_code, rows(pledge)[0]) == (303, 1)
    shown = said(visitor.get(own(pledge)))
    assert "You accepted March 2028 on" in shown
    assert "I accept the new date" not in shown
    second = delay(campaign, "2028-06")
    shown = said(visitor.get(own(pledge)))
    assert "“The bag of flour” was expected in March 2028." in shown
    assert "You accepted March 2028 on" not in shown
    visitor.post(own(pledge, "_accept", promise.pk))
    assert rows(pledge)[0] == 1
    visitor.post(own(pledge, "_accept", second.pk))
    assert rows(pledge)[0] == 2


def test_a_page_left_open_accepts_no_date_it_did_not_show(visitor, campaign, pledge):
    first = delay(campaign)
    delay(campaign, "2028-09")
    answer = visitor.post(own(pledge, "_accept", first.pk), follow=True)
    assert "Nothing was accepted" in said(answer)
    assert rows(pledge)[0] == 0


def test_a_date_moved_closer_asks_for_nothing(visitor, campaign, pledge):
    promise = delay(campaign, "2027-02")
    shown = said(visitor.get(own(pledge)))
    assert "Expected in February 2027" in shown
    assert "I accept the new date" not in shown
    visitor.post(own(pledge, "_accept", promise.pk))
    assert rows(pledge)[0] == 0


def test_reading_every_page_changes_nothing(visitor, campaign, pledge):
    promise = delay(campaign)
    with within(campaign.cooperative):
        request = refund_requests.ask(PledgeItem.objects.select_related("pledge").get(), "")
    for address in (
        own(pledge, "_accept", promise.pk),
        own(pledge, "_refund"),
        own(pledge, "_refund_withdraw", request.pk),
    ):
        for method in (visitor.get, visitor.head):
            assert method(address).status_code in (200, 303), address
    assert rows(pledge) == (0, [RequestState.ASKED])


def test_a_refund_is_asked_for_followed_and_withdrawn(visitor, pledge):
    form = said(visitor.get(own(pledge, "_refund")))
    assert "“The bag of flour”, 1. Amount concerned: $30.00" in form
    with within(pledge.cooperative):
        item = pledge.items.get()
    answer = visitor.post(own(pledge, "_refund"), {"item": item.pk, "message": "Trop tard pour moi."}, follow=True)
    with within(pledge.cooperative):
        request = RefundRequest.objects.get()
    shown = said(answer)
    assert "Refund requested on" in shown
    assert f"You will have an answer by {formats.day(request.answer_by, 'en')}." in shown
    assert request.message == "Trop tard pour moi."
    assert "Your request is already waiting for its answer." in said(visitor.get(own(pledge, "_refund")))
    visitor.post(own(pledge, "_refund_withdraw", request.pk))
    assert rows(pledge) == (0, [RequestState.WITHDRAWN])
    assert "Refund requested on" not in said(visitor.get(own(pledge)))


@pytest.mark.parametrize("data", [{}, {"item": "0"}, {"item": "x"}, {"message": "m" * 1001}])
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_kept(visitor, pledge, data):
    with within(pledge.cooperative):
        item = pledge.items.get()
    posted = {"message": "Mon mot"} | data
    if "message" in data:
        posted["item"] = item.pk
    answer = visitor.post(own(pledge, "_refund"), posted)
    assert list(answer.context["form"].errors) == (["message"] if "message" in data else ["item"])
    assert answer.context["form"]["message"].value() == posted["message"]
    assert rows(pledge) == (0, [])


def test_of_another_contribution_nothing_is_answered(visitor, campaign, pledge, outsider):
    other = make_pledge(campaign)
    promise = delay(campaign)
    with within(campaign.cooperative):
        theirs = other.items.get()
        mine = DatePromise.objects.get(item__pledge=pledge)
        request = refund_requests.ask(PledgeItem.objects.select_related("pledge").get(pk=theirs.pk), "")
        assert promise.item_id in {theirs.pk, mine.item_id}
        their_promise = theirs.promises.get()
    visitor.post(own(pledge, "_accept", their_promise.pk))
    assert visitor.post(own(pledge, "_refund_withdraw", request.pk)).status_code == 404
    answer = visitor.post(own(pledge, "_refund"), {"item": theirs.pk})
    assert list(answer.context["form"].errors) == ["item"]
    assert rows(pledge) == (0, [RequestState.ASKED])
    visitor.defaults["HTTP_HOST"] = outsider.site.hostname
    for name, args in (("", []), ("_refund", []), ("_accept", [mine.pk]), ("_refund_withdraw", [request.pk])):
        assert visitor.post(own(pledge, name, *args)).status_code == 410, name


def test_in_french(visitor, campaign, pledge):
    delay(campaign)
    shown = said(visitor.get(own(pledge, language="fr")))
    for words in (
        "Nouvelle date : mars 2028",
        "La contrepartie « Le sac de farine » était prévue pour octobre 2027.",
        "J’accepte la nouvelle date",
        "Demander un remboursement",
    ):
        assert words in shown.replace("\u00a0", " "), shown


def test_the_history_ends_with_what_arrived(visitor, campaign, pledge):
    delay(campaign)
    with within(campaign.cooperative):
        PledgeItem.objects.update(state=FulfilmentState.DELIVERED, state_since=pledge.created_at)
    shown = said(visitor.get(own(pledge)))
    day = formats.local_day(pledge.created_at, "America/Toronto", "en")
    assert "New date: March 2028" not in shown
    assert shown.index("First expected in October 2027") < shown.index("New date announced on")
    assert shown.rindex(f"Delivered on {day}") > shown.index("New date announced on")


def test_what_was_granted_whole_is_asked_about_no_more(visitor, campaign, pledge, cooperative):
    delay(campaign)
    with within(cooperative):
        item = PledgeItem.objects.select_related("pledge").get()
        assert accepting.asks(item)
        request = refund_requests.ask(item, "")
        refund_decisions.grant(request, amount=3000, answer="Merci.", by=make_user(cooperative), key=uuid.uuid4())
        assert OutgoingMail.objects.filter(kind="refund_answered").count() == 1
    shown = said(visitor.get(own(pledge)))
    for words in ("I accept the new date", "Expected in March 2028"):
        assert words not in shown
    for words in ("Refund of $30.00 granted on", "Merci.", "Will not be delivered", "New date announced on"):
        assert words in shown


def test_queries_do_not_grow_with_the_rewards(visitor, campaign, django_assert_max_num_queries):
    with within(campaign.cooperative):
        tiers = list(campaign.rewards.order_by("position"))
    one, two = make_pledge(campaign, rewards=[(tiers[0], 1)]), make_pledge(campaign, rewards=[(t, 1) for t in tiers])
    with django_assert_max_num_queries(60) as few:
        visitor.get(own(one))
    with django_assert_max_num_queries(len(few.captured_queries)):
        visitor.get(own(two))
