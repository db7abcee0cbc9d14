"""The books in the admin: who may open them, files, forms that keep what was typed, and nothing of another house."""

import csv
from datetime import date
from io import StringIO

import pytest
from django.urls import reverse

from campaigns.models import CampaignPage
from home.models import Role, User
from home.tenancy import within
from pledges.models import AccountCode, LedgerGroup, Matching, TaxRegistration
from pledges.totals import progress_of
from tests.factories.books import make_matching, register, tax_tiers
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of

PAGES = ["pledges_books", "pledges_tax_report", "pledges_owed", "pledges_journal", "pledges_accounts", "pledges_taxes"]
FILES = ["pledges_tax_report", "pledges_owed", "pledges_journal"]


@pytest.fixture
def ours(cooperative):
    campaign = make_campaign(cooperative, title="Notre moulin", tiers=[tier("=Sac", 3000)])
    _fill(campaign)
    return campaign


@pytest.fixture
def theirs(outsider):
    campaign = make_campaign(outsider, title="Phare secret", tiers=[tier("Secret du phare", 1111)])
    _fill(campaign)
    make_matching(campaign, 777_700, partner="Fonds secret")
    return campaign


def _fill(campaign):
    register(campaign.cooperative)
    tax_tiers(campaign)
    payment = payment_of(make_pledge(campaign, fee=117))
    make_refund(payment, amount=100, commission=0)


@pytest.fixture
def treasurer(on_host, cooperative):
    return _logged_in(on_host(cooperative), make_user(cooperative, Role.TREASURER))


def _logged_in(client, user):
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def _rows(response):
    text = b"".join(response).decode().removeprefix("\ufeff")
    return list(csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in text.splitlines()[0] else ","))


@pytest.mark.parametrize("name", ["pledges_tax_report", "pledges_owed", "pledges_journal", "pledges_taxes"])
def test_a_day_is_chosen_in_a_calendar(treasurer, ours, name):
    page = treasurer.get(reverse(name)).content.decode()
    assert "wagtailadmin/js/date-time-chooser.js" in page


@pytest.mark.parametrize(
    ("role", "opens"), [("editor", False), ("adviser", False), ("treasurer", True), ("owner", True)]
)
def test_treasurers_and_owners_only(on_host, ours, role, opens):
    client = _logged_in(on_host(ours.cooperative), make_user(ours.cooperative, Role(role)))
    with within(ours.cooperative):
        row = TaxRegistration.objects.first()
    addresses = [reverse(name) for name in PAGES]
    addresses += [reverse("pledges_matching", args=[ours.pk]), reverse("pledges_tax", args=[row.pk])]
    assert {client.get(url).status_code == 200 for url in addresses} == {opens}
    client.post(reverse("pledges_matching", args=[ours.pk]), _money())
    with within(ours.cooperative):
        assert Matching.objects.exists() == opens


def test_an_owner_of_another_cooperative_opens_nothing(on_host, ours, outsider):
    client = _logged_in(on_host(ours.cooperative), make_user(outsider, Role.OWNER))
    assert {client.get(reverse(name)).status_code for name in PAGES} == {302}


def test_nothing_of_another_cooperative_is_in_a_page_or_a_file(on_host, ours, theirs):
    client = _logged_in(on_host(ours.cooperative), User.objects.create_superuser("root@tremplin.example", "secret"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    bodies = [client.get(reverse(name)).content.decode() for name in PAGES]
    bodies += [b"".join(client.get(reverse(name), {"as": "csv"})).decode() for name in FILES]
    bodies.append(client.get(reverse("pledges_matching", args=[ours.pk])).content.decode())
    assert [word for word in ("secret", "11,11", "7777", "777,") if any(word in body for body in bodies)] == []
    assert "Notre moulin" in bodies[1]
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    their_tax = TaxRegistration._base_manager.filter(cooperative=theirs.cooperative).first()
    for url in (reverse("pledges_matching", args=[theirs.pk]), reverse("pledges_tax", args=[their_tax.pk])):
        assert client.get(url, follow=True).status_code == 404
        client.post(url, _money() | {"code": "gst", "number": "999999999RT0009", "starts_on": "2020-01-01"})
    their_tax.refresh_from_db()
    assert their_tax.number != "999999999RT0009"
    assert Matching._base_manager.filter(campaign=theirs).count() == 1
    body = client.get(reverse("pledges_journal"), {"first": "2020-01-01", "last": "2099-01-01", "campaign": theirs.pk})
    assert "Select a valid choice" in body.content.decode()


def test_the_journal_as_a_file_balances(treasurer, ours):
    response = treasurer.get(reverse("pledges_journal"), {"first": "2020-01-01", "last": "2099-01-01", "as": "csv"})
    assert response["Content-Disposition"] == 'attachment; filename="journal-2020-01-01-2099-01-01.csv"'
    header, *rows = _rows(response)
    assert header == [
        "Date",
        "Group",
        "Kind",
        "Reference",
        "Campaign",
        "Account code",
        "Account",
        "Tax",
        "Debit",
        "Credit",
        "Currency",
    ]
    debit, credit = ([round(100 * float(row[column] or 0)) for row in rows] for column in (8, 9))
    assert sum(debit) == sum(credit) == 3_000 + 117 + 100
    assert {row[7] for row in rows} == {"", "GST", "QST"}


def test_a_french_file_has_french_signs(treasurer, ours):
    treasurer.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    response = treasurer.get(reverse("pledges_owed"), {"as": "csv"})
    (_header, row) = _rows(response)
    assert row[1:4] == ["'=Sac", "1", "26,10"]


def test_an_unreadable_period_gives_the_page_with_its_error_and_no_file(treasurer, ours):
    asked = {"first": "2026-12-01", "last": "2026-11-01", "as": "csv"}
    for name in ("pledges_journal", "pledges_tax_report"):
        body = treasurer.get(reverse(name), asked).content.decode()
        assert "The last day is before the first." in body
        assert 'value="2026-12-01"' in body


@pytest.mark.parametrize(
    ("code", "typed", "kept"),
    [
        ("gst", "123456789 rt 0002", "123456789RT0002"),
        ("qst", "1234567890-TQ-0002", "1234567890TQ0002"),
        ("vat", "FR 40 303265045", "FR40303265045"),
    ],
)
def test_a_tax_is_kept_under_its_number(treasurer, cooperative, code, typed, kept):
    form = {"code": code, "number": typed, "starts_on": "2026-01-01", "ends_on": ""}
    assert treasurer.post(reverse("pledges_taxes"), form).status_code == 302
    with within(cooperative):
        (row,) = TaxRegistration.objects.all()
        assert (row.code, row.number, row.starts_on, row.ends_on) == (code, kept, date(2026, 1, 1), None)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": "12345"}, "Write this number like 123456789RT0001."),
        ({"code": "qst"}, "Write this number like 1234567890TQ0001."),
        ({"ends_on": "2025-12-31"}, "The last day is before the first."),
        ({"code": "peage"}, "Select a valid choice"),
        ({"starts_on": ""}, "This field is required."),
    ],
)
def test_a_tax_that_cannot_be_is_refused_and_what_was_typed_is_kept(treasurer, cooperative, changed, said):
    form = {"code": "gst", "number": "123456789RT0001", "starts_on": "2026-01-01", "ends_on": ""} | changed
    body = treasurer.post(reverse("pledges_taxes"), form).content.decode()
    assert said in body
    assert f'value="{form["number"]}"' in body
    with within(cooperative):
        assert not TaxRegistration.objects.exists()


def test_one_tax_is_never_collected_twice_on_a_day(treasurer, cooperative):
    register(cooperative, "gst", starts_on=date(2026, 1, 1))
    form = {"code": "gst", "number": "123456789RT0002", "starts_on": "2026-07-01", "ends_on": ""}
    assert "already collected" in treasurer.post(reverse("pledges_taxes"), form).content.decode()
    with within(cooperative):
        first = TaxRegistration.objects.get()
    ended = {"code": "gst", "number": first.number, "starts_on": "2026-01-01", "ends_on": "2026-06-30"}
    assert treasurer.post(reverse("pledges_tax", args=[first.pk]), ended).status_code == 302
    assert treasurer.post(reverse("pledges_taxes"), form).status_code == 302
    with within(cooperative):
        assert TaxRegistration.objects.count() == 2


def test_account_codes_are_kept(treasurer, ours):
    page = treasurer.get(reverse("pledges_accounts"))
    fields = {field.name: field.value() for field in page.context_data["form"]}
    assert fields["contributions"] == "4000"
    treasurer.post(reverse("pledges_accounts"), fields | {"contributions": "4-777"})
    with within(ours.cooperative):
        assert AccountCode.objects.get(account="contributions").code == "4-777"
        assert AccountCode.objects.get(account="taxes", tax="qst").code == "2320"
    refused = treasurer.post(reverse("pledges_accounts"), fields | {"contributions": ""}).content.decode()
    assert "This field is required." in refused


def _money(**changed):
    return {
        "partner_fr": "Caisse du Fleuve",
        "partner_en": "River Credit Union",
        "amount": "2 500,00 $",
        "received_on": "2026-11-02",
        "reference": "VIR-12",
    } | changed


def test_matching_money_is_recorded_once_and_shown_apart(treasurer, ours, client):
    with within(ours.cooperative):
        before = progress_of(ours)
    address = reverse("pledges_matching", args=[ours.pk])
    assert treasurer.post(address, _money()).status_code == 302
    assert "recorded already" in treasurer.post(address, _money()).content.decode()
    with within(ours.cooperative):
        (row,) = Matching.objects.all()
        assert (row.amount, row.recorded_by.email) == (250_000, "treasurer@meule.example")
        assert LedgerGroup.objects.filter(kind="matching").count() == 1
        assert progress_of(ours) == before
    figures = client.get(reverse("campaign_figures", args=[ours.pk])).json()
    assert (figures["pledged"], figures["collected"], figures["percent"]) == (3_000, 2_900, 3)
    with within(ours.cooperative):
        page = CampaignPage.objects.get(translation_key=ours.translation_key, locale__language_code="fr")
        address = page.get_url()
    body = client.get(address).content.decode()
    assert "Caisse du Fleuve" in body
    widget = client.get(reverse("campaign_widget", args=[ours.pk])).content.decode()
    assert "Caisse" not in widget


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "beaucoup"}, "Enter an amount in figures"),
        ({"received_on": "2099-01-01"}, "This day is yet to come"),
        ({"partner_en": ""}, "This field is required."),
    ],
)
def test_matching_money_that_cannot_be_is_refused(treasurer, ours, changed, said):
    body = treasurer.post(reverse("pledges_matching", args=[ours.pk]), _money(**changed)).content.decode()
    assert said in body
    assert "VIR-12" in body
    with within(ours.cooperative):
        assert not Matching.objects.exists()
        assert not LedgerGroup.objects.filter(kind="matching").exists()


def test_reading_changes_nothing(treasurer, ours):
    def state():
        with within(ours.cooperative):
            return [model.objects.count() for model in (TaxRegistration, AccountCode, Matching, LedgerGroup)]

    before = state()
    for name in PAGES:
        treasurer.get(reverse(name))
    assert state() == before
