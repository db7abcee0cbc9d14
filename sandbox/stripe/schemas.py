"""The explicit table of the parameters each endpoint takes (see `endpoints.py` for who uses which)."""

from .params import Boolean, Choice, Hash, Integer, Kind, ListOf, Metadata, OneOf, Range, Text

Table = dict[str, Kind]

EXPAND: Table = {"expand": ListOf(Text())}
PAGE: Table = {"limit": Integer(), "starting_after": Text(), "ending_before": Text(), **EXPAND}
DATED: Table = {**PAGE, "created": Range()}
CURRENCY = Text(3)
CARDS_ONLY = ListOf(Choice(("card",)))
ADDRESS = Hash(
    {name: Text(unset=True) for name in ("city", "country", "line1", "line2", "postal_code", "state")}, unset=True
)
BILLING = Hash({"address": ADDRESS, "email": Text(unset=True), "name": Text(unset=True), "phone": Text(unset=True)})
DESCRIPTION = Text(1000, unset=True)

_ACCOUNT: Table = {
    **EXPAND,
    "business_profile": Hash({
        "mcc": Text(), "name": Text(), "product_description": Text(40000), "support_email": Text(),
        "support_phone": Text(), "support_url": Text(unset=True), "url": Text(), "support_address": ADDRESS,
    }),
    "business_type": Choice(("company", "government_entity", "individual", "non_profit")),
    "capabilities": Hash({
        "card_payments": Hash({"requested": Boolean()}), "transfers": Hash({"requested": Boolean()}),
    }),
    "default_currency": CURRENCY, "email": Text(800), "metadata": Metadata(),
    "settings": Hash({
        "branding": Hash({"primary_color": Text(), "secondary_color": Text()}),
        "card_payments": Hash({"statement_descriptor_prefix": Text(10, unset=True)}),
        "payments": Hash({"statement_descriptor": Text(22)}),
    }),
}  # fmt: skip
ACCOUNT_CREATE: Table = {
    **_ACCOUNT, "country": Text(2), "type": Choice(("custom", "express", "standard")),
    "controller": Hash({
        "fees": Hash({"payer": Choice(("account", "application"))}),
        "losses": Hash({"payments": Choice(("application", "stripe"))}),
        "requirement_collection": Choice(("application", "stripe")),
        "stripe_dashboard": Hash({"type": Choice(("express", "full", "none"))}),
    }),
    "external_account": Hash({
        "object": Choice(("bank_account",), required=True), "country": Text(2), "currency": CURRENCY,
        "routing_number": Text(), "account_number": Text(),
    }),
    "individual": Hash({
        "first_name": Text(), "last_name": Text(), "email": Text(), "phone": Text(), "address": ADDRESS,
        "dob": Hash({"day": Integer(1), "month": Integer(1), "year": Integer(1900)}),
        "relationship": Hash({"title": Text()}),
    }),
    "tos_acceptance": Hash({"date": Integer(1), "ip": Text()}),
}  # fmt: skip
ACCOUNT_UPDATE = _ACCOUNT
ACCOUNT_LINK: Table = {
    **EXPAND, "account": Text(required=True), "refresh_url": Text(), "return_url": Text(),
    "type": Choice(("account_onboarding", "account_update"), required=True),
    "collection_options": Hash({
        "fields": Choice(("currently_due", "eventually_due")),
        "future_requirements": Choice(("include", "omit")),
    }),
}  # fmt: skip

_CUSTOMER: Table = {
    **EXPAND, "name": Text(256, unset=True), "email": Text(512, unset=True), "phone": Text(20, unset=True),
    "description": Text(5000, unset=True), "metadata": Metadata(), "preferred_locales": ListOf(Text()),
    "address": ADDRESS,
}  # fmt: skip
CUSTOMER_CREATE = _CUSTOMER
CUSTOMER_UPDATE: Table = {**_CUSTOMER, "invoice_settings": Hash({"default_payment_method": Text()})}
CUSTOMER_LIST: Table = {**DATED, "email": Text()}

METHOD_CREATE: Table = {
    **EXPAND, "type": Choice(("card",), required=True), "billing_details": BILLING, "metadata": Metadata(),
    "card": Hash({
        "number": Text(), "exp_month": Integer(1), "exp_year": Integer(2000), "cvc": Text(), "token": Text(),
    }, required=True),
}  # fmt: skip
METHOD_UPDATE: Table = {
    **EXPAND, "billing_details": BILLING, "metadata": Metadata(),
    "card": Hash({"exp_month": Integer(1), "exp_year": Integer(2000)}),
}  # fmt: skip
METHOD_ATTACH: Table = {**EXPAND, "customer": Text(required=True)}
METHOD_LIST: Table = {**PAGE, "customer": Text(), "type": Choice(("card",))}
METHOD_LIST_OF_CUSTOMER: Table = {**PAGE, "type": Choice(("card",))}

_SUFFIX = Text(22, unset=True)
_FUTURE = Choice(("off_session", "on_session"))
_INTENT_WORDS: Table = {
    "application_fee_amount": Integer(0), "description": DESCRIPTION, "metadata": Metadata(),
    "receipt_email": Text(unset=True), "setup_future_usage": _FUTURE, "statement_descriptor_suffix": _SUFFIX,
}  # fmt: skip
_OFF_SESSION = OneOf((Choice(("one_off", "recurring")), Boolean()))
_CONFIRM: Table = {
    **EXPAND, "payment_method": Text(), "return_url": Text(), "off_session": _OFF_SESSION,
    "error_on_requires_action": Boolean(),
}  # fmt: skip
_AUTOMATIC = Hash({"enabled": Boolean(required=True), "allow_redirects": Choice(("always", "never"))})
INTENT_CREATE: Table = {
    **_CONFIRM, **_INTENT_WORDS, "amount": Integer(1, required=True), "currency": Text(3, required=True),
    "customer": Text(), "confirm": Boolean(), "allowed_payment_method_types": CARDS_ONLY,
    "automatic_payment_methods": _AUTOMATIC, "capture_method": Choice(("automatic", "automatic_async")),
    "confirmation_method": Choice(("automatic",)),
}  # fmt: skip
INTENT_UPDATE: Table = {
    **EXPAND, **_INTENT_WORDS, "amount": Integer(1), "currency": CURRENCY, "customer": Text(),
    "payment_method": Text(), "allowed_payment_method_types": CARDS_ONLY,
}  # fmt: skip
INTENT_CONFIRM: Table = {**_CONFIRM, "receipt_email": Text(unset=True), "setup_future_usage": _FUTURE}
INTENT_RETRIEVE: Table = {**EXPAND, "client_secret": Text()}
INTENT_CANCEL: Table = {
    **EXPAND,
    "cancellation_reason": Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
}
INTENT_LIST: Table = {**DATED, "customer": Text()}

SETUP_CREATE: Table = {
    **EXPAND, "allowed_payment_method_types": CARDS_ONLY, "confirm": Boolean(), "customer": Text(),
    "description": DESCRIPTION, "metadata": Metadata(), "payment_method": Text(), "return_url": Text(),
    "usage": Choice(("off_session", "on_session")),
}  # fmt: skip
SETUP_UPDATE: Table = {**EXPAND, "description": DESCRIPTION, "metadata": Metadata()}
SETUP_CONFIRM: Table = {**EXPAND, "payment_method": Text(), "return_url": Text()}
SETUP_CANCEL: Table = {**EXPAND, "cancellation_reason": Choice(("abandoned", "duplicate", "requested_by_customer"))}
SETUP_LIST: Table = {**DATED, "customer": Text()}

LOCALES = ("auto", "en", "en-GB", "fr", "fr-CA")
_MESSAGE = Hash({"message": Text(1200, required=True)}, unset=True)
_PRICE_DATA = Hash({
    "currency": Text(3, required=True), "unit_amount": Integer(0, required=True),
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    "product_data": Hash({
        "name": Text(1500, required=True), "description": Text(40000), "metadata": Metadata(),
        "images": ListOf(Text(), most=8),
    }, required=True),
}, required=True)  # fmt: skip
SESSION_CREATE: Table = {
    **EXPAND, "mode": Choice(("payment", "setup"), required=True), "customer": Text(),
    "customer_email": Text(800), "customer_creation": Choice(("always", "if_required")),
    "line_items": ListOf(Hash({"price_data": _PRICE_DATA, "quantity": Integer(1, required=True)})),
    "currency": CURRENCY, "success_url": Text(required=True), "cancel_url": Text(), "expires_at": Integer(),
    "custom_text": Hash({"submit": _MESSAGE, "after_submit": _MESSAGE}),
    "locale": Choice(LOCALES), "client_reference_id": Text(200), "metadata": Metadata(),
    "allowed_payment_method_types": CARDS_ONLY, "ui_mode": Choice(("hosted_page",)),
    "submit_type": Choice(("auto", "pay")),
    "payment_intent_data": Hash(_INTENT_WORDS),
    "setup_intent_data": Hash({"description": DESCRIPTION, "metadata": Metadata()}),
}  # fmt: skip
SESSION_UPDATE: Table = {**EXPAND, "metadata": Metadata()}
SESSION_LIST: Table = {
    **DATED, "customer": Text(), "payment_intent": Text(), "status": Choice(("complete", "expired", "open")),
}  # fmt: skip

CHARGE_LIST: Table = {**DATED, "customer": Text(), "payment_intent": Text()}
CHARGE_UPDATE: Table = {**EXPAND, "description": DESCRIPTION, "metadata": Metadata()}
TRANSACTION_LIST: Table = {**DATED, "payout": Text(), "source": Text(), "type": Text(), "currency": CURRENCY}
PAYOUT_LIST: Table = {
    **DATED, "arrival_date": Range(), "status": Choice(("canceled", "failed", "in_transit", "paid", "pending")),
}  # fmt: skip
FEE_LIST: Table = {**DATED, "charge": Text()}
FEE_REFUND_CREATE: Table = {**EXPAND, "amount": Integer(1), "metadata": Metadata()}
REFUND_CREATE: Table = {
    **EXPAND, "amount": Integer(1), "charge": Text(), "payment_intent": Text(), "metadata": Metadata(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
    "refund_application_fee": Boolean(),
}  # fmt: skip
REFUND_UPDATE: Table = {**EXPAND, "metadata": Metadata()}
OF_CHARGE_LIST: Table = {**DATED, "charge": Text(), "payment_intent": Text()}
DISPUTE_UPDATE: Table = {**EXPAND, "metadata": Metadata()}

EVENT_LIST: Table = {**DATED, "type": Text(), "types": ListOf(Text(), most=20), "delivery_success": Boolean()}
ENDPOINT_CREATE: Table = {
    **EXPAND, "url": Text(required=True), "enabled_events": ListOf(Text(), required=True, most=300),
    "connect": Boolean(), "description": Text(5000, unset=True), "metadata": Metadata(),
    "api_version": Text(),
}  # fmt: skip
