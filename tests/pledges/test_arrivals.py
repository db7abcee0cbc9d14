"""Whether it arrived: asked once for each sending, said on a page by a POST alone; problems reach the editors."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import across_cooperatives, within
from pledges import arrivals, fulfilment, fulfilment_tasks
from pledges.enums import FulfilmentState, ProblemKind
from pledges.links import contribution_token
from pledges.models import PledgeItem, Problem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.pledges.fulfilment_mails import latest, send
from tests.pledges.test_admin import english, login, text_of  # noqa: F401 (a fixture)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-10-05 16:00+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, tiers=[tier("Chandail", 3000), tier("Pain", 2000, handover="pickup")])


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


def page_of(item, language="en"):
    with translation.override(language):
        return reverse("contribution_arrival", args=[contribution_token(item.pledge), item.pk])


def asked():
    return OutgoingMail.objects.filter(kind="delivery_check").count()


@pytest.mark.usefixtures("inside")
def test_one_is_asked_two_weeks_after_each_sending_once(campaign, cooperative, noon):
    item = make_pledge(campaign).items.get()
    send(item)
    counts = []
    for _day in range(40):
        fulfilment_tasks.ask_about_arrivals.call(cooperative.pk)
        fulfilment_tasks.ask_about_arrivals.call(cooperative.pk)
        counts.append(asked())
        noon.move_to(clock.now() + timedelta(days=1))
    assert counts == [0] * 14 + [1] * 26
    fulfilment.mark([item.pk], FulfilmentState.RETURNED, by=None)
    send(item)
    noon.move_to(clock.now() + timedelta(days=15))
    arrivals.ask(cooperative)
    assert asked() == 2
    first, second = OutgoingMail.objects.filter(kind="delivery_check").order_by("pk")
    assert first.occasion != second.occasion


@pytest.mark.usefixtures("inside")
def test_who_answered_or_waits_or_has_it_by_hand_is_not_asked(campaign, cooperative, noon):
    bread = campaign.rewards.order_by("position")[1]
    said, complained, returned, old, waits = (make_pledge(campaign).items.get() for _one in range(5))
    for item in (said, complained, returned, old, waits):
        send(item)
    picked_up = make_pledge(campaign, rewards=[(bread, 1)]).items.get()
    fulfilment.mark([picked_up.pk], FulfilmentState.DELIVERED, by=None)
    assert fulfilment.receive(said)
    assert arrivals.report(complained, kind=ProblemKind.NOT_ARRIVED, text="")
    fulfilment.mark([returned.pk], FulfilmentState.RETURNED, by=None)
    PledgeItem.objects.filter(pk=old.pk).update(state_since=clock.now() - timedelta(days=60))
    noon.move_to(clock.now() + timedelta(days=15))
    assert list(arrivals.to_ask()) == [waits]


def test_a_get_changes_nothing_and_a_post_says_that_it_came(visitor, campaign, everywhere):
    item = make_pledge(campaign).items.get()
    assert visitor.get(page_of(item)).status_code == 404, "it has not left"
    send(item)
    before = PledgeItem.objects.values().get()
    for language in ("fr", "en"):
        for _again in range(3):
            assert visitor.get(page_of(item, language)).status_code == 200
            assert visitor.head(page_of(item, language) + "?act=received").status_code == 200
    assert PledgeItem.objects.values().get() == before
    for _again in range(2):
        response = visitor.post(page_of(item), {"act": "received"})
        assert response.status_code == 303 and response["Location"].endswith("?received")
    item.refresh_from_db()
    assert (item.state, item.received_at, item.left_at) == ("delivered", clock.now(), before["left_at"])
    with translation.override("en"):
        own = reverse("contribution", args=[contribution_token(item.pledge)])
    page = text_of(visitor.get(own))
    assert "You told us on October 5, 2026 that it arrived." in page
    assert "I received it" not in page and "Report a problem" in page


def test_a_problem_reaches_the_editors_once_until_it_is_answered(visitor, campaign, cooperative, everywhere):
    editor = make_user(cooperative, Role.EDITOR)
    make_user(cooperative, Role.TREASURER)
    item = make_pledge(campaign, backer_name="Rosalie").items.get()
    send(item)
    url = page_of(item)
    for fields, words in (
        ({}, "Choose what happened."),
        ({"kind": "x", "text": "Bonjour"}, "Choose what happened."),
        ({"kind": "other"}, "Write a few words about it."),
    ):
        response = visitor.post(url, {"act": "problem"} | fields)
        assert response.status_code == 200 and words in text_of(response)
        assert fields.get("text", "") in response.content.decode()
    assert not Problem.objects.exists()
    posted = {"act": "problem", "kind": "damaged", "text": "Le sac\r\nest <b>déchiré</b>"}
    for _again in range(2):
        assert visitor.post(url, posted).status_code == 303
    problem = Problem.objects.get()
    assert (problem.kind, problem.text) == ("damaged", "Le sac\nest <b>déchiré</b>")
    mails = OutgoingMail.objects.filter(kind="problem_reported")
    assert [(mail.user, mail.subject_key) for mail in mails] == [(editor, f"problem:{problem.pk}")]
    message = latest("problem_reported")
    for part in (message.body, message.alternatives[0].content.replace("&lt;", "<").replace("&gt;", ">")):
        assert "Rosalie" in part and "Le sac est <b>déchiré</b>" in part
    page = text_of(visitor.get(url))
    assert "Your message has reached us" in page and "Send" not in page
    assert arrivals.answer(problem, text="Un autre part demain.", by=editor)
    assert not arrivals.answer(problem, text="Encore", by=editor)
    answers = OutgoingMail.objects.filter(kind="problem_answered")
    assert [(mail.address, mail.subject_key) for mail in answers] == [(item.pledge.backer.email, f"item:{item.pk}")]
    assert "Un autre part demain." in text_of(visitor.get(url))
    assert visitor.post(url, posted).status_code == 303
    assert Problem.objects.count() == 2


def test_another_s_reward_is_not_found(visitor, campaign, outsider, everywhere):
    mine, other = (make_pledge(campaign).items.get() for _one in range(2))
    theirs = make_pledge(make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000)])).items.get()
    for item in (other, theirs):
        send(item)
        with translation.override("en"):
            url = reverse("contribution_arrival", args=[contribution_token(mine.pledge), item.pk])
        assert visitor.get(url).status_code == 404
        assert visitor.post(url, {"act": "received"}).status_code == 404
    assert visitor.post(page_of(theirs), {"act": "received"}).status_code in (404, 410)
    assert not PledgeItem.objects.exclude(received_at=None).exists()


# The team


def reported(campaign, **fields):
    with within(campaign.cooperative):
        item = make_pledge(campaign, **fields).items.get()
        send(item)
        assert arrivals.report(item, kind=ProblemKind.WRONG, text="Pas la bonne taille")
        return Problem.objects.latest("pk")


def test_an_editor_answers_in_their_words(login, campaign):  # noqa: F811
    client, problem = english(login("editor")), reported(campaign, backer_name="Rosalie")
    assert "Problems reported (1)" in text_of(client.get(reverse("pledges_fulfilment")))
    page = text_of(client.get(reverse("pledges_problems")))
    assert "Rosalie" in page and "waits for an answer" in page
    url = reverse("pledges_problem", args=[problem.pk])
    assert "Pas la bonne taille" in text_of(client.get(url))
    assert "This field is required." in text_of(client.post(url, {"answer": " "}))
    for _again in range(2):
        assert client.post(url, {"answer": "Un autre part."}).status_code == 302
    with within(campaign.cooperative):
        problem.refresh_from_db()
        assert (problem.answer, OutgoingMail.objects.filter(kind="problem_answered").count()) == ("Un autre part.", 1)


@pytest.mark.parametrize("role", ["adviser", "treasurer", "nobody", "outsider"])
def test_others_open_and_change_nothing(login, role, campaign):  # noqa: F811
    problem, client = reported(campaign), login(role)
    assert client.get(reverse("pledges_problems")).status_code == 302
    assert client.post(reverse("pledges_problem", args=[problem.pk]), {"answer": "Bonjour"}).status_code == 302
    with within(campaign.cooperative):
        problem.refresh_from_db()
        assert problem.answered_at is None


def test_nothing_of_another_cooperative_is_found(login, outsider):  # noqa: F811
    client = english(login("editor"))
    with across_cooperatives():
        theirs = make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000)])
    problem = reported(theirs, backer_name="Secrète Voisine")
    assert "Voisine" not in text_of(client.get(reverse("pledges_problems")))
    assert client.post(reverse("pledges_problem", args=[problem.pk]), {"answer": "?"}, follow=True).status_code == 404
