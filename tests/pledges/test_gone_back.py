"""A contribution that stands and was refunded whole by agreement: nothing of it is owed any more, anywhere."""

import pytest

from home.tenancy import within
from pledges import deferred, erasing, exports, fulfilment, ledger_checks, own_settings, totals
from pledges.enums import DisputeState, FulfilmentState, PledgeState, RefundState
from pledges.exports import Wanted
from pledges.fulfilment import Obstacle
from pledges.gone_back import gone_back
from pledges.models import Dispute, PledgeItem
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of
from updates.audience import contributing


@pytest.fixture(autouse=True)
def scope(cooperative):
    with within(cooperative):
        yield


def agreed(pledge, *amounts, state=RefundState.DONE):
    for amount in amounts or [pledge.amount]:
        payment = payment_of(pledge)
        make_refund(
            payment,
            amount=amount,
            commission=payment.commission * amount // payment.amount,
            state=state,
            reason="agreed",
        )


def test_nothing_of_it_is_listed_exported_announced_or_marked(campaign, cooperative):
    kept, gone = make_pledge(campaign, fee=117), make_pledge(campaign, fee=117)
    agreed(gone, 1000, 2000)
    part = make_pledge(campaign, fee=117)
    agreed(part, 2999)
    wanted = Wanted(campaign.pk)
    items = PledgeItem.objects.filter(pledge=gone)
    reward = items.get().reward_id
    assert [item.pledge_id for item in fulfilment.owed(cooperative)] == [kept.pk, part.pk]
    assert list(exports.parcels(cooperative, wanted)) == [kept, part]
    assert totals.people_by_reward([reward]) == {reward: 2}
    assert list(contributing(campaign).order_by("pk")) == [kept, part]
    assert sum(line.count for line in deferred.owed_at(cooperative, fulfilment.today_in(cooperative))) == 2
    assert dict(fulfilment.weigh(items, FulfilmentState.SENT).obstacles) == {Obstacle.NOT_OWED: 1}
    assert fulfilment.mark([items.get().pk], FulfilmentState.SENT, by=None, carrier="Postes") == 0
    assert [own_settings.needs_address(one) for one in (kept, gone, part)] == [True, False, True]
    assert gone.state == PledgeState.CONFIRMED
    assert list(ledger_checks.all_findings()) == []


@pytest.mark.parametrize(
    ("state", "is_gone"),
    [
        (RefundState.DUE, True),
        (RefundState.TO_APPROVE, False),
        (RefundState.REJECTED, False),
        (RefundState.FAILED, False),  # refused, and never made
    ],
)
def test_what_is_about_to_go_back_counts_and_what_did_not_leave_does_not(campaign, state, is_gone):
    pledge = make_pledge(campaign, fee=117)
    agreed(pledge, state=state)
    assert gone_back().filter(pk=pledge.pk).exists() == is_gone


def test_what_a_dispute_took_counts_with_a_refund_and_alone_is_for_the_team_to_look_at(campaign, cooperative):
    pledge = make_pledge(campaign, fee=117)
    Dispute.objects.create(
        cooperative=cooperative, payment=payment_of(pledge), stripe_dispute="dp_1", state=DisputeState.LOST,
        amount=2000, currency="CAD", opened_at=pledge.created_at,
    )  # fmt: skip
    assert not gone_back().exists()
    agreed(pledge, 1000)
    assert gone_back().exists()


def test_its_backer_may_be_erased(campaign, cooperative):
    from campaigns.enums import CampaignState
    from campaigns.models import Campaign

    gone = make_pledge(campaign, fee=117)
    Campaign.objects.update(state=CampaignState.FUNDED)
    assert erasing.reason_against(gone.backer) == erasing.REWARDS
    agreed(gone)
    assert erasing.reason_against(gone.backer) == ""


def test_another_cooperative_s_is_not_looked_at(campaign, outsider):
    with within(outsider):
        foreign = make_pledge(make_campaign(outsider), fee=117)
        agreed(foreign)
    assert not gone_back().exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same(campaign, cooperative, django_assert_num_queries, count):
    for _one in range(count):
        agreed(make_pledge(campaign, fee=117))
        make_pledge(campaign)
    with django_assert_num_queries(1):
        assert len(fulfilment.owed(cooperative)) == count
