"""Hosted pages that a backer opens from their own page: the difference of a change, another card for a promise."""

from home import clock
from pledges import cards, checkout, pledging
from pledges.enums import ChangeState, CheckoutPurpose, CheckoutState
from pledges.models import Pledge, PledgeChange


def pending_of(pledge: Pledge) -> PledgeChange | None:
    """The change whose difference is being paid, if any."""
    return pledge.changes.filter(state=ChangeState.PENDING).select_related("checkout").first()


def open_change_page(change: PledgeChange) -> str:
    """Where the difference is paid. Raises Unavailable (nothing is lost) or Refused (nothing is held any more)."""
    if change.checkout is None:
        return ""
    return checkout.open_page(change.checkout)


def resume_url(change: PledgeChange) -> str:
    """The page that was left, while what it pays for is held; "" once it no longer is."""
    row = change.checkout
    if row is None or row.state != CheckoutState.OPEN or clock.now() >= row.created_at + pledging.HOLD:
        return ""
    return row.url


def end_pending(pledge: Pledge) -> None:
    """Make sure that no change is pending: done if it was paid, else lapsed. Raises Unavailable if neither is known."""
    change = pending_of(pledge)
    if change is not None and change.checkout is not None:
        checkout.end(change.checkout)
    pledge.refresh_from_db()


def open_card_page(pledge: Pledge) -> str:
    """Where another card is given; an earlier page for that is ended. Raises Refused or Unavailable."""
    for earlier in pledge.checkouts.filter(state__in=checkout.UNFINISHED, purpose=CheckoutPurpose.CARD):
        checkout.end(earlier)
    return checkout.open_page(cards.new_checkout(pledge))
