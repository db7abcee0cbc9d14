"""After the end: what is still offered is paid for at once, counts in no total, and holds the campaign open."""

import threading

import pytest
from django.db import connections, transaction

from campaigns import lifecycle
from campaigns.models import Campaign, CampaignState, FundingModel, Reward, RewardStock
from home import clock
from home.models import OutgoingMail
from home.tenancy import within
from pledges import checkout, completing, late_pledges, pledging, settlement, totals
from pledges.choosing import PledgeRefused
from pledges.consent_texts import checkout_text
from pledges.enums import CheckoutPurpose, CheckoutState, FulfilmentState, PaymentState, PledgeState
from pledges.forms import quantity_name
from pledges.models import Checkout, Pledge, PledgeItem, Settlement
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, end_now, make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.factories.requests import pledge_request
from tests.pledges.test_choosing import confirmed, form_data, url, words

pytestmark = pytest.mark.usefixtures("inside")

MODELS = pytest.mark.parametrize("model", FundingModel.values)


def ended(shop, model=FundingModel.ALL_OR_NOTHING, *, pledged=None):
    """A campaign that reached its goal and is settled: its second tier and its add-on are still offered."""
    body = [*body_of([tier(), tier("La boîte", 6500, limit=2)]), add_ons(tier("Le sac", 900))]
    campaign = make_campaign(shop, bilingual=False, funding_model=model, body=body)
    Reward.objects.filter(position__gte=1).update(sold_late=True)
    end_now(campaign)
    lifecycle.close(campaign)
    lifecycle.decide(campaign, pledged=campaign.goal if pledged is None else pledged, backers=1)
    now = clock.now()
    Settlement.objects.create(cooperative=shop, campaign=campaign, started_at=now, grace_ends_at=now, finished_at=now)
    return campaign


@pytest.fixture
def campaign(shop):
    return ended(shop)


@pytest.fixture
def rewards(campaign):
    return list(Reward.objects.order_by("position"))


def late(campaign, *chosen, **fields):
    return pledge_request(campaign, *chosen, is_late=True, extra=0, **fields)


def refusal(shop, request):
    with pytest.raises(PledgeRefused) as refused:
        pledging.begin(shop, request)
    return refused.value.code


def test_only_what_is_sold_late_is_offered(campaign, rewards, on_host):
    page = on_host(campaign.cooperative).get(url("contribute", campaign.pk))
    form = page.context["form"]
    assert [choice.reward for choice in form.tiers()] == rewards[1:2]
    assert [choice.reward for choice in form.add_ons()] == rewards[2:]
    assert "The campaign has ended. These rewards are still offered; your card is charged at once." in words(page)
    assert 'name="late" value="1"' in page.content.decode()


@MODELS
def test_a_late_pledge_is_paid_at_once_and_counts_in_no_total(shop, on_host, stripe_double, model):
    campaign, visitor = ended(shop, model), on_host(shop)
    box = Reward.objects.get(title_fr="La boîte")
    before = totals.progress_of(campaign), settlement.totals(campaign)
    review = visitor.post(url("contribute_review", campaign.pk), form_data((box, 1), late="1"))
    text = words(review)
    for said in (
        "Review, then pay",
        "Your card is charged now. The campaign has ended: your contribution goes to La Meule commune and does not",
        "to charge my card $65 today. The campaign has ended: my contribution does not change its result.",
        "Pay $65",
    ):
        assert said in text
    for never in ("cancel", "only if pledges reach", "even if the goal"):
        assert never not in text
    data = dict(review.context["form"].kept()) | {"late": "1", "confirm": "1", "consent": "1"}
    assert visitor.post(url("contribute_review", campaign.pk), data).status_code == 303
    row = Checkout.objects.get()
    assert row.purpose == CheckoutPurpose.PAY
    assert "La campagne" in checkout_text(row.pledge) or "has ended" in checkout_text(row.pledge)
    stripe_double.pay(row.stripe_session)
    thanks = words(visitor.get(url("checkout_return", row.key)))
    assert "Thank you! Your contribution of $65 is paid." in thanks
    pledge = Pledge.objects.get()
    assert (pledge.is_late, pledge.state, pledge.payment.state) == (True, PledgeState.CONFIRMED, PaymentState.PAID)
    assert list(OutgoingMail.objects.values_list("kind", flat=True)) == ["contribution_receipt"]
    assert (totals.progress_of(campaign), settlement.totals(campaign)) == before
    assert not pledging.may_cancel(pledge, clock.now()) and not pledging.cancel(pledge)
    Settlement.objects.update(prepared_at=None, finished_at=None)
    settlement.settle(campaign)
    assert pledge.payments.count() == 1
    assert len(stripe_double.journal(shop.stripe_account, "charge")) == 1


def test_what_is_refused_late(shop, campaign, rewards):
    bag, box, sack = rewards
    assert refusal(shop, late(campaign, (bag, 1))) == "not_offered"
    assert refusal(shop, late(campaign)) == "closed"
    assert refusal(shop, late(campaign, (sack, 1))) == "alone"
    assert refusal(shop, late(campaign, (box, 3))) == "sold_out"
    assert refusal(shop, pledge_request(campaign, (box, 1))) == "closed", "what was agreed to was a promise"
    assert Pledge.objects.count() == 0
    assert pledging.begin(shop, late(campaign, (box, 1), (sack, 1))).pledge.amount == 7400


@pytest.mark.parametrize("state", [CampaignState.LIVE, CampaignState.CLOSING, CampaignState.CLOSED])
def test_a_campaign_that_is_not_at_that_point_takes_none(shop, campaign, rewards, state, on_host):
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    campaign.refresh_from_db()
    assert refusal(shop, late(campaign, (rewards[1], 1))) == "closed"
    assert not late_pledges.are_offered(campaign)
    page = on_host(shop).post(url("contribute_review", campaign.pk), confirmed((rewards[1], 1), late="1"))
    assert "What was still offered after the campaign no longer is. Nothing was charged." in words(page)


def test_a_missed_goal_offers_nothing_late(shop, on_host):
    campaign = ended(shop, pledged=1)
    assert campaign.is_missed and not late_pledges.are_offered(campaign)
    assert "<form" not in on_host(shop).get(url("contribute", campaign.pk)).content.decode()


@pytest.mark.parametrize("gone", ["sold out", "held", "retired"])
def test_nothing_is_offered_once_nothing_is_left(campaign, rewards, gone):
    if gone == "retired":
        Reward.objects.filter(pk=rewards[1].pk).update(retired_at=clock.now())
    else:
        RewardStock.objects.update(**({"promised": 2} if gone == "sold out" else {"held": 2}))
    assert not late_pledges.are_offered(campaign)


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Contribuer après la campagne"), ("en", "Contribute after the campaign")]
)
def test_a_page_of_before_the_end_is_told_so_and_offered_to_start_again(campaign, rewards, on_host, language, said):
    visitor = on_host(campaign.cooperative)
    for data in (form_data((rewards[1], 1)), confirmed((rewards[1], 1))):
        page = visitor.post(url("contribute_review", campaign.pk, language=language), data)
        assert said in words(page)
        assert f'href="{url("contribute", campaign.pk, language=language)}"' in page.content.decode()
    assert Pledge.objects.count() == 0


@pytest.mark.parametrize(("language", "said"), [("fr", "Choisissez une contrepartie."), ("en", "Choose a reward.")])
def test_a_late_contribution_has_a_reward(campaign, rewards, on_host, language, said):
    page = on_host(campaign.cooperative).post(
        url("contribute_review", campaign.pk, language=language), form_data(extra="45", late="1")
    )
    form = page.context["form"]
    assert form.errors == {quantity_name(rewards[1]): [said]}
    assert form["extra"].value() == "45"


def test_the_campaign_waits_for_a_late_pledge_and_its_reward(shop, campaign, rewards, stripe_double):
    row = pledging.begin(shop, late(campaign, (rewards[1], 1)))
    assert completing.move_on(campaign) == CampaignState.FUNDED, "someone is paying"
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    assert [completing.move_on(campaign) for _time in range(2)] == [CampaignState.FULFILLING] * 2
    PledgeItem.objects.update(state=FulfilmentState.DELIVERED, state_since=clock.now())
    second = pledging.begin(shop, late(campaign, (rewards[1], 1)))
    Reward.objects.update(retired_at=clock.now())
    assert completing.move_on(campaign) == CampaignState.FULFILLING, "someone is paying"
    pledging.lapse(second)
    assert completing.move_on(campaign) == CampaignState.CLOSED
    assert refusal(shop, late(campaign, (rewards[1], 1))) == "closed"


def test_promises_and_late_pledges_are_charged_apart(shop, campaign, rewards):
    """A late pledge without a payment (there is none) would never be charged by the settlement."""
    pledge = make_pledge(campaign, rewards=[(rewards[1], 1)], paid=False)
    Pledge.objects.filter(pk=pledge.pk).update(is_late=True)
    assert settlement._prepare_chunk(campaign) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_a_late_pledge_being_written(shop, campaign, rewards):
    """Both began at once: the pledge holds the campaign's row until it is there to be seen.

    The tiers are retired meanwhile, so that nothing else keeps the campaign open.
    """
    Reward.objects.update(frozen_at=clock.now())
    written, may_commit = threading.Event(), threading.Event()

    def buy():
        try:
            with within(shop), transaction.atomic():
                pledging.begin(shop, late(campaign, (rewards[1], 1)))
                written.set()
                may_commit.wait(10)
        finally:
            connections.close_all()

    buyer = threading.Thread(target=buy)
    buyer.start()
    assert written.wait(10)
    Reward.objects.update(retired_at=clock.now())
    threading.Timer(0.5, may_commit.set).start()
    assert completing.move_on(campaign) == CampaignState.FUNDED
    buyer.join(10)
    assert Pledge.objects.get().state == PledgeState.PENDING
