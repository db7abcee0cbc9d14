"""Whatever happens to rows, in whatever order, the tallies are what counting the rows again gives."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.enums import GoalUnit, RewardKind
from campaigns.models import Campaign, Reward
from home import clock
from home.tenancy import within
from pledges.enums import DisputeState, PaymentState, PledgeState, RefundReason, RefundState, Wall
from pledges.ledger_checks.tallies import counted, differences, tallied
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund, Tally
from pledges.tallies import folding, recounting
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_backer, make_pledge

NUMBERS = st.integers(0, 5)
ACTS = st.one_of(
    st.tuples(st.just("pledge"), NUMBERS, st.sampled_from(PledgeState), st.booleans(), st.sampled_from(Wall)),
    st.tuples(st.just("state"), NUMBERS, st.sampled_from(PledgeState)),
    st.tuples(st.just("wall"), NUMBERS, st.sampled_from(Wall)),
    st.tuples(st.just("late"), NUMBERS, st.booleans()),
    st.tuples(st.just("quantity"), NUMBERS, st.integers(0, 3)),
    st.tuples(st.just("less"), NUMBERS),
    st.tuples(st.just("payment"), NUMBERS, st.sampled_from(PaymentState), st.integers(1, 3)),
    st.tuples(st.just("paid"), NUMBERS, st.sampled_from(PaymentState)),
    st.tuples(st.just("refund"), NUMBERS, st.sampled_from(RefundState), st.sampled_from([500, 1000, 3000])),
    st.tuples(st.just("refunded"), NUMBERS, st.sampled_from(RefundState)),
    st.tuples(st.just("dispute"), NUMBERS, st.sampled_from(DisputeState)),
    st.tuples(st.just("lost"), NUMBERS, st.sampled_from(DisputeState)),
    st.tuples(st.just("decided"), st.booleans()),
    st.tuples(st.just("backer"), NUMBERS, NUMBERS),
    st.tuples(st.just("fold")),
)


class History:
    """Rows changed by any hand, states in any order: the rules do not rely on ours."""

    def __init__(self, campaign, backers):
        self.campaign, self.backers, self.now = campaign, backers, clock.now()
        self.rewards = list(Reward.objects.filter(campaign=campaign).order_by("pk"))
        self.pledges, self.payments, self.refunds, self.disputes = [], [], [], []

    def tell(self, act, *said):
        self.now += timedelta(minutes=17)
        getattr(self, act)(*said)

    def change(self, rows, number, **fields):
        if rows:
            row = rows[number % len(rows)]
            type(row).objects.filter(pk=row.pk).update(**fields)

    def pledge(self, backer, state, late, wall):
        backer = self.backers[backer % len(self.backers)]
        fields = {"confirmed_at": self.now} if state == PledgeState.CONFIRMED else {}
        pledge = Pledge.objects.create(
            cooperative=self.campaign.cooperative,
            campaign=self.campaign,
            backer=backer,
            state=state,
            is_late=late,
            wall=wall,
            amount=3000,
            currency="CAD",
            language="fr",
            created_at=self.now,
            **fields,
        )
        for reward in self.rewards[: 1 + len(self.pledges) % 2]:
            PledgeItem.objects.create(
                cooperative=pledge.cooperative,
                pledge=pledge,
                reward=reward,
                quantity=1,
                unit_amount=1000,
                first_month=self.now.date(),
                handover="mail",
            )
        self.pledges.append(pledge)

    def state(self, number, state):
        fields = {"confirmed_at": self.now} if state == PledgeState.CONFIRMED else {"ended_at": self.now}
        self.change(self.pledges, number, state=state, **fields)

    def wall(self, number, wall):
        self.change(self.pledges, number, wall=wall, amount=2000)

    def late(self, number, is_late):
        self.change(self.pledges, number, is_late=is_late)

    def backer(self, number, backer):
        self.change(self.pledges, number, backer=self.backers[backer % len(self.backers)])

    def quantity(self, number, quantity):
        if self.pledges:
            PledgeItem.objects.filter(pledge=self.pledges[number % len(self.pledges)]).update(quantity=quantity)

    def less(self, number):
        if self.pledges:
            PledgeItem.objects.filter(pledge=self.pledges[number % len(self.pledges)], reward=self.rewards[0]).delete()

    def payment(self, number, state, parts):
        if self.pledges:
            pledge = self.pledges[number % len(self.pledges)]
            part = Payment.objects.filter(pledge=pledge).count()
            self.payments.append(
                Payment.objects.create(
                    cooperative=pledge.cooperative,
                    pledge=pledge,
                    part=part,
                    state=state,
                    amount=1000 * parts,
                    commission=0,
                    currency="CAD",
                    created_at=self.now,
                    paid_at=self.now,
                )
            )

    def paid(self, number, state):
        self.change(self.payments, number, state=state)

    def refund(self, number, state, amount):
        if self.payments:
            payment = self.payments[number % len(self.payments)]
            self.refunds.append(
                Refund.objects.create(
                    cooperative=payment.cooperative,
                    payment=payment,
                    state=state,
                    amount=amount,
                    commission=0,
                    currency="CAD",
                    reason=RefundReason.AGREED,
                    created_at=self.now,
                )
            )

    def refunded(self, number, state):
        self.change(self.refunds, number, state=state, done_at=self.now)

    def dispute(self, number, state):
        if self.payments:
            payment = self.payments[number % len(self.payments)]
            self.disputes.append(
                Dispute.objects.create(
                    cooperative=payment.cooperative,
                    payment=payment,
                    stripe_dispute=f"dp_{len(self.disputes)}",
                    state=state,
                    amount=1000,
                    currency="CAD",
                    opened_at=self.now,
                )
            )

    def lost(self, number, state):
        self.change(self.disputes, number, state=state)

    def decided(self, is_so):
        Campaign.objects.filter(pk=self.campaign.pk).update(decided_at=self.now if is_so else None)

    def fold(self):
        folding.fold()


@pytest.fixture
def presale(cooperative):
    return make_campaign(cooperative, goal=100, goal_unit=GoalUnit.UNITS, tiers=[tier(), tier("Autre")])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(told=st.lists(ACTS, min_size=5, max_size=25))
def test_any_history_is_tallied_as_its_rows_count(presale, cooperative, told):
    with within(cooperative):
        point = transaction.savepoint()
        history = History(presale, [make_backer(cooperative, email=f"c{n}@courriel.example") for n in range(3)])
        for act in told:
            history.tell(*act)
        campaign = Campaign.objects.get(pk=presale.pk)
        found = [str(one) for one in differences(campaign)]
        transaction.savepoint_rollback(point)
    assert found == []


def test_a_tally_that_is_wrong_is_found_and_mended(presale, cooperative):
    make_pledge(presale)
    with within(cooperative):
        Tally.objects.filter(campaign_id=presale.pk, kind="pledged").update(amount=1)
        assert [one.detail for one in differences(presale)] == ["pledged: 1, not 3000"]
        recounting.mend(presale)
        assert list(differences(presale)) == []


def test_mending_one_campaign_leaves_the_others(presale, cooperative):
    other = make_campaign(cooperative)
    make_pledge(presale), make_pledge(other)
    with within(cooperative):
        before = tallied(other)
        recounting.mend(presale)
        assert tallied(other) == before == {key: n for key, n in counted(other).items() if n or "by name" in key[0]}


def test_folding_leaves_a_row_of_each_sum(presale, cooperative):
    for _one in range(3):
        make_pledge(presale)
    with within(cooperative):
        before = tallied(presale)
        folding.fold()
        make_pledge(presale, paid=False)
        folding.fold()
        rows = Tally.objects.filter(campaign_id=presale.pk).values_list("kind", "key", "at")
        assert len(set(rows)) == len(rows)
        assert set(before) <= set(tallied(presale))
        assert list(differences(presale)) == []
        assert not Tally.objects.filter(is_sum=False).exists()


def test_kinds_count_add_ons_in_no_unit(presale, cooperative):
    with within(cooperative):
        Reward.objects.filter(campaign=presale).update(kind=RewardKind.ADDON)
    make_pledge(presale)
    with within(cooperative):
        assert not Tally.objects.filter(campaign_id=presale.pk, kind="units").exists()
        assert list(differences(presale)) == []


def test_triggers_survive_a_table_that_is_made_anew(cooperative, presale):
    """They are dropped before a migration where that is needed, and installed after it with all counted again."""
    from pledges.tallies import triggers

    make_pledge(presale)
    if connection.vendor == "sqlite":
        triggers.drop()
        make_pledge(presale)
        assert triggers.install()
    assert not triggers.install()
    make_pledge(presale)
    with within(cooperative):
        assert list(differences(presale)) == []


def test_the_command_says_what_differs_and_mends_it(presale, cooperative, capsys):
    make_pledge(presale)
    with within(cooperative):
        Tally.objects.filter(campaign_id=presale.pk, kind="pledged").update(amount=1)
    with pytest.raises(CommandError):
        call_command("recount")
    assert "pledged: 1, not 3000" in capsys.readouterr().out
    call_command("recount", mend=True)
    call_command("recount")
    assert capsys.readouterr().out.endswith("The tallies agree.\n")
