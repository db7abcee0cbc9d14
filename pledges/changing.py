"""The state machine of a change: pending, then done or lapsed.

A change that costs nothing now (any change of a promise; a lower or equal amount of a paid contribution) is done in
the transaction that asks for it. One that costs more and is paid already is PENDING: the *increase* of each reward is
held, and a page for the difference is about to be opened. One change at a time is pending for a contribution.

What happens when the process dies:
- inside a transaction below: nothing was written; what was held is not;
- after `ask` commits, before the hosted page is asked for: the checkout is OPENING, and the sweep finds out whether a
  page exists, ends it, and frees what was held (pledges.checkout, through `lapse`);
- the backer never returns: the event or the sweep reads the page back, and `complete` or `lapse` follows, once;
- inside `complete`: nothing of it; return page, event and sweep each try again, and the first one counts. Items,
  stock, amount, payment, ledger and mail are one transaction;
- after a lower amount commits: its refunds are rows, which the tick makes.

Locks, in this order: the campaign (shared), the pledge, stock by ascending reward, payments. A pending change keeps
its contribution from being cancelled or changed: its page is ended first (pledges.own_pages).
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from campaigns import lifecycle, queries, stock
from campaigns.models import Campaign
from home import clock, outbox
from home.mail.registry import kind_of
from pledges import giving_back, ledger, pledging, refund_requests, taxes
from pledges.change_plans import Plan, PlannedLine, Wanted, items_of, plan_of, snapshot
from pledges.choosing import PledgeRefused
from pledges.commission import commission_on
from pledges.enums import (
    ChangeState,
    CheckoutPurpose,
    CheckoutState,
    FulfilmentState,
    Origin,
    PaymentState,
    PledgeState,
    RefundReason,
)
from pledges.gateway import Intent
from pledges.models import (
    Checkout,
    Payment,
    Pledge,
    PledgeChange,
    PledgeChangeItem,
    PledgeConsent,
    PledgeItem,
    RefundRequest,
)
from pledges.promises import tier_month

#: The least that a card is charged for a difference, in minor units.
LEAST = 100


@dataclass(frozen=True)
class ChangeRequest:
    """What the review page posts. `amount` is the total its reader saw; the consent is empty where none was asked."""

    wanted: list[Wanted] = field(default_factory=list)
    extra: int = 0
    zone: str = ""
    amount: int = 0
    consent_text: str = ""
    consent_version: str = ""
    consent_language: str = ""


def may_change(pledge: Pledge, at: datetime) -> bool:
    """Until the deadline, while the campaign is live and nothing was handed over.

    What was made by other means than the site is the team's; so is one of which a reward's price went back at its
    backer's wish: to give that reward up would give its price back again.
    """
    own = pledge.origin == Origin.ONLINE and not pledge.is_late and pledge.state == PledgeState.CONFIRMED
    if not own or not lifecycle.takes_pledges(pledge.campaign, at):
        return False
    return not pledging.was_handed_over(pledge) and not refund_requests.any_given(pledge)


def is_paid_now(pledge: Pledge, plan: Plan) -> bool:
    """Whether the difference is charged before the change is done."""
    return plan.amount > pledge.amount and not pledge.campaign.is_all_or_nothing


def ask(pledge: Pledge, request: ChangeRequest) -> PledgeChange:
    """Do the change, or hold what it takes until its difference is paid; or nothing at all.

    Raises PledgeRefused as `plan_of` does, and: closed, pending (the page of an earlier one is not over), price (what
    was seen is no longer so), same, consent, small (a difference under LEAST), paused, sold_out.
    """
    with transaction.atomic():
        campaign = lifecycle.keep_open(pledge.campaign_id)
        locked = _locked(pledge, campaign)
        plan = _checked(locked, request)
        if plan.amount > locked.amount:
            _write_consent(locked, request, plan.amount)
        held = _hold(plan)
        change = _write(locked, plan, held)
        if is_paid_now(locked, plan):
            change.checkout = _new_checkout(locked)
            change.save(update_fields=["checkout"])
        else:
            _carry_out(change, locked)
            if not campaign.is_all_or_nothing and plan.amount < change.old_amount:
                giving_back.give_back(locked, change.old_amount - plan.amount, RefundReason.CHANGED)
    return change


def _locked(pledge: Pledge, campaign: Campaign) -> Pledge:
    locked = Pledge.objects.select_for_update(of=("self",)).select_related("backer", "cooperative").get(pk=pledge.pk)
    locked.campaign = campaign
    return locked


def _checked(pledge: Pledge, request: ChangeRequest) -> Plan:
    now = clock.now()
    if not may_change(pledge, now):
        raise PledgeRefused("closed")
    if pledge.changes.filter(state=ChangeState.PENDING).exists():
        raise PledgeRefused("pending")
    plan = plan_of(pledge, request.wanted, request.extra, request.zone, now)
    if plan.is_same_as(pledge):
        raise PledgeRefused("same")
    if plan.amount != request.amount:
        raise PledgeRefused("price")
    if plan.amount > pledge.amount and not request.consent_text:
        raise PledgeRefused("consent")
    if is_paid_now(pledge, plan):
        _check_payable(pledge, plan)
    return plan


def _check_payable(pledge: Pledge, plan: Plan) -> None:
    if plan.amount - pledge.amount < LEAST:
        raise PledgeRefused("small")
    if not pledge.cooperative.takes_payments:
        raise PledgeRefused("paused")


def _write_consent(pledge: Pledge, request: ChangeRequest, amount: int) -> None:
    PledgeConsent.objects.create(
        pledge=pledge,
        text=request.consent_text,
        text_version=request.consent_version,
        language=request.consent_language or pledge.language,
        max_amount=amount,
        currency=pledge.currency,
        given_at=clock.now(),
    )


def _hold(plan: Plan) -> dict[int, int]:
    """Hold the increase of each reward, ascending. By reward id: how many. A first pledge freezes its tier."""
    rewards = {line.reward.pk: line for line in plan.lines}
    held = {}
    for pk, more in plan.more.items():
        if more > 0:
            reward = queries.freeze(rewards[pk].reward, clock.now())
            if not plan.had[pk] and reward.amount != rewards[pk].unit_amount:
                raise PledgeRefused("price", reward)
            if not stock.take(reward, more):
                raise PledgeRefused("sold_out", reward)
            held[pk] = more
    return held


def _write(pledge: Pledge, plan: Plan, held: dict[int, int]) -> PledgeChange:
    change = PledgeChange.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        old_amount=pledge.amount,
        old_items=snapshot(pledge),
        amount=plan.amount,
        extra=plan.extra,
        zone=plan.zone,
        asked_at=clock.now(),
    )
    left = dict(held)
    PledgeChangeItem.objects.bulk_create(_item(change, line, left.pop(line.reward.pk, 0)) for line in plan.lines)
    return change


def _item(change: PledgeChange, line: PlannedLine, held: int) -> PledgeChangeItem:
    """What is held of a reward in several variants stands on the first of them."""
    return PledgeChangeItem(
        change=change,
        reward=line.reward,
        variant=line.variant,
        quantity=line.quantity,
        unit_amount=line.unit_amount,
        unit_postage=line.unit_postage,
        unit_taxable=line.unit_taxable,
        held=held,
    )


def _new_checkout(pledge: Pledge) -> Checkout:
    now = clock.now()
    return Checkout.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        purpose=CheckoutPurpose.CHANGE,
        created_at=now,
        expires_at=now + pledging.PAGE_LASTS,
    )


def _carry_out(change: PledgeChange, pledge: Pledge) -> None:
    """Pending to done: stock, items, amount and mail, under the pledge's lock."""
    pending = PledgeChange.objects.filter(pk=change.pk, state=ChangeState.PENDING)
    if not pending.update(state=ChangeState.DONE, ended_at=clock.now()):
        raise RuntimeError(f"Change {change.pk} is no longer pending.")
    lines = list(change.items.select_related("reward", "variant").order_by("reward_id", "id"))
    before = items_of(pledge)
    _move_stock(before, lines)
    _replace_items(pledge, before, lines)
    Pledge.objects.filter(pk=pledge.pk).update(amount=change.amount, extra=change.extra, zone=change.zone)
    change.refresh_from_db()
    pledge.refresh_from_db(fields=["amount", "extra", "zone"])
    outbox.queue(
        kind_of("pledge_changed"),
        cooperative=pledge.cooperative,
        subject_key=pledge.key,
        occasion=f"change:{change.pk}",
        to=pledge.backer,
    )


def _move_stock(before: list[PledgeItem], lines: list[PledgeChangeItem]) -> None:
    """Increases are promised, decreases are free again; by ascending reward."""
    ids = sorted({*(item.reward_id for item in before), *(line.reward_id for line in lines)})
    for pk in ids:
        was = sum(item.quantity for item in before if item.reward_id == pk)
        mine = [line for line in lines if line.reward_id == pk]
        held, now = sum(line.held for line in mine), sum(line.quantity for line in mine)
        if held != max(0, now - was):
            raise RuntimeError(f"Reward {pk}: {held} were held for a change from {was} to {now}.")
        if held:
            stock.confirm(pk, held)
        elif now < was:
            stock.release_promised(pk, was - now)


def _replace_items(pledge: Pledge, before: list[PledgeItem], lines: list[PledgeChangeItem]) -> None:
    """What is kept keeps its row, and with it its title, its months and its state."""
    wanted = {(line.reward_id, line.variant_id): line for line in lines}
    for item in before:
        if (item.reward_id, item.variant_id) not in wanted:
            _give_up(item)
    kept = {(item.reward_id, item.variant_id): item for item in pledge.items.all()}
    for key, line in wanted.items():
        prices = {name: getattr(line, name) for name in ("quantity", "unit_amount", "unit_postage", "unit_taxable")}
        if key in kept:
            if line.quantity * (line.unit_amount + line.unit_postage) < refund_requests.price_of(kept[key]):
                refund_requests.end(RefundRequest.objects.filter(item=kept[key]))
            state = {} if kept[key].quantity else {"state": _first_state(line)}
            PledgeItem.objects.filter(pk=kept[key].pk).update(**prices, **state)
        else:
            PledgeItem.objects.create(**_promised(pledge, line), **prices)


def _give_up(item: PledgeItem) -> None:
    """A row for which a delay was announced, or something asked or answered, stays as none of it: it is not unsaid."""
    refund_requests.end(RefundRequest.objects.filter(item=item))
    said = (item.promises, item.refund_requests, item.problems, item.replies)
    if any(rows.exists() for rows in said):
        PledgeItem.objects.filter(pk=item.pk).update(quantity=0, state=FulfilmentState.NOT_APPLICABLE)
    else:
        item.delete()


def _promised(pledge: Pledge, line: PledgeChangeItem) -> dict[str, object]:
    """A new promise, by what the tier says today."""
    reward = line.reward
    return {
        "cooperative_id": pledge.cooperative_id,
        "pledge": pledge,
        "reward": reward,
        "variant": line.variant,
        "title_fr": reward.title_fr or reward.title_en,
        "title_en": reward.title_en or reward.title_fr,
        "first_month": tier_month(reward),
        "handover": reward.handover,
        "state": _first_state(line),
    }


def _first_state(line: PledgeChangeItem) -> FulfilmentState:
    nothing = line.reward.handover == "nothing"
    return FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED


def _end_page(checkout: Checkout, state: CheckoutState) -> bool:
    unfinished = Checkout.objects.filter(pk=checkout.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
    return bool(unfinished.update(state=state, ended_at=clock.now()))


def complete(checkout: Checkout, intent: Intent) -> bool:
    """The difference was paid on the hosted page: the change is done. False if that was known already."""
    with transaction.atomic():
        if not _end_page(checkout, CheckoutState.COMPLETE):
            return False
        campaign = lifecycle.keep_open(checkout.pledge.campaign_id)
        change = PledgeChange.objects.get(checkout=checkout)
        pledge = _locked(checkout.pledge, campaign)
        if pledge.state != PledgeState.CONFIRMED:
            raise RuntimeError(f"The change of pledge {pledge.pk} was paid for, and it is no longer confirmed.")
        if (intent.amount, intent.currency) != (change.amount - change.old_amount, pledge.currency):
            raise ValueError(f"Change {change.pk} costs {change.amount - change.old_amount}: {intent.amount} was paid.")
        _carry_out(change, pledge)
        _write_payment(pledge, intent)
    return True


def _write_payment(pledge: Pledge, intent: Intent) -> None:
    now = clock.now()
    latest = pledge.payments.aggregate(latest=Max("part"))["latest"] or 0
    payment = Payment.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        part=latest + 1,
        state=PaymentState.PAID,
        currency=intent.currency,
        amount=intent.amount,
        taxable=min(intent.amount, max(0, taxes.taxable_part(pledge.items.all()) - _taxed_already(pledge))),
        commission=intent.commission,
        processing_fee=intent.fee,
        stripe_intent=intent.id,
        stripe_charge=intent.charge,
        created_at=now,
        paid_at=now,
    )
    ledger.record_payment(payment, now)
    if intent.fee is not None:
        ledger.record_fee(payment, intent.fee, now)


def _taxed_already(pledge: Pledge) -> int:
    """What of earlier payments taxes were paid on, less the share of it that was given back."""
    covered = 0
    for payment in pledge.payments.filter(state=PaymentState.PAID):
        kept = payment.amount - giving_back.given_back(payment)[0]
        covered += taxes.pro_rata(payment.taxable, kept, payment.amount)
    return covered


def lapse(checkout: Checkout) -> bool:
    """The page is known to be over, unpaid: what was held is free again. False if that was known already."""
    with transaction.atomic():
        if not _end_page(checkout, CheckoutState.EXPIRED):
            return False
        lifecycle.keep_open(checkout.pledge.campaign_id)
        change = PledgeChange.objects.filter(checkout=checkout).first()
        pending = PledgeChange.objects.filter(checkout=checkout, state=ChangeState.PENDING)
        if change is None or not pending.update(state=ChangeState.LAPSED, ended_at=clock.now()):
            return True
        for line in change.items.filter(held__gt=0).order_by("reward_id"):
            stock.release_held(line.reward_id, line.held)
    return True


def difference_of(checkout: Checkout) -> int:
    """What the page of a change charges, in minor units."""
    change = PledgeChange.objects.get(checkout=checkout)
    return change.amount - change.old_amount


def commission_for(checkout: Checkout) -> int:
    return commission_on(difference_of(checkout), checkout.cooperative)
