"""What stands in the books besides payments and refunds by card, each with its ledger groups."""

import itertools
from datetime import date

from campaigns import stock
from campaigns.models import Reward
from home import clock
from home.tenancy import within
from pledges import ledger
from pledges.enums import ChangeState, DisputeState, PaymentMethod, PaymentState, PayoutState, RefundState
from pledges.models import (
    Dispute,
    Matching,
    Payment,
    Payout,
    PayoutLine,
    PledgeChange,
    PledgeChangeItem,
    Refund,
    TaxRate,
    TaxRegistration,
)

_numbers = itertools.count(1)

RATES = {"gst": ("TPS", "GST", 5_000, "123456789RT0001"), "qst": ("TVQ", "QST", 9_975, "1234567890TQ0001")}


def register(cooperative, *codes, starts_on=date(2020, 1, 1), ends_on=None):
    """The cooperative collects these taxes, both of Québec unless told."""
    with within(cooperative):
        for code in codes or RATES:
            french, english, rate, number = RATES[code]
            TaxRate.objects.get_or_create(
                code=code,
                starts_on=date(2008, 1, 1) if code == "gst" else date(2013, 1, 1),
                defaults={"name_fr": french, "name_en": english, "rate": rate},
            )
            TaxRegistration.objects.create(
                cooperative=cooperative, code=code, number=number, starts_on=starts_on, ends_on=ends_on
            )


def tax_tiers(campaign):
    """Every tier of the campaign is taxable, whole."""
    with within(campaign.cooperative):
        for reward in campaign.rewards.all():
            Reward.objects.filter(pk=reward.pk).update(taxable=reward.amount)


def make_offline(pledge, *, method=PaymentMethod.CHEQUE, bounced=False):
    """A payment that the cooperative received itself, honoured unless told."""
    with within(pledge.cooperative):
        now = clock.now()
        payment = Payment.objects.create(
            cooperative=pledge.cooperative,
            pledge=pledge,
            method=method,
            state=PaymentState.BOUNCED if bounced else PaymentState.PAID,
            currency=pledge.currency,
            amount=pledge.amount,
            taxable=sum(item.taxable for item in pledge.items.all()),
            commission=0,
            reference="1234",
            received_on=now.date(),
            created_at=now,
            paid_at=now,
            bounced_at=now if bounced else None,
        )
        ledger.record_payment(payment, now)
        if bounced:
            ledger.record_bounce(payment, now)
        return payment


def make_dispute(payment, state=DisputeState.OPEN, *, amount=None, fee=1500):
    """A dispute of a payment, whole unless told."""
    with within(payment.cooperative):
        now = clock.now()
        inquiry = state in {DisputeState.INQUIRY, DisputeState.INQUIRY_CLOSED}
        dispute = Dispute.objects.create(
            cooperative=payment.cooperative,
            payment=payment,
            stripe_dispute=f"du_{next(_numbers)}",
            state=state,
            amount=0 if inquiry else payment.amount if amount is None else amount,
            fee=0 if inquiry else fee,
            currency=payment.currency,
            opened_at=now,
        )
        if not inquiry:
            ledger.record_dispute(dispute, now)
        if state == DisputeState.WON:
            ledger.record_dispute_won(dispute, now)
        if state == DisputeState.LOST:
            ledger.record_dispute_lost(dispute, now)
        return dispute


def fail_refund(refund, *, settled=False):
    """The bank sent a refund back; with `settled`, it was then paid by other means."""
    with within(refund.cooperative):
        now = clock.now()
        Refund.objects.filter(pk=refund.pk).update(
            state=RefundState.FAILED, failed_at=now, settled_at=now if settled else None
        )
        refund.refresh_from_db()
        ledger.record_refund_failed(refund, now)
        if settled:
            ledger.record_refund_settled(refund, now)
        return refund


def make_matching(campaign, amount=250_000, *, partner="Caisse du Fleuve", received_on=date(2026, 11, 2)):
    with within(campaign.cooperative):
        matching = Matching.objects.create(
            cooperative=campaign.cooperative,
            campaign=campaign,
            partner_fr=partner,
            partner_en=partner,
            amount=amount,
            currency=campaign.currency,
            received_on=received_on,
            recorded_at=clock.now(),
        )
        ledger.record_matching(matching, clock.now())
        return matching


def make_payout(cooperative, payments, *, state=PayoutState.PAID):
    """A transfer of some card payments, less fees and commission."""
    with within(cooperative):
        now = clock.now()
        nets = [(payment, payment.commission + (payment.processing_fee or 0)) for payment in payments]
        payout = Payout.objects.create(
            cooperative=cooperative,
            stripe_payout=f"po_{next(_numbers)}",
            state=state,
            amount=sum(payment.amount - fee for payment, fee in nets),
            currency="CAD",
            arrives_on=now.date(),
            created_at=now,
            read_at=now,
        )
        PayoutLine.objects.bulk_create(
            PayoutLine(
                payout=payout,
                stripe_transaction=f"txn_{next(_numbers)}",
                kind="charge",
                subject_key=f"payment:{payment.pk}",
                campaign_id=payment.pledge.campaign_id,
                amount=payment.amount,
                fee=fee,
                commission=payment.commission,
                net=payment.amount - fee,
                happened_at=now,
            )
            for payment, fee in nets
        )
        if state in {PayoutState.PAID, PayoutState.FAILED}:
            ledger.record_payout(payout, now)
        if state == PayoutState.FAILED:
            ledger.record_payout_failed(payout, now)
        return payout


def make_change(pledge, reward, quantity):
    """More of a tier is asked for, held until its difference is paid."""
    with within(pledge.cooperative):
        change = PledgeChange.objects.create(
            cooperative=pledge.cooperative,
            pledge=pledge,
            state=ChangeState.PENDING,
            old_amount=pledge.amount,
            amount=pledge.amount + quantity * reward.amount,
            extra=pledge.extra,
            asked_at=clock.now(),
        )
        PledgeChangeItem.objects.create(
            change=change, reward=reward, quantity=quantity, unit_amount=reward.amount, held=quantity
        )
        if not stock.take(Reward.objects.get(pk=reward.pk), quantity):
            raise ValueError(f"Not enough of {reward} is left for this change.")
        return change
