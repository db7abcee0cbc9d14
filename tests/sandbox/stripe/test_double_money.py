"""Refunds, commissions, disputes, balance and the journal."""

import pytest
import stripe


@pytest.fixture
def paid(shop):
    customer = shop.customer()
    intent = shop.pay(customer, shop.saved(customer), 9000, application_fee_amount=450, metadata={"pledge": "3"})
    return shop, intent


def charged_with(shop, token, amount=4500):
    customer = shop.customer()
    return shop.pay(customer, shop.saved(customer, token), amount)


def fee_of(shop, intent):
    charge = shop.api.v1.charges.retrieve(intent.latest_charge, {}, shop.on)
    return shop.api.v1.application_fees.retrieve(charge.application_fee)


def test_journal_equals_balance_and_transactions(paid):
    shop, intent = paid
    shop.api.v1.refunds.create({"payment_intent": intent.id, "amount": 3000, "refund_application_fee": True}, shop.on)
    moved = shop.api.v1.balance_transactions.list({"limit": 100}, shop.on)
    balance = shop.api.v1.balance.retrieve({}, shop.on)
    assert sum(one.net for one in moved.auto_paging_iter()) == shop.sum()
    assert balance.pending[0].amount == shop.sum() == 9000 - 291 - 450 - 3000 + 150
    shop.double.advance(2 * 86400 + 5)
    assert shop.api.v1.balance.retrieve({}, shop.on).available[0].amount == shop.sum()
    line = shop.double.journal(shop.account)[0]
    assert (line["kind"], line["object"], line["payment_intent"]) == ("charge", intent.latest_charge, intent.id)
    assert line["metadata"] == {"pledge": "3"}


def test_refund_returns_commission_in_proportion_and_the_last_the_rest(shop):
    customer = shop.customer()
    intent = shop.pay(customer, shop.saved(customer), 1000, application_fee_amount=55)
    for amount, returned in ((333, 18), (333, 36), (334, 55)):
        refund = shop.api.v1.refunds.create(
            {"payment_intent": intent.id, "amount": amount, "refund_application_fee": True,
             "reason": "requested_by_customer", "expand": ["balance_transaction"]}, shop.on,
        )  # fmt: skip
        assert (refund.status, refund.balance_transaction.amount) == ("succeeded", -amount)
        assert fee_of(shop, intent).amount_refunded == returned
    charge = shop.api.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]}, shop.on)
    assert (charge.refunded, charge.amount_refunded, len(charge.refunds.data)) == (True, 1000, 3)
    assert fee_of(shop, intent).refunded
    assert shop.sum() == -59
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.api.v1.refunds.create({"payment_intent": intent.id}, shop.on)
    assert caught.value.code == "charge_already_refunded"


def test_over_refund_is_refused(paid):
    shop, intent = paid
    shop.api.v1.refunds.create({"charge": intent.latest_charge, "amount": 8000}, shop.on)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.api.v1.refunds.create({"payment_intent": intent.id, "amount": 1001}, shop.on)
    assert shop.sum("refund") == -8000
    assert shop.sum("application_fee_refund") == 0
    rest = shop.api.v1.refunds.create({"payment_intent": intent.id, "metadata": {"a": "b"}}, shop.on)
    assert rest.amount == 1000
    found = shop.api.v1.refunds.list({"payment_intent": intent.id}, shop.on).data
    assert [one.amount for one in found] == [1000, 8000]
    assert shop.api.v1.refunds.update(rest.id, {"metadata": {"c": "d"}}, shop.on).metadata["c"] == "d"


def test_commission_refunded_by_itself(paid):
    shop, intent = paid
    fee = fee_of(shop, intent)
    assert (fee.amount, fee.account) == (450, shop.account)
    refund = shop.api.v1.application_fees.refunds.create(fee.id, {"amount": 200})
    assert refund.fee == fee.id
    with pytest.raises(stripe.InvalidRequestError, match="greater than"):
        shop.api.v1.application_fees.refunds.create(fee.id, {"amount": 251})
    assert [one.amount for one in shop.api.v1.application_fees.refunds.list(fee.id).data] == [200]
    assert shop.sum("application_fee_refund") == 200
    moved = shop.api.v1.balance_transactions.list({"limit": 100}, shop.on)
    assert sum(one.net for one in moved.auto_paging_iter()) == shop.sum()
    platform = [
        line
        for line in shop.double.journal()
        if line["payment_intent"] == intent.id and line["account"] != shop.account
    ]
    assert sum(line["amount"] for line in platform) == 250


def test_refund_that_fails_later(shop):
    intent = charged_with(shop, "pm_card_refundFail")
    refund = shop.api.v1.refunds.create({"payment_intent": intent.id}, shop.on)
    assert refund.status == "succeeded"
    shop.double.advance(15)
    after = shop.api.v1.refunds.retrieve(refund.id, {}, shop.on)
    assert (after.status, after.failure_reason) == ("failed", "expired_or_canceled_card")
    charge = shop.api.v1.charges.retrieve(intent.latest_charge, {}, shop.on)
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert shop.sum() == 4500 - 161
    assert shop.events()[-1] == "refund.failed"


def test_refund_that_succeeds_later(shop):
    intent = charged_with(shop, "pm_card_pendingRefund")
    refund = shop.api.v1.refunds.create({"payment_intent": intent.id}, shop.on)
    assert refund.status == "pending"
    shop.double.advance(15)
    assert shop.api.v1.refunds.retrieve(refund.id, {}, shop.on).status == "succeeded"
    assert shop.events()[-1] == "refund.updated"
    assert shop.sum() == -161


@pytest.mark.parametrize(
    ("token", "reason"),
    [("pm_card_createDispute", "fraudulent"), ("pm_card_createDisputeProductNotReceived", "product_not_received")],
)
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_disputes(shop, token, reason, outcome):
    intent = charged_with(shop, token)
    dispute = shop.api.v1.disputes.list({"payment_intent": intent.id}, shop.on).data[0]
    assert (dispute.reason, dispute.status, dispute.amount) == (reason, "needs_response", 4500)
    assert shop.api.v1.charges.retrieve(intent.latest_charge, {}, shop.on).disputed
    assert shop.sum() == -161 - 1500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.api.v1.refunds.create({"payment_intent": intent.id}, shop.on)
    assert caught.value.code == "charge_disputed"
    shop.double.control(f"/disputes/{dispute.id}", {"status": outcome})
    assert shop.api.v1.disputes.retrieve(dispute.id, {}, shop.on).status == outcome
    assert shop.sum() == (4500 if outcome == "won" else 0) - 161 - 1500
    assert "charge.dispute.closed" in shop.events()
    assert ("charge.dispute.funds_reinstated" in shop.events()) == (outcome == "won")
    moved = shop.api.v1.balance_transactions.list({"limit": 100}, shop.on)
    assert sum(one.net for one in moved.auto_paging_iter()) == shop.sum()


def test_inquiry_moves_no_money(shop):
    intent = charged_with(shop, "pm_card_createDisputeInquiry")
    dispute = shop.api.v1.disputes.list({"charge": intent.latest_charge}, shop.on).data[0]
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert shop.sum() == 4500 - 161
    assert shop.api.v1.refunds.create({"payment_intent": intent.id}, shop.on).status == "succeeded"


def test_early_fraud_warning(shop):
    intent = charged_with(shop, "pm_card_createIssuerFraudRecord")
    warning = shop.api.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}, shop.on).data[0]
    assert (warning.charge, warning.actionable) == (intent.latest_charge, True)
    assert shop.events()[-1] == "radar.early_fraud_warning.created"


def test_expansion_reaches_four_levels_and_into_lists(paid):
    shop, intent = paid
    deep = "data.latest_charge.balance_transaction.source"
    found = shop.api.v1.payment_intents.list({"expand": [deep, "data.customer"]}, shop.on).data[0]
    assert found.latest_charge.balance_transaction.source.id == found.latest_charge.id == intent.latest_charge
    assert found.customer.email == "ada@example.com"
    fee = shop.api.v1.charges.retrieve(intent.latest_charge, {"expand": ["application_fee"]}, shop.on).application_fee
    assert fee.amount == 450
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        shop.api.v1.payment_intents.list({"expand": [f"{deep}.customer"]}, shop.on)


@pytest.mark.parametrize("first", ["clock", "refund"])
def test_asynchronous_capture(shop, first):
    shop.double.control("/faults", {"capture_delay": 30})
    customer = shop.customer()
    intent = shop.pay(customer, shop.saved(customer), application_fee_amount=100)
    charge = shop.api.v1.charges.retrieve(intent.latest_charge, {}, shop.on)
    assert (intent.status, charge.paid, charge.balance_transaction, charge.application_fee) == (
        "succeeded", True, None, None,
    )  # fmt: skip
    assert shop.sum() == 0
    if first == "refund":
        shop.api.v1.refunds.create({"payment_intent": intent.id, "refund_application_fee": True}, shop.on)
    shop.double.advance(31)
    charge = shop.api.v1.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]}, shop.on)
    assert charge.balance_transaction.fee == 261
    assert shop.sum() == (4500 - 261 if first == "clock" else -161)
    assert shop.events().count("charge.updated") == 1
