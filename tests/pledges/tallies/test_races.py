"""Many at once, on the same backer and the same campaign, while what was tallied is folded: each counts once."""

import threading

import pytest
from django.db import connection, connections

from campaigns.enums import GoalUnit
from campaigns.models import Campaign
from home.tenancy import across_cooperatives, within
from pledges.enums import PaymentState, PledgeState, RefundReason, RefundState
from pledges.ledger_checks.tallies import differences
from pledges.models import Payment, Pledge, PledgeItem, Refund, Tally
from pledges.tallies import folding
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_backer, make_pledge

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 12


def at_once(*works):
    """Each in a thread of its own; what one raises is raised here."""
    raised, ready = [], threading.Barrier(len(works))

    def run(work):
        try:
            ready.wait()
            with across_cooperatives():
                work()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, goal=100, goal_unit=GoalUnit.UNITS, tiers=[tier(), tier("Autre")])


def test_one_backer_with_several_pledges_counts_once(campaign, cooperative):
    backer = make_backer(cooperative)
    pledges = [make_pledge(campaign, backer=backer, state=PledgeState.PENDING) for _one in range(3)]

    def moved(pledge):
        def work():
            for turn in range(ROUNDS):
                state = PledgeState.CONFIRMED if turn % 2 == 0 else PledgeState.CANCELLED
                Pledge.objects.filter(pk=pledge.pk).update(state=state, confirmed_at=pledge.created_at)
                PledgeItem.objects.filter(pledge=pledge).update(quantity=1 + turn % 3)
            Pledge.objects.filter(pk=pledge.pk).update(state=PledgeState.CONFIRMED)

        return work

    at_once(*(moved(pledge) for pledge in pledges), *(lambda: [folding.fold() for _one in range(ROUNDS)],) * 2)
    with within(cooperative):
        assert [str(one) for one in differences(Campaign.objects.get(pk=campaign.pk))] == []
        folding.fold()
        assert Tally.objects.get(campaign_id=campaign.pk, kind="people").people == 1


def test_what_is_given_back_while_it_is_cancelled(campaign, cooperative):
    backer = make_backer(cooperative)
    pledge, other = (make_pledge(campaign, backer=backer) for _one in range(2))
    with within(cooperative):
        payment = Payment.objects.get(pledge=pledge)
        refund = Refund.objects.create(
            cooperative=cooperative,
            payment=payment,
            amount=payment.amount,
            commission=0,
            currency="CAD",
            reason=RefundReason.AGREED,
            created_at=pledge.created_at,
        )

    def given_back():
        for turn in range(ROUNDS):
            state = (RefundState.DONE, RefundState.FAILED)[turn % 2]
            Refund.objects.filter(pk=refund.pk).update(state=state)

    def cancelled():
        for turn in range(ROUNDS):
            state = (PledgeState.CANCELLED, PledgeState.CONFIRMED)[turn % 2]
            Pledge.objects.filter(pk=other.pk).update(state=state)

    def bounced():
        for turn in range(ROUNDS):
            Payment.objects.filter(pk=payment.pk).update(state=(PaymentState.MEND, PaymentState.PAID)[turn % 2])

    at_once(given_back, cancelled, bounced, lambda: [folding.fold() for _one in range(ROUNDS)])
    with within(cooperative):
        assert [str(one) for one in differences(Campaign.objects.get(pk=campaign.pk))] == []


def test_a_pledge_waits_for_no_other_of_its_campaign(campaign, cooperative):
    """One is confirmed and not committed yet; another backer's is confirmed meanwhile, and folding goes on."""
    first, second = (make_pledge(campaign, state=PledgeState.PENDING) for _one in range(2))
    connection.close()
    from django.db import transaction

    def confirm():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        Pledge.objects.filter(pk=second.pk).update(state=PledgeState.CONFIRMED, confirmed_at=second.created_at)
        folding.fold()

    with across_cooperatives(), transaction.atomic():
        Pledge.objects.filter(pk=first.pk).update(state=PledgeState.CONFIRMED, confirmed_at=first.created_at)
        at_once(confirm)
    with within(cooperative):
        assert list(differences(Campaign.objects.get(pk=campaign.pk))) == []
