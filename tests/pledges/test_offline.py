"""Contributions by other means: awaited, received, not honoured, let go, given back by hand; each once."""

from datetime import date, timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, Reward, RewardPostage, RewardStock, RewardVariant
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail, Role
from home.tenancy import within
from pledges import completing, ledger_checks, offline, pledging, refunds, settlement, totals
from pledges.choosing import PledgeRefused
from pledges.enums import Origin, PaymentState, PledgeState, RefundReason, RefundState
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge, Refund, TaxRegistration
from pledges.offline import OfflineRefused
from pledges.offline_entry import enter
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.offline import entry_of, make_offline
from tests.factories.pledges import make_pledge, payment_of


@pytest.fixture(autouse=True)
def scope(cooperative):
    with within(cooperative):
        yield


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def treasurer(cooperative):
    return make_user(cooperative, Role.TREASURER)


def box_of(campaign):
    """The tier limited to 10."""
    return Reward.objects.get(campaign=campaign, limit=10)


def stock_of(campaign):
    row = RewardStock.objects.get(reward__campaign=campaign)
    return row.held, row.promised


def receive(pledge, *, on=None, by=None, tell=False, method="cheque"):
    return offline.receive(
        payment_of(pledge), on=on or clock.now().date(), method=method, reference="nᵒ 118", by=by, tell=tell
    )


def bounce(pledge, *, by=None, tell=False):
    return offline.bounce(payment_of(pledge), by=by, tell=tell)


def again(pledge):
    return Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=pledge.pk)


def ledger_of(campaign):
    rows = LedgerEntry.objects.filter(group__campaign=campaign).values("account").annotate(total=Sum("amount"))
    return {row["account"]: row["total"] for row in rows if row["total"]}


def mails():
    return sorted(OutgoingMail.objects.values_list("kind", "address"))


def settle(campaign):
    end_now(campaign)
    return settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))


def test_what_is_awaited_holds_its_stock_and_counts_nowhere(campaign):
    editor = make_user(campaign.cooperative)
    pledge = make_offline(campaign, (box_of(campaign), 2), by=editor, extra=500)
    assert (pledge.state, pledge.origin, pledge.amount, pledge.entered_by) == (
        PledgeState.PENDING,
        Origin.OFFLINE,
        13_500,
        editor,
    )
    payment = payment_of(pledge)
    assert (payment.state, payment.method, payment.amount, payment.commission, payment.processing_fee) == (
        PaymentState.DUE,
        "cheque",
        13_500,
        0,
        None,
    )
    assert stock_of(campaign) == (2, 0)
    assert totals.progress_of(campaign).pledged == 0
    assert (mails(), ledger_of(campaign)) == ([], {})


def test_received_it_counts_once(campaign, treasurer):
    pledge = make_offline(campaign, (box_of(campaign), 2))
    day = clock.now().date() - timedelta(days=3)
    assert receive(pledge, on=day, by=treasurer, tell=True, method="cash")
    assert not receive(pledge, by=treasurer, tell=True)
    payment = payment_of(pledge)
    assert (payment.state, payment.method, payment.received_on, payment.received_by) == (
        PaymentState.PAID,
        "cash",
        day,
        treasurer,
    )
    assert again(pledge).state == PledgeState.CONFIRMED
    assert stock_of(campaign) == (0, 2)
    assert totals.progress_of(campaign).pledged == totals.progress_of(campaign).collected == 13_000
    assert ledger_of(campaign) == {"bank": 13_000, "contributions": -13_000}
    assert LedgerGroup.objects.get().happened_at == payment.paid_at == offline.instant_of(day, campaign.cooperative)
    assert mails() == [("contribution_receipt", "aime@courriel.example")]


def test_taxes_are_those_of_the_day_it_was_received(cooperative):
    campaign = make_campaign(cooperative, tiers=[tier(amount=11_498)])
    reward = Reward.objects.get(campaign=campaign)
    Reward.objects.filter(pk=reward.pk).update(taxable=11_498)
    for code in ("gst", "qst"):
        TaxRegistration.objects.create(
            cooperative=cooperative, code=code, number=code, starts_on=clock.now().date() - timedelta(days=5)
        )
    before, since = make_offline(campaign, (reward, 1)), make_offline(campaign, (reward, 1))
    receive(before, on=clock.now().date() - timedelta(days=6))
    assert "taxes" not in ledger_of(campaign)
    receive(since, on=clock.now().date() - timedelta(days=5))
    assert ledger_of(campaign)["taxes"] == -1498
    bounce(since)
    assert ledger_of(campaign) == {"bank": 11_498, "contributions": -11_498}


def test_entered_and_received_at_once_is_one_act(campaign, treasurer):
    pledge = make_offline(campaign, received_on=clock.now().date(), by=treasurer, tell=True)
    assert (again(pledge).state, payment_of(pledge).received_by) == (PledgeState.CONFIRMED, treasurer)
    assert mails() == [("contribution_receipt", "aime@courriel.example")]


def test_the_same_form_posted_twice_is_one_contribution(campaign):
    entry = entry_of(campaign, (box_of(campaign), 10))
    first = enter(campaign.cooperative, entry, by=None, tell=True)
    assert enter(campaign.cooperative, entry, by=None, tell=True) == first
    assert (Pledge.objects.count(), stock_of(campaign)) == (1, (10, 0))
    assert mails() == [("offline_recorded", "aime@courriel.example")]


def test_a_person_without_an_address_is_never_written_to(campaign):
    pledge = make_offline(campaign, email="", tell=True)
    other = make_offline(campaign, email="", name="Aimé Pelletier")
    assert (pledge.backer.email, pledge.backer != other.backer) == ("", True)
    receive(pledge, tell=True)
    bounce(pledge, tell=True)
    assert OutgoingMail.objects.count() == 0
    assert Backer.objects.filter(email="").count() == 2


def test_a_known_address_is_the_same_backer(campaign):
    known = make_pledge(campaign, email="aime@courriel.example", backer_name="Aimé P.").backer
    assert make_offline(campaign, email="AIME@courriel.example ").backer == known


def test_a_payment_not_honoured_is_undone_and_another_awaited(campaign, treasurer):
    pledge = make_offline(campaign, (box_of(campaign), 2))
    receive(pledge, by=treasurer)
    assert bounce(pledge, by=treasurer, tell=True)
    assert not bounce(pledge, by=treasurer)
    assert again(pledge).state == PledgeState.PENDING
    assert stock_of(campaign) == (2, 0)
    assert ledger_of(campaign) == {}
    assert totals.progress_of(campaign).pledged == totals.progress_of(campaign).collected == 0
    rows = list(Payment.objects.order_by("part").values_list("part", "state", "amount", "bounced_by"))
    assert rows == [(0, PaymentState.DUE, 13_000, None), (1, PaymentState.BOUNCED, 13_000, treasurer.pk)]
    assert receive(pledge, tell=True)
    assert bounce(pledge)
    assert receive(pledge, tell=True)
    assert list(Payment.objects.order_by("part").values_list("state", flat=True)) == [
        PaymentState.PAID,
        PaymentState.BOUNCED,
        PaymentState.BOUNCED,
    ]
    assert ledger_of(campaign) == {"bank": 13_000, "contributions": -13_000}
    kinds = [kind for kind, _address in mails()]
    assert kinds == ["cheque_bounced", "contribution_receipt", "contribution_receipt"]


def test_what_is_no_longer_awaited_frees_its_stock(campaign, treasurer):
    pledge = make_offline(campaign, (box_of(campaign), 2))
    assert offline.withdraw(payment_of(pledge), by=treasurer)
    assert not offline.withdraw(payment_of(pledge), by=treasurer)
    assert not receive(pledge)
    pledge = again(pledge)
    assert (pledge.state, pledge.ended_by, payment_of(pledge).state) == (
        PledgeState.CANCELLED,
        treasurer,
        PaymentState.DROPPED,
    )
    assert stock_of(campaign) == (0, 0)


def test_a_card_is_never_handled_here(campaign):
    payment = payment_of(make_pledge(campaign))
    due = payment_of(make_pledge(campaign, payment_state=PaymentState.DUE))
    assert not offline.bounce(payment, by=None, tell=False)
    assert not offline.receive(due, on=clock.now().date(), method="cash", reference="", by=None, tell=False)
    assert not offline.withdraw(due, by=None)
    assert set(offline.awaited(campaign.cooperative)) == set()


def test_cancelled_by_its_backer_it_is_given_back_by_hand(flexible, treasurer):
    pledge = make_offline(flexible, (box_of(flexible), 1))
    receive(pledge)
    assert pledging.cancel(again(pledge))
    (refund,) = offline.to_give_back(flexible.cooperative)
    assert refunds.make_due() == 0, "nothing is asked of Stripe"
    assert ledger_of(flexible) == {"bank": 6500, "contributions": -6500}
    day = clock.now().date()
    assert offline.record_given_back(refund, on=day, reference="chèque 7", by=treasurer, tell=True)
    assert not offline.record_given_back(refund, on=day, reference="chèque 7", by=treasurer, tell=True)
    assert ledger_of(flexible) == {}
    refund.refresh_from_db()
    assert (refund.state, refund.note, refund.settled_by) == (RefundState.DONE, "chèque 7", treasurer)
    assert list(offline.to_give_back(flexible.cooperative)) == []
    with pytest.raises(OfflineRefused, match="given_back"):
        bounce(pledge)


def test_a_cheque_not_honoured_is_not_given_back(flexible):
    pledge = make_offline(flexible, (box_of(flexible), 1))
    receive(pledge)
    pledging.cancel(again(pledge))
    assert bounce(pledge)
    assert ledger_of(flexible) == {}
    assert list(offline.to_give_back(flexible.cooperative)) == []
    assert (again(pledge).state, Payment.objects.get().part) == (PledgeState.CANCELLED, 0)


REFUSED = {
    "sold_out": lambda campaign: [(box_of(campaign), 11)],
    "alone": lambda campaign: [(_changed(campaign, kind="addon"), 1)],
    "retired": lambda campaign: [(_changed(campaign, retired_at=clock.now()), 1)],
    "not_offered": lambda campaign: [(_changed(campaign, available_until=clock.now()), 1)],
    "zone": lambda campaign: [(_mailed(campaign), 1)],
    "variant": lambda campaign: [(_varied(campaign), 1)],
}


def _changed(campaign, **fields):
    Reward.objects.filter(pk=box_of(campaign).pk).update(**fields)
    return box_of(campaign)


def _mailed(campaign):
    RewardPostage.objects.create(reward=box_of(campaign), zone="quebec", price=1200)
    return box_of(campaign)


def _varied(campaign):
    RewardVariant.objects.create(
        reward=box_of(campaign), block_id="7d4a2a8c-3f7e-4a55-9a44-2a6d7b8f6b10", position=0, label_fr="Blé"
    )
    return box_of(campaign)


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_promised_is_refused_whole(campaign, code):
    chosen = REFUSED[code](campaign)
    with pytest.raises(PledgeRefused, match=code):
        make_offline(campaign, *chosen, extra=500, zone="us")
    assert (Pledge.objects.count(), Payment.objects.count(), stock_of(campaign)) == (0, 0, (0, 0))


def test_postage_variants_and_address_are_kept(campaign):
    reward = _mailed(campaign)
    variant = _varied(campaign).variants.get()
    address = {"recipient": "Aimé", "line1": "4, rang 2", "line2": "", "city": "Saint-Aurèle"}
    address |= {"region": "Québec", "postal_code": "G0L 0X0", "country": "CA"}
    pledge = make_offline(campaign, (reward, 2, variant), zone="quebec", address=address)
    item = pledge.items.get()
    assert (pledge.amount, item.unit_postage, item.variant) == (15_400, 1200, variant)
    assert pledge.address.line1 == "4, rang 2"


def test_at_the_outcome_what_is_awaited_blocks_nothing_and_does_not_count(flexible):
    pledge = make_offline(flexible, (box_of(flexible), 1))
    received = make_offline(flexible, (box_of(flexible), 1))
    receive(received)
    assert settle(flexible) == CampaignState.ENDED
    flexible.refresh_from_db()
    assert (flexible.pledged_at_deadline, flexible.backers_at_deadline) == (6500, 1)
    assert flexible.settlement.finished_at
    assert again(pledge).state == PledgeState.PENDING
    receive(pledge)
    assert (again(pledge).state, again(pledge).is_late) == (PledgeState.CONFIRMED, True)
    assert totals.progress_of(flexible).pledged == 6500
    assert totals.progress_of(flexible).collected == 6500, "what comes after the end counts apart"
    bounce(pledge)
    assert again(pledge).state == PledgeState.PENDING
    assert stock_of(flexible) == (1, 1)


def test_one_that_stood_at_the_outcome_and_bounces_stands_until_it_is_let_go(flexible):
    pledge = make_offline(flexible, (box_of(flexible), 1))
    receive(pledge)
    settle(flexible)
    bounce(pledge)
    assert (again(pledge).state, stock_of(flexible)) == (PledgeState.CONFIRMED, (0, 1))
    flexible.refresh_from_db()
    assert completing.move_on(flexible) == CampaignState.ENDED, "a payment is awaited still"
    assert receive(pledge)
    assert again(pledge).is_late is False
    bounce(pledge)
    assert offline.withdraw(payment_of(pledge), by=None)
    assert (again(pledge).state, stock_of(flexible)) == (PledgeState.DROPPED, (0, 0))
    assert ledger_of(flexible) == {}
    assert completing.move_on(flexible) == CampaignState.CLOSED


def test_the_settlement_charges_none_of_them(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(goal=1000)
    received, awaited = make_offline(campaign), make_offline(campaign)
    receive(received)
    assert settle(campaign) == CampaignState.FUNDED
    campaign.refresh_from_db()
    assert campaign.settlement.finished_at
    assert sorted(Payment.objects.values_list("pledge_id", "state")) == sorted(
        [(received.pk, PaymentState.PAID), (awaited.pk, PaymentState.DUE)]
    )
    assert ledger_of(campaign) == {"bank": 2500, "contributions": -2500}


def test_a_missed_goal_gives_back_by_hand_what_was_received(campaign, treasurer):
    received = make_offline(campaign, (box_of(campaign), 1), tell=False)
    awaited = make_offline(campaign, (box_of(campaign), 1), email="autre@courriel.example")
    receive(received)
    assert settle(campaign) == CampaignState.MISSED
    settle(campaign)
    assert (again(received).state, again(awaited).state) == (PledgeState.GOAL_MISSED, PledgeState.CANCELLED)
    assert payment_of(awaited).state == PaymentState.DROPPED
    assert stock_of(campaign) == (0, 1)
    (refund,) = Refund.objects.all()
    assert (refund.reason, refund.amount, refund.commission) == (RefundReason.GOAL_MISSED, 6500, 0)
    assert mails() == [("goal_missed", "aime@courriel.example"), ("goal_missed", "autre@courriel.example")]
    campaign.refresh_from_db()
    assert completing.move_on(campaign) == CampaignState.MISSED
    with pytest.raises(OfflineRefused, match="missed"):
        receive(awaited)
    offline.record_given_back(refund, on=clock.now().date(), reference="", by=treasurer, tell=False)
    assert ledger_of(campaign) == {}
    assert completing.move_on(campaign) == CampaignState.CLOSED


def test_late_only_what_is_offered_late(flexible):
    box = box_of(flexible)
    other = flexible.rewards.exclude(pk=box.pk).get()
    settle(flexible)
    for chosen in ((), ((other, 1),)):
        with pytest.raises(PledgeRefused, match="late"):
            make_offline(flexible, *chosen)
    Reward.objects.filter(pk=box.pk).update(sold_late=True)
    pledge = make_offline(flexible, (box, 1), received_on=clock.now().date())
    assert (pledge.is_late, again(pledge).state) == (True, PledgeState.CONFIRMED)
    flexible.refresh_from_db()
    assert flexible.pledged_at_deadline == 0


def test_a_closed_campaign_takes_none(campaign):
    end_now(campaign)
    with pytest.raises(PledgeRefused, match="closed"):
        make_offline(campaign)


def test_the_day_is_at_noon_there_and_never_later_than_now(cooperative):
    assert offline.instant_of(date(2026, 10, 3), cooperative).isoformat() == "2026-10-03T12:00:00-04:00"
    assert offline.instant_of(clock.now().date() + timedelta(days=2), cooperative) <= clock.now()


def test_mails_without_an_address_are_not_written(campaign):
    pledge = make_offline(campaign, email="")
    outbox.queue_all(
        [
            outbox.mail_for(
                kind_of("goal_missed"),
                cooperative=campaign.cooperative,
                subject_key=pledge.key,
                to=pledge.backer,
            )
        ]
    )
    assert OutgoingMail.objects.count() == 0


ACTS = ["receive", "bounce", "withdraw", "cancel", "give_back", "end"]


class Histories(TestCase):
    """Whatever the team does, in any order and twice: stock, ledger and payments agree."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1)), max_size=12))
    def test_any_history(self, acts):
        cooperative = make_cooperative("histoire", name="Histoire")
        with within(cooperative):
            campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
            pledges = [make_offline(campaign, (box_of(campaign), n + 1)) for n in range(2)]
            for act, number in acts:
                self._act(act, pledges[number], campaign)
                self._agree(campaign, pledges)

    def _act(self, act, pledge, campaign):
        payment = payment_of(again(pledge))
        try:
            if act == "receive":
                receive(again(pledge))
            elif act == "bounce":
                bounce(again(pledge))
            elif act == "withdraw":
                offline.withdraw(payment, by=None)
            elif act == "cancel":
                pledging.cancel(again(pledge))
            elif act == "give_back":
                for refund in offline.to_give_back(campaign.cooperative):
                    offline.record_given_back(refund, on=clock.now().date(), reference="", by=None, tell=False)
            else:
                settle(campaign)
        except OfflineRefused:
            pass

    def _agree(self, campaign, pledges):
        paid = sum(Payment.objects.filter(state=PaymentState.PAID).values_list("amount", flat=True))
        back = sum(Refund.objects.filter(state=RefundState.DONE).values_list("amount", flat=True))
        entries = ledger_of(campaign)
        assert entries.get("bank", 0) == -entries.get("contributions", 0) == paid - back
        rows = [again(pledge) for pledge in pledges]
        pending = sum(row.items.get().quantity for row in rows if row.state == PledgeState.PENDING)
        standing = sum(row.items.get().quantity for row in rows if row.state == PledgeState.CONFIRMED)
        assert stock_of(campaign) == (pending, standing)
        for row in rows:
            live = row.payments.filter(state__in=[PaymentState.DUE, PaymentState.PAID])
            assert live.count() <= 1
            assert row.state != PledgeState.PENDING or live.get().state == PaymentState.DUE
            assert row.payments.filter(part=0).count() == 1


def findings():
    return [str(finding) for finding in ledger_checks.all_findings()]


def test_what_was_awaited_at_a_missed_goal_is_not_missing_from_the_frozen_total(campaign):
    receive(make_offline(campaign))
    make_offline(campaign, (box_of(campaign), 1), email="autre@courriel.example")
    settle(campaign)
    assert findings() == []


def test_what_was_awaited_at_the_end_and_never_came_is_not_missing_from_the_frozen_total(flexible):
    awaited = make_offline(flexible, (box_of(flexible), 1))
    settle(flexible)
    assert offline.withdraw(payment_of(awaited), by=None)
    assert findings() == []


def test_a_cheque_not_honoured_after_a_registration_takes_back_no_tax_it_never_held(campaign):
    Reward.objects.update(taxable=3000)
    pledge = make_offline(campaign, (box_of(campaign), 1))
    receive(pledge)
    TaxRegistration.objects.create(cooperative=campaign.cooperative, code="gst", number="1", starts_on="2020-01-01")
    assert bounce(pledge)
    assert ledger_of(campaign) == {}
    assert findings() == []


@pytest.mark.parametrize("goal", [100, 90_000_000])
def test_one_awaited_at_the_outcome_and_withdrawn_later_is_no_fault_of_the_frozen_total(campaign, goal):
    Campaign.objects.filter(pk=campaign.pk).update(goal=goal)
    receive(make_offline(campaign, (box_of(campaign), 1)))
    awaited = make_offline(campaign, (box_of(campaign), 1), email="b@courriel.example")
    settle(campaign)
    offline.withdraw(payment_of(awaited), by=None)
    assert again(awaited).state == PledgeState.CANCELLED
    assert [str(finding) for finding in ledger_checks.all_findings()] == []
