"""A change of tiers, quantities and amount: the money and the stock agree with the items, whatever happens."""

import random
import uuid
from contextlib import suppress
from datetime import date

import pytest
from django.db import transaction

from campaigns.enums import DeliveryZone, FundingModel, RewardKind
from campaigns.models import Reward, RewardPostage, RewardStock, RewardVariant
from home import clock
from home.models import Cooperative, OutgoingMail, Role
from pledges import (
    changing,
    exports,
    fulfilment,
    giving_back,
    ledger_checks,
    own_pages,
    pledging,
    refund_decisions,
    refund_requests,
    settlement_report,
    surveys,
    taxes,
    totals,
)
from pledges.change_plans import Wanted, plan_of
from pledges.changing import ChangeRequest
from pledges.choosing import PledgeRefused
from pledges.enums import (
    ChangeState,
    CheckoutState,
    DisputeState,
    FulfilmentState,
    Origin,
    PaymentState,
    PledgeState,
    RefundReason,
    RefundState,
)
from pledges.gateway import Intent
from pledges.ledger_checks import Fault
from pledges.ledger_checks.pledges import check_pledges
from pledges.models import DatePromise, Dispute, Payment, Pledge, PledgeChange, PledgeConsent, Refund, TaxRegistration
from pledges.refund_decisions import RefundRefused
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund
from tests.factories.surveys import make_survey


@pytest.fixture(autouse=True)
def scope(inside):
    return inside


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)


def tiers(campaign):
    return list(campaign.rewards.order_by("position"))


def request_for(pledge, *wanted, extra=0, zone="", consent="J’autorise…", amount=None):
    chosen = [Wanted(reward.pk, quantity, *rest) for reward, quantity, *rest in wanted]
    if amount is None:
        try:
            amount = plan_of(pledge, chosen, extra, zone, clock.now()).amount
        except PledgeRefused:
            amount = 0
    return ChangeRequest(chosen, extra, zone, amount, consent, "2026-11", "fr")


def ask(pledge, *wanted, **fields):
    change = changing.ask(pledge, request_for(pledge, *wanted, **fields))
    pledge.refresh_from_db()
    return change


def refusal(pledge, *wanted, **fields):
    with pytest.raises(PledgeRefused) as refused:
        ask(pledge, *wanted, **fields)
    return refused.value.code


def pay(change, amount=None):
    cents = change.amount - change.old_amount if amount is None else amount
    intent = Intent(f"pi_{change.pk}", "succeeded", cents, "CAD", charge=f"ch_{change.pk}", fee=30, commission=50)
    return changing.complete(change.checkout, intent)


def items(pledge):
    rows = pledge.items.filter(quantity__gt=0).order_by("reward_id", "variant_id")
    return [(item.reward, item.quantity) for item in rows]


def stock(reward):
    row = RewardStock.objects.get(pk=reward.pk)
    return row.held, row.promised


def net(pledge):
    """What of the payments was not given back."""
    paid = sum(payment.amount for payment in pledge.payments.filter(state=PaymentState.PAID))
    back = Refund.objects.filter(payment__pledge=pledge).exclude(state__in=[RefundState.FAILED, RefundState.REJECTED])
    return paid - sum(refund.amount for refund in back)


def agrees(pledge):
    pledge.refresh_from_db()
    assert pledge.amount == pledge.extra + sum(item.total + item.postage for item in pledge.items.all())
    if not pledge.campaign.is_all_or_nothing:
        assert net(pledge) == pledge.amount


# A promise


def test_a_promise_of_more_needs_a_new_agreement_and_is_changed_at_once(campaign):
    flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    assert refusal(pledge, (box, 2), consent="") == "consent"
    change = ask(pledge, (box, 2), extra=500)
    assert (change.state, pledge.amount, items(pledge)) == (ChangeState.DONE, 13500, [(box, 2)])
    assert stock(box) == (0, 2)
    consent = pledge.consents.order_by("-id").first()
    assert (consent.max_amount, consent.text) == (13500, "J’autorise…")
    mail = OutgoingMail.objects.get(kind="pledge_changed")
    assert (mail.subject_key, mail.occasion) == (pledge.key, f"change:{change.pk}")
    assert not Payment.objects.filter(pledge=pledge).exists()
    agrees(pledge)


def test_a_promise_of_less_needs_none_and_frees_the_stock(campaign):
    _flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(box, 3)], paid=False)
    kept = pledge.items.get()
    DatePromise.objects.create(cooperative=campaign.cooperative, item=kept, month=date(2028, 1, 1), made_at=clock.now())
    ask(pledge, (box, 1), consent="")
    assert (pledge.amount, items(pledge), stock(box)) == (6500, [(box, 1)], (0, 1))
    assert pledge.items.get().pk == kept.pk
    assert PledgeConsent.objects.filter(pledge=pledge).count() == 1


def test_what_was_announced_for_a_tier_given_up_is_kept(campaign):
    flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(box, 1)], paid=False)
    item = pledge.items.get()
    DatePromise.objects.create(cooperative=campaign.cooperative, item=item, month=date(2028, 1, 1), made_at=clock.now())
    ask(pledge, (flour, 1))
    item.refresh_from_db()
    assert (item.quantity, item.state, items(pledge)) == (0, FulfilmentState.NOT_APPLICABLE, [(flour, 1)])
    ask(pledge, (box, 1))
    item.refresh_from_db()
    assert (item.quantity, item.state, stock(box)) == (1, FulfilmentState.NOT_STARTED, (0, 1))
    agrees(pledge)


def test_what_was_promised_keeps_its_price_and_what_is_new_has_todays(campaign):
    flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    Reward.objects.filter(pk=flour.pk).update(amount=4000)
    Reward.objects.filter(pk=box.pk).update(amount=7000)
    ask(pledge, (flour, 2), (box, 1))
    assert pledge.amount == 2 * 3000 + 7000
    agrees(pledge)


def test_refusals_write_nothing(campaign):
    flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    other = make_campaign(campaign.cooperative, title="Autre")
    Reward.objects.filter(pk=box.pk).update(kind=RewardKind.ADDON)
    assert refusal(pledge, (flour, 1)) == "same"
    assert refusal(pledge) == "empty"
    assert refusal(pledge, (box, 1)) == "alone"
    assert refusal(pledge, (tiers(other)[0], 1)) == "retired"
    assert refusal(pledge, (flour, 1), (box, 1), amount=1) == "price"
    assert refusal(pledge, (flour, 1), (box, 11)) == "sold_out"
    assert not PledgeChange.objects.exists()
    assert (stock(box), items(pledge), pledge.consents.count()) == ((0, 0), [(flour, 1)], 1)


def test_a_tier_that_is_over_may_be_kept_or_given_up_and_not_taken_more_of(campaign):
    _flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(box, 2)], paid=False)
    Reward.objects.filter(pk=box.pk).update(available_until=clock.now())
    assert refusal(pledge, (box, 3)) == "not_offered"
    Reward.objects.filter(pk=box.pk).update(retired_at=clock.now())
    assert refusal(pledge, (box, 3)) == "retired"
    ask(pledge, (box, 1), extra=100)
    assert (pledge.amount, stock(box)) == (6600, (0, 1))


def test_only_a_standing_contribution_of_a_running_campaign_is_changed(campaign):
    flour, box = tiers(campaign)
    for fields in ({"state": PledgeState.CANCELLED}, {"origin": Origin.OFFLINE}, {"is_late": True}):
        pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
        Pledge.objects.filter(pk=pledge.pk).update(**fields)
        assert refusal(pledge, (box, 1)) == "closed"
    pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    end_now(campaign)
    assert refusal(pledge, (box, 1)) == "closed"


def test_postage_and_variants(campaign):
    flour, box = tiers(campaign)
    small, large = (
        RewardVariant.objects.create(reward=flour, block_id=clock_id, position=n, label_fr=name, label_en=name)
        for n, (clock_id, name) in enumerate(
            [("11111111-1111-4111-8111-111111111111", "P"), ("22222222-2222-4222-8222-222222222222", "G")]
        )
    )
    RewardPostage.objects.create(reward=flour, zone=DeliveryZone.QUEBEC, price=500)
    pledge = make_pledge(campaign, rewards=[(box, 1)], paid=False)
    assert refusal(pledge, (flour, 1), zone="quebec") == "variant"
    assert refusal(pledge, (flour, 1, small.pk), zone="world") == "zone"
    ask(pledge, (flour, 2, small.pk), (flour, 1, large.pk), zone="quebec")
    assert (pledge.amount, pledge.zone) == (3 * 3500, "quebec")
    agrees(pledge)
    RewardPostage.objects.update(price=900)
    ask(pledge, (flour, 1, small.pk), (flour, 2, large.pk), zone="quebec", extra=100)
    assert pledge.amount == 3 * 3500 + 100
    agrees(pledge)


# A paid contribution


def test_more_of_a_paid_one_is_held_until_its_difference_is_paid(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    change = ask(pledge, (box, 3), (flour, 1))
    assert (change.state, pledge.amount, stock(box)) == (ChangeState.PENDING, 6500, (2, 1))
    assert refusal(pledge, (box, 2)) == "pending"
    assert pledging.cancel(pledge) is False
    assert pay(change) is True
    assert pay(change) is False
    pledge.refresh_from_db()
    change.refresh_from_db()
    assert (change.state, pledge.amount, stock(box)) == (ChangeState.DONE, 3 * 6500 + 3000, (0, 3))
    payment = pledge.payments.get(part=1)
    assert (payment.amount, payment.commission, payment.state) == (16000, 50, PaymentState.PAID)
    agrees(pledge)


def test_the_page_is_over_unpaid(flexible):
    _flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    change = ask(pledge, (box, 3))
    assert changing.lapse(change.checkout) is True
    assert changing.lapse(change.checkout) is False
    change.refresh_from_db()
    assert (change.state, stock(box)) == (ChangeState.LAPSED, (0, 1))
    assert not OutgoingMail.objects.filter(kind="pledge_changed").exists()
    ask(pledge, (box, 2))
    agrees(pledge)


def test_another_amount_than_the_difference_is_not_taken(flexible):
    box = tiers(flexible)[1]
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    change = ask(pledge, (box, 2))
    with pytest.raises(ValueError, match="6500"):
        pay(change, amount=6400)
    change.refresh_from_db()
    assert (change.state, stock(box), pledge.payments.count()) == (ChangeState.PENDING, (1, 1), 1)


def test_less_of_a_paid_one_is_refunded_from_the_latest_part_on(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    pay(ask(pledge, (box, 1), (flour, 1)))
    pledge.refresh_from_db()
    ask(pledge, extra=2000)
    made = [(one.payment.part, one.amount, one.commission, one.reason) for one in Refund.objects.order_by("id")]
    first = pledge.payments.get(part=0)
    share = taxes.pro_rata(first.commission, 4500, 6500)
    assert made == [(1, 3000, 50, RefundReason.CHANGED), (0, 4500, share, RefundReason.CHANGED)]
    assert (items(pledge), stock(box)) == ([], (0, 0))
    agrees(pledge)


@pytest.mark.parametrize(
    ("state", "reason", "given", "kept"),
    [
        (RefundState.TO_APPROVE, "agreed", 3500, RefundState.REJECTED),
        (RefundState.DONE, "agreed", 500, RefundState.DONE),
    ],
)
def test_less_of_one_of_which_a_treasurer_gives_back_gives_what_is_left_at_the_most(
    flexible, state, reason, given, kept
):
    """What only waits for an approval is nobody's yet: it gives way to what the backer is owed."""
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    agreed = make_refund(pledge.payments.get(part=0), amount=6000, commission=0, state=state, reason=reason)
    ask(pledge, (flour, 1))
    changed = Refund.objects.get(reason="changed")
    agreed.refresh_from_db()
    assert (changed.amount, agreed.state) == (given, kept)
    faults = {finding.fault for finding in ledger_checks.all_findings()}
    assert faults.isdisjoint({Fault.CHARGED_OTHERWISE, Fault.OVER_REFUNDED})


def test_a_cancelled_one_is_refunded_whole_whatever_was_given_back_before(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    pay(ask(pledge, (box, 2)))
    pledge.refresh_from_db()
    ask(pledge, (box, 1), (flour, 1))
    waiting = make_refund(pledge.payments.get(part=0), amount=100, commission=0, state=RefundState.TO_APPROVE)
    assert pledging.cancel(pledge) is True
    waiting.refresh_from_db()
    assert (net(pledge), waiting.state) == (0, RefundState.REJECTED)
    by_part = {payment.part: giving_back.given_back(payment) for payment in pledge.payments.all()}
    assert by_part == {payment.part: (payment.amount, payment.commission) for payment in pledge.payments.all()}
    assert stock(box) == (0, 0)


def test_a_small_difference_is_not_charged_and_a_paused_account_takes_none(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    assert refusal(pledge, (box, 1), extra=99) == "small"
    flexible.cooperative.charges_enabled = False
    flexible.cooperative.save()
    assert refusal(pledge, (box, 1), extra=500) == "paused"
    ask(pledge, (flour, 1), consent="")
    agrees(pledge)


def test_a_part_is_taxed_on_what_the_earlier_ones_did_not_cover(flexible):
    _flour, box = tiers(flexible)
    Reward.objects.update(taxable=3000)
    TaxRegistration.objects.create(cooperative=flexible.cooperative, code="gst", number="1", starts_on=date(2020, 1, 1))
    _flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    pay(ask(pledge, (box, 2)))
    assert list(pledge.payments.order_by("part").values_list("taxable", flat=True)) == [3000, 3000]
    pledge.refresh_from_db()
    ask(pledge, (box, 1))
    pay(ask(pledge, (box, 1), extra=1000))
    assert pledge.payments.get(part=2).taxable == 0
    agrees(pledge)


# Killed in the middle, and every history


@pytest.mark.parametrize("name", ["ledger.record_payment", "stock.confirm", "outbox.queue"])
def test_a_process_that_dies_inside_has_done_nothing(flexible, monkeypatch, name):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1)])
    change = ask(pledge, (box, 1))
    module, function = name.split(".")

    def die(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(getattr(changing, module), function, die)
        with pytest.raises(SystemExit), transaction.atomic():
            pay(change)
    change.refresh_from_db()
    pledge.refresh_from_db()
    assert (change.state, change.checkout.state, pledge.amount) == (ChangeState.PENDING, CheckoutState.OPENING, 3000)
    assert (stock(box), pledge.payments.count(), items(pledge)) == ((1, 0), 1, [(flour, 1)])
    assert pay(change) is True
    agrees(pledge)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("model", [FundingModel.ALL_OR_NOTHING, FundingModel.FLEXIBLE])
def test_every_history_keeps_money_and_stock_in_step(cooperative, model, seed):
    campaign = make_campaign(cooperative, funding_model=model, tiers=[tier(), tier("La boîte", 6500, limit=6)])
    flour, box = tiers(campaign)
    dice = random.Random(seed)
    pledges = [make_pledge(campaign, rewards=[(box, 1)], paid=not campaign.is_all_or_nothing) for _ in range(2)]
    for _step in range(15):
        pledge = dice.choice(pledges)
        pledge.refresh_from_db()
        pending = own_pages.pending_of(pledge)
        if pending:
            dice.choice([pay, lambda one: changing.lapse(one.checkout)])(pending)
        elif dice.random() < 0.08:
            pledging.cancel(pledge)
        else:
            wanted = [(flour, dice.randrange(3)), (box, dice.randrange(4))]
            with suppress(PledgeRefused):
                ask(pledge, *wanted, extra=dice.choice([0, 0, 250, 4000]))
        pending = PledgeChange.objects.filter(state=ChangeState.PENDING)
        held = sum(line.held for one in pending for line in one.items.filter(reward=box))
        standing = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
        assert stock(box) == (
            held,
            sum(quantity for one in standing for reward, quantity in items(one) if reward == box),
        )
        for one in standing:
            agrees(one)
        for one in Pledge.objects.filter(campaign=campaign, state=PledgeState.CANCELLED):
            assert net(one) == 0


# What went back otherwise


def lost(payment, amount):
    return Dispute.objects.create(
        cooperative=payment.cooperative, payment=payment, stripe_dispute=f"dp_{payment.pk}", state=DisputeState.LOST,
        amount=amount, currency="CAD", opened_at=payment.created_at,
    )  # fmt: skip


def strange():
    """What the books say of what was agreed to and paid."""
    return [str(finding) for finding in check_pledges()]


def test_a_lower_amount_after_an_agreed_refund_is_no_fault_of_the_books(flexible):
    _flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    make_refund(pledge.payment, amount=3000, commission=0, reason=RefundReason.AGREED)
    ask(pledge, extra=1000)
    assert sum(Refund.objects.values_list("amount", flat=True)) == 6500
    assert strange() == []
    Pledge.objects.filter(pk=pledge.pk).update(amount=3100, extra=3100)
    assert len(strange()) == 1


def test_what_a_dispute_took_is_not_given_back_again(flexible):
    _flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    lost(pledge.payment, 4000)
    assert pledging.cancel(pledge)
    assert list(Refund.objects.values_list("amount", flat=True)) == [2500]
    assert strange() == []


def test_what_was_handed_over_is_neither_changed_nor_cancelled(flexible):
    """Its backer would keep the reward and get the money back."""
    _flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    fulfilment.mark([pledge.items.get().pk], FulfilmentState.SENT, by=None)
    assert refusal(pledge, extra=1000) == "closed"
    assert (pledging.may_cancel(pledge, clock.now()), pledging.cancel(pledge)) == (False, False)
    assert Refund.objects.count() == 0


def test_a_reward_given_up_is_counted_nowhere(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1), (box, 1)])
    item = pledge.items.get(reward=flour)
    DatePromise.objects.create(cooperative=flexible.cooperative, item=item, month=date(2027, 9, 1), made_at=clock.now())
    ask(pledge, (box, 1))
    assert pledge.items.get(reward=flour).quantity == 0
    rows = list(exports.backers(flexible.cooperative, exports.Wanted(flexible.pk), "en"))
    assert [(row[1], row[3]) for row in rows] == [(box.title_en, 1)]
    assert totals.people_by_reward([flour.pk, box.pk]) == {box.pk: 1}
    tallies = {line.title: line.collected.count for line in settlement_report.report_of(flexible).tiers}
    assert tallies == {flour.title: 0, box.title: 1}


# What was answered or asked back


def test_a_reward_of_which_a_survey_was_answered_is_given_up_and_the_payment_recorded(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1)])
    survey = make_survey(flour, opened=True)
    change = ask(pledge, (box, 1))
    assert surveys.reply(survey, pledge, {pledge.items.get().pk: []}, "fr")
    assert pay(change)
    assert items(pledge) == [(box, 1)]
    given_up = pledge.items.get(reward=flour)
    assert (given_up.quantity, given_up.state) == (0, FulfilmentState.NOT_APPLICABLE)
    agrees(pledge)


def granted(pledge, item, by=None):
    """Its backer asked the price of a reward back, and gets it."""
    request = refund_requests.ask(item, "")
    by = by or make_user(pledge.cooperative, Role.TREASURER)
    refund_decisions.grant(request, amount=request.amount, answer="", by=by, key=uuid.uuid4())
    return request


def test_what_was_asked_back_and_granted_is_not_given_back_again_by_a_change(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1), (box, 1)])
    granted(pledge, pledge.items.get(reward=flour))
    assert not changing.may_change(pledge, clock.now())
    assert refusal(pledge, (box, 1)) == "closed"
    assert net(pledge) == box.amount


def test_what_was_not_granted_keeps_nobody_from_changing(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1), (box, 1)])
    request = refund_requests.ask(pledge.items.get(reward=flour), "")
    refund_decisions.grant(
        request, amount=3000, answer="", by=make_user(pledge.cooperative, Role.TREASURER), key=uuid.uuid4()
    )
    Refund.objects.update(state=RefundState.REJECTED)
    ask(pledge, (box, 1))
    agrees(pledge)


def test_nothing_is_granted_while_the_page_of_a_change_is_open(flexible):
    """Paid, it takes the reward away: its price would have gone back twice."""
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1)])
    request = refund_requests.ask(pledge.items.get(), "")
    change = ask(pledge, (box, 1))
    by = make_user(pledge.cooperative, Role.TREASURER)
    with pytest.raises(RefundRefused, match="changing"):
        refund_decisions.grant(request, amount=3000, answer="", by=by, key=uuid.uuid4())
    assert pay(change)
    request.refresh_from_db()
    assert (request.state, Refund.objects.count()) == ("withdrawn", 0)
    agrees(pledge)


def test_nor_is_what_waited_for_a_second_person(flexible):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1)])
    Cooperative.objects.update(second_person_above=100)
    granted(pledge, pledge.items.get())
    ask(pledge, (box, 1))
    with pytest.raises(RefundRefused, match="changing"):
        refund_decisions.approve(Refund.objects.get(), make_user(pledge.cooperative, Role.OWNER))
    assert Refund.objects.get().state == RefundState.TO_APPROVE


def test_fewer_of_what_was_asked_back_ends_the_request(flexible):
    """Its amount was that of all of them: granted, the price of one would have gone back twice."""
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 2), (box, 1)])
    request = refund_requests.ask(pledge.items.get(reward=flour), "")
    other = refund_requests.ask(pledge.items.get(reward=box), "")
    ask(pledge, (flour, 1), (box, 1))
    request.refresh_from_db()
    other.refresh_from_db()
    assert (request.amount, request.state, other.state) == (6000, "withdrawn", "asked")
    agrees(pledge)
