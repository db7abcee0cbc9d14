"""Stripe's own fee, and amounts as a person reads them."""

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)
SMALLEST = 50
DISPUTE_FEE = 1500
_SIGNS = {"cad": "$", "usd": "$", "eur": "€", "gbp": "£"}


def stripe_fee(amount: int) -> int:
    """2.9 % + 30 cents, rounded half up, in whole numbers only."""
    return (amount * 29 + 500) // 1000 + 30


def formatted(amount: int, currency: str, french: bool) -> str:
    """`1 250,50 $` (no-break spaces) in French, `$1,250.50` in English."""
    sign = _SIGNS.get(currency, "")
    digits = 0 if currency in ZERO_DECIMAL else 2
    text = f"{amount / 10**digits:,.{digits}f}"
    if french:
        text = text.replace(",", "\u00a0").replace(".", ",")
        return f"{text}\u00a0{sign or currency.upper()}"
    return f"{sign}{text}" if sign else f"{text}\u00a0{currency.upper()}"
