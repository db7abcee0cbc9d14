"""A whole contribution, with what goes wrong on the way, under the logging of production: nothing of its backer."""

import io
import json
import logging
import logging.config
import uuid

import pytest
from django.urls import reverse
from django.utils import translation

from home import outbox
from home.logs.setting_up import logging_settings
from home.models import Backer, OutgoingMail
from home.tenancy import within
from pledges import settlement, webhooks
from pledges.forms import quantity_name
from pledges.links import contribution_token
from pledges.models import Checkout, Pledge
from tests.factories.campaigns import end_now

NAME, EMAIL, STREET = "Wilhelmine Zéphyrin", "wilhelmine.zephyrin@courriel.example", "4517, chemin des Grèves"


@pytest.fixture
def written():
    """All that any logger writes as production writes it; what ours say at the finest."""
    text = io.StringIO()
    wanted = logging_settings("json")
    wanted["handlers"]["console"]["stream"] = text
    for room in ("home", "campaigns", "pledges", "updates"):
        wanted["loggers"][room]["level"] = "DEBUG"
    wanted["root"]["level"] = "INFO"
    logging.config.dictConfig(wanted)
    yield text
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


def path(name, *args):
    with translation.override("fr"):
        return reverse(name, args=args)


def contribute(visitor, campaign):
    with within(campaign.cooperative):
        tier = campaign.rewards.order_by("position").first()
    data = {
        "name": NAME,
        "email": EMAIL,
        "language": "fr",
        "attempt": str(uuid.uuid4()),
        quantity_name(tier): "1",
        f"price_{tier.pk}": str(tier.amount),
        "confirm": "1",
        "consent": "1",
    }
    return visitor.post(path("contribute_review", campaign.pk), data)


def test_no_line_holds_the_backer_s_data(
    written, shop, campaign, stripe_double, on_host, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_PORT = 1  # nobody listens there
    visitor = on_host(shop)
    visitor.raise_request_exception = False
    stripe_double.fault("POST /v1/checkout/sessions", "500")
    contribute(visitor, campaign)
    contribute(visitor, campaign)
    with within(shop):
        checkout = Checkout.objects.exclude(stripe_session="").latest("pk")
        stripe_double.pay(checkout.stripe_session)
    visitor.get(path("checkout_return", checkout.key))
    for payload, signature in stripe_double.events(shop.stripe_account):
        webhooks.receive(payload, signature)
    webhooks.handle_waiting()
    with within(shop):
        pledge = Pledge.objects.get(checkouts=checkout)
        token = contribution_token(pledge)
    for name in ("contribution", "contribution_email", "contribution_data", "contribution_erase"):
        visitor.get(path(name, token))
    visitor.post(path("contribution_email", token), {"email": "other." + EMAIL})
    visitor.post(path("contribution_address", token), {"name": NAME, "line1": STREET})
    visitor.get(path("contribution", token[:-3] + "xyz"))
    visitor.get(f"/fr/nulle-part/{EMAIL}/?name={NAME}")
    logging.getLogger("pledges").error("a row was refused: %s", f"DETAIL:  Key (name)=({NAME}) already exists.")
    with within(shop):
        OutgoingMail.objects.filter(backer__email=EMAIL).update(not_before=None)
    outbox.send_due()
    with within(shop):
        end_now(campaign)
        stripe_double.fault("POST /v1/payment_intents", "500", times=2)
        settlement.settle(campaign)
        assert Backer.objects.filter(email=EMAIL).exists()
    lines = written.getvalue()
    assert len(lines.splitlines()) >= 5
    assert all(json.loads(line)["at"] for line in lines.splitlines())
    for secret in (
        *NAME.split(),
        EMAIL,
        "wilhelmine",
        "zephyrin",
        STREET,
        token,
        str(checkout.key),
        "sk_test_tremplin",
    ):
        assert secret.casefold() not in lines.casefold(), [one for one in lines.splitlines() if secret in one]
