"""Payouts: what is available leaves for the bank, with each transaction in one payout alone."""

import pytest
import stripe

HELD = 2 * 86400 + 5
DAY = 86400


def charged(shop, amount=4500, **more):
    customer = shop.customer()
    return shop.pay(customer, shop.saved(customer), amount, **more)


def pay_out(shop, **order):
    made = shop.double.control(f"/accounts/{shop.account}/payout", order)
    return shop.api.v1.payouts.retrieve(made["id"], {}, shop.on)


def lines_of(shop, payout):
    found = shop.api.v1.balance_transactions.list({"payout": payout.id, "limit": 100}, shop.on)
    return sorted((one.type, one.net) for one in found.auto_paging_iter())


def test_what_is_held_waits_and_what_is_available_leaves_once(shop):
    intent = charged(shop, 9000, application_fee_amount=450)
    shop.api.v1.refunds.create({"payment_intent": intent.id, "amount": 3000, "refund_application_fee": True}, shop.on)
    assert "Nothing is available." in str(shop.double.control(f"/accounts/{shop.account}/payout", {}, expect=400))
    shop.double.advance(HELD)
    charged(shop)
    payout = pay_out(shop)
    assert (payout.amount, payout.status, payout.automatic) == (9000 - 291 - 450 - 3000 + 150, "in_transit", True)
    assert lines_of(shop, payout) == [("charge", 8259), ("payout", -5409), ("refund", -2850)]
    assert shop.api.v1.balance.retrieve({}, shop.on).available[0].amount == 0
    shop.double.control(f"/accounts/{shop.account}/payout", {}, expect=400)
    assert [one.id for one in shop.api.v1.payouts.list({"status": "in_transit"}, shop.on).data] == [payout.id]
    moved = shop.api.v1.balance_transactions.list({"limit": 100}, shop.on)
    assert sum(one.net for one in moved.auto_paging_iter()) == shop.sum() == 4500 - 161


def test_it_arrives_by_the_clock(shop):
    charged(shop)
    shop.double.advance(HELD)
    payout = pay_out(shop)
    shop.double.advance(DAY + 1)
    assert shop.api.v1.payouts.retrieve(payout.id, {}, shop.on).status == "paid"
    assert [kind for kind in shop.events() if kind.startswith("payout.")] == [
        "payout.created", "payout.reconciliation_completed", "payout.paid",
    ]  # fmt: skip


@pytest.mark.parametrize("arrives", [False, True])
def test_one_that_fails_is_back_on_the_balance_and_in_the_next(shop, arrives):
    charged(shop)
    shop.double.advance(HELD)
    payout = pay_out(shop, arrives=arrives)
    shop.double.control(f"/payouts/{payout.id}", {"status": "failed"})
    failed = shop.api.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]}, shop.on)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert failed.failure_balance_transaction.net == payout.amount == shop.sum()
    assert shop.events()[-1] == "payout.failed"
    shop.double.control(f"/payouts/{payout.id}", {"status": "failed"}, expect=400)
    again = pay_out(shop)
    assert lines_of(shop, again) == [("payout", -4339), ("payout_failure", 4339)]
    shop.double.advance(2 * DAY)
    assert shop.api.v1.payouts.retrieve(payout.id, {}, shop.on).status == "failed"


def test_a_debt_waits_for_money(shop):
    """A dispute leaves less than nothing: there is no payout until payments outweigh it."""
    customer = shop.customer()
    shop.pay(customer, shop.saved(customer, "pm_card_createDispute"), 4500)
    shop.double.advance(HELD)
    shop.double.control(f"/accounts/{shop.account}/payout", {}, expect=400)
    charged(shop, 9000)
    shop.double.advance(HELD)
    payout = pay_out(shop)
    assert payout.amount == 9000 - 291 - 161 - 1500
    assert len(lines_of(shop, payout)) == 4


def test_another_account_sees_none_of_it(shop, new_shop):
    charged(shop)
    shop.double.advance(HELD)
    payout = pay_out(shop)
    other = new_shop()
    with pytest.raises(stripe.InvalidRequestError):
        other.api.v1.payouts.retrieve(payout.id, {}, other.on)
    with pytest.raises(stripe.InvalidRequestError):
        other.api.v1.balance_transactions.list({"payout": payout.id}, other.on)
    assert other.api.v1.payouts.list({}, other.on).data == []


def test_each_day_where_it_is_started_so(fresh, open_on):
    shop = open_on(fresh("--daily-payouts"))
    charged(shop)
    shop.double.advance(DAY + 1)
    assert shop.api.v1.payouts.list({}, shop.on).data == []
    shop.double.advance(2 * DAY)
    (payout,) = shop.api.v1.payouts.list({}, shop.on).data
    assert payout.amount == 4500 - 161
    shop.double.advance(2 * DAY)
    assert len(shop.api.v1.payouts.list({}, shop.on).data) == 1


def test_a_revoked_account_answers_nothing_until_access_is_given_again(shop):
    shop.double.control(f"/accounts/{shop.account}", {"deauthorized": True})
    with pytest.raises(stripe.PermissionError):
        shop.api.v1.accounts.retrieve(shop.account)
    with pytest.raises(stripe.PermissionError):
        shop.api.v1.events.list({}, shop.on)
    shop.double.control(f"/accounts/{shop.account}", {"deauthorized": False})
    assert shop.api.v1.accounts.retrieve(shop.account).id == shop.account
    assert shop.events()[-2:] == ["account.application.deauthorized", "account.application.authorized"]
