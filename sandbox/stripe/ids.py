"""Identifiers in Stripe's form: a prefix that says the type, then random base 62."""

import os

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01"
_TABLE = bytes(_ALPHABET[value % 64] for value in range(256))


def random_text(length: int) -> str:
    """`length` random characters, fast enough for thousands of objects a second."""
    return os.urandom(length).translate(_TABLE).decode("ascii")


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh identifier such as `pi_3Qx…`."""
    return f"{prefix}_{random_text(length)}"


def client_secret(object_id: str) -> str:
    """Stripe's client secrets start with the identifier of their intent."""
    return f"{object_id}_secret_{random_text(25)}"
