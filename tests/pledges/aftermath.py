"""What tests of what follows a payment share: contributions made at the double, events brought, books compared."""

from datetime import timedelta

import requests
import stripe

from campaigns.models import Campaign
from home import clock
from home.models import OutgoingMail
from pledges import checkout, grace, ledger_checks, pledging, refunds, settlement, tasks, webhooks
from pledges.enums import CheckoutState
from pledges.gateway.client import client
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge, Settlement
from tests.factories.campaigns import end_now
from tests.factories.requests import pledge_request

OK = "4242424242424242"

#: Every kind of event that this room follows, in an order in which they might come.
KINDS = [
    "checkout.session.completed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    "radar.early_fraud_warning.created",
    "customer.deleted",
    "payment_method.detached",
]


def contribute(campaign, double, *chosen, card=OK, finish=True, **fields):
    """A backer's whole way to a contribution, or as far as the hosted page if its return never came."""
    request = pledge_request(campaign, *(chosen or [(campaign.rewards.first(), 1)]), **fields)
    row = pledging.begin(campaign.cooperative, request)
    checkout.open_page(row)
    answer = double.pay(row.stripe_session, card)
    if finish and answer["state"] == "done":
        assert checkout.finish(row) == CheckoutState.COMPLETE
    return Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=row.pledge_id)


def settle(campaign):
    end_now(campaign)
    settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))


def pass_days(double, days):
    clock.advance(timedelta(days=days))
    double.advance(hours=24 * days)


def attend(campaign):
    """As the tick does, twice."""
    for _time in range(2):
        for one in grace.running().filter(campaign=campaign):
            grace.attend(one)
    return Settlement.objects.get(campaign=campaign)


def payment_of(pledge):
    rows = Payment.objects.select_related(
        "pledge__backer", "pledge__campaign__settlement", "pledge__cooperative__site", "cooperative"
    )
    return rows.get(pledge=pledge, part=0)


def bring_events(double, account, *kinds, backwards=False):
    """Have every event of these kinds delivered, each twice."""
    for kind in kinds or KINDS:
        found = double.events(account, kind)
        for payload, signature in [*(reversed(found) if backwards else found)] * 2:
            webhooks.receive(payload, signature)
    webhooks.handle_waiting()


def make_refunds(double):
    refunds.make_due()
    double.advance(seconds=60)


def close_dispute(double, dispute, status):
    answer = requests.post(f"{double.url}/_sandbox/disputes/{dispute}", json={"status": status}, timeout=20)
    answer.raise_for_status()


def answer_of_issuer(double, method, decline_code):
    address = f"{double.url}/_sandbox/payment_methods/{method}"
    requests.post(address, json={"decline_code": decline_code}, timeout=20).raise_for_status()


def in_dashboard(account):
    """Someone of the cooperative at Stripe's own dashboard: the client, and the options of its calls."""
    return client().v1, {"stripe_account": account}


def book_agrees(double, account):
    """The balance, fee and commission of our ledger are the double's to the cent, and no row is at fault."""
    tasks.learn_fees.call()
    lines = double.journal(account)

    def moved(*kinds):
        return sum(line["amount"] for line in lines if line["kind"] in kinds)

    ours = ledger()
    found = {name: ours.get(name, 0) for name in ("balance", "commission", "processing_fees", "dispute_fees")}
    assert found == {
        "balance": sum(line["amount"] for line in lines),
        "commission": -moved("application_fee", "application_fee_refund"),
        "processing_fees": -moved("stripe_fee"),
        "dispute_fees": -moved("dispute_fee"),
    }
    assert [str(finding) for finding in ledger_checks.all_findings()] == []


def ledger():
    """What stands on each account; nothing of an account that is at zero."""
    totals = {}
    for entry in LedgerEntry.objects.all():
        totals[entry.account] = totals.get(entry.account, 0) + entry.amount
    return {account: amount for account, amount in totals.items() if amount}


def groups():
    """The kinds of the groups written, in order."""
    return list(LedgerGroup.objects.order_by("pk").values_list("kind", flat=True))


def mails(kind):
    return sorted(OutgoingMail.objects.filter(kind=kind).values_list("occasion", "address"))


def is_gone(account, method):
    try:
        return client().v1.payment_methods.retrieve(method, options={"stripe_account": account}).customer is None
    except stripe.InvalidRequestError:
        return True
