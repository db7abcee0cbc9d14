"""PaymentIntents: off-session charges, declines by test card, and mending the same intent."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe

DECLINES = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
]


def bank(url, answer):
    return requests.post(url, data={"answer": answer}, allow_redirects=False, timeout=10)


def test_saved_card_is_charged_off_session(shop):
    customer = shop.customer()
    method = shop.saved(customer)
    paid = shop.pay(
        customer, method, application_fee_amount=225, metadata={"pledge": "7"},
        statement_descriptor_suffix="FOUR A PAIN", expand=["latest_charge.balance_transaction"],
    )  # fmt: skip
    charge = paid.latest_charge
    assert (paid.status, paid.amount_received, paid.payment_method) == ("succeeded", 4500, method)
    assert (charge.status, charge.paid, charge.captured, charge.metadata["pledge"]) == ("succeeded", True, True, "7")
    assert charge.calculated_statement_descriptor == "COOP DES C* FOUR A PAI"
    moved = charge.balance_transaction
    assert {fee.type: fee.amount for fee in moved.fee_details} == {"stripe_fee": 161, "application_fee": 225}
    assert (moved.amount, moved.fee, moved.net) == (4500, 386, 4114)


@pytest.mark.parametrize(("amount", "fee"), [(50, 31), (500, 45), (1000, 59), (1500, 74), (4500, 161), (100000, 2930)])
def test_fee_is_rounded_half_up(shop, amount, fee):
    customer = shop.customer()
    shop.pay(customer, shop.saved(customer), amount)
    assert -shop.sum("stripe_fee") == fee


def test_card_that_saves_then_declines(shop):
    customer = shop.customer()
    method = shop.saved(customer, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(customer, method)
    error = caught.value.error
    assert (caught.value.http_status, error.type, error.code) == (402, "card_error", "card_declined")
    assert error.decline_code == "generic_decline"
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_intent.last_payment_error.payment_method.id == method
    charge = shop.api.v1.charges.retrieve(error.charge, {}, shop.on)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "card_declined")
    assert charge.payment_intent == error.payment_intent.id
    assert shop.double.journal(shop.account) == []
    assert shop.events()[-3:] == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize(("token", "code", "decline_code"), DECLINES)
def test_declining_cards_cannot_be_saved_nor_charged(shop, token, code, decline_code):
    customer = shop.customer()
    with pytest.raises(stripe.CardError) as attached:
        shop.api.v1.payment_methods.attach(token, {"customer": customer}, shop.on)
    with pytest.raises(stripe.CardError) as set_up:
        shop.saved(customer, token)
    with pytest.raises(stripe.CardError) as charged:
        shop.pay(customer, token)
    for caught in (attached, set_up, charged):
        assert (caught.value.code, caught.value.error.decline_code) == (code, decline_code)
    assert set_up.value.error.setup_intent.status == "requires_payment_method"


def test_blocked_card_never_reaches_the_network(shop):
    customer = shop.customer()
    method = shop.saved(customer, "pm_card_radarBlock")
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(customer, method)
    charge = shop.api.v1.charges.retrieve(caught.value.error.charge, {}, shop.on)
    assert (caught.value.error.decline_code, charge.outcome.type) == ("fraudulent", "blocked")
    assert charge.outcome.network_status == "not_sent_to_network"


@pytest.mark.parametrize(
    ("token", "outcome"),
    [
        ("pm_card_authenticationRequiredOnSetup", "succeeded"),
        ("pm_card_authenticationRequiredSetupForOffSession", "succeeded"),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_three_d_secure_cards_after_set_up(shop, token, outcome):
    customer = shop.customer()
    method = shop.saved(customer, token)
    try:
        answer = shop.pay(customer, method).status
    except stripe.CardError as error:
        answer = error.error.decline_code
    assert answer == outcome


def test_card_not_set_up_asks_off_session(shop):
    customer = shop.customer()
    method = shop.api.v1.payment_methods.attach(
        "pm_card_authenticationRequiredOnSetup", {"customer": customer}, shop.on
    ).id
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(customer, method)
    assert caught.value.code == "authentication_required"


def refused_intent(shop, customer, token):
    method = shop.saved(customer, token)
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(customer, method, application_fee_amount=100, metadata={"pledge": "9"})
    return caught.value.error.payment_intent.id, method


def test_mend_with_another_card_on_the_same_intent(shop):
    customer = shop.customer()
    intent, _ = refused_intent(shop, customer, "pm_card_chargeCustomerFail")
    other = shop.saved(customer)
    paid = shop.api.v1.payment_intents.confirm(intent, {"payment_method": other, "off_session": True}, shop.on)
    assert (paid.id, paid.status, paid.last_payment_error) == (intent, "succeeded", None)
    charges = shop.api.v1.charges.list({"payment_intent": intent}, shop.on).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]
    assert shop.sum("charge") == 4500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.api.v1.payment_intents.confirm(intent, {"payment_method": other}, shop.on)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert shop.sum("charge") == 4500


@pytest.mark.parametrize("answer", ["complete", "fail"])
def test_mend_on_the_banks_page(shop, answer):
    customer = shop.customer()
    intent, method = refused_intent(shop, customer, "pm_card_authenticationRequired")
    asked = shop.api.v1.payment_intents.confirm(
        intent, {"payment_method": method, "return_url": "http://site.test/back?p=1"}, shop.on
    )
    assert (asked.status, asked.next_action.type) == ("requires_action", "redirect_to_url")
    page = requests.get(asked.next_action.redirect_to_url.url, timeout=10)
    assert page.status_code == 200
    assert "$45.00" in page.text
    back = bank(asked.next_action.redirect_to_url.url, answer)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert (back.status_code, query["p"], query["payment_intent"]) == (303, ["1"], [intent])
    paid = shop.api.v1.payment_intents.retrieve(intent, {}, shop.on)
    if answer == "complete":
        assert (query["redirect_status"], paid.status) == (["succeeded"], "succeeded")
        assert shop.sum("charge") == 4500
    else:
        assert (query["redirect_status"], paid.status) == (["failed"], "requires_payment_method")
        assert paid.last_payment_error.code == "payment_intent_authentication_failure"
        assert shop.sum("charge") == 0
    assert bank(asked.next_action.redirect_to_url.url, "complete").status_code == 410
    assert shop.sum("charge") == (4500 if answer == "complete" else 0)


def test_bank_page_of_an_earlier_try_is_closed(shop):
    customer = shop.customer()
    intent, method = refused_intent(shop, customer, "pm_card_authenticationRequired")
    params = {"payment_method": method, "return_url": "http://site.test/back"}
    first = shop.api.v1.payment_intents.confirm(intent, params, shop.on).next_action.redirect_to_url.url
    second = shop.api.v1.payment_intents.confirm(intent, params, shop.on).next_action.redirect_to_url.url
    assert bank(first, "complete").status_code == 410
    assert bank(second, "complete").status_code == 303
    assert shop.sum("charge") == 4500


def test_issuer_that_changes_its_mind(shop):
    customer = shop.customer()
    method = shop.saved(customer)
    shop.double.control(f"/payment_methods/{method}", {"decline_code": "do_not_honor"})
    with pytest.raises(stripe.CardError) as caught:
        shop.pay(customer, method)
    assert (caught.value.code, caught.value.error.decline_code) == ("card_declined", "do_not_honor")
    shop.double.control(f"/payment_methods/{method}", {"decline_code": None})
    intent = caught.value.error.payment_intent.id
    paid = shop.api.v1.payment_intents.confirm(intent, {"payment_method": method, "off_session": True}, shop.on)
    assert paid.status == "succeeded"


def test_detached_card_is_not_charged(shop):
    customer = shop.customer()
    method = shop.saved(customer)
    gone = shop.api.v1.payment_methods.detach(method, {}, shop.on)
    assert gone.customer is None
    assert shop.api.v1.customers.payment_methods.list(customer, {}, shop.on).data == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.pay(customer, method)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        shop.api.v1.payment_methods.attach(method, {"customer": customer}, shop.on)
    assert shop.events()[-1] == "payment_method.detached"


def test_card_of_another_customer_is_not_charged(shop):
    owner, other = shop.customer(), shop.customer()
    method = shop.saved(owner)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        shop.pay(other, method)


def test_cancelled_intent_cannot_be_confirmed(shop):
    customer = shop.customer()
    intent, method = refused_intent(shop, customer, "pm_card_chargeCustomerFail")
    gone = shop.api.v1.payment_intents.cancel(intent, {"cancellation_reason": "abandoned"}, shop.on)
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.api.v1.payment_intents.confirm(intent, {"payment_method": method}, shop.on)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_intents_are_found_by_customer_and_time(shop):
    customer, other = shop.customer(), shop.customer()
    method = shop.saved(customer)
    ids = [shop.pay(customer, method).id for _ in range(7)]
    shop.pay(other, shop.saved(other))
    found = shop.api.v1.payment_intents.list({"customer": customer, "limit": 3}, shop.on)
    assert found.has_more
    assert [one.id for one in found.auto_paging_iter()] == ids[::-1]
    first = shop.api.v1.payment_intents.retrieve(ids[0], {}, shop.on).created
    late = shop.api.v1.payment_intents.list({"customer": customer, "created": {"gt": first + 3600}}, shop.on)
    assert late.data == []
    backwards = shop.api.v1.payment_intents.list({"customer": customer, "limit": 3, "ending_before": ids[0]}, shop.on)
    assert [one.id for one in backwards.data] == ids[1:4][::-1]


def test_automatic_payment_methods_ask_for_a_return_url(shop):
    customer = shop.customer()
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        shop.api.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "cad",
                "customer": customer,
                "payment_method": shop.saved(customer),
                "confirm": True,
            },
            shop.on,
        )
