"""What the database itself refuses, whoever writes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from home import clock
from home.tenancy import within
from pledges.ledger_checks import all_findings
from pledges.models import LedgerEntry, LedgerGroup, Matching, Payment, PaymentTax, PayoutLine, Refund, TaxRegistration
from sandbox.demo import ageing
from tests.factories.books import make_matching, make_payout, register, tax_tiers
from tests.factories.pledges import make_pledge, make_refund, payment_of

on_postgres = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def marked(test):
    for mark in on_postgres:
        test = mark(test)
    return test


def _refused(act):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        act()
    return str(refused.value)


@marked
@pytest.mark.parametrize("model", [LedgerGroup, LedgerEntry])
def test_the_ledger_is_neither_changed_nor_deleted(campaign, model):
    make_pledge(campaign, fee=100)
    with within(campaign.cooperative):
        rows = model.objects.all()
        before = list(rows.order_by("pk").values())
        assert "append-only: UPDATE" in _refused(lambda: rows.update(cooperative_id=campaign.cooperative_id))
        assert "append-only: DELETE" in _refused(lambda: rows._raw_delete(rows.db))
        assert list(rows.order_by("pk").values()) == before
        assert before
        assert list(all_findings()) == []


@marked
def test_a_group_that_does_not_balance_cannot_be_committed(campaign):
    make_pledge(campaign)
    with within(campaign.cooperative):
        group = LedgerGroup.objects.create(
            cooperative=campaign.cooperative,
            campaign=campaign,
            kind="fee",
            subject_key="payment:1",
            happened_at=clock.now(),
            recorded_at=clock.now(),
        )

        def entries(*amounts):
            LedgerEntry.objects.bulk_create(
                LedgerEntry(
                    cooperative=campaign.cooperative, group=group, account=account, amount=cents, currency="CAD"
                )
                for account, cents in zip(("balance", "processing_fees"), amounts, strict=True)
            )

        assert "off by -1" in _refused(lambda: entries(-6, 5))
        entries(-5, 5)
        assert sorted(LedgerEntry.objects.filter(group=group).values_list("amount", flat=True)) == [-5, 5]


@marked
def test_tables_may_still_be_emptied(campaign):
    make_pledge(campaign)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pledges_ledgerentry, pledges_ledgergroup")
    with within(campaign.cooperative):
        assert not LedgerGroup.objects.exists()


def _entry_of_nothing(payment):
    LedgerEntry.objects.filter(account="balance").update(amount=0)


def _tax_without_name(payment):
    LedgerEntry.objects.filter(account="taxes").update(tax="")


def _name_without_tax(payment):
    LedgerEntry.objects.filter(account="balance").update(tax="gst")


def _commission_beyond(payment):
    Payment.objects.filter(pk=payment.pk).update(commission=payment.amount + 1)


def _commission_on_cash(payment):
    Payment.objects.filter(pk=payment.pk).update(method="cash", processing_fee=None)


def _fee_on_cash(payment):
    Payment.objects.filter(pk=payment.pk).update(method="cash", commission=0)


def _refund_of_nothing(payment):
    Refund.objects.update(amount=0, commission=0)


def _tax_beyond_its_base(payment):
    PaymentTax.objects.filter(code="gst").update(amount=payment.amount + 1)


def _matching_of_nothing(payment):
    Matching.objects.update(amount=0)


def _line_not_net(payment):
    PayoutLine.objects.update(net=1)


def _registration_backwards(payment):
    TaxRegistration.objects.update(ends_on="2019-12-31")


@pytest.mark.parametrize(
    "corrupt",
    [
        _entry_of_nothing,
        _tax_without_name,
        _name_without_tax,
        _commission_beyond,
        _commission_on_cash,
        _fee_on_cash,
        _refund_of_nothing,
        _tax_beyond_its_base,
        _matching_of_nothing,
        _line_not_net,
        _registration_backwards,
    ],
    ids=lambda corrupt: corrupt.__name__,
)
def test_no_row_may_say_what_cannot_be(campaign, corrupt):
    register(campaign.cooperative)
    tax_tiers(campaign)
    payment = payment_of(make_pledge(campaign, fee=117))
    make_refund(payment, amount=1000, commission=50)
    make_matching(campaign)
    make_payout(campaign.cooperative, [payment])
    with within(campaign.cooperative):
        assert "CHECK" in _refused(lambda: corrupt(payment))


@marked
def test_the_demo_may_be_dated_back_and_the_guard_stands_again(campaign):
    """In one transaction with what it dates, as the demo is loaded."""
    at = clock.now() - timedelta(days=9)
    with transaction.atomic(), within(campaign.cooperative):
        payment = payment_of(make_pledge(campaign))
        ageing._age_ledger(f"payment:{payment.pk}", at)
    with within(campaign.cooperative):
        assert LedgerGroup.objects.get().happened_at == at
        assert "append-only: UPDATE" in _refused(lambda: LedgerGroup.objects.update(happened_at=clock.now()))
