"""« Remboursements à décider »: due first, for treasurers only, granted or answered; nothing of another's."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from home.models import Role
from home.tenancy import within
from pledges import refund_requests
from pledges.enums import RequestState
from pledges.fulfilment import today_in
from pledges.models import PledgeItem, Refund, RefundRequest
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge


@pytest.fixture
def login(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    def as_role(role):
        client.force_login(make_user(cooperative, role))
        return client

    return as_role


def asked(campaign, name="Rosalie Tremblay", message="La date ne va plus."):
    pledge = make_pledge(campaign, backer_name=name, fee=117)
    with within(campaign.cooperative):
        item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
        return refund_requests.ask(item, message)


def text_of(response):
    body = re.sub(r"(?s)<(script|template|svg|style).*?</\1>", " ", response.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def page(request):
    return reverse("pledges_refund_request", args=[request.pk])


def read(request):
    with within(request.cooperative):
        return RefundRequest.objects.select_related("refund").get(pk=request.pk)


@pytest.mark.parametrize(
    ("role", "opens"), [(Role.TREASURER, True), (Role.OWNER, True), (Role.EDITOR, False), (Role.ADVISER, False)]
)
def test_only_treasurers_and_owners_answer(login, campaign, role, opens):
    request, client = asked(campaign), login(role)
    for address in (reverse("pledges_refund_requests"), page(request)):
        assert (client.get(address).status_code == 200) == opens, address
    client.post(page(request), {"act": "decline", "decline-answer": "Non."})
    assert read(request).state == (RequestState.DECLINED if opens else RequestState.ASKED)


def test_those_due_first_are_on_top_and_the_overdue_marked(login, campaign, cooperative):
    for name, days in (("Tard", 8), ("Bientôt", 2), ("Passé", -1)):
        request = asked(campaign, name)
        with within(cooperative):
            due = today_in(cooperative) + timedelta(days=days)
            RefundRequest.objects.filter(pk=request.pk).update(answer_by=due)
    shown = text_of(login(Role.TREASURER).get(reverse("pledges_refund_requests")))
    assert sorted(("Tard", "Bientôt", "Passé"), key=shown.index) == ["Passé", "Bientôt", "Tard"]
    assert shown.count("the day has passed") == 1


def test_the_page_says_what_there_is_to_weigh(login, campaign):
    shown = text_of(login(Role.TREASURER).get(page(asked(campaign))))
    for words in (
        "Rosalie Tremblay · français",
        "First promised for October 2027",
        "Amount concerned $30.00",
        "La date ne va plus.",
        "$1.17",
        "$1.50",
    ):
        assert words in shown, shown


def test_granting_and_a_second_press(login, campaign):
    request, client = asked(campaign), login(Role.TREASURER)
    first = client.get(page(request)).context["grant"]
    data = {"act": "grant", "key": first["key"].value(), "amount": "12.50", "answer": "Une partie."}
    for _press in range(2):
        client.post(page(request), data)
    found = read(request)
    assert (found.state, found.refund.amount, found.answer) == (RequestState.GRANTED, 1250, "Une partie.")
    with within(campaign.cooperative):
        assert Refund.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "0", "30.01", "beaucoup"])
def test_an_amount_that_cannot_be_is_said_at_its_field(login, campaign, typed):
    request, client = asked(campaign), login(Role.TREASURER)
    key = client.get(page(request)).context["grant"]["key"].value()
    answer = client.post(page(request), {"act": "grant", "key": key, "amount": typed, "answer": "gardée"})
    assert list(answer.context["grant"].errors) == ["amount"]
    assert answer.context["grant"]["answer"].value() == "gardée"
    assert read(request).state == RequestState.ASKED


def test_not_granting_asks_for_words(login, campaign):
    request, client = asked(campaign), login(Role.TREASURER)
    answer = client.post(page(request), {"act": "decline", "decline-answer": " "})
    assert list(answer.context["decline"].errors) == ["answer"]
    assert read(request).state == RequestState.ASKED


def test_nothing_of_another_cooperative(login, outsider, campaign):
    theirs = asked(make_campaign(outsider), "Ailleurs")
    asked(campaign, "Ici")
    client = login(Role.OWNER)
    shown = text_of(client.get(reverse("pledges_refund_requests")))
    assert ("Ici" in shown, "Ailleurs" in shown) == (True, False)
    assert client.get(page(theirs), follow=True).status_code == 404
    client.post(page(theirs), {"act": "decline", "decline-answer": "Non."})
    assert read(theirs).state == RequestState.ASKED
