"""Connected accounts and the links by which their owners complete them."""

from typing import Any

from sandbox.stripe import PLATFORM_ACCOUNT, paying_out
from sandbox.stripe.errors import ApiError, Json, invalid, refused
from sandbox.stripe.ids import new_id, random_text
from sandbox.stripe.listing import as_list, page
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call

REQUIREMENTS = (
    "business_profile.product_description", "business_profile.url", "external_account",
    "tos_acceptance.date", "tos_acceptance.ip",
)  # fmt: skip
_PROFILE = (
    "annual_revenue", "estimated_worker_count", "mcc", "minority_owned_business_designation", "name",
    "product_description", "support_address", "support_email", "support_phone", "support_url", "url",
)  # fmt: skip


def create(call: Call) -> Json:
    _platform_only(call)
    country = call.get("country", "CA")
    body: Json = {
        "id": new_id("acct", 16), "object": "account",
        "business_profile": {**dict.fromkeys(_PROFILE), **call.get("business_profile", {})},
        "business_type": call.get("business_type"), "capabilities": _capabilities(call),
        "charges_enabled": False, "controller": _controller(call), "country": country,
        "created": call.now, "default_currency": call.get("default_currency", _CURRENCY.get(country, "usd")),
        "details_submitted": False, "email": call.get("email"), "future_requirements": _requirements(()),
        "metadata": call.metadata(), "payouts_enabled": False, "requirements": _requirements(REQUIREMENTS),
        "settings": _settings(call.get("settings", {})),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": call.get("type") or ("none" if "controller" in call.params else "standard"),
    }  # fmt: skip
    body["external_accounts"] = as_list(f"/v1/accounts/{body['id']}/external_accounts", [])
    call.save(body, {})
    paying_out.begin_daily(call.world, body["id"])
    if _answers_all(call):
        complete(call, body)
    return body


def _answers_all(call: Call) -> bool:
    """An account that the platform answers for, with all that Stripe would ask: open at once, as in test mode."""
    collected = call.get("controller", {}).get("requirement_collection") == "application"
    return collected and all(name in call.params for name in ("external_account", "individual", "tos_acceptance"))


_CURRENCY = {"CA": "cad", "US": "usd", "FR": "eur", "BE": "eur", "GB": "gbp"}


def _platform_only(call: Call) -> None:
    if not call.is_platform:
        raise ApiError(
            403, "Only the platform may do this: leave out the Stripe-Account header.", code="account_invalid"
        )


def _capabilities(call: Call) -> Json:
    asked = call.get("capabilities", {"card_payments": {"requested": True}, "transfers": {"requested": True}})
    return {name: "inactive" for name, wish in asked.items() if wish.get("requested")}


def _controller(call: Call) -> Json:
    given = call.get("controller", {})
    return {
        "fees": {"payer": "account", **given.get("fees", {})}, "is_controller": True,
        "losses": {"payments": "stripe", **given.get("losses", {})},
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": {"type": "full", **given.get("stripe_dashboard", {})}, "type": "application",
    }  # fmt: skip


def _requirements(due: tuple[str, ...]) -> Json:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None, "errors": [],
        "eventually_due": list(due), "past_due": list(due), "pending_verification": [],
    }  # fmt: skip


def _settings(given: Json) -> Json:
    blank: Json = {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False}, "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None, "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "America/Toronto"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
        "payments": dict.fromkeys((
            "statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji",
            "statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji",
        )),
        "payouts": {
            "debit_negative_balances": True, "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }  # fmt: skip
    return _merged(blank, given)


def _merged(old: Json, new: Json) -> Json:
    merged = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(name), dict)
        merged[name] = _merged(old[name], value) if both else value
    return merged


def find(call: Call, account_id: str) -> Row:
    """An account of this platform; any other is refused as Stripe refuses it."""
    row = call.world.store.find(account_id)
    if row is None or row.kind != "account" or not (call.is_platform or call.account == account_id):
        raise no_access(account_id)
    return row


def no_access(account_id: str) -> ApiError:
    return ApiError(
        403,
        f"The provided key does not have access to account '{account_id}' (or that account does not exist). "
        "Application access may have been revoked.",
        code="account_invalid",
        saved=False,
    )


def retrieve(call: Call) -> Json:
    row = find(call, call.path["id"])
    if row.inner.get("deauthorized"):
        raise no_access(row.body["id"])
    return row.body


def retrieve_current(call: Call) -> Json:
    if call.is_platform:
        raise invalid("The sandbox has no account object for the platform itself; name a connected account.")
    return find(call, call.account).body


def update(call: Call) -> Json:
    row = find(call, call.path["id"])
    previous: Json = {}
    for name in ("business_profile", "settings"):
        if name in call.params:
            previous[name] = row.body[name]
            row.body[name] = _merged(row.body[name], call.params[name])
    for name in ("email", "business_type", "default_currency"):
        if name in call.params:
            previous[name] = row.body[name]
            row.body[name] = call.params[name]
    if "capabilities" in call.params:
        row.body["capabilities"] |= _capabilities(call)
    call.merge_metadata(row.body)
    changed(call, row.body, previous)
    return row.body


def changed(call: Call, body: Json, previous: Json) -> None:
    """Accounts belong to the platform; their events carry the account's id."""
    call.world.store.save(PLATFORM_ACCOUNT, body)
    call.emit("account.updated", body, previous, account=body["id"])


def complete(call: Call, body: Json) -> None:
    """What Stripe's onboarding leaves behind when its owner has finished."""
    previous: Json = {name: body[name] for name in ("charges_enabled", "details_submitted", "payouts_enabled")}
    body.update(
        charges_enabled=True, details_submitted=True, payouts_enabled=True, requirements=_requirements(()),
        capabilities=dict.fromkeys(body["capabilities"], "active"),
    )  # fmt: skip
    body["tos_acceptance"]["date"] = call.now
    changed(call, body, previous)


def set_flags(call: Call, body: Json, flags: dict[str, Any]) -> None:
    """Flip `charges_enabled`, `payouts_enabled`, `details_submitted` as Stripe might at any time."""
    previous = {name: body[name] for name in flags}
    body.update(flags)
    if "charges_enabled" in flags:
        state = "active" if flags["charges_enabled"] else "inactive"
        body["capabilities"] = dict.fromkeys(body["capabilities"], state)
        body["requirements"] = _requirements(() if flags["charges_enabled"] else REQUIREMENTS)
    changed(call, body, previous)


def list_all(call: Call) -> Json:
    _platform_only(call)
    return page(call, "account")


def create_link(call: Call) -> Json:
    """A link to hosted onboarding: for one use, and for five minutes."""
    _platform_only(call)
    row = find(call, call.params["account"])
    if row.inner.get("deauthorized"):
        raise no_access(row.body["id"])
    for name in ("refresh_url", "return_url"):
        if call.get(name) is None:
            raise refused(f"Missing required param: {name}.", "parameter_missing", name, saved=False)
    token = random_text(24)
    expires_at = call.now + 300
    row.inner["link"] = {
        "token": token, "expires_at": expires_at,
        "return_url": call.params["return_url"], "refresh_url": call.params["refresh_url"],
    }  # fmt: skip
    call.world.store.save(PLATFORM_ACCOUNT, row.body, row.inner)
    url = f"{call.world.settings.public_url}/setup/{row.body['id']}/{token}"
    return {"object": "account_link", "created": call.now, "expires_at": expires_at, "url": url}
