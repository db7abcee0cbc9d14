"""Lists that may be long: every row once, in order, with what was asked for on each page; what waits stands on top."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from home import clock, long_lists
from home.models import Role
from home.tenancy import within
from pledges import fulfilment, promises
from pledges.enums import FulfilmentState, ProblemKind, RequestState
from pledges.models import DatePromise, Payment, PledgeItem, Problem, RefundRequest
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update
from updates.models import ReaderQuestion

NOW = clock.now()


@pytest.fixture
def owner(cooperative, on_host):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.OWNER))
    return client


@pytest.fixture
def pages_of_two(monkeypatch):
    monkeypatch.setattr(long_lists.part_of, "__kwdefaults__", {"size": 2, "counted": True})


def walked(client, view, address="", *, way="next"):
    """What every page of a list holds, and the addresses that led there."""
    held, addresses = [], [address]
    while True:
        page = client.get(reverse(view) + addresses[-1])
        assert page.status_code == 200
        held.append([getattr(row, "request", row).pk for row in page.context["rows"]])
        following = getattr(page.context["ways"], way)
        if not following:
            return held, addresses
        addresses.append(following)


def items(campaign, months):
    made = []
    for month in months:
        item = make_pledge(campaign).items.get()
        PledgeItem.objects.filter(pk=item.pk).update(first_month=month)
        made.append(item.pk)
    return made


@pytest.mark.usefixtures("pages_of_two", "inside")
def test_fulfilment_goes_by_month_and_keeps_its_filter(campaign, owner):
    late, soon, later, latest = items(
        campaign, [date(2020, 1, 1), date(2099, 1, 1), date(2099, 2, 1), date(2099, 3, 1)]
    )
    moved = items(campaign, [date(2020, 2, 1)])[0]
    with_promise = PledgeItem.objects.get(pk=moved)
    DatePromise.objects.create(cooperative=campaign.cooperative, item=with_promise, month=date(2099, 4, 1), made_at=NOW)
    assert promises.set_right() == 1
    make_pledge(make_campaign(campaign.cooperative, title="Autre"))
    held, addresses = walked(owner, "pledges_fulfilment", f"?campaign={campaign.pk}")
    assert held == [[late, soon], [later, latest], [moved]]
    assert addresses[1:] == [f"?campaign={campaign.pk}&after={pk}" for pk in (soon, latest)]
    back, _addresses = walked(owner, "pledges_fulfilment", f"?campaign={campaign.pk}&end=1", way="previous")
    assert back == [[latest, moved], [soon, later], [late, soon]]
    assert walked(owner, "pledges_fulfilment", f"?campaign={campaign.pk}&late=on")[0] == [[late]]
    PledgeItem.objects.filter(pk__in=[late, latest, moved]).update(state=FulfilmentState.SENT)
    assert walked(owner, "pledges_fulfilment", "?state=sent")[0] == [[late, latest], [moved]]


@pytest.mark.usefixtures("inside")
def test_one_by_one_is_what_the_whole_is(campaign, cooperative):
    kept, given_up, unpaid = (make_pledge(campaign).items.get() for _one in range(3))
    Payment.objects.filter(pledge=unpaid.pledge).update(state="due")
    PledgeItem.objects.filter(pk=given_up.pk).update(state=FulfilmentState.DELIVERED)
    for sought in (None, fulfilment.Sought(state="delivered"), fulfilment.Sought(late_only=True)):
        whole = [row.pk for row in fulfilment.owed(cooperative, sought)]
        assert [row.pk for row in fulfilment.owed(cooperative, sought, one_by_one=True)] == whole
    assert [row.pk for row in fulfilment.owed(cooperative, one_by_one=True)] == [kept.pk]


def problem(item, number, answered):
    return Problem.objects.create(
        cooperative=item.cooperative, item=item, kind=ProblemKind.DAMAGED, reported_at=NOW,
        answered_at=NOW + timedelta(minutes=number) if answered else None,
    ).pk  # fmt: skip


def refund_request(item, number, answered):
    moment = {"state": RequestState.DECLINED, "answered_at": NOW + timedelta(minutes=number)} if answered else {}
    return RefundRequest.objects.create(
        cooperative=item.cooperative, item=item, amount=100, currency="CAD", asked_at=NOW,
        answer_by=date(2030, 1, 1), **moment,
    ).pk  # fmt: skip


def question(item, number, answered, update):
    return ReaderQuestion.objects.create(
        cooperative=item.cooperative, update=update, backer=item.pledge.backer, language="fr", text="?",
        state="answered" if answered else "waiting", asked_at=NOW + timedelta(minutes=number),
    ).pk  # fmt: skip


@pytest.mark.usefixtures("pages_of_two", "inside")
@pytest.mark.parametrize(
    ("view", "make"),
    [("pledges_problems", problem), ("pledges_refund_requests", refund_request), ("updates_questions", question)],
)
def test_what_waits_stands_on_every_page_and_the_rest_latest_first(view, make, campaign, owner):
    more = [make_update(campaign)] if make is question else []
    item = make_pledge(campaign).items.get()
    answered = [make(item, number, True, *more) for number in range(3)]
    waiting = make(item, 0, False, *more)
    assert walked(owner, view)[0] == [[answered[2], answered[1]], [answered[0]]]
    assert walked(owner, view, "?end=1", way="previous")[0] == [[answered[1], answered[0]], [answered[2], answered[1]]]
    for address in ("", "?end=1"):
        shown = owner.get(reverse(view) + address).context["waiting"]
        assert [getattr(row, "request", row).pk for row in shown] == [waiting]


@pytest.mark.usefixtures("pages_of_two", "inside")
def test_payments_awaited_the_oldest_first(campaign, owner):
    for number in range(3):
        make_offline(campaign, (campaign.rewards.first(), 1), email=f"o{number}@x.example", name=f"Aimé {number}")
    awaited = list(Payment.objects.order_by("pk").values_list("pk", flat=True))
    assert walked(owner, "pledges_offline")[0] == [awaited[:2], awaited[2:]]


def test_a_month_that_strayed_is_found_and_put_right(campaign, cooperative, outsider):
    with within(cooperative):
        item = make_pledge(campaign).items.get()
        assert list(promises.astray()) == []
        DatePromise.objects.create(cooperative=cooperative, item=item, month=date(2099, 1, 1), made_at=NOW)
        assert list(promises.astray()) == [(item.pk, None, date(2099, 1, 1))]
    with within(outsider):
        assert promises.set_right() == 0
    with within(cooperative):
        assert promises.set_right() == 1
        assert PledgeItem.objects.get(pk=item.pk).moved_to == date(2099, 1, 1)
