"""What the books say: the journal balances and equals the ledger, rewards owed at any day, taxes of a period."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from home import clock
from home.tenancy import within
from pledges import deferred, fulfilment, journal, ledger, matching, tax_report
from pledges.enums import DisputeState, FulfilmentState
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge, PledgeItem
from pledges.periods import Period
from pledges.totals import progress_of, with_sums
from tests.factories.books import make_dispute, make_matching, make_offline, make_payout, register, tax_tiers
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of

YEAR = Period(date(2020, 1, 1), date(2099, 12, 31))


@pytest.fixture
def taxed(campaign):
    register(campaign.cooperative)
    tax_tiers(campaign)
    return campaign


def test_a_period_holds_its_days_whole_where_the_cooperative_is(cooperative):
    start, end = Period(date(2026, 11, 1), date(2026, 11, 30)).bounds(cooperative)
    # Montréal leaves summer time on the first of November 2026.
    assert start.astimezone(UTC) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 6, 30), date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 8, 15), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_the_quarter_of_a_day(day, first, last):
    assert Period.of_quarter(day) == Period(first, last)


def test_the_journal_balances_and_equals_the_ledger(taxed):
    payment = payment_of(make_pledge(taxed, fee=117))
    make_refund(payment, amount=1_000, commission=50)
    make_matching(taxed)
    make_payout(taxed.cooperative, [payment])
    with within(taxed.cooperative):
        entries = journal.entries_of(taxed.cooperative, YEAR)
        rows, sums = list(journal.rows_of(taxed.cooperative, entries)), journal.sums_of(entries)
        assert sum(row.debit for row in rows) == sum(row.credit for row in rows) == sums.debit == sums.credit
        assert len(rows) == sums.lines == LedgerEntry.objects.count()
        by_group = {row.group for row in rows}
        assert by_group == set(LedgerGroup.objects.values_list("pk", flat=True))
        assert all(sum(row.debit - row.credit for row in rows if row.group == group) == 0 for group in by_group)
        one = journal.entries_of(taxed.cooperative, YEAR, taxed)
        assert one.exclude(group__campaign=taxed).count() == 0
        assert one.count() == entries.count() - 2


def test_a_journal_of_other_days_or_campaigns_is_empty(taxed, cooperative):
    make_pledge(taxed)
    with within(cooperative):
        early = Period(date(2020, 1, 1), date(2020, 12, 31))
        other = make_campaign(cooperative, title="Autre")
        assert list(journal.entries_of(cooperative, early)) == []
        assert list(journal.entries_of(cooperative, YEAR, other)) == []


def test_codes_are_proposed_until_the_cooperative_writes_its_own(taxed, outsider):
    make_pledge(taxed)
    with within(taxed.cooperative):
        journal.set_codes(taxed.cooperative, {("contributions", ""): "4-100", ("taxes", "qst"): "2-QST"}, by=None)
        journal.set_codes(taxed.cooperative, {("contributions", ""): "4-200"}, by=None)
        rows = journal.rows_of(taxed.cooperative, journal.entries_of(taxed.cooperative, YEAR))
        codes = {(row.account, row.tax): row.code for row in rows}
        assert sorted(codes.values()) == ["1060", "2-QST", "2310", "4-200", "5610"]
    with within(outsider):
        assert journal.codes_of(outsider)["contributions", ""] == "4000"


def test_the_journal_takes_the_same_queries_with_more_rows(taxed):
    def queries():
        with within(taxed.cooperative), CaptureQueriesContext(connection) as captured:
            list(journal.rows_of(taxed.cooperative, journal.entries_of(taxed.cooperative, YEAR)))
            deferred.owed_at(taxed.cooperative, date(2099, 1, 1))
            tax_report.lines_of(taxed.cooperative, YEAR)
        return len(captured)

    make_pledge(taxed)
    before = queries()
    make_pledge(taxed), make_pledge(taxed)
    assert queries() == before


def _owed(cooperative, on):
    with within(cooperative):
        return [(line.reward.pk, line.count, line.gross, line.tax) for line in deferred.owed_at(cooperative, on)]


def test_what_is_paid_is_owed_until_the_day_it_leaves(taxed, cooperative):
    with within(cooperative):
        plain, boxed = taxed.rewards.order_by("position")
    pledge = make_pledge(taxed, rewards=[(plain, 2), (boxed, 1)], extra=900)
    make_pledge(taxed, paid=False)
    today = fulfilment.today_in(cooperative)
    both = [(plain.pk, 2, 6_000, 261 + 520), (boxed.pk, 1, 6_500, 283 + 564)]
    assert _owed(cooperative, today) == both
    assert _owed(cooperative, today - timedelta(days=1)) == []
    with within(cooperative):
        item = PledgeItem.objects.get(pledge=pledge, reward=plain)
        fulfilment.mark([item.pk], FulfilmentState.SENT, by=None)
    assert _owed(cooperative, today) == both[1:]
    with within(cooperative):
        left = clock.now() + timedelta(days=3)
        PledgeItem.objects.filter(pk=item.pk).update(left_at=left)
    assert _owed(cooperative, today) == both
    assert _owed(cooperative, today + timedelta(days=3)) == both[1:]


def test_what_left_once_stays_handed_over_when_it_comes_back_and_leaves_again(taxed, cooperative):
    pledge = make_pledge(taxed)
    with within(cooperative):
        item = PledgeItem.objects.get(pledge=pledge)
        fulfilment.mark([item.pk], FulfilmentState.IN_PRODUCTION, by=None)
        item.refresh_from_db()
        assert item.left_at is None
        fulfilment.mark([item.pk], FulfilmentState.SENT, by=None)
        item.refresh_from_db()
        first = item.left_at
        fulfilment.mark([item.pk], FulfilmentState.RETURNED, by=None)
        fulfilment.mark([item.pk], FulfilmentState.SENT, by=None)
        item.refresh_from_db()
        assert (first is not None, item.left_at) == (True, first)


def test_what_went_back_whole_bounced_or_ended_is_not_owed(taxed, cooperative):
    make_refund(payment_of(make_pledge(taxed)))
    make_offline(make_pledge(taxed, state="dropped"), bounced=True)
    ended = make_pledge(taxed)
    with within(cooperative):
        Pledge.objects.filter(pk=ended.pk).update(ended_at=clock.now())
    assert _owed(cooperative, fulfilment.today_in(cooperative)) == []


def test_the_taxes_of_a_period_are_those_of_the_ledger(taxed, cooperative):
    first = payment_of(make_pledge(taxed))
    make_pledge(taxed)
    make_offline(make_pledge(taxed, paid=False), bounced=True)
    make_refund(first, amount=1_500, commission=0)
    with within(cooperative):
        lines = tax_report.lines_of(cooperative, YEAR)
        shown = [(line.tax, line.campaign.pk, line.base, line.collected, line.refunded, line.net) for line in lines]
        # Of 30 $, 1,30 $ is TPS and 2,60 $ TVQ.
        assert shown == [
            ("gst", taxed.pk, 2 * 2_610, 2 * 130, 65, 195),
            ("qst", taxed.pk, 2 * 2_610, 2 * 260, 130, 390),
        ]
        ledger = LedgerEntry.objects.filter(account="taxes")
        assert sum(line.net for line in lines) == -sum(ledger.values_list("amount", flat=True))
        totals = tax_report.totals_of(cooperative, lines)
        assert [(one.name, one.number, one.net) for one in totals] == [
            ("TPS", "123456789RT0001", 195),
            ("TVQ", "1234567890TQ0001", 390),
        ]


def test_a_payment_of_another_period_is_in_its_own_report(taxed, cooperative):
    payment = payment_of(make_pledge(taxed))
    with within(cooperative):
        LedgerGroup.objects.filter(subject_key=f"payment:{payment.pk}").update(
            happened_at=datetime(2026, 7, 1, 3, 59, tzinfo=UTC)
        )
        assert Payment.objects.count() == 1
        june = Period(date(2026, 6, 1), date(2026, 6, 30))
        july = Period(date(2026, 7, 1), date(2026, 7, 31))
        assert [line.collected for line in tax_report.lines_of(cooperative, june)] == [130, 260]
        assert tax_report.lines_of(cooperative, july) == []


def test_matching_money_is_read_with_the_campaign_and_counts_in_no_total(
    campaign, cooperative, django_assert_num_queries
):
    make_pledge(campaign)
    with within(cooperative):
        before = progress_of(campaign)
    make_matching(campaign, 100_000, partner="Fonds A")
    make_matching(campaign, 250_000, partner="Caisse B")
    with within(cooperative):
        assert progress_of(campaign) == before
        with django_assert_num_queries(1):
            row = with_sums(Campaign.objects.filter(pk=campaign.pk)).get()
            partners = [(one.name, one.amount) for one in matching.partners_of(row)]
        assert partners == [("Caisse B", 250_000), ("Fonds A", 100_000)]
        assert matching.partners_of(campaign) == matching.partners_of(row)


def test_what_a_lost_dispute_took_whole_is_not_owed(taxed, cooperative):
    make_dispute(payment_of(make_pledge(taxed)), DisputeState.LOST)
    assert _owed(cooperative, fulfilment.today_in(cooperative)) == [], "no contribution is left to be deferred"


def test_the_taxes_of_what_is_owed_are_those_of_every_part(taxed, cooperative):
    """A contribution without reward became one with a reward: the taxes are in what paid the difference."""
    with within(cooperative):
        _plain, boxed = taxed.rewards.order_by("position")
        pledge = make_pledge(taxed, rewards=[], extra=1_000)
        Pledge.objects.filter(pk=pledge.pk).update(amount=6_500, extra=0)
        PledgeItem.objects.create(
            cooperative=cooperative, pledge=pledge, reward=boxed, quantity=1, unit_amount=6_500, unit_taxable=6_500,
            title_fr="", title_en="", first_month=date(2027, 9, 1), handover=boxed.handover,
        )  # fmt: skip
        later = Payment.objects.create(
            cooperative=cooperative, pledge=pledge, part=1, state="paid", currency="CAD", amount=5_500, taxable=5_500,
            commission=0, created_at=clock.now(), paid_at=clock.now(),
        )  # fmt: skip
        ledger.record_payment(later, clock.now())
        inside = sum(later.taxes.values_list("amount", flat=True))
    assert inside > 0
    assert _owed(cooperative, fulfilment.today_in(cooperative)) == [(boxed.pk, 1, 6_500, inside)]
