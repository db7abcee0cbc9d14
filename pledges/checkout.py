"""Hosted pages: opened, read back, ended. A Checkout row is committed before the provider hears of it.

What happens when the process dies:
- before `open_session`: no page exists. The sweep asks again with the same key: the answer is the page (then ended
  and read back) or a refusal because `expires_at` is too near (then there never was one);
- after `open_session`, before its address is stored: the same, the provider replays its answer for the key;
- while its address cannot be learned (the provider is down): once `expires_at` is past, the page is over, and nobody
  can have paid, since its address was never given to anybody;
- after the provider crashed, whose 500 is replayed for its key: the row has another key, by which the next call opens a
  page. The one that there may be ends by itself: nobody was given its address;
- in `finish`: confirming and lapsing are each one transaction, done once; the sweep reads back again.
Stock is freed only once the page is known to be over.
"""

import logging
import re
import uuid

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import Campaign
from home import clock
from home.languages import text_of
from home.models import Backer
from home.rewriting import rewrite
from home.tenancy import current_cooperative
from pledges import card_removals, cards, changing, gateway, pledging, suspecting
from pledges.consent_texts import change_text, checkout_text
from pledges.enums import CheckoutPurpose, CheckoutState
from pledges.gateway.types import Line
from pledges.models import Checkout, Pledge, PledgeItem

log = logging.getLogger(__name__)

UNFINISHED = [CheckoutState.OPENING, CheckoutState.OPEN]
#: What changes of a row once it is written; what it belongs to stays as it was read.
MOVING = ["state", "key", "stripe_session", "url", "ended_at"]
OWN_KEY = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$")


def open_page(checkout: Checkout, written: Pledge | None = None) -> str:
    """The address of the hosted page, opening it if need be. `written`: its pledge, where it was just written.

    Raises Unavailable (nothing is lost, the same call may be made again; a page asked for otherwise before stays
    unknown until it is over) or Refused (the stock is free again).
    """
    if checkout.url:
        return checkout.url
    session = _ask(checkout, written or _pledge_of(checkout))
    opened = {"state": CheckoutState.OPEN, "stripe_session": session.id, "url": session.url}
    if not rewrite(checkout, where={"state": CheckoutState.OPENING}, **opened):
        checkout.refresh_from_db()
    return session.url


def _ask(checkout: Checkout, pledge: Pledge) -> gateway.Session:
    try:
        customer = customer_of(pledge.backer, pledge, str(checkout.key))
        return gateway.open_session(pledge.cooperative.stripe_account, _request(checkout, pledge, customer))
    except gateway.Refused as error:
        if error.code == "idempotency" and pledge.backer.stripe_customer:
            raise gateway.Unavailable(f"A page was asked for otherwise before: {error}") from error
        if error.is_gone and _without_removed_customer(checkout, pledge):
            return _ask(checkout, _pledge_of(checkout))
        log.warning("the page of checkout %s was refused: %s", checkout.pk, error)
        _lapse(checkout)
        raise
    except gateway.Crashed:
        _with_another_key(checkout)
        raise


def _without_removed_customer(checkout: Checkout, pledge: Pledge) -> bool:
    """The customer was removed at the provider: forgotten here, and the page is asked for by another key."""
    account, backer = pledge.cooperative.stripe_account, pledge.backer
    if gateway.is_customer(account, backer.stripe_customer):
        return False
    card_removals.customer_removed(account, backer.stripe_customer)
    return _with_another_key(checkout)


def _with_another_key(checkout: Checkout) -> bool:
    """The next call asks anew, instead of being given the same answer for the same key."""
    same = Checkout.objects.filter(pk=checkout.pk, state=CheckoutState.OPENING, key=checkout.key)
    checkout.key = uuid.uuid4()
    return bool(same.update(key=checkout.key))


def customer_of(backer: Backer, pledge: Pledge, key: str = "") -> str:
    """The backer's customer at the provider, made the first time; `key` tells one making of it from another.

    Two pledges may both be a first time: the customer stored first is everybody's, since a card saved on another one
    could not be charged.
    """
    if not backer.stripe_customer:
        made = gateway.make_customer(
            pledge.cooperative.stripe_account,
            f"tremplin-backer-{backer.pk}-{key or pledge.pk}",
            email=backer.email,
            name=backer.name,
            language=backer.language,
            metadata={"tremplin_backer": str(backer.pk)},
        )
        if not rewrite(backer, where={"stripe_customer": ""}, stripe_customer=made):
            backer.refresh_from_db(fields=["stripe_customer"])
    return backer.stripe_customer


def _pledge_of(checkout: Checkout) -> Pledge:
    rows = Pledge.objects.select_related("backer", "campaign", "cooperative__site").prefetch_related("items__variant")
    return rows.get(pk=checkout.pledge_id)


def _request(checkout: Checkout, pledge: Pledge, customer: str) -> gateway.SessionRequest:
    with translation.override(pledge.language):
        back = [
            pledge.cooperative.root_url + reverse(name, args=[checkout.key])
            for name in ("checkout_return", "checkout_cancelled")
        ]
        return gateway.SessionRequest(
            key=str(checkout.key),
            customer=customer,
            currency=pledge.currency,
            lines=_lines_of(checkout, pledge),
            commission=_commission_of(checkout, pledge),
            success_url=back[0],
            cancel_url=back[1],
            expires_at=checkout.expires_at,
            text=_text_of(checkout, pledge),
            language=pledge.language,
            metadata={"tremplin_pledge": str(pledge.pk)},
        )


def _lines_of(checkout: Checkout, pledge: Pledge) -> list[Line]:
    if checkout.purpose == CheckoutPurpose.CHANGE:
        return [Line(gettext("Change of your contribution"), changing.difference_of(checkout), 1)]
    return _lines(pledge) if checkout.purpose == CheckoutPurpose.PAY else []


def _commission_of(checkout: Checkout, pledge: Pledge) -> int:
    is_change = checkout.purpose == CheckoutPurpose.CHANGE
    return changing.commission_for(checkout) if is_change else pledging.commission_for(pledge)


def _text_of(checkout: Checkout, pledge: Pledge) -> str:
    is_change = checkout.purpose == CheckoutPurpose.CHANGE
    return change_text(pledge, changing.difference_of(checkout)) if is_change else checkout_text(pledge)


def _lines(pledge: Pledge) -> list[Line]:
    """They add up to the pledge: rewards, their postage, and what comes on top."""
    items = sorted(pledge.items.all(), key=lambda item: item.pk)
    lines = [Line(_name_of(item, pledge.language), item.unit_amount, item.quantity) for item in items]
    if mailed := sum(item.postage for item in items):
        lines.append(Line(gettext("Postage"), mailed, 1))
    if pledge.extra:
        lines.append(Line(text_of(pledge.campaign, "title", pledge.language), pledge.extra, 1))
    return lines


def _name_of(item: PledgeItem, language: str) -> str:
    title = text_of(item, "title", language)
    return f"{title}, {text_of(item.variant, 'label', language)}" if item.variant else title


def finish(checkout: Checkout) -> CheckoutState:
    """Read the page back and do what follows from it, once. Raises Unavailable."""
    checkout.refresh_from_db(fields=MOVING)
    if checkout.state == CheckoutState.OPEN:
        _follow(checkout, gateway.read_session(_account_of(checkout), checkout.stripe_session))
        checkout.refresh_from_db(fields=MOVING)
        if checkout.state == CheckoutState.COMPLETE:
            suspecting.succeeded(checkout)
    return CheckoutState(checkout.state)


def _account_of(checkout: Checkout) -> str:
    """The account that its page is on: of the cooperative whose work this is, as a rule."""
    running = current_cooperative()
    if running is not None and running.pk == checkout.cooperative_id:
        return running.stripe_account
    return checkout.cooperative.stripe_account


def _follow(checkout: Checkout, session: gateway.Session) -> None:
    if session.status == "expired":
        _lapse(checkout)
    elif session.status == "complete" and checkout.purpose == CheckoutPurpose.CHANGE and session.intent:
        if session.intent.succeeded:
            changing.complete(checkout, session.intent)
    elif session.status == "complete" and checkout.purpose == CheckoutPurpose.PAY and session.intent:
        if session.intent.succeeded:
            pledging.confirm_payment(checkout, session.intent)
    elif session.status == "complete" and session.card:
        if checkout.purpose == CheckoutPurpose.SAVE_CARD:
            pledging.confirm_promise(checkout, session.card)
        elif checkout.purpose == CheckoutPurpose.CARD:
            cards.replace(checkout, session.card)
        else:
            pledging.keep_new_card(checkout, session.card)


def _lapse(checkout: Checkout) -> None:
    """What the page was opened for did not come."""
    if checkout.purpose == CheckoutPurpose.CHANGE:
        changing.lapse(checkout)
    else:
        pledging.lapse(checkout)


def end(checkout: Checkout) -> CheckoutState:
    """Make sure the page is over, and do what follows. Raises Unavailable: then it may still be open."""
    checkout.refresh_from_db()
    if checkout.state == CheckoutState.OPENING:
        if clock.now() >= checkout.expires_at:
            _lapse(checkout)
        else:
            _learn_address(checkout)
    if checkout.state == CheckoutState.OPEN:
        gateway.end_session(_account_of(checkout), checkout.stripe_session)
        return finish(checkout)
    checkout.refresh_from_db()
    return CheckoutState(checkout.state)


def _learn_address(checkout: Checkout) -> None:
    try:
        open_page(checkout)
    except gateway.Refused:
        log.info("checkout %s never had a page", checkout.pk)


def unfinished(campaign: Campaign) -> QuerySet[Checkout]:
    """Pages by which a pledge of this campaign may still be confirmed."""
    return Checkout.objects.filter(pledge__campaign=campaign, state__in=UNFINISHED).exclude(
        purpose=CheckoutPurpose.MEND
    )


def overdue() -> QuerySet[Checkout]:
    """Pages whose half hour is over and whose end is not known."""
    return Checkout.objects.filter(state__in=UNFINISHED, created_at__lte=clock.now() - pledging.HOLD)


def by_reference(session: str, key: str) -> Checkout | None:
    """The row that an event is about: by the page's id, else by the key it was opened with."""
    found = Checkout.objects.filter(stripe_session=session).first()
    if found is None and OWN_KEY.match(key):
        found = Checkout.objects.filter(key=key).first()
    return found


def by_key(key: str) -> Checkout | None:
    """The row of the page that an intent names."""
    if not OWN_KEY.match(key):
        return None
    return Checkout.objects.select_related("pledge").filter(key=key).first()


def learn(checkout: Checkout, session: str) -> None:
    """An event told the page's id before the process that opened it could store it."""
    Checkout.objects.filter(pk=checkout.pk, state=CheckoutState.OPENING).update(
        state=CheckoutState.OPEN, stripe_session=session
    )
