"""Transfers to the bank: each with all its lines, equal to the deposit to the cent, and in the ledger."""

import re
from html import unescape

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home import clock
from home.mail import composing
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import gateway, ledger, ledger_checks, payout_checks, payout_summary, payouts, refunds
from pledges.enums import DisputeState, PayoutState, RefundReason, RefundState
from pledges.models import Dispute, LedgerEntry, Payment, Payout, PayoutLine, Refund
from tests.factories.cooperatives import make_user
from tests.pledges.paying import flexible, paid, receive

KINDS = ("payout.created", "payout.reconciliation_completed", "payout.paid", "payout.failed")
DISPUTED = "4000000000000259"


@pytest.fixture
def treasurer(shop):
    return make_user(shop, Role.TREASURER)


@pytest.fixture
def campaign(shop):
    return flexible(shop)


def give_back(payment, amount):
    """A partial refund, asked for by a treasurer and made."""
    with within(payment.cooperative):
        share = (2 * payment.commission * amount + payment.amount) // (2 * payment.amount)
        refund = Refund.objects.create(
            cooperative=payment.cooperative,
            payment=payment,
            state=RefundState.DUE,
            amount=amount,
            commission=share,
            currency=payment.currency,
            reason=RefundReason.AGREED,
            created_at=clock.now(),
        )
        refunds.make_due()
        refund.refresh_from_db()
        assert refund.state == RefundState.DONE
        return refund


def dispute_of(payment, double, outcome=""):
    """The dispute that the card brought on, recorded as Stripe has it."""
    from pledges.gateway.client import client, on

    found = client().v1.disputes.list({}, on(payment.cooperative.stripe_account)).data[0]
    with within(payment.cooperative):
        dispute = Dispute.objects.create(
            cooperative=payment.cooperative,
            payment=payment,
            stripe_dispute=found.id,
            state=DisputeState.OPEN,
            amount=found.amount,
            fee=1500,
            currency="CAD",
            opened_at=clock.now(),
        )
        ledger.record_dispute(dispute, clock.now())
        if outcome:
            double.close_dispute(found.id, outcome)
            dispute.state = DisputeState.WON
            dispute.save()
            ledger.record_dispute_won(dispute, clock.now())
    return dispute


def balance(shop):
    with within(shop):
        return {
            account: sum(LedgerEntry.objects.filter(account=account).values_list("amount", flat=True))
            for account in ("balance", "bank")
        }


def at_fault():
    return [str(finding) for finding in payout_checks.payout_findings()]


def test_a_transfer_is_its_payments_refunds_disputes_and_fees_to_the_cent(
    shop, campaign, treasurer, stripe_double, client
):
    other = flexible(shop, title="Un four")
    first, second = paid(campaign, stripe_double, 10_033), paid(other, stripe_double, 4_567, email="b@example.com")
    refund = give_back(first, 3_333)
    dispute = dispute_of(paid(other, stripe_double, 2_001, card=DISPUTED, email="c@example.com"), stripe_double, "won")
    made = stripe_double.pay_out(shop.stripe_account)
    receive(stripe_double, shop, *KINDS, *KINDS)
    with within(shop):
        payout = Payout.objects.get()
        assert (payout.amount, payout.state, payout.bank_last4) == (made["amount"], PayoutState.PAID, "6789")
        keys = sorted(payout.lines.values_list("subject_key", "campaign"))
        assert keys == sorted(
            [
                (f"dispute:{dispute.pk}", other.pk),
                (f"dispute:{dispute.pk}", other.pk),
                (f"payment:{dispute.payment_id}", other.pk),
                (f"payment:{first.pk}", campaign.pk),
                (f"payment:{second.pk}", other.pk),
                (f"refund:{refund.pk}", campaign.pk),
            ]
        )
        sums = payout_summary.sums_of(payout)
        payments = Payment.objects.all()
        assert sums == payout_summary.Sums(
            payments=10_033 + 4_567 + 2_001,
            refunds=3_333,
            fees=sum(one.processing_fee for one in payments) + 1500,
            commission=sum(one.commission for one in payments) - refund.commission,
        )
        assert sums.total == payout.amount == sum(payout.lines.values_list("net", flat=True))
        assert sum(one.total for _, one in payout_summary.by_campaign(payout)) == payout.amount
        assert at_fault() == []
        (mail,) = OutgoingMail.objects.filter(kind="payout_arrived").select_related("cooperative__site", "user")
        message = composing.compose(mail)
    assert balance(shop) == {"balance": 0, "bank": made["amount"]}
    assert mail.address == treasurer.email
    assert message.subject == f"Virement à la coopérative\u00a0: {money(made['amount'])}"
    assert "− 33,33\u00a0$ · Remboursements" in message.body
    html = unescape(message.alternatives[0].content)
    for address in (reverse("pledges_payout", args=[payout.pk]), reverse("pledges_journal")):
        assert (shop.root_url + address in message.body, shop.root_url + address in html) == (True, True)
    client.defaults["HTTP_HOST"] = shop.site.hostname
    client.force_login(treasurer)
    (link,) = re.findall(r'href="([^"]+journal[^"]+)"', html)
    answer = client.get(link.removeprefix(shop.root_url))
    lines = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines.splitlines()) > 1


def money(cents):
    from home import formats

    return formats.money(cents, "CAD", "fr", exact=True)


def test_on_its_way_it_is_shown_and_not_yet_in_the_ledger(shop, campaign, treasurer, stripe_double):
    paid(campaign, stripe_double)
    made = stripe_double.pay_out(shop.stripe_account, arrives=False)
    receive(stripe_double, shop, *KINDS)
    with within(shop):
        payout = Payout.objects.get()
        assert (payout.state, payout.read_at is None, OutgoingMail.objects.filter(kind="payout_arrived").count()) == (
            PayoutState.PENDING, False, 0,
        )  # fmt: skip
    assert balance(shop) == {"balance": made["amount"], "bank": 0}
    stripe_double.settle_payout(made["id"], "paid")
    receive(stripe_double, shop, *reversed(KINDS))
    assert balance(shop) == {"balance": 0, "bank": made["amount"]}


@pytest.mark.parametrize("seen_paid", [True, False])
def test_one_that_the_bank_sends_back_is_on_the_balance_and_in_the_next(shop, campaign, stripe_double, seen_paid):
    paid(campaign, stripe_double)
    made = stripe_double.pay_out(shop.stripe_account)
    if seen_paid:
        receive(stripe_double, shop, *KINDS)
    stripe_double.settle_payout(made["id"], "failed")
    receive(stripe_double, shop, *KINDS)
    assert balance(shop) == {"balance": made["amount"], "bank": 0}
    again = stripe_double.pay_out(shop.stripe_account)
    receive(stripe_double, shop, *KINDS)
    assert balance(shop) == {"balance": 0, "bank": made["amount"]}
    with within(shop):
        failed, arrived = Payout.objects.order_by("pk")
        assert (failed.state, failed.failure, arrived.stripe_payout) == (
            PayoutState.FAILED, "account_closed", again["id"],
        )  # fmt: skip
        assert list(arrived.lines.values_list("subject_key", "net")) == [(f"payout:{failed.pk}", made["amount"])]
        assert at_fault() == []
        assert [str(finding) for finding in ledger_checks.all_findings()] == []


def test_an_older_state_read_late_changes_nothing(shop, campaign, stripe_double):
    paid(campaign, stripe_double)
    made = stripe_double.pay_out(shop.stripe_account, arrives=False)
    with within(shop):
        old = gateway.read_payout(shop.stripe_account, made["id"])
        stripe_double.settle_payout(made["id"], "paid")
        payouts.follow(shop, made["id"])
        payouts._written(shop, old)
        assert Payout.objects.get().state == PayoutState.PAID


def test_one_that_dies_between_two_pages_of_lines_goes_on(shop, campaign, stripe_double, monkeypatch):
    monkeypatch.setattr(payouts, "CHUNK", 2)
    for number in range(5):
        paid(campaign, stripe_double, 2_500, email=f"b{number}@example.com")
    made = stripe_double.pay_out(shop.stripe_account)
    reading = gateway.movements_of

    def dies(account, payout):
        for number, one in enumerate(reading(account, payout)):
            if number == 3:
                raise KeyboardInterrupt
            yield one

    with within(shop):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(gateway, "movements_of", dies)
            payouts.follow(shop, made["id"])
        assert (PayoutLine.objects.count(), Payout.objects.get().read_at) == (2, None)
        assert [one.fault for one in payout_checks.payout_findings()] == [
            payout_checks.PayoutFault.SUM,
            payout_checks.PayoutFault.LEDGER,
        ]
        payouts.follow(shop, made["id"])
        assert (PayoutLine.objects.count(), Payout.objects.get().read_at is None, at_fault()) == (5, False, [])


def test_a_line_of_what_was_not_known_yet_is_matched_later(shop, campaign, stripe_double):
    payment = paid(campaign, stripe_double)
    with within(shop):
        Payment.objects.update(stripe_charge="")
        made = stripe_double.pay_out(shop.stripe_account)
        payouts.follow(shop, made["id"])
        assert "of no payment, refund or transfer of ours" in at_fault()[0]
        Payment.objects.update(stripe_charge=payment.stripe_charge)
        payouts.follow(shop, made["id"])
        assert at_fault() == []


@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        ("SUM", lambda: PayoutLine.objects.filter(kind="refund").delete()),
        ("SUM", lambda: Payout.objects.update(amount=1)),
        ("UNKNOWN", lambda: PayoutLine.objects.filter(kind="charge").update(subject_key="")),
        ("OTHERWISE", lambda: Payment.objects.update(amount=F("amount") + 1)),
        ("OTHERWISE", lambda: Payment.objects.update(commission=1)),
        ("OTHERWISE", lambda: Refund.objects.update(amount=F("amount") + 1)),
        ("OTHERWISE", lambda: PayoutLine.objects.filter(kind="charge").update(subject_key="payment:99999")),
        ("LEDGER", lambda: LedgerEntry.objects.filter(group__kind="payout").update(amount=1)),
        ("LEDGER", lambda: Payout.objects.update(state=PayoutState.PENDING)),
    ],
)
def test_each_fault_is_found(shop, campaign, stripe_double, fault, spoil):
    give_back(paid(campaign, stripe_double), 3_000)
    stripe_double.pay_out(shop.stripe_account)
    receive(stripe_double, shop, *KINDS)
    with within(shop):
        assert at_fault() == []
        spoil()
        assert payout_checks.PayoutFault[fault] in {one.fault for one in payout_checks.payout_findings()}


def test_the_pages(shop, campaign, treasurer, client, outsider, stripe_double):
    paid(campaign, stripe_double, 10_000)
    made = stripe_double.pay_out(shop.stripe_account)
    receive(stripe_double, shop, *KINDS)
    client.defaults.update(HTTP_HOST=shop.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(treasurer)
    with within(shop):
        payout = Payout.objects.get()
    page = client.get(reverse("pledges_payouts")).content.decode()
    assert (reverse("pledges_payout", args=[payout.pk]) in page, "6789" in page) == (True, True)
    detail = client.get(reverse("pledges_payout", args=[payout.pk])).content.decode()
    for words in ("$100.00", "$5.00", f"${made['amount'] / 100:.2f}", campaign.title):
        assert words in detail, words
    with within(outsider):
        theirs = Payout.objects.create(
            cooperative=outsider, stripe_payout="po_secret", state=PayoutState.PAID, amount=7, currency="CAD",
            arrives_on=payout.arrives_on, created_at=clock.now(),
        )  # fmt: skip
    assert client.get(reverse("pledges_payout", args=[theirs.pk]), follow=True).status_code == 404
    assert "po_secret" not in client.get(reverse("pledges_payouts")).content.decode()
    client.force_login(make_user(shop, Role.EDITOR))
    assert client.get(reverse("pledges_payouts")).status_code == 302
    client.force_login(make_user(outsider, Role.OWNER))
    assert client.get(reverse("pledges_payout", args=[payout.pk])).status_code in (302, 403)


def test_the_page_of_a_transfer_asks_no_more_of_three_lines_than_of_one(
    shop, campaign, treasurer, client, stripe_double
):
    client.defaults["HTTP_HOST"] = shop.site.hostname
    client.force_login(treasurer)
    counts = []
    for number in (1, 3):
        for one in range(number):
            paid(campaign, stripe_double, 2_500, email=f"b{number}{one}@example.com")
        made = stripe_double.pay_out(shop.stripe_account)
        with within(shop):
            payouts.follow(shop, made["id"])
            pk = Payout.objects.get(stripe_payout=made["id"]).pk
        client.get(reverse("pledges_payout", args=[pk]))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("pledges_payout", args=[pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_line_whose_row_comes_to_be_known_later_is_named_then(shop, campaign, stripe_double):
    """A dispute of which the events were lost for a while, and a transfer that holds it."""
    paid(campaign, stripe_double, 9_000)
    payment = paid(campaign, stripe_double, 2_001, card=DISPUTED, email="b@example.com")
    stripe_double.pay_out(shop.stripe_account)
    receive(stripe_double, shop, *KINDS)
    with within(shop):
        unnamed = PayoutLine.objects.filter(payout__cooperative=shop, subject_key="")
        assert unnamed.count() == 1
        dispute = dispute_of(payment, stripe_double)
        assert (payouts.name_lines(shop), payouts.name_lines(shop)) == (1, 0)
        assert unnamed.count() == 0
        assert PayoutLine.objects.filter(subject_key=f"dispute:{dispute.pk}").count() == 1
        assert at_fault() == []
