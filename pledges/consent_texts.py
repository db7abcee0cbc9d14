"""The words a backer agrees to."""

from pledges.models import Pledge


def checkout_text(pledge: Pledge) -> str:
    """What the hosted page says above its button, in the pledge's language."""
    return ""
