"""Taxes within prices: parts that sum, refunds in any split that give back the whole, rates of the day it was paid."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home.tenancy import within
from pledges import ledger, taxes
from pledges.enums import DisputeState, RefundState
from pledges.ledger_checks import all_findings
from pledges.models import LedgerEntry, Payment, PaymentTax, Refund, RefundTax, TaxRate, TaxRegistration
from pledges.taxes import Levied
from tests.factories.books import make_dispute, register, tax_tiers
from tests.factories.pledges import make_pledge, make_refund, payment_of

QUEBEC = [Levied("gst", "", 5_000), Levied("qst", "", 9_975)]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 30_000), max_size=4))
def test_parts_are_within_half_a_cent_and_never_more_than_the_whole(base, rates):
    levied = [Levied(f"t{n}", "", rate) for n, rate in enumerate(rates)]
    parts, whole = taxes.parts_of(base, levied), 100_000 + sum(rates)
    assert set(parts) == {tax.code for tax in levied}
    assert all(abs(2 * (parts[tax.code] * whole - base * tax.rate)) <= whole for tax in levied)
    assert 0 <= sum(parts.values()) <= base + len(rates)


def test_what_a_hundred_dollars_holds_in_quebec():
    assert taxes.parts_of(11_498, QUEBEC) == {"gst": 500, "qst": 998}


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.lists(st.integers(1, 10**9), max_size=6))
def test_shares_of_any_split_sum_to_the_whole(part, amount, cuts):
    part = min(part, amount)
    bounds = sorted({0, amount, *(cut % amount for cut in cuts)})
    shares = [taxes.pro_rata(part, end, amount) - taxes.pro_rata(part, start, amount) for start, end in _pairs(bounds)]
    assert sum(shares) == part
    assert all(share >= 0 for share in shares)


def _pairs(bounds):
    return list(pairwise(bounds))


@given(cuts=st.lists(st.integers(1, 8_999), max_size=4), dispute=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refunds_in_any_split_give_back_exactly_the_whole(taxed, cuts, dispute):
    payment = payment_of(make_pledge(taxed, extra=6_000))
    splits = [end - start for start, end in _pairs(sorted({0, payment.amount, *cuts}))]
    for amount in splits[:-1]:
        make_refund(payment, amount=amount, commission=0)
    if dispute:
        make_dispute(payment, DisputeState.LOST, amount=splits[-1])
    else:
        make_refund(payment, amount=splits[-1], commission=0)
    with within(taxed.cooperative):
        left = LedgerEntry.objects.filter(account__in=["taxes", "contributions"], group__campaign=taxed)
        assert sum(left.values_list("amount", flat=True)) == 0
        assert [sum(left.filter(tax=code).values_list("amount", flat=True)) for code in ("gst", "qst")] == [0, 0]
        assert list(all_findings()) == []


@pytest.fixture
def taxed(campaign):
    register(campaign.cooperative)
    tax_tiers(campaign)
    return campaign


def test_a_refund_is_taxed_once_however_often_it_is_recorded(taxed):
    refund = make_refund(payment_of(make_pledge(taxed)), amount=1_500, commission=0)
    with within(taxed.cooperative):
        before = list(RefundTax.objects.values_list("code", "amount"))
        assert taxes.give_back(Refund.objects.get(pk=refund.pk)) == dict(before)
        assert list(RefundTax.objects.values_list("code", "amount")) == before
        assert before == [("gst", 65), ("qst", 130)]


def test_a_dispute_after_a_refund_gives_back_the_rest_to_the_cent(taxed):
    payment = payment_of(make_pledge(taxed))
    make_refund(payment, amount=1_001, commission=0)
    make_dispute(payment, DisputeState.LOST, amount=payment.amount - 1_001)
    with within(taxed.cooperative):
        of_tax = LedgerEntry.objects.filter(account="taxes")
        assert sum(of_tax.values_list("amount", flat=True)) == 0


def test_refunds_after_a_dispute_lost_in_part_give_back_the_rest_to_the_cent(taxed):
    payment = payment_of(make_pledge(taxed))  # 30 $, of which 130 and 260 are taxes
    make_dispute(payment_of(make_pledge(taxed)), DisputeState.LOST, amount=1_000)
    make_dispute(payment, DisputeState.LOST, amount=1_000)
    with within(taxed.cooperative):
        assert taxes.share_of(payment, 1_000) == {"gst": 44, "qst": 86}
    first, rest = make_refund(payment, amount=1_000, commission=0), make_refund(payment, amount=1_000, commission=0)
    with within(taxed.cooperative):
        lost = LedgerEntry.objects.filter(group__kind="dispute_lost", account="taxes")
        assert list(lost.order_by("pk").values_list("tax", "amount")) == [("gst", 43), ("qst", 87)] * 2
        assert dict(first.taxes.values_list("code", "amount")) == {"gst": 44, "qst": 86}
        assert dict(rest.taxes.values_list("code", "amount")) == {"gst": 43, "qst": 87}


def test_a_dispute_that_is_open_or_won_gives_no_taxes_back(taxed):
    payment = payment_of(make_pledge(taxed))
    make_dispute(payment, DisputeState.OPEN, amount=1_000)
    make_dispute(payment, DisputeState.WON, amount=1_000)
    make_refund(payment, state=RefundState.DUE)
    with within(taxed.cooperative):
        assert taxes.share_of(payment, 3_000) == {"gst": 130, "qst": 260}


def test_another_cooperative_s_registration_is_its_own(taxed, outsider, everywhere):
    register(outsider, "qst")
    TaxRegistration.objects.filter(cooperative=taxed.cooperative, code="qst").delete()
    on = date(2026, 11, 3)
    assert [one.code for one in taxes.levied_by(taxed.cooperative, on)] == ["gst"]
    assert [one.code for one in taxes.levied_by(outsider, on)] == ["qst"]


def _paid_at(campaign, at):
    """A payment recorded at a moment, with the taxes of that day."""
    pledge = make_pledge(campaign, paid=False)
    with within(campaign.cooperative):
        payment = Payment.objects.create(
            cooperative=campaign.cooperative,
            pledge=pledge,
            currency="CAD",
            amount=pledge.amount,
            taxable=pledge.amount,
            commission=0,
            state="paid",
            created_at=at,
            paid_at=at,
        )
        ledger.record_payment(payment, at)
        return {tax.code: tax.rate for tax in PaymentTax.objects.filter(payment=payment)}


def test_a_rate_that_changes_in_mid_campaign_is_that_of_the_day_of_the_payment(taxed):
    TaxRate.objects.filter(code="gst").update(ends_on=date(2026, 11, 14))
    TaxRate.objects.create(code="gst", name_fr="TPS", name_en="GST", rate=6_000, starts_on=date(2026, 11, 15))
    # Both are the 15th in UTC; at the cooperative it is still the 14th until five in the morning, UTC.
    assert _paid_at(taxed, datetime(2026, 11, 15, 4, 59, tzinfo=UTC)) == {"gst": 5_000, "qst": 9_975}
    assert _paid_at(taxed, datetime(2026, 11, 15, 5, 0, tzinfo=UTC)) == {"gst": 6_000, "qst": 9_975}
    with within(taxed.cooperative):
        assert list(all_findings()) == []


def test_only_what_the_cooperative_is_registered_for_that_day(taxed):
    with within(taxed.cooperative):
        TaxRegistration.objects.filter(code="qst").update(starts_on=date(2026, 11, 20))
        TaxRegistration.objects.filter(code="gst").update(ends_on=date(2026, 11, 19))
    assert _paid_at(taxed, datetime(2026, 11, 19, 12, tzinfo=UTC)) == {"gst": 5_000}
    assert _paid_at(taxed, datetime(2026, 11, 20, 12, tzinfo=UTC)) == {"qst": 9_975}


def test_a_cooperative_that_is_not_registered_collects_none(campaign):
    tax_tiers(campaign)
    make_pledge(campaign)
    with within(campaign.cooperative):
        assert not PaymentTax.objects.exists()


def test_a_refund_that_waits_gives_nothing_back_yet(taxed):
    make_refund(payment_of(make_pledge(taxed)), state=RefundState.DUE)
    with within(taxed.cooperative):
        assert not RefundTax.objects.exists()
