"""Marks of addresses: enough to know one again that is shown, and nothing to read it from.

A keyed hash (HMAC-SHA-256) by SUPPRESSION_KEY, bound to the cooperative, so that one cooperative's marks say nothing
about another's. The key is not SECRET_KEY, which is replaced now and then: a mark that was made with a former key is
worth nothing.
"""

import hmac

from django.conf import settings

from home.models import Cooperative

#: What stands before the mark where addresses stand too.
SUPPRESSED = "keyed:"


def mark(cooperative: Cooperative, email_key: str) -> str:
    """Of an address in its normalised form; 64 characters."""
    key = settings.SUPPRESSION_KEY or settings.SECRET_KEY
    said = f"{cooperative.slug}\n{email_key}".encode()
    return hmac.new(f"tremplin.marks {key}".encode(), said, "sha256").hexdigest()


def suppressed(cooperative: Cooperative, email_key: str) -> str:
    """How `Suppression.email_key` says an address of someone who was erased."""
    return SUPPRESSED + mark(cooperative, email_key)
