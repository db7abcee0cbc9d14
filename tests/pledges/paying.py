"""The whole way of a contribution against the Stripe double, for tests of what comes after it."""

from campaigns.enums import FundingModel
from home.tenancy import within
from pledges import checkout, pledging, webhooks
from pledges.models import Payment
from tests.factories.campaigns import make_campaign
from tests.factories.requests import pledge_request


def flexible(shop, **fields):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE, goal=900_000, **fields)


def paid(campaign, double, amount=10_000, *, card="4242424242424242", **fields):
    """A contribution paid at once; its payment."""
    with within(campaign.cooperative):
        row = pledging.begin(campaign.cooperative, pledge_request(campaign, extra=amount, **fields))
        checkout.open_page(row)
        double.pay(row.stripe_session, card)
        checkout.finish(row)
        return Payment.objects.select_related("pledge__campaign", "cooperative__site").get(pledge=row.pledge_id)


def receive(double, shop, *kinds):
    """Have the events of these kinds delivered, kind by kind, and handled."""
    for kind in kinds:
        for payload, signature in double.events(shop.stripe_account, kind):
            webhooks.receive(payload, signature)
    webhooks.handle_waiting()
