"""Each way in which money, ledger, totals and stock can part is found, and nothing is found where they agree.

Every corruption is one statement behind the product's back. On PostgreSQL the ledger itself refuses most of them
(tests/pledges/test_append_only.py).
"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Reward, RewardStock
from home import clock
from home.tenancy import within
from pledges.enums import DisputeState, LedgerKind, PaymentState, PayoutState, PledgeState, RefundState
from pledges.ledger_checks import Fault, Finding, all_findings
from pledges.models import (
    Dispute,
    LedgerEntry,
    LedgerGroup,
    Matching,
    Payment,
    PaymentTax,
    Payout,
    PayoutLine,
    Pledge,
    PledgeChangeItem,
    PledgeItem,
    Refund,
    RefundTax,
    Settlement,
)
from tests.factories.books import (
    fail_refund,
    make_change,
    make_dispute,
    make_matching,
    make_offline,
    make_payout,
    register,
    tax_tiers,
)
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of


@pytest.fixture
def house(campaign, outsider):
    """Two cooperatives whose books hold something of every kind; everything agrees."""
    register(campaign.cooperative)
    tax_tiers(campaign)
    with within(campaign.cooperative):
        plain, limited = campaign.rewards.order_by("position")
    first = make_pledge(campaign, rewards=[(plain, 1), (limited, 2)], extra=700, fee=120)
    make_pledge(campaign, rewards=[(limited, 1)], state=PledgeState.PENDING)
    make_pledge(campaign, rewards=[], extra=2500, fee=0)
    make_pledge(campaign, rewards=[(limited, 1)], paid=False)
    for state in (PledgeState.LAPSED, PledgeState.CANCELLED, PledgeState.GOAL_MISSED, PledgeState.DROPPED):
        make_pledge(campaign, rewards=[(limited, 1)], state=state)
    refunded = make_pledge(campaign)
    make_refund(payment_of(refunded), amount=1000, commission=50)
    make_refund(payment_of(refunded), amount=500, commission=25, state=RefundState.DUE)
    make_change(first, limited, 1)
    _after_payments(campaign)
    _ended(campaign.cooperative)
    make_matching(campaign)
    make_payout(campaign.cooperative, [payment_of(first)])
    make_payout(campaign.cooperative, [payment_of(refunded)], state=PayoutState.FAILED)
    make_pledge(make_campaign(outsider), fee=90)
    return campaign


def _after_payments(campaign):
    """Other means than a card, disputes, refunds that came back: all of them taxed."""
    make_offline(make_pledge(campaign, paid=False))
    make_offline(make_pledge(campaign, state=PledgeState.DROPPED), bounced=True)
    for state in (DisputeState.INQUIRY, DisputeState.OPEN, DisputeState.WON):
        make_dispute(payment_of(make_pledge(campaign)), state)
    half = payment_of(make_pledge(campaign))
    make_refund(half, amount=1001, commission=50)
    make_dispute(half, DisputeState.LOST, amount=half.amount - 1001)
    fail_refund(make_refund(payment_of(make_pledge(campaign)), amount=999, commission=0))
    fail_refund(make_refund(payment_of(make_pledge(campaign)), amount=998, commission=0), settled=True)
    with within(campaign.cooperative):
        refused = make_refund(payment_of(make_pledge(campaign)), state=RefundState.DUE)
        Refund.objects.filter(pk=refused.pk).update(state=RefundState.FAILED)


def _ended(cooperative):
    """A funded campaign with a late contribution, and one whose goal was missed with a cheque that is owed."""
    funded, missed = (make_campaign(cooperative, title=title) for title in ("Financée", "Manquée"))
    counted, late = make_pledge(funded), make_pledge(funded)
    with within(cooperative):
        Pledge.objects.filter(pk=late.pk).update(is_late=True)
        Campaign.objects.filter(pk=funded.pk).update(
            state="funded",
            outcome="funded",
            decided_at=clock.now(),
            pledged_at_deadline=counted.amount,
            backers_at_deadline=1,
            units_at_deadline=1,
        )
    owed = make_offline(make_pledge(missed, state=PledgeState.GOAL_MISSED))
    make_refund(owed, state=RefundState.DUE)
    with within(cooperative):
        Campaign.objects.filter(pk=missed.pk).update(state="missed", outcome="missed", decided_at=clock.now())
        Settlement.objects.create(
            cooperative=cooperative,
            campaign=missed,
            started_at=clock.now(),
            grace_ends_at=clock.now() + timedelta(days=7),
            finished_at=clock.now(),
        )


@pytest.mark.usefixtures("house", "everywhere")
def test_nothing_is_found_where_all_agree():
    assert list(all_findings()) == []
    assert set(LedgerGroup.objects.values_list("kind", flat=True)) == set(LedgerKind.values)


def _group(kind=LedgerKind.PAYMENT):
    return LedgerGroup.objects.filter(kind=kind).order_by("pk").first()


def _forget(kind):
    """The whole group is gone."""
    group = _group(kind)
    group.entries.all().delete()
    group.delete()


def _change(rows, **values):
    """The first of these rows is written over."""
    assert type(rows.first())._base_manager.filter(pk=rows.order_by("pk").first().pk).update(**values) == 1


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
    _forget(LedgerKind.PAYMENT)


def fee_without_group():
    _forget(LedgerKind.FEE)


def fee_of_another_amount():
    Payment.objects.filter(processing_fee=120).update(processing_fee=121)


def refund_without_group():
    _forget(LedgerKind.REFUND)


def refund_of_another_amount():
    _change(Refund.objects.filter(state="done"), commission=51)


def refund_group_not_done():
    _change(Refund.objects.filter(state="done"), state="rejected")


def given_back_twice():
    payment = Payment.objects.filter(refunds__state="done").order_by("pk").first()
    make_refund(payment, amount=payment.amount, commission=0, state=RefundState.DUE)


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
    RewardStock.objects.filter(held=2).update(held=1)


def stock_promised_wrong():
    RewardStock.objects.filter(held=2).update(promised=0)


def stock_limit_wrong():
    _change(Reward.objects.filter(limit=10), limit=11)


def stock_row_gone():
    RewardStock.objects.all().delete()


def group_of_a_kind_that_the_row_never_had():
    _change(LedgerGroup.objects.filter(kind=LedgerKind.DISPUTE_WON), kind=LedgerKind.DISPUTE_LOST)


def money_in_the_wrong_place():
    entries = LedgerEntry.objects.filter(group__kind=LedgerKind.PAYMENT, account="bank")
    _change(entries, account="balance")


def tax_on_the_account_of_another_tax():
    entries = LedgerEntry.objects.filter(group=_group(), tax="gst")
    _change(entries, tax="vat")


def contributions_booked_as_taxes():
    group = _group()
    tax = group.entries.get(tax="gst")
    income = group.entries.get(account="contributions")
    LedgerEntry.objects.filter(pk=tax.pk).update(amount=tax.amount - 10)
    LedgerEntry.objects.filter(pk=income.pk).update(amount=income.amount + 10)


def bounce_without_group():
    _forget(LedgerKind.BOUNCE)


def bounced_and_still_counted():
    _change(Payment.objects.filter(method="cheque", state=PaymentState.PAID, refunds=None), state="bounced")


def refund_sent_back_without_group():
    _change(LedgerGroup.objects.filter(kind=LedgerKind.REFUND_FAILED), subject_key="refund:999999")


def refund_settled_without_group():
    _forget(LedgerKind.REFUND_SETTLED)


def dispute_without_group():
    _forget(LedgerKind.DISPUTE)


def dispute_won_without_group():
    _forget(LedgerKind.DISPUTE_WON)


def dispute_lost_without_group():
    _forget(LedgerKind.DISPUTE_LOST)


def dispute_of_another_amount():
    _change(Dispute.objects.filter(state=DisputeState.OPEN), amount=2999)


def matching_without_group():
    _forget(LedgerKind.MATCHING)


def matching_of_another_amount():
    _change(Matching.objects.all(), amount=249_999)


def payout_without_group():
    _forget(LedgerKind.PAYOUT)


def payout_back_without_group():
    _forget(LedgerKind.PAYOUT_FAILED)


def payout_that_is_not_its_lines():
    _change(PayoutLine.objects.all(), fee=0, net=17_000 - 300)


def payout_line_gone():
    PayoutLine.objects.order_by("pk").first().delete()


def payout_line_of_no_row():
    _change(PayoutLine.objects.all(), subject_key="payment:999999")


def payout_of_another_amount():
    payout = Payout.objects.order_by("pk").first()
    Payout.objects.filter(pk=payout.pk).update(amount=payout.amount + 1)


def commission_given_back_twice():
    refund = Refund.objects.filter(state="due", payment__method="card").order_by("pk").first()
    Refund.objects.filter(pk=refund.pk).update(commission=refund.payment.commission, amount=refund.payment.commission)


def cheque_of_a_missed_goal_kept():
    Refund.objects.filter(payment__pledge__campaign__outcome="missed").update(state="rejected")


def tax_of_another_rate():
    _change(PaymentTax.objects.filter(code="gst"), rate=6_000)


def tax_of_another_amount():
    tax = PaymentTax.objects.filter(code="qst").order_by("pk").first()
    PaymentTax.objects.filter(pk=tax.pk).update(amount=tax.amount + 1)


def tax_given_back_twice():
    tax = RefundTax.objects.order_by("pk").first()
    RefundTax.objects.filter(pk=tax.pk).update(amount=2 * tax.amount)


def taxable_part_of_others():
    item = PledgeItem.objects.filter(pledge__payments__state="paid").order_by("pk").first()
    PledgeItem.objects.filter(pk=item.pk).update(unit_taxable=0)


def postage_never_asked_for():
    _change(PledgeItem.objects.all(), unit_postage=500)


def units_of_others():
    Campaign.objects.filter(outcome="funded").update(units_at_deadline=2)


def late_contribution_counted():
    Pledge.objects.filter(is_late=True).update(is_late=False)


def hold_of_a_change_forgotten():
    PledgeChangeItem.objects.update(held=0)


CORRUPTIONS = [
    (unbalanced, {Fault.UNBALANCED, Fault.WRONG_AMOUNT}),
    (entries_gone, {Fault.WRONG_AMOUNT, Fault.COLLECTED}),
    (entry_of_another_currency, {Fault.STRANGER}),
    (group_of_another_campaign, {Fault.STRANGER, Fault.COLLECTED}),
    (row_not_paid, {Fault.NO_ROW, Fault.COLLECTED}),
    (row_not_there, {Fault.NO_ROW}),
    (group_with_a_name_of_no_row, {Fault.NO_ROW, Fault.NO_FEE_GROUP}),
    (group_of_a_kind_that_the_row_never_had, {Fault.NO_ROW, Fault.NO_DISPUTE_END_GROUP}),
    (money_in_the_wrong_place, {Fault.WRONG_AMOUNT}),
    (tax_on_the_account_of_another_tax, {Fault.WRONG_AMOUNT}),
    (contributions_booked_as_taxes, {Fault.WRONG_AMOUNT}),
    (payment_without_group, {Fault.NO_PAYMENT_GROUP, Fault.COLLECTED}),
    (fee_without_group, {Fault.NO_FEE_GROUP}),
    (fee_of_another_amount, {Fault.WRONG_AMOUNT}),
    (bounce_without_group, {Fault.NO_BOUNCE_GROUP, Fault.COLLECTED}),
    (bounced_and_still_counted, {Fault.NO_BOUNCE_GROUP, Fault.COLLECTED}),
    (refund_without_group, {Fault.NO_REFUND_GROUP, Fault.COLLECTED}),
    (refund_of_another_amount, {Fault.WRONG_AMOUNT}),
    (refund_group_not_done, {Fault.NO_ROW, Fault.COLLECTED}),
    (refund_sent_back_without_group, {Fault.NO_ROW, Fault.NO_REFUND_FAILED_GROUP}),
    (refund_settled_without_group, {Fault.NO_REFUND_SETTLED_GROUP}),
    (given_back_twice, {Fault.OVER_REFUNDED}),
    (commission_given_back_twice, {Fault.OVER_RETURNED}),
    (dispute_without_group, {Fault.NO_DISPUTE_GROUP}),
    (dispute_won_without_group, {Fault.NO_DISPUTE_END_GROUP}),
    (dispute_lost_without_group, {Fault.NO_DISPUTE_END_GROUP, Fault.COLLECTED, Fault.TAX_BACK}),
    (dispute_of_another_amount, {Fault.WRONG_AMOUNT}),
    (matching_without_group, {Fault.NO_MATCHING_GROUP}),
    (matching_of_another_amount, {Fault.WRONG_AMOUNT}),
    (payout_without_group, {Fault.NO_PAYOUT_GROUP}),
    (payout_back_without_group, {Fault.NO_PAYOUT_FAILED_GROUP}),
    (payout_that_is_not_its_lines, {Fault.PAYOUT_SUM}),
    (payout_line_gone, {Fault.PAYOUT_SUM}),
    (payout_line_of_no_row, {Fault.PAYOUT_LINE}),
    (payout_of_another_amount, {Fault.PAYOUT_SUM, Fault.WRONG_AMOUNT}),
    (tax_of_another_rate, {Fault.TAX}),
    (tax_of_another_amount, {Fault.TAX, Fault.WRONG_AMOUNT}),
    (tax_given_back_twice, {Fault.TAX_BACK, Fault.WRONG_AMOUNT}),
    (taxable_part_of_others, {Fault.TAXABLE}),
    (charged_otherwise, {Fault.CHARGED_OTHERWISE}),
    (items_do_not_add_up, {Fault.PLEDGE_SUM}),
    (postage_never_asked_for, {Fault.PLEDGE_SUM}),
    (money_on_a_missed_campaign, {Fault.MISSED_CHARGED}),
    (cheque_of_a_missed_goal_kept, {Fault.MISSED_KEPT}),
    (frozen_total_of_others, {Fault.PLEDGED}),
    (units_of_others, {Fault.UNITS}),
    (late_contribution_counted, {Fault.PLEDGED, Fault.UNITS}),
    (stock_held_wrong, {Fault.HELD}),
    (hold_of_a_change_forgotten, {Fault.HELD}),
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
        group = _group(LedgerKind.FEE)
        fee_of_another_amount()
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("check_ledger", stdout=out)
    assert refused.value.returncode == 1
    ours, of_the_transfer = out.getvalue().splitlines()
    assert ours == (
        f"ledger group {group.pk} (fee {group.subject_key}): the entries are not those of the row "
        "(balance -120, processing_fees 120; expected balance -121, processing_fees 121)"
    )
    assert of_the_transfer.startswith("payout:") and group.subject_key in of_the_transfer


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
