"""Each way in which money, ledger, totals and stock can part is found, and nothing is found where they agree."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Reward, RewardStock
from home import clock
from home.tenancy import within
from pledges.enums import LedgerKind, PledgeState, RefundState
from pledges.ledger_checks import Fault, Finding, all_findings
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge, Refund
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of


@pytest.fixture
def house(campaign, outsider):
    """Two cooperatives with pledges in every state; everything agrees."""
    with within(campaign.cooperative):
        plain, limited = campaign.rewards.order_by("position")
    make_pledge(campaign, rewards=[(plain, 1), (limited, 2)], extra=700, fee=120)
    make_pledge(campaign, rewards=[(limited, 1)], state=PledgeState.PENDING)
    make_pledge(campaign, rewards=[], extra=2500, fee=0)
    make_pledge(campaign, rewards=[(limited, 1)], paid=False)
    for state in (PledgeState.LAPSED, PledgeState.CANCELLED, PledgeState.GOAL_MISSED, PledgeState.DROPPED):
        make_pledge(campaign, rewards=[(limited, 1)], state=state)
    refunded = make_pledge(campaign)
    make_refund(payment_of(refunded), amount=1000, commission=50)
    make_refund(payment_of(refunded), amount=500, commission=25, state=RefundState.DUE)
    make_pledge(make_campaign(outsider), fee=90)
    return campaign


@pytest.mark.usefixtures("house", "everywhere")
def test_nothing_is_found_where_all_agree():
    assert list(all_findings()) == []


def _group(kind=LedgerKind.PAYMENT):
    return LedgerGroup.objects.filter(kind=kind).order_by("pk").first()


def unbalanced():
    entry = _group().entries.get(account="balance")
    LedgerEntry.objects.filter(pk=entry.pk).update(amount=entry.amount + 1)


def entries_gone():
    _group().entries.all().delete()


def entry_of_another_currency():
    LedgerEntry.objects.filter(group=_group()).update(currency="USD")


def group_of_another_campaign():
    LedgerGroup.objects.filter(pk=_group().pk).update(campaign=Campaign.objects.last())


def row_not_paid():
    Payment.objects.filter(pk=Payment.objects.order_by("pk").first().pk).update(state="mend")


def row_not_there():
    group = _group()
    twin = LedgerGroup.objects.create(
        cooperative_id=group.cooperative_id,
        campaign_id=group.campaign_id,
        kind=LedgerKind.PAYMENT,
        subject_key="payment:999999",
        happened_at=clock.now(),
        recorded_at=clock.now(),
    )
    for entry, cents in zip(("balance", "processing_fees"), (5, -5), strict=True):
        LedgerEntry.objects.create(
            cooperative_id=group.cooperative_id, group=twin, account=entry, amount=cents, currency="CAD"
        )


def group_with_a_name_of_no_row():
    LedgerGroup.objects.filter(pk=_group(LedgerKind.FEE).pk).update(subject_key="payment:x")


def payment_without_group():
    group = _group()
    group.entries.all().delete()
    group.delete()


def fee_without_group():
    group = _group(LedgerKind.FEE)
    group.entries.all().delete()
    group.delete()


def fee_of_another_amount():
    Payment.objects.filter(processing_fee=120).update(processing_fee=121)


def refund_without_group():
    group = _group(LedgerKind.REFUND)
    group.entries.all().delete()
    group.delete()


def refund_of_another_amount():
    Refund.objects.filter(state="done").update(commission=51)


def refund_group_not_done():
    Refund.objects.filter(state="done").update(state="failed")


def given_back_twice():
    payment = Payment.objects.get(refunds__state="done")
    make_refund(payment, amount=payment.amount, commission=0)


def charged_otherwise():
    payment = Payment.objects.order_by("pk").first()
    Pledge.objects.filter(pk=payment.pledge_id).update(amount=payment.amount + 100, extra=800)


def items_do_not_add_up():
    Pledge.objects.filter(extra=2500).update(extra=2400)


def money_on_a_missed_campaign():
    Campaign.objects.filter(pk=Campaign.objects.first().pk).update(state="missed", outcome="missed")


def frozen_total_of_others():
    Campaign.objects.filter(pk=Campaign.objects.first().pk).update(pledged_at_deadline=1, backers_at_deadline=1)


def stock_held_wrong():
    RewardStock.objects.filter(held=1).update(held=2)


def stock_promised_wrong():
    RewardStock.objects.filter(held=1).update(promised=0)


def stock_limit_wrong():
    Reward.objects.filter(limit=10).update(limit=11)


def stock_row_gone():
    RewardStock.objects.all().delete()


CORRUPTIONS = [
    (unbalanced, {Fault.UNBALANCED, Fault.WRONG_AMOUNT}),
    (entries_gone, {Fault.WRONG_AMOUNT, Fault.COLLECTED}),
    (entry_of_another_currency, {Fault.STRANGER}),
    (group_of_another_campaign, {Fault.STRANGER, Fault.COLLECTED}),
    (row_not_paid, {Fault.NO_ROW, Fault.COLLECTED}),
    (row_not_there, {Fault.NO_ROW}),
    (group_with_a_name_of_no_row, {Fault.NO_ROW, Fault.NO_FEE_GROUP}),
    (payment_without_group, {Fault.NO_PAYMENT_GROUP, Fault.COLLECTED}),
    (fee_without_group, {Fault.NO_FEE_GROUP}),
    (fee_of_another_amount, {Fault.WRONG_AMOUNT}),
    (refund_without_group, {Fault.NO_REFUND_GROUP, Fault.COLLECTED}),
    (refund_of_another_amount, {Fault.WRONG_AMOUNT}),
    (refund_group_not_done, {Fault.NO_ROW, Fault.COLLECTED}),
    (given_back_twice, {Fault.OVER_REFUNDED}),
    (charged_otherwise, {Fault.CHARGED_OTHERWISE}),
    (items_do_not_add_up, {Fault.PLEDGE_SUM}),
    (money_on_a_missed_campaign, {Fault.MISSED_CHARGED}),
    (frozen_total_of_others, {Fault.PLEDGED}),
    (stock_held_wrong, {Fault.HELD}),
    (stock_promised_wrong, {Fault.PROMISED}),
    (stock_limit_wrong, {Fault.LIMIT}),
    (stock_row_gone, {Fault.LIMIT}),
]


@pytest.mark.usefixtures("house", "everywhere")
@pytest.mark.parametrize(("corrupt", "faults"), CORRUPTIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_corruption_is_found(corrupt, faults):
    corrupt()
    assert {finding.fault for finding in all_findings()} == faults


@pytest.mark.usefixtures("everywhere")
def test_the_row_at_fault_is_named(house):
    payment = Payment.objects.order_by("pk").first()
    payment_without_group()
    assert Finding(Fault.NO_PAYMENT_GROUP, f"payment:{payment.pk}") in list(all_findings())


def test_inside_a_cooperative_only_its_own_rows_are_read(house, outsider):
    with within(house.cooperative):
        payment_without_group()
        RewardStock.objects.filter(reward__cooperative=house.cooperative).update(held=0)
        assert {finding.fault for finding in all_findings()} == {Fault.NO_PAYMENT_GROUP, Fault.COLLECTED, Fault.HELD}
    with within(outsider):
        assert list(all_findings()) == []


def _check():
    out = StringIO()
    call_command("check_ledger", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("house")
def test_the_command_says_that_all_agrees():
    assert _check() == "The ledger agrees.\n"


def test_the_command_prints_what_is_at_fault_and_fails(house):
    with within(house.cooperative):
        payment = Payment.objects.order_by("pk").first()
        fee_of_another_amount()
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("check_ledger", stdout=out)
    assert refused.value.returncode == 1
    assert out.getvalue() == (
        f"payment:{payment.pk}: the entries are not those of the row "
        "(balance -120, processing_fees 120; expected balance -121, processing_fees 121)\n"
    )


@pytest.mark.usefixtures("everywhere")
def test_more_rows_take_no_more_queries(house):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert list(all_findings()) == []
        return len(captured)

    before = queries()
    for _n in range(2):
        make_pledge(house, fee=10)
    assert queries() == before
