"""Checkout Sessions and the hosted page, driven over plain HTTP as a browser without JavaScript would."""

import pytest
import requests
import stripe


def test_setup_session_saves_the_card(shop):
    customer = shop.customer()
    session = shop.session(
        customer=customer, currency="cad", metadata={"pledge": "1"}, client_reference_id="p1",
        setup_intent_data={"metadata": {"pledge": "1"}},
        custom_text={"submit": {"message": "At most $45.00 on October 31"}},
    )  # fmt: skip
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "no_payment_required", None)
    page = requests.get(session.url, timeout=10)
    assert "At most $45.00 on October 31" in page.text
    assert "ada@example.com" in page.text
    done = shop.type_card(session.url, "4242 4242 4242 4242")
    assert (done.status_code, done.headers["location"]) == (303, f"http://site.test/ok?s={session.id}")
    after = shop.read_session(session.id, "setup_intent.payment_method")
    assert (after.status, after.url, after.setup_intent.status) == ("complete", None, "succeeded")
    assert after.setup_intent.payment_method.customer == customer
    assert after.setup_intent.metadata["pledge"] == "1"
    assert after.customer_details.email == "ada@example.com"
    assert shop.pay(customer, after.setup_intent.payment_method.id).status == "succeeded"
    assert "checkout.session.completed" in shop.events()


def test_payment_session_takes_the_money(shop):
    customer = shop.customer()
    session = shop.session(
        "payment", customer=customer,
        payment_intent_data={"application_fee_amount": 450, "metadata": {"pledge": "2"}, "description": "Panier"},
    )  # fmt: skip
    assert (session.amount_total, session.currency, session.payment_intent) == (9000, "cad", None)
    page = requests.get(session.url, timeout=10).text
    assert "Pay $90.00" in page
    assert "Panier de légumes" in page
    assert shop.type_card(session.url, "4242424242424242").status_code == 303
    after = shop.read_session(session.id, "payment_intent.latest_charge", "line_items")
    assert (after.status, after.payment_status) == ("complete", "paid")
    assert after.payment_intent.application_fee_amount == 450
    assert after.payment_intent.latest_charge.metadata["pledge"] == "2"
    assert after.line_items.data[0].amount_total == 9000
    items = shop.api.v1.checkout.sessions.line_items.list(session.id, {}, shop.on)
    assert [(item.description, item.quantity) for item in items.data] == [("Panier de légumes", 2)]
    assert shop.sum() == 9000 - 291 - 450


def test_decline_keeps_what_was_typed(shop):
    session = shop.session("payment", locale="fr-CA")
    page = shop.type_card(session.url, "4000000000000002", name="Zoé & Co", email="zoe@example.com", cvc="987")
    assert page.status_code == 402
    assert "Votre carte a été refusée." in page.text
    assert "Zoé &amp; Co" in page.text
    assert "zoe@example.com" in page.text
    assert "12/34" in page.text
    assert "4000000000000002" not in page.text
    assert "987" not in page.text
    first = shop.read_session(session.id)
    assert first.status == "open"
    assert shop.type_card(session.url, "4242424242424242").status_code == 303
    assert shop.read_session(session.id).payment_intent == first.payment_intent
    assert shop.sum("charge") == 9000


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("number", "4242424242424241", "Your card number is incorrect."),
        ("number", "4000000000000010", "This is not a test card."),
        ("number", "", "Enter your card number."),
        ("expiry", "13/30", "Enter the expiry date"),
        ("expiry", "01/20", "expiry date is in the past"),
        ("cvc", "1", "Enter the 3 or 4 digits"),
        ("name", "", "Enter the name on the card."),
        ("email", "nobody", "Enter an email address"),
    ],
)
def test_page_says_what_is_wrong(shop, field, value, sentence):
    session = shop.session("payment")
    form = {"number": "4242424242424242", field: value}
    page = shop.type_card(session.url, form.pop("number"), **form)
    assert page.status_code in (402, 422)
    assert sentence in page.text
    assert shop.read_session(session.id).status == "open"
    assert shop.sum() == 0


def test_bank_page_completes_a_session(shop):
    session = shop.session(customer=shop.customer(), currency="cad")
    at_bank = shop.type_card(session.url, "4000002500003155")
    assert at_bank.status_code == 303
    bank = at_bank.headers["location"]
    assert "Complete authentication" in requests.get(bank, timeout=10).text
    assert shop.read_session(session.id).status == "open"
    done = requests.post(bank, data={"answer": "complete"}, allow_redirects=False, timeout=10)
    assert done.headers["location"] == f"http://site.test/ok?s={session.id}"
    assert shop.read_session(session.id).status == "complete"


@pytest.mark.parametrize("mode", ["setup", "payment"])
def test_failed_bank_page_goes_back_to_the_form(shop, mode):
    more = {"customer": shop.customer(), "currency": "cad"} if mode == "setup" else {}
    session = shop.session(mode, **more)
    bank = shop.type_card(session.url, "4000002760003184").headers["location"]
    back = requests.post(bank, data={"answer": "fail"}, timeout=10)
    assert back.url == session.url
    assert "could not confirm that it was you" in back.text
    assert shop.read_session(session.id).status == "open"
    assert shop.type_card(session.url, "4242424242424242").status_code == 303
    assert shop.read_session(session.id).status == "complete"


def test_declined_after_the_bank_page(shop):
    session = shop.session("payment")
    bank = shop.type_card(session.url, "4000008260003178").headers["location"]
    back = requests.post(bank, data={"answer": "complete"}, timeout=10)
    assert "does not have sufficient funds" in back.text
    assert shop.sum() == 0


def test_french_page(shop):
    session = shop.session("payment", locale="fr-CA", custom_text={"submit": {"message": "Débit unique."}})
    page = requests.get(session.url, timeout=10).text
    assert '<html lang="fr">' in page
    assert "Payer 90,00\u00a0$" in page
    assert "Mode test\u00a0:" in page
    assert "<script" not in page


def test_session_expires_by_the_clock(shop):
    customer = shop.customer()
    session = shop.session(customer=customer, currency="cad", expires_at=shop.double.now() + 2100)
    shop.double.advance(2090)
    assert shop.read_session(session.id).status == "open"
    shop.double.advance(20)
    after = shop.read_session(session.id, "setup_intent")
    assert (after.status, after.setup_intent.status) == ("expired", "canceled")
    late = shop.type_card(session.url, "4242424242424242")
    assert late.status_code == 410
    assert "has expired" in late.text
    assert shop.events().count("checkout.session.expired") == 1
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        shop.api.v1.checkout.sessions.expire(session.id, {}, shop.on)


def test_paid_in_the_last_second_stays_paid(shop):
    session = shop.session("payment", expires_at=shop.double.now() + 1805)
    shop.double.advance(1800)
    assert shop.type_card(session.url, "4242424242424242").status_code == 303
    shop.double.advance(3600)
    assert shop.read_session(session.id).status == "complete"
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        shop.api.v1.checkout.sessions.expire(session.id, {}, shop.on)
    assert "checkout.session.expired" not in shop.events()


def test_expired_on_request_cannot_be_paid(shop):
    session = shop.session("payment")
    shop.type_card(session.url, "4000000000000002")
    gone = shop.api.v1.checkout.sessions.expire(session.id, {}, shop.on)
    assert gone.status == "expired"
    assert shop.type_card(session.url, "4242424242424242").status_code == 410
    assert shop.read_session(session.id, "payment_intent").payment_intent.status == "canceled"
    assert shop.sum() == 0


def test_expired_while_at_the_bank(shop):
    session = shop.session("payment", expires_at=shop.double.now() + 1900)
    bank = shop.type_card(session.url, "4000002760003184").headers["location"]
    shop.double.advance(2000)
    late = requests.post(bank, data={"answer": "complete"}, allow_redirects=False, timeout=10)
    assert late.status_code == 410
    assert shop.sum() == 0


def test_complete_session_page_leads_on(shop):
    session = shop.session("payment")
    shop.type_card(session.url, "4242424242424242")
    again = requests.get(session.url, timeout=10)
    assert "has been completed" in again.text
    assert f"http://site.test/ok?s={session.id}" in again.text
    assert shop.type_card(session.url, "4242424242424242").status_code == 200
    assert shop.sum("charge") == 9000


@pytest.mark.parametrize(("ahead", "words"), [(1790, "at least 30 minutes"), (86500, "less than 24 hours")])
def test_expires_at_must_be_within_stripes_window(shop, ahead, words):
    with pytest.raises(stripe.InvalidRequestError, match=words):
        shop.session("payment", expires_at=shop.double.now() + ahead)


def test_setup_future_usage_keeps_the_card(shop):
    session = shop.session("payment", payment_intent_data={"setup_future_usage": "off_session"})
    shop.type_card(session.url, "4000002500003155")
    assert shop.read_session(session.id).status == "open"
    again = shop.session("payment", payment_intent_data={"setup_future_usage": "off_session"})
    shop.type_card(again.url, "4242424242424242")
    after = shop.read_session(again.id, "payment_intent")
    methods = shop.api.v1.customers.payment_methods.list(after.customer, {}, shop.on).data
    assert [method.id for method in methods] == [after.payment_intent.payment_method]


def test_helper_pays_by_the_same_code(shop):
    session = shop.session("payment")
    declined = shop.double.control(f"/checkout/{session.id}/pay", {"card": "4000000000009995"})
    assert (declined["state"], declined["error"]["decline_code"]) == ("declined", "insufficient_funds")
    asked = shop.double.control(f"/checkout/{session.id}/pay", {"card": "4000002760003184"})
    assert asked["state"] == "bank"
    done = shop.double.control(f"/checkout/{session.id}/pay", {"card": "4000002760003184", "bank": "complete"})
    assert (done["state"], done["session"]["status"]) == ("done", "complete")
    assert shop.sum("charge") == 9000


def test_disabled_account_takes_no_payment(shop):
    session = shop.session("payment")
    shop.double.control(f"/accounts/{shop.account}", {"charges_enabled": False})
    account = shop.api.v1.accounts.retrieve(shop.account)
    assert (account.charges_enabled, account.capabilities.card_payments) == (False, "inactive")
    assert account.requirements.disabled_reason == "requirements.past_due"
    assert shop.type_card(session.url, "4242424242424242").status_code == 503
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make charges"):
        shop.session("payment")
    assert shop.sum() == 0
    shop.double.control(f"/accounts/{shop.account}", {"charges_enabled": True})
    assert shop.type_card(session.url, "4242424242424242").status_code == 303
