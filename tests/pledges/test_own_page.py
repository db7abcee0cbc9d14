"""One's own page in use: each page asks by GET and acts by POST, in both languages, for its own contribution only."""

import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock
from home.mail import composing
from home.models import Backer, MailState, OutgoingMail
from home.tenancy import within
from pledges import before_charge, changing, checkout, data_links, erasing, fulfilment
from pledges.data_links import Act
from pledges.enums import CheckoutPurpose, FulfilmentState, PledgeState, RefundState
from pledges.gateway import Intent
from pledges.links import contribution_token
from pledges.models import (
    CardToForget,
    Checkout,
    DataRequest,
    DeliveryAddress,
    Payment,
    Pledge,
    Refund,
    TaxRegistration,
)
from pledges.receipts import receipt_of
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of

PAGES = ("change", "card", "address", "settings", "data", "erase")


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def own(pledge, name, *args, language="en"):
    return url(f"contribution_{name}", contribution_token(pledge), *args, language=language)


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)


def tiers(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def over(campaign, state=CampaignState.ENDED):
    with within(campaign.cooperative):
        end_now(campaign)
        figures = {"pledged_at_deadline": 1, "backers_at_deadline": 1}
        Campaign.objects.filter(pk=campaign.pk).update(state=state, outcome=state, **figures)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_in_both_languages_and_changes_nothing(visitor, campaign, name, language, everywhere):
    pledge = make_pledge(campaign, paid=False)
    before = Pledge.objects.filter(pk=pledge.pk).values().get()
    assert visitor.get(own(pledge, name, language=language)).status_code == 200
    assert Pledge.objects.filter(pk=pledge.pk).values().get() == before
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_link_opens_nothing_at_another_cooperative(campaign, outsider, name):
    make_campaign(outsider)
    pledge = make_pledge(campaign, paid=False)
    visitor = Client(HTTP_HOST=outsider.site.hostname)
    for ask in (visitor.get, visitor.post):
        assert ask(own(pledge, name)).status_code == 410


# Changing


def test_a_promise_is_changed_in_two_steps(visitor, campaign, inside):
    flour, box = tiers(campaign)
    pledge = make_pledge(campaign, rewards=[(flour, 1)], paid=False)
    choice = {f"quantity_{flour.pk}": "0", f"quantity_{box.pk}": "2", "extra": "5,50"}
    review = visitor.post(own(pledge, "change"), choice)
    assert "I authorize a maximum of $135.50 instead of $30." in review.content.decode()
    sent = choice | {"amount": "13550", "confirm": "1"}
    again = visitor.post(own(pledge, "change"), sent)
    assert "To continue, tick the box that confirms your agreement." in again.content.decode()
    assert visitor.post(own(pledge, "change"), sent | {"consent": "1", "amount": "1"}).status_code == 200
    pledge.refresh_from_db()
    assert pledge.amount == 3000
    done = visitor.post(own(pledge, "change"), sent | {"consent": "1"})
    assert (done.status_code, done["Location"]) == (303, url("contribution", contribution_token(pledge)) + "?changed")
    pledge.refresh_from_db()
    assert (pledge.amount, pledge.consents.order_by("-id").first().language) == (13550, "en")


@pytest.mark.parametrize("bad", ["-1", "abc", "9" * 5000, "1.5", "\0", "11"])
def test_a_choice_that_cannot_be_is_said_at_its_field(visitor, campaign, inside, bad):
    box = tiers(campaign)[1]
    pledge = make_pledge(campaign, paid=False)
    page = visitor.post(
        own(pledge, "change"), {f"quantity_{box.pk}": bad, "confirm": "1", "consent": "1", "amount": "1"}
    )
    assert page.status_code == 200
    assert f'href="#id_quantity_{box.pk}"' in page.content.decode()
    pledge.refresh_from_db()
    assert pledge.amount == 3000


def test_a_paid_contribution_becomes_more_once_its_difference_is_paid(visitor, stripe_double, shop, flexible, inside):
    flexible.cooperative.refresh_from_db()
    box = tiers(flexible)[1]
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    sent = {f"quantity_{box.pk}": "2", "amount": "13000", "confirm": "1", "consent": "1"}
    to_page = visitor.post(own(pledge, "change"), sent)
    assert to_page.status_code == 303
    row = Checkout.objects.get(purpose=CheckoutPurpose.CHANGE)
    assert to_page["Location"] == row.url
    assert (
        "A change is waiting for its payment."
        in visitor.get(url("contribution", contribution_token(pledge))).content.decode()
    )
    stripe_double.pay(row.stripe_session)
    back = visitor.get(url("checkout_return", row.key))
    assert back["Location"] == url("contribution", contribution_token(pledge)) + "?changed"
    pledge.refresh_from_db()
    payment = pledge.payments.get(part=1)
    assert (pledge.amount, payment.amount, payment.commission) == (13000, 6500, changing.commission_for(row))


def test_cancelling_ends_a_change_that_is_not_paid(visitor, stripe_double, shop, flexible, inside):
    box = tiers(flexible)[1]
    pledge = make_pledge(flexible, rewards=[(box, 1)])
    visitor.post(own(pledge, "change"), {f"quantity_{box.pk}": "3", "amount": "19500", "confirm": "1", "consent": "1"})
    visitor.post(own(pledge, "cancel"))
    pledge.refresh_from_db()
    box.stock.refresh_from_db()
    assert (pledge.state, box.stock.held, box.stock.promised) == (PledgeState.CANCELLED, 0, 0)


# Another card


def test_another_card_takes_the_place_of_the_first_which_is_forgotten(visitor, stripe_double, shop, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    first = pledge.payment_method
    assert visitor.post(own(pledge, "card")).status_code == 303
    row = Checkout.objects.get(purpose=CheckoutPurpose.CARD)
    stripe_double.pay(row.stripe_session, card="5555555555554444")
    assert visitor.get(url("checkout_return", row.key))["Location"].endswith("?card")
    pledge.refresh_from_db()
    assert (pledge.card_last4, pledge.state) == ("4444", PledgeState.CONFIRMED)
    assert CardToForget.objects.get().payment_method == first
    checkout.finish(row)
    assert CardToForget.objects.count() == 1


# Address and settings


def test_the_address_is_kept_until_it_is_locked(visitor, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    Pledge.objects.filter(pk=pledge.pk).update(zone="quebec")
    good = {"recipient": "Rosalie", "line1": "1, rue A", "city": "Rimouski", "region": "QC", "postal_code": "g5l1a1"}
    bad = visitor.post(own(pledge, "address"), good | {"postal_code": "12345"}).content.decode()
    assert "Enter a postal code such as A1A 1A1." in bad
    assert 'value="12345"' in bad
    assert not DeliveryAddress.objects.exists()
    assert visitor.post(own(pledge, "address"), good | {"postal_code": "V5K 0A1"}).status_code == 200
    assert visitor.post(own(pledge, "address"), good).status_code == 303
    found = DeliveryAddress.objects.get()
    assert (found.postal_code, found.country, found.pledge_id) == ("G5L 1A1", "CA", pledge.pk)
    DeliveryAddress.objects.update(locked_at=clock.now())
    page = visitor.post(own(pledge, "address"), good | {"city": "Matane"})
    assert "The address was locked on" in page.content.decode()
    assert DeliveryAddress.objects.get().city == "Rimouski"


def test_the_language_is_chosen(visitor, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    done = visitor.post(own(pledge, "settings"), {"language": "en"})
    assert done.status_code == 303
    pledge.refresh_from_db()
    assert (pledge.language, pledge.backer.language) == ("en", "en")
    assert visitor.post(own(pledge, "settings"), {"language": "xx"}).status_code == 200


# Receipts


def test_a_receipt_shows_taxes_apart_and_what_was_given_back(visitor, flexible, inside):
    TaxRegistration.objects.create(
        cooperative=flexible.cooperative, code="gst", number="12345 RT0001", starts_on=date(2020, 1, 1)
    )
    flexible.rewards.update(taxable=3000)
    pledge = make_pledge(flexible)
    payment = payment_of(pledge)
    make_refund(payment, amount=1000)
    text = visitor.get(own(pledge, "receipt", payment.pk)).content.decode()
    for said in (f"MEULE-{payment.pk:06}", "GST (5%) · 12345 RT0001", "$1.43", "$30.00", "$20.00", "NEQ: 1100000000"):
        assert said in text
    assert "This is a receipt for payment; it is not a tax receipt." in text
    assert visitor.get(own(pledge, "receipt", 999_999)).status_code == 404
    assert visitor.get(own(make_pledge(flexible), "receipt", payment.pk)).status_code == 404
    Pledge.objects.filter(pk=pledge.pk).update(company_name="L’Épicerie « Chez Zoé »")
    assert "Facture" in visitor.get(own(pledge, "receipt", payment.pk, language="fr")).content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_receipt_is_a_pdf_too(visitor, flexible, inside, language, caplog):
    pledge = make_pledge(flexible, backer_name="Zoé L’Écuyer-Nuñez")
    page = visitor.get(own(pledge, "receipt_pdf", payment_of(pledge).pk, language=language))
    assert (page["Content-Type"], page.content[:5]) == ("application/pdf", b"%PDF-")
    assert "missing" not in caplog.text


def test_the_receipt_of_a_part_is_of_what_was_paid_then(flexible, inside):
    flour, box = tiers(flexible)
    pledge = make_pledge(flexible, rewards=[(flour, 1)])
    wanted = [changing.Wanted(box.pk, 1)]
    change = changing.ask(pledge, changing.ChangeRequest(wanted, 0, "", 6500, "J’autorise…", "2026-11", "fr"))
    changing.complete(change.checkout, Intent("pi_1", "succeeded", 3500, "CAD"))
    first, second = (receipt_of(one) for one in Payment.objects.order_by("part"))
    assert [line.amount for line in first.lines] == [3000]
    assert [line.amount for line in second.lines] == [6500, -3000]
    assert (first.total, second.total) == (3000, 3500)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Une contrepartie de cette contribution a déjà été remise"),
        ("en", "A reward of this contribution was already handed over: write to bonjour@meule.example."),
    ],
)
def test_what_was_handed_over_is_not_changed_and_the_page_says_why(visitor, flexible, inside, language, said):
    pledge = make_pledge(flexible)
    fulfilment.mark([pledge.items.get().pk], FulfilmentState.SENT, by=None)
    address = own(pledge, "change", language=language)
    for page in (visitor.get(address), visitor.post(address, {"extra": "10", "confirm": "1", "amount": "4000"})):
        text = page.content.decode()
        assert said in text and "bonjour@meule.example" in text
        assert "A contribution may be changed until" not in text
        assert "Une contribution peut être modifiée" not in text


# One's data


def test_data_is_downloaded_once_by_the_link_that_was_mailed(visitor, campaign, outsider, inside):
    pledge = make_pledge(campaign, paid=False, extra=500)
    for _ in range(4):
        visitor.post(own(pledge, "data"))
    assert DataRequest.objects.count() == 3
    request = DataRequest.objects.first()
    with within(outsider):
        make_campaign(outsider)
    page = url("data_download", data_links.token_of(request, Act.EXPORT))
    assert str(request.key) not in page
    assert visitor.get(url("data_download", request.key)).status_code == 410
    assert visitor.post(url("data_erase", data_links.token_of(request, Act.EXPORT))).status_code == 410
    assert Client(HTTP_HOST=outsider.site.hostname).post(page).status_code == 410
    assert visitor.get(page).status_code == 200
    packed = visitor.post(page)
    assert visitor.post(page).status_code == 410
    files = zipfile.ZipFile(io.BytesIO(packed.content))
    data = json.loads(files.read("data.json"))
    assert data["backer"]["email"] == pledge.backer.email
    assert [one["amount"] for one in data["contributions"]] == [3500]
    assert files.read("data.csv").startswith(b"\xef\xbb\xbf")


def mailed_to_erase():
    """The path behind the button of the mail that was just written."""
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get(kind="data_to_erase")
    [found] = re.findall(rf"{re.escape(mail.cooperative.root_url)}(/\S+)", composing.compose(mail).body)[:1]
    return found


def test_nothing_is_erased_while_something_stands_or_is_owed(visitor, campaign, flexible, inside):
    promise = make_pledge(campaign, paid=False)
    assert "it may be cancelled until the deadline" in visitor.post(own(promise, "erase")).content.decode()
    paid = make_pledge(flexible)
    over(flexible)
    assert "A reward is still to be handed over" in visitor.post(own(paid, "erase")).content.decode()
    assert not Backer.objects.exclude(erased_at=None).exists()


def test_all_is_erased_but_what_accounting_needs(visitor, stripe_double, shop, flexible, inside):
    pledge = make_pledge(flexible, rewards=[], extra=2500, email="zoe@courriel.example")
    customer = checkout.customer_of(pledge.backer, pledge)
    over(flexible)
    Pledge.objects.update(message="Bravo!", wall_name="Zoé", wall="name")
    link = own(pledge, "erase")
    assert visitor.post(link)["Location"] == f"{link}?sent"
    assert "A link has just been sent to your email" in visitor.get(f"{link}?sent").content.decode()
    mailed = mailed_to_erase()
    assert "Nous effacerons tout" in visitor.get(mailed).content.decode()  # in the language of its reader
    assert not Backer.objects.exclude(erased_at=None).exists()
    assert visitor.post(mailed).status_code == 200
    backer = Backer.objects.get(pk=pledge.backer_id)
    assert (backer.email, backer.name, backer.email_key) == ("", "", f"erased:{backer.pk}")
    pledge.refresh_from_db()
    assert (pledge.message, pledge.wall_name, pledge.wall, pledge.card_last4, pledge.amount) == (
        "",
        "",
        "neither",
        "",
        2500,
    )
    assert [visitor.get(one).status_code for one in (link, mailed)] == [410, 410]
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get(kind="data_erased")
    assert mail.address == "zoe@courriel.example"
    assert str(clock.now().year + 6) in composing.compose(mail).body
    erasing.finish_due()
    backer.refresh_from_db()
    assert (customer != "", backer.stripe_customer) == (True, "")
    mail.refresh_from_db()
    assert mail.address == "zoe@courriel.example"
    OutgoingMail.objects.update(state=MailState.SENT)
    erasing.finish_due()
    mail.refresh_from_db()
    assert (mail.address, erasing.is_due()) == ("", False)


def test_a_refund_that_stripe_refused_keeps_nobody_from_being_erased(flexible, inside):
    pledge = make_pledge(flexible, rewards=[], extra=2500)
    make_refund(pledge.payment, commission=0, state=RefundState.FAILED)
    over(flexible)
    assert erasing.reason_against(pledge.backer) == ""
    Refund.objects.update(done_at=clock.now())
    assert erasing.reason_against(pledge.backer) == erasing.MONEY


# Before the debit


def test_amount_and_date_are_written_once_three_days_ahead(campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    make_pledge(campaign, state=PledgeState.CANCELLED)
    now = clock.now()
    Pledge.objects.update(confirmed_at=now - timedelta(days=5))
    make_pledge(campaign, paid=False)
    for left, expected in ((4.5, 0), (2.9, 1), (2.9, 1), (1.5, 1)):
        Campaign.objects.filter(pk=campaign.pk).update(deadline=(now + timedelta(days=left)).replace(second=0))
        for one in before_charge.near_their_charge():
            before_charge.tell(one)
        assert OutgoingMail.objects.filter(kind="charge_upcoming").count() >= expected
    mails = OutgoingMail.objects.filter(kind="charge_upcoming").select_related("cooperative__site", "backer")
    assert {mail.subject_key for mail in mails} == {pledge.key}
    assert "$30" in composing.compose(mails[0]).body or "30" in composing.compose(mails[0]).body


def test_a_card_that_expires_is_pointed_out_a_week_ahead(campaign, inside):
    soon, later = make_pledge(campaign, paid=False), make_pledge(campaign, paid=False)
    deadline = clock.now() + timedelta(days=6)
    Campaign.objects.filter(pk=campaign.pk).update(deadline=deadline)
    last_month = (deadline.replace(day=1) - timedelta(days=1)).date().replace(day=1)
    Pledge.objects.filter(pk=soon.pk).update(card_expires=last_month)
    for _ in range(2):
        for one in before_charge.near_their_charge():
            before_charge.tell(one)
    assert [mail.subject_key for mail in OutgoingMail.objects.filter(kind="card_expiring")] == [soon.key]
    assert later.key != soon.key
