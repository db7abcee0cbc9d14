"""The account at Stripe: opened once, read back, lost and found again; its page in the admin."""

from datetime import timedelta

import pytest
import requests
from django.urls import reverse

from campaigns.models import Campaign
from home import clock
from home.mail import composing
from home.models import Cooperative, OutgoingMail, Role
from home.tenancy import within
from pledges import accounts, checkout, gateway, ledger_checks, pledging, polling, refunds, saved_cards, settlement
from pledges.choosing import PledgeRefused
from pledges.enums import PaymentState, RefundState
from pledges.gateway.client import client as stripe_client
from pledges.models import CardToForget, Payment, Pledge, Refund, StripeAccount
from pledges.pledging import begin
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.requests import pledge_request
from tests.leading import led_to
from tests.pledges.aftermath import is_gone
from tests.pledges.paying import flexible, paid, receive

URLS = {"return_url": "http://meule.localhost/back", "refresh_url": "http://meule.localhost/over"}


@pytest.fixture
def newcomer(cooperative, stripe_double):
    """Ours, before it has an account."""
    Cooperative.objects.filter(pk=cooperative.pk).update(stripe_account="", charges_enabled=False)
    cooperative.refresh_from_db()
    with within(cooperative):
        yield cooperative


@pytest.fixture
def treasurer(cooperative):
    return make_user(cooperative, Role.TREASURER)


@pytest.fixture
def admin(client, cooperative, treasurer):
    client.defaults.update(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(treasurer)
    return client


def at_stripe():
    return [one.id for one in stripe_client().v1.accounts.list({"limit": 100}).auto_paging_iter()]


def trouble():
    rows = OutgoingMail.objects.filter(kind="payments_trouble").select_related("cooperative__site", "user")
    return list(rows.order_by("pk"))


# ---------------------------------------------------------------- opened once


def test_the_whole_way_from_the_button_to_an_account_that_takes_payments(newcomer, admin):
    page = admin.get(reverse("pledges_account"))
    assert "Open the account at Stripe" in page.content.decode()
    assert at_stripe() == []
    to_stripe = admin.post(reverse("pledges_account"))
    newcomer.refresh_from_db()
    assert at_stripe() == [newcomer.stripe_account]
    assert (newcomer.charges_enabled, newcomer.takes_payments) == (False, False)
    done = requests.post(led_to(to_stripe), allow_redirects=False, timeout=10)
    assert done.headers["location"] == newcomer.root_url + reverse("pledges_account_return")
    back = admin.get(reverse("pledges_account_return"), follow=True)
    newcomer.refresh_from_db()
    assert (newcomer.charges_enabled, newcomer.payouts_enabled, newcomer.details_submitted) == (True, True, True)
    assert "Stripe account ready to take payments" in back.content.decode()


@pytest.mark.parametrize("kind", ["timeout_after_commit", "500_after_commit", "hang_up"])
def test_an_answer_that_never_came_makes_no_second_account(newcomer, treasurer, stripe_double, kind):
    if kind == "hang_up":  # killed once Stripe had answered, before its name was stored
        accounts.open_for(newcomer, by=treasurer)
        Cooperative.objects.update(stripe_account="")
        newcomer.refresh_from_db()
    else:
        stripe_double.fault("POST /v1/accounts", kind)
        if kind == "timeout_after_commit":
            with pytest.raises(gateway.Unavailable):
                accounts.open_for(newcomer, by=treasurer)
    assert accounts.open_for(newcomer, by=treasurer) in at_stripe()
    assert len(at_stripe()) == 1


def test_a_day_later_the_account_is_looked_for_before_one_is_made(newcomer, treasurer, stripe_double):
    first = accounts.open_for(newcomer, by=treasurer)
    Cooperative.objects.update(stripe_account="")
    StripeAccount.objects.update(asked_at=clock.now() - timedelta(hours=25))
    stripe_double.advance(hours=25)
    newcomer.refresh_from_db()
    assert (accounts.open_for(newcomer, by=treasurer), at_stripe()) == (first, [first])


def test_what_was_refused_under_a_key_is_asked_anew_under_another(newcomer, treasurer, stripe_double):
    stripe_double.fault("POST /v1/accounts", "500")
    for _ in range(2):  # the second answer is the first one, replayed
        with pytest.raises(gateway.Crashed):
            accounts.open_for(newcomer, by=treasurer)
        StripeAccount.objects.filter(asked_at__isnull=False).update(asked_at=clock.now() - timedelta(minutes=2))
    accounts.open_for(newcomer, by=treasurer)
    assert len(at_stripe()) == 1


def test_the_page_says_that_stripe_does_not_answer(newcomer, admin, stripe_double):
    stripe_double.fault("POST /v1/account_links", "500")
    page = admin.post(reverse("pledges_account"), follow=True)
    assert "Stripe does not answer at the moment. Nothing was changed" in page.content.decode()


def test_a_link_that_is_over_leads_back_to_the_button(shop, admin):
    page = admin.get(reverse("pledges_account_over"), follow=True)
    assert "That link is over" in page.content.decode()


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize(
    ("role", "sees", "acts"), [("editor", 200, False), ("adviser", 200, False), ("owner", 200, True)]
)
def test_everyone_of_the_team_sees_it_and_some_act(newcomer, client, role, sees, acts):
    client.defaults["HTTP_HOST"] = newcomer.site.hostname
    client.force_login(make_user(newcomer, Role(role)))
    assert client.get(reverse("pledges_account")).status_code == sees
    client.post(reverse("pledges_account"))
    assert len(at_stripe()) == acts
    allowed = client.get(reverse("pledges_account_return")).status_code == 302 and acts
    assert allowed == acts


def test_an_owner_elsewhere_neither_sees_nor_acts(newcomer, outsider, client):
    client.defaults["HTTP_HOST"] = newcomer.site.hostname
    client.force_login(make_user(outsider, Role.OWNER))
    for name in ("pledges_account", "pledges_account_return", "pledges_account_over", "pledges_payouts"):
        assert client.get(reverse(name)).status_code in (302, 403)
        assert b"acct_" not in client.get(reverse(name)).content
    client.post(reverse("pledges_account"))
    newcomer.refresh_from_db()
    assert (at_stripe(), newcomer.stripe_account) == ([], "")


# ---------------------------------------------------------------- lost and found again


def test_payments_lost_stop_pledges_are_told_once_and_come_back(shop, treasurer, admin, on_host, stripe_double):
    make_user(shop, Role.OWNER)
    campaign = make_campaign(shop)
    stripe_double.set_account(shop.stripe_account, charges_enabled=False)
    for _ in range(2):
        receive(stripe_double, shop, "account.updated")
    shop.refresh_from_db()
    assert not shop.takes_payments
    with within(shop):
        assert sorted(mail.address for mail in trouble()) == ["owner@meule.example", "treasurer@meule.example"]
        message = composing.compose(trouble()[0])
        assert message.subject == "Les paiements sont suspendus"
        assert "À fournir\u00a0: 5 renseignements" in message.body
        assert "Remettre la meule en marche" in message.body
        with pytest.raises(PledgeRefused, match="paused"):
            begin(shop, pledge_request(campaign, extra=2500))
    assert (
        "Payments are paused: no contribution can be made." in admin.get(reverse("wagtailadmin_home")).content.decode()
    )
    visitor = on_host(shop)
    for language, words in (
        ("fr", "Les paiements sont suspendus pour le moment"),
        ("en", "Payments are paused for now"),
    ):
        page = visitor.get(page_url(campaign, language))
        assert words in page.content.decode()
    stripe_double.set_account(shop.stripe_account, charges_enabled=True)
    receive(stripe_double, shop, "account.updated")
    shop.refresh_from_db()
    assert shop.takes_payments
    assert "Payments are paused" not in admin.get(reverse("wagtailadmin_home")).content.decode()
    assert "Payments are paused" not in visitor.get(page_url(campaign, "en")).content.decode()
    stripe_double.set_account(shop.stripe_account, charges_enabled=False)
    receive(stripe_double, shop, "account.updated")
    with within(shop):
        assert len(trouble()) == 4


def page_url(campaign, language):
    from campaigns import queries

    with within(campaign.cooperative):
        return queries.page_in(campaign, language).get_url()


def test_an_answer_to_an_older_question_changes_nothing(shop):
    accounts.refresh(shop)
    old = gateway.Account(shop.stripe_account, False, False, False, (), None, "")
    with within(shop):
        accounts._record(shop, old, clock.now() - timedelta(minutes=1))
    shop.refresh_from_db()
    assert shop.takes_payments


def test_a_date_to_answer_by_is_told_once(shop, treasurer):
    due = gateway.Account(shop.stripe_account, True, True, True, ("external_account",), clock.now(), "")
    with within(shop):
        for _ in range(2):
            accounts._record(shop, due, clock.now())
        (mail,) = trouble()
        assert composing.compose(mail).subject.startswith("Stripe demande des renseignements d’ici le ")


def test_a_disconnected_account_waits_and_loses_nothing(shop, treasurer, admin, stripe_double):
    from tests.pledges.test_settlement import pledge

    with within(shop):
        campaign = make_campaign(shop, goal=5000)
        made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
        end_now(campaign)
    stripe_double.set_account(shop.stripe_account, deauthorized=True)
    assert polling.poll_cooperative(shop) == 0  # its own events cannot be read any more: that is how it is learned
    shop.refresh_from_db()
    assert (shop.disconnected_at is not None, shop.takes_payments) == (True, False)
    with within(shop):
        assert len(trouble()) == 1
        assert "n’a plus accès à votre compte Stripe" in composing.compose(trouble()[0]).body
        settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
        assert list(Payment.objects.values_list("state", flat=True)) == [PaymentState.DUE]
    assert "its owner has disconnected it" in admin.get(reverse("pledges_account")).content.decode()
    stripe_double.set_account(shop.stripe_account, deauthorized=False)
    polling.poll_cooperative(shop)
    shop.refresh_from_db()
    assert (shop.disconnected_at, shop.takes_payments) == (None, True)
    with within(shop):
        Payment.objects.update(lease_until=None, lease_token=None, retry_at=None)
        settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
        assert list(Payment.objects.values_list("state", flat=True)) == [PaymentState.PAID]
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [made.amount]


def test_what_waits_for_a_disconnected_account_is_shown_not_tried_and_done_once_it_is_back(
    shop, outsider, treasurer, admin, stripe_double, caplog
):
    with within(shop):
        campaign = flexible(shop)
        payment = paid(campaign, stripe_double, 3_000)
        pledging.cancel(payment.pledge)
        promised = promise(make_campaign(shop, title="Une roue"), stripe_double)
        card = promised.payment_method
        pledging.cancel(promised)
        replaced = promise(make_campaign(shop, title="Deux roues"), stripe_double)
        saved_cards.replaced(replaced, replaced.payment_method)
        refund = Refund.objects.get()
    stripe_double.open_account(outsider)
    with within(outsider):
        pledging.cancel(paid(flexible(outsider), stripe_double, 1_000).pledge)
    stripe_double.set_account(shop.stripe_account, deauthorized=True)
    polling.poll_cooperative(shop)
    caplog.clear()
    assert (refunds.make_due(), saved_cards.forget_due()) == (1, 0)  # the other cooperative's
    assert [record.message for record in caplog.records] == []
    assert "refunds in progress wait" in admin.get(reverse("pledges_refunds")).content.decode()
    assert "refunds in progress wait" in admin.get(reverse("pledges_refund", args=[refund.pk])).content.decode()
    with within(shop):
        assert (Refund.objects.get().state, Refund.objects.get().lease_until) == (RefundState.DUE, None)
        assert CardToForget.objects.filter(forgotten_at=None).count() == 1
    stripe_double.set_account(shop.stripe_account, deauthorized=False)
    polling.poll_cooperative(shop)
    assert (refunds.make_due(), saved_cards.forget_due()) == (1, 2)
    with within(shop):
        assert Refund.objects.get().state == RefundState.DONE
        assert is_gone(shop.stripe_account, card)
        assert list(ledger_checks.all_findings()) == []
    assert "refunds in progress wait" not in admin.get(reverse("pledges_refunds")).content.decode()


def promise(campaign, double):
    row = begin(campaign.cooperative, pledge_request(campaign, (campaign.rewards.last(), 1)))
    checkout.open_page(row)
    double.pay(row.stripe_session)
    checkout.finish(row)
    return Pledge.objects.select_related("campaign").get(pk=row.pledge_id)


def test_the_event_of_a_revoked_access_is_believed_only_once_it_is_so(shop, stripe_double):
    stripe_double.set_account(shop.stripe_account, deauthorized=True)
    stripe_double.set_account(shop.stripe_account, deauthorized=False)
    receive(stripe_double, shop, "account.application.deauthorized")
    shop.refresh_from_db()
    assert shop.takes_payments


def test_unavailable_for_a_minute_is_not_disconnected(shop, stripe_double):
    stripe_double.fault("GET /v1/accounts", "500")
    with pytest.raises(gateway.Unavailable):
        accounts.refresh(shop)
    shop.refresh_from_db()
    assert shop.disconnected_at is None
