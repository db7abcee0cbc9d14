"""Each kind of group, account by account, to the cent; each once; and none that does not sum to zero."""

from datetime import UTC, date, datetime

import pytest

from home.models import Cooperative
from home.tenancy import within
from pledges import ledger
from pledges.enums import DisputeState, LedgerAccount, LedgerKind, PaymentMethod, PaymentState, RefundState
from pledges.models import (
    Dispute,
    LedgerEntry,
    LedgerGroup,
    Matching,
    Payment,
    Payout,
    Refund,
    TaxRate,
    TaxRegistration,
)
from tests.factories.pledges import make_payment, make_pledge, make_refund

AT = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)
BALANCE, BANK, CONTRIBUTIONS, TAXES, FEES, COMMISSION, DISPUTED, DISPUTE_FEES, OWED, MATCHING = LedgerAccount.values[:]


@pytest.fixture(autouse=True)
def taxed(inside):
    """GST and QST are collected, and the commission is 5 %."""
    Cooperative.objects.filter(pk=inside.pk).update(commission_basis_points=500, commission_fixed=0)
    inside.refresh_from_db()
    for code, rate in (("gst", 5000), ("qst", 9975)):
        TaxRate.objects.get_or_create(code=code, rate=rate, defaults={"starts_on": date(2013, 1, 1)})
        TaxRegistration.objects.create(cooperative=inside, code=code, number="1", starts_on=date(2020, 1, 1))


@pytest.fixture
def payment(campaign):
    """$114.98 by card, not recorded yet, all of it taxable."""
    made = make_pledge(campaign, rewards=[], extra=11_498, paid=False)
    payment = make_payment(made, PaymentState.DUE)
    Payment.objects.filter(pk=payment.pk).update(state=PaymentState.PAID, taxable=11_498)
    return Payment.objects.select_related("pledge", "cooperative").get(pk=payment.pk)


def lines(kind):
    """(account, tax) to cents of the one group of this kind."""
    group = LedgerGroup.objects.get(kind=kind)
    found = {(entry.account, entry.tax): entry.amount for entry in group.entries.all()}
    assert len(found) == group.entries.count()
    return found


PAID = {
    (BALANCE, ""): 10_923,
    (COMMISSION, ""): 575,
    (CONTRIBUTIONS, ""): -10_000,
    (TAXES, "gst"): -500,
    (TAXES, "qst"): -998,
}


def test_a_payment_with_its_taxes_and_commission(payment, campaign, inside):
    assert ledger.record_payment(payment, AT) is True
    assert lines(LedgerKind.PAYMENT) == PAID
    group = LedgerGroup.objects.get()
    assert (group.cooperative_id, group.campaign_id, group.subject_key, group.happened_at) == (
        inside.pk,
        campaign.pk,
        f"payment:{payment.pk}",
        AT,
    )
    assert group.recorded_at is not None
    assert {(one.cooperative_id, one.currency) for one in LedgerEntry.objects.all()} == {(inside.pk, "CAD")}


def test_a_group_is_written_once(payment):
    assert ledger.record_payment(payment, AT) is True
    assert ledger.record_payment(payment, AT) is False
    assert LedgerEntry.objects.count() == 5


def test_money_the_cooperative_received_itself_is_in_its_bank_and_goes_back_whole(payment):
    payment.method, payment.commission = PaymentMethod.CHEQUE, 0
    assert ledger.record_payment(payment, AT) is True
    paid = {(BANK, ""): 11_498, (CONTRIBUTIONS, ""): -10_000, (TAXES, "gst"): -500, (TAXES, "qst"): -998}
    assert lines(LedgerKind.PAYMENT) == paid
    assert ledger.record_bounce(payment, AT) is True
    assert ledger.record_bounce(payment, AT) is False
    assert lines(LedgerKind.BOUNCE) == {line: -cents for line, cents in paid.items()}


def test_the_provider_s_fee(payment):
    assert ledger.record_fee(payment, 363, AT) is True
    assert ledger.record_fee(payment, 363, AT) is False
    assert lines(LedgerKind.FEE) == {(FEES, ""): 363, (BALANCE, ""): -363}


def refund_of(payment, amount, commission):
    refund = make_refund(payment, amount=amount, commission=commission, state=RefundState.DUE)
    return Refund.objects.select_related("payment__pledge").get(pk=refund.pk)


def test_refunds_in_two_parts_give_back_the_whole(payment):
    ledger.record_payment(payment, AT)
    first, rest = refund_of(payment, 1_000, 50), refund_of(payment, 10_498, 525)
    assert ledger.record_refund(first, AT) is True
    assert ledger.record_refund(first, AT) is False
    assert lines(LedgerKind.REFUND) == {
        (BALANCE, ""): -950,
        (COMMISSION, ""): -50,
        (CONTRIBUTIONS, ""): 870,
        (TAXES, "gst"): 43,
        (TAXES, "qst"): 87,
    }
    assert ledger.record_refund(rest, AT) is True
    totals = {}
    for entry in LedgerEntry.objects.all():
        totals[entry.account, entry.tax] = totals.get((entry.account, entry.tax), 0) + entry.amount
    assert set(totals.values()) == {0}
    group = LedgerGroup.objects.get(subject_key=f"refund:{first.pk}")
    assert group.campaign_id == payment.pledge.campaign_id


def test_a_refund_of_a_cheque_leaves_the_bank(payment):
    payment.method, payment.commission = PaymentMethod.CHEQUE, 0
    payment.save()
    refund = refund_of(payment, 500, 0)
    assert ledger.refund_lines(refund, {}) == {(BANK, ""): -500, (COMMISSION, ""): 0, (CONTRIBUTIONS, ""): 500}


def test_a_refund_sent_back_is_owed_until_it_is_paid_otherwise(payment):
    refund = refund_of(payment, 700, 35)
    assert ledger.record_refund_failed(refund, AT) is True
    assert lines(LedgerKind.REFUND_FAILED) == {(BALANCE, ""): 700, (OWED, ""): -700}
    assert ledger.record_refund_settled(refund, AT) is True
    assert lines(LedgerKind.REFUND_SETTLED) == {(OWED, ""): 700, (BANK, ""): -700}
    assert [ledger.record_refund_failed(refund, AT), ledger.record_refund_settled(refund, AT)] == [False, False]


@pytest.fixture
def dispute(payment, inside):
    ledger.record_payment(payment, AT)
    return Dispute.objects.create(
        cooperative=inside,
        payment=payment,
        stripe_dispute="dp_1",
        state=DisputeState.OPEN,
        reason="fraudulent",
        amount=11_498,
        fee=1_500,
        currency="CAD",
        opened_at=AT,
    )


def test_a_dispute_withdraws_the_amount_and_its_fee(dispute, campaign):
    assert ledger.record_dispute(dispute, AT) is True
    assert ledger.record_dispute(dispute, AT) is False
    assert lines(LedgerKind.DISPUTE) == {(DISPUTED, ""): 11_498, (DISPUTE_FEES, ""): 1_500, (BALANCE, ""): -12_998}
    group = LedgerGroup.objects.get(kind=LedgerKind.DISPUTE)
    assert (group.subject_key, group.campaign_id) == (f"dispute:{dispute.pk}", campaign.pk)


def test_a_dispute_that_is_won_brings_the_amount_back_and_not_the_fee(dispute):
    assert ledger.record_dispute_won(dispute, AT) is True
    assert lines(LedgerKind.DISPUTE_WON) == {(BALANCE, ""): 11_498, (DISPUTED, ""): -11_498}


def test_a_dispute_that_is_lost_undoes_the_contribution_and_its_taxes_and_keeps_the_commission(dispute):
    assert ledger.record_dispute_lost(dispute, AT) is True
    assert lines(LedgerKind.DISPUTE_LOST) == {
        (DISPUTED, ""): -11_498,
        (CONTRIBUTIONS, ""): 10_000,
        (TAXES, "gst"): 500,
        (TAXES, "qst"): 998,
    }


def test_matching_money_stands_apart(campaign, inside):
    matching = Matching.objects.create(
        cooperative=inside,
        campaign=campaign,
        partner_fr="La Caisse",
        partner_en="The Caisse",
        amount=50_000,
        currency="CAD",
        received_on=AT.date(),
        recorded_at=AT,
    )
    assert ledger.record_matching(matching, AT) is True
    assert ledger.record_matching(matching, AT) is False
    assert lines(LedgerKind.MATCHING) == {(BANK, ""): 50_000, (MATCHING, ""): -50_000}
    group = LedgerGroup.objects.get()
    assert (group.subject_key, group.campaign_id) == (f"matching:{matching.pk}", campaign.pk)


def test_a_transfer_to_the_bank_and_one_sent_back(inside):
    payout = Payout.objects.create(
        cooperative=inside,
        stripe_payout="po_1",
        amount=9_000,
        currency="CAD",
        state="paid",
        arrives_on=AT.date(),
        created_at=AT,
    )
    assert ledger.record_payout(payout, AT) is True
    assert ledger.record_payout(payout, AT) is False
    assert lines(LedgerKind.PAYOUT) == {(BANK, ""): 9_000, (BALANCE, ""): -9_000}
    assert ledger.record_payout_failed(payout, AT) is True
    assert lines(LedgerKind.PAYOUT_FAILED) == {(BANK, ""): -9_000, (BALANCE, ""): 9_000}
    group = LedgerGroup.objects.get(kind=LedgerKind.PAYOUT)
    assert (group.subject_key, group.campaign_id, group.cooperative_id) == (f"payout:{payout.pk}", None, inside.pk)


def test_lines_that_do_not_sum_to_zero_are_refused(payment):
    with pytest.raises(ValueError, match=f"payment:{payment.pk} do not sum to zero"):
        ledger._write(ledger.of_payment(payment), LedgerKind.PAYMENT, AT, {(BALANCE, ""): 1})
    assert LedgerGroup.objects.count() == 0


def test_an_account_that_nothing_moves_has_no_line(campaign):
    with within(campaign.cooperative):
        Cooperative.objects.update(commission_basis_points=0)
        campaign.cooperative.refresh_from_db()
        make_pledge(campaign, rewards=[], extra=2_500)
    assert lines(LedgerKind.PAYMENT) == {(BALANCE, ""): 2_500, (CONTRIBUTIONS, ""): -2_500}
