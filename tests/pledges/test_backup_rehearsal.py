"""A backup taken while contributions arrive over HTTP, put back on an empty machine, compared, released, settled.

The machine's database is another of the same server, its media folder is empty. Stripe's double, which nobody puts
back, says what came after the backup.
"""

import io
import itertools
import re
import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connection, connections

from campaigns.models import Campaign
from home.backups import restoring, standing, taking
from home.backups.taking import Keep
from home.models import Cooperative, OutgoingMail
from home.tenancy import within
from pledges import polling, refunds, settlement, webhooks
from pledges.enums import PaymentState, PledgeState, RefundReason, RefundState
from pledges.models import Payment, Pledge, Refund
from pledges.reconciling import What
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.machines import another_database
from tests.pledges.paying import flexible

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

HOST = "meule.localhost"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
LINE = re.compile(r"^meule · (?P<subject>\S+): (?P<what>[^(]*?)(?: \((?P<detail>.*)\))?$")

_people = itertools.count(1)


class Visitors(threading.Thread):
    """One after the other contributes to a campaign as a browser does, to the way back from the hosted page."""

    def __init__(self, server, campaign, double):
        super().__init__()
        self.url, self.double = server, double
        self.campaign, self.reward = campaign.pk, campaign.rewards.order_by("position").first()
        self.thanked, self.error, self.stopped = [], None, threading.Event()

    def run(self):
        try:
            while not self.stopped.is_set():
                self.contribute()
        except Exception as error:
            self.error = error

    def contribute(self):
        email = f"contrib{next(_people)}@courriel.example"
        form = self.ask("GET", f"/fr/contribuer/{self.campaign}/")
        said = {
            f"quantity_{self.reward.pk}": "1", f"price_{self.reward.pk}": str(self.reward.amount), "language": "fr",
            "name": "Rosalie Tremblay", "email": email, "attempt": str(uuid.uuid4()), "consent": "1", "confirm": "1",
        }  # fmt: skip
        token = {"csrfmiddlewaretoken": dict(HIDDEN.findall(form.text))["csrfmiddlewaretoken"]}
        path = f"/fr/contribuer/{self.campaign}/verification/"
        led_on = self.ask("POST", path, data=said | token, cookies=form.cookies.get_dict())
        assert led_on.status_code == 303, led_on.text
        paid = self.double.pay(re.search(r"cs_\w+", led_on.headers["location"])[0])
        back = self.ask("GET", "/" + paid["session"]["success_url"].split("/", 3)[3])
        assert back.status_code == 200, back.status_code
        self.thanked.append(email)

    def has_served(self, count):
        if self.error:
            raise self.error
        return len(self.thanked) >= count

    def ask(self, method, path, **given):
        network = f"10.0.{next(_people) % 250}.7"
        headers = {"Host": HOST, "X-Forwarded-For": network, "Origin": f"http://{HOST}"}
        return requests.request(method, self.url + path, headers=headers, allow_redirects=False, timeout=30, **given)


@contextmanager
def visitors(*threads):
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.stopped.set()
        for thread in threads:
            thread.join(60)
    assert [thread.error for thread in threads] == [None] * len(threads)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@contextmanager
def empty_database(name="tremplin_rehearsal"):
    """Another one of the same server, in this thread."""

    def told(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    told(f"DROP DATABASE IF EXISTS {name}")
    told(f"CREATE DATABASE {name}")
    try:
        with another_database(name):
            yield
    finally:
        connections["default"].close()
        told(f"DROP DATABASE {name} WITH (FORCE)")


def settle(campaign_id):
    campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
    end_now(campaign)
    return settlement.settle(campaign)


def give_back(payment, amount=1_000):
    Refund.objects.create(
        cooperative_id=payment.cooperative_id, payment=payment, state=RefundState.DUE, amount=amount, commission=0,
        currency=payment.currency, reason=RefundReason.AGREED,
        created_at=payment.created_at,
    )  # fmt: skip
    refunds.make_due()


def compared():
    out = io.StringIO()
    try:
        call_command("reconcile_stripe", stdout=out)
    except CommandError as error:
        assert error.returncode == 1, error
    return [LINE.match(line).groupdict() for line in out.getvalue().splitlines() if line.startswith("meule")]


def of(found, what):
    return {one["subject"] for one in found if one["what"] == what.value}


def charged(double, shop):
    return Counter(int(line["metadata"]["tremplin_pledge"]) for line in double.journal(shop.stripe_account, "charge"))


def names_exactly_what_came_since(found, double, shop):
    """What is not here of the double's journal, and of its pages and customers: no more and no less."""
    lines = double.journal(shop.stripe_account)
    known = set(Payment.objects.values_list("stripe_intent", flat=True))
    charges = [line for line in lines if line["kind"] == "charge" and line["payment_intent"] not in known]
    given = set(Refund.objects.values_list("stripe_refund", flat=True))
    since = {line["object"] for line in lines if line["kind"] == "refund" and line["object"] not in given}
    lost = {line["payment_intent"] for line in charges}
    fees = {line["object"] for line in lines if line["kind"] == "application_fee" and line["payment_intent"] in lost}
    assert charges and since, "nothing came after the backup: that proves nothing"
    assert of(found, What.UNKNOWN_PAYMENT) == lost
    assert of(found, What.UNKNOWN_REFUND) == since
    moved = {one["detail"].split()[1] for one in found if one["what"] == What.UNKNOWN_MOVEMENT.value}
    assert moved == {line["object"] for line in charges} | since
    assert of(found, What.COMMISSION) == fees
    told = Counter(one["what"] for one in found)
    allowed = {
        What.UNKNOWN_PAYMENT, What.UNKNOWN_REFUND, What.UNKNOWN_MOVEMENT, What.COMMISSION, What.COMMISSION_RETURNED,
        What.BALANCE, What.UNKNOWN_COMPLETE, What.UNKNOWN_SESSION, What.UNKNOWN_CUSTOMER, What.CARD_GONE,
    }  # fmt: skip
    assert set(told) <= {one.value for one in allowed}, told


def test_what_came_after_the_backup_is_named_and_nobody_is_charged_twice(
    shop, stripe_double, live_server, settings, tmp_path
):
    settings.PROXIES_IN_FRONT = 1
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.MEDIA_ROOT / "meule.webp").write_bytes(b"stone")
    with within(shop):
        Cooperative.objects.filter(pk=shop.pk).update(payouts_enabled=True, details_submitted=True)
        paying = flexible(shop, tiers=[tier("Le sac", 3000, handover="pickup")])
        promising = make_campaign(shop, goal=100, title="Une roue", tiers=[tier("Le pain", 2000, handover="pickup")])
        payers, promisers = (Visitors(live_server.url, one, stripe_double) for one in (paying, promising))

        with visitors(payers, promisers):
            until(lambda: payers.has_served(3) and promisers.has_served(3))
            before = [*payers.thanked, *promisers.thanked]
            taking.take(tmp_path / "backups", Keep(7, 5))
            after = len(payers.thanked), len(promisers.thanked)
            until(lambda: payers.has_served(after[0] + 2) and promisers.has_served(after[1] + 2))
        give_back(Payment.objects.filter(pledge__campaign=paying, state=PaymentState.PAID).order_by("pk").first())
        settle(promising.pk)
    everybody = charged(stripe_double, shop)

    settings.MEDIA_ROOT = tmp_path / "elsewhere/media"
    with empty_database(), within(shop):
        restoring.restore(tmp_path / "backups")
        assert (settings.MEDIA_ROOT / "meule.webp").read_bytes() == b"stone"
        confirmed = Pledge.objects.filter(state=PledgeState.CONFIRMED)
        here = set(confirmed.values_list("backer__email", flat=True))
        assert set(before) <= here and len(here) < len(payers.thanked) + len(promisers.thanked)
        call_command("check_ledger")
        names_exactly_what_came_since(compared(), stripe_double, shop)

        assert settle(promising.pk) == "live"
        assert charged(stripe_double, shop) == everybody
        call_command("release", stdout=io.StringIO())
        assert not standing.is_held()
        polling.poll_cooperative(Cooperative.objects.get(pk=shop.pk))
        webhooks.handle_waiting()
        assert settle(promising.pk) == "funded"
        promises = Pledge.objects.filter(campaign=promising, state=PledgeState.CONFIRMED)
        assert promises.count() == Payment.objects.filter(pledge__in=promises, state=PaymentState.PAID).count() > 2
        assert charged(stripe_double, shop) == everybody, "somebody was charged twice"
        assert set(everybody.values()) == {1}
        assert Refund.objects.filter(state=RefundState.DONE).count() == 1
        call_command("check_ledger")
        left = compared()
        ours = set(Payment.objects.values_list("stripe_intent", flat=True))
        assert of(left, What.UNKNOWN_PAYMENT).isdisjoint(ours) and not of(left, What.UNKNOWN_REFUND)
        assert OutgoingMail.objects.filter(kind="goal_met_charged").count() == promises.count()
