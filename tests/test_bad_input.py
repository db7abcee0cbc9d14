"""Whatever is posted or asked for: never a crash, the error at its field, and what was typed shown as text."""

import html
import os
import re
import uuid
from datetime import timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as django_mail
from django.urls import reverse
from django.utils import translation

from campaigns.models import Campaign, CampaignPage
from home import clock
from home.mail import composing
from home.models import Backer, OutgoingMail, Role
from home.referral import VIA_LENGTH
from home.tenancy import within
from pledges import (
    emails,  # noqa: F401 (registers the kinds of mail)
    offline,
)
from pledges.enums import FulfilmentState, RefundState
from pledges.forms import quantity_name
from pledges.journal import known_accounts
from pledges.links import contribution_token
from pledges.models import LedgerGroup, Matching, Pledge, PledgeItem, Refund, TaxRegistration
from tests.factories.books import register
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge, make_refund, payment_of

NASTY = [
    "\0",
    "a\0b",
    "x" * 10_000,
    "9" * 5_000,
    "-1",
    "1e9",
    "0x10",
    "NaN",
    "Infinity",
    "1.5",
    "٣",
    "１２",
    "²",
    "1_000",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
    "%s%(x)s{0}",
    "a@b.example\r\nBcc: c@d.example",
    "\u202eelpmaxe",
    "\ud7ff\ufffe",
    "99999999999999999999",
    "9223372036854775808",
    "2147483648",
]


def url(name, *args):
    with translation.override("en"):
        return reverse(name, args=args)


@pytest.fixture
def visitor(on_host, campaign):
    client = on_host(campaign.cooperative)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def tiers(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


def typed(tier, **fields):
    return {
        quantity_name(tier): "1",
        f"price_{tier.pk}": str(tier.amount),
        "extra": "",
        "name": "Camille Rivard",
        "email": "camille@example.com",
        "language": "en",
        "news": "",
        "via": "",
        "attempt": str(uuid.uuid4()),
    } | fields


def fields_of(tier):
    return [quantity_name(tier), f"price_{tier.pk}", "extra", "name", "email", "language", "news", "via", "attempt"]


def written(cooperative):
    with within(cooperative):
        return Pledge.objects.count(), Backer.objects.count(), OutgoingMail.objects.count()


@pytest.mark.parametrize("step", ["review", "confirm"])
@pytest.mark.parametrize("field", range(9))
def test_no_value_of_any_field_crashes_or_is_written(visitor, campaign, tiers, field, step):
    name = fields_of(tiers[1])[field]
    for value in NASTY:
        page = visitor.post(url("contribute_review", campaign.pk), typed(tiers[1], **{name: value, step: "1"}))
        assert page.status_code == 200, (name, value)
        assert "<script>alert(1)" not in page.content.decode()
    assert written(campaign.cooperative) == (0, 0, 0)


@pytest.mark.parametrize("value", ["-1", "٣x", "1.5", "x", "9" * 5_000, "99999999999999999999"])
def test_a_quantity_that_is_none_is_said_at_its_tier_and_kept(visitor, campaign, tiers, value):
    limited = quantity_name(tiers[1])
    form = visitor.post(url("contribute_review", campaign.pk), typed(tiers[1], **{limited: value})).context["form"]
    assert list(form.errors) == [limited]
    assert form[limited].value() == value


@pytest.mark.parametrize("value", ["9223372036854775808", "2147483648", "400"])
def test_more_than_anyone_may_give_online_is_said_at_the_amount(visitor, campaign, tiers, value):
    flour = quantity_name(tiers[0])
    form = visitor.post(url("contribute_review", campaign.pk), typed(tiers[0], **{flour: value})).context["form"]
    assert list(form.errors) == ["extra"]
    assert "The online amount is at most $10,000." in form.errors["extra"][0]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("-5", "Enter an amount in figures, for example 45 or 45.50."),
        ("45.505", "Enter an amount in figures, for example 45 or 45.50."),
        ("1e3", "Enter an amount in figures, for example 45 or 45.50."),
        ("quarante", "Enter an amount in figures, for example 45 or 45.50."),
        ("999999999", "The online amount is at most $10,000."),
    ],
)
def test_an_amount_that_is_none_is_said_at_its_field_and_kept(visitor, campaign, tiers, value, error):
    page = visitor.post(url("contribute_review", campaign.pk), typed(tiers[0], extra=value))
    assert list(page.context["form"].errors) == ["extra"]
    assert page.context["form"].errors["extra"][0].startswith(error)
    assert f'value="{value}"' in page.content.decode()


def test_figures_of_other_scripts_are_figures(visitor, campaign, tiers):
    """« ٣ » is a three, as Python reads it; the review says it in ours before anything is agreed to."""
    page = visitor.post(url("contribute_review", campaign.pk), typed(tiers[0], extra="٣٠"))
    assert page.context["total"] == tiers[0].amount + 3000


@pytest.mark.parametrize("name", ["a" * 121, "\0", "Zoé\0", "   "])
def test_a_name_that_cannot_be_is_said_at_its_field(visitor, campaign, tiers, name):
    assert list(
        visitor.post(url("contribute_review", campaign.pk), typed(tiers[0], name=name)).context["form"].errors
    ) == ["name"]


@pytest.mark.parametrize(
    "email",
    [
        "a@b.example\nBcc: c@d.example",
        "a@b.example\r\n\r\nHello",
        "a@b.example, c@d.example",
        "Zoé <a@b.example>",
        "a b@c.example",
        "a@b",
        "@b.example",
        "a\0@b.example",
        f"{'a' * 300}@b.example",
    ],
)
def test_an_address_that_is_none_is_said_at_its_field_and_nowhere_written(visitor, campaign, tiers, email):
    for asked in ("contribute_review", "contribution_link"):
        args = [campaign.pk] if asked == "contribute_review" else []
        page = visitor.post(url(asked, *args), typed(tiers[0], email=email, confirm="1", consent="1"))
        assert list(page.context["form"].errors) == ["email"], asked
    assert written(campaign.cooperative) == (0, 0, 0)


def test_a_form_with_nothing_in_it_names_each_field(visitor, campaign):
    for data in ({}, {"confirm": "1"}, {"confirm": "1", "consent": "1"}):
        page = visitor.post(url("contribute_review", campaign.pk), data)
        assert list(page.context["form"].errors) == ["name", "email", "language", "extra"]


def test_fields_sent_twice_are_the_last_one(visitor, campaign, tiers):
    flour = quantity_name(tiers[0])
    data = typed(tiers[0]) | {flour: ["3", "1"], "email": ["x", "camille@example.com"], "name": ["a" * 999, "Camille"]}
    page = visitor.post(url("contribute_review", campaign.pk), data)
    assert page.context["total"] == tiers[0].amount


def test_fields_that_are_files_are_nothing(visitor, campaign, tiers):
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = typed(tiers[0]) | {"name": SimpleUploadedFile("name.txt", b"Camille")}
    assert list(visitor.post(url("contribute_review", campaign.pk), data).context["form"].errors) == ["name"]


def test_a_tier_of_another_campaign_is_no_field(visitor, campaign, tiers):
    from tests.factories.campaigns import make_campaign, tier

    other = make_campaign(campaign.cooperative, title="Autre", tiers=[tier("Sel", 1)])
    with within(campaign.cooperative):
        salt = other.rewards.get()
    page = visitor.post(
        url("contribute_review", campaign.pk), typed(tiers[0]) | {quantity_name(salt): "5", f"price_{salt.pk}": "1"}
    )
    assert page.context["total"] == tiers[0].amount


@pytest.mark.parametrize("value", NASTY)
def test_no_query_string_crashes(visitor, campaign, value):
    for query in ({"reward": value}, {"via": value}, {"sent": value}, {"page": value}):
        assert visitor.get(url("contribute", campaign.pk), query).status_code == 200
        assert visitor.get(url("contribution_link"), query).status_code == 200
        assert visitor.get("/fr/", query).status_code == 200


def test_a_shared_link_s_name_is_kept_if_it_is_one(visitor, campaign):
    for via, kept in (("infolettre", "infolettre"), ('"><u>', '"><u>'), ("x" * (VIA_LENGTH + 1), "")):
        page = visitor.get(url("contribute", campaign.pk), {"via": via})
        body = page.content.decode()
        assert "<u>" not in body
        posted = re.search(r'name="via"[^>]*value="([^"]*)"', body)
        form = visitor.post(
            url("contribute_review", campaign.pk), {"via": html.unescape(posted[1]) if posted else ""}
        ).context["form"]
        assert form.cleaned_data["via"] == kept


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "é", ":" * 50, "W10:1:1", "x" * 3000])
def test_no_token_crashes(visitor, campaign, token):
    for name in ("contribution", "contribution_cancel", "contribution_mend", "contribution_mend_return", "unsubscribe"):
        for answer in (visitor.get(url(name, token)), visitor.post(url(name, token), {"news": "no"})):
            assert answer.status_code in {404, 405, 410}, name


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "9223372036854775808"])
def test_no_number_in_an_address_crashes(visitor, campaign, number):
    for name in ("contribute", "contribute_review"):
        answer = (
            visitor.post(url(name, int(number))) if name == "contribute_review" else visitor.get(url(name, int(number)))
        )
        assert answer.status_code == 404, name


# The admin


@pytest.fixture
def owner(on_host, cooperative):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.OWNER))
    return client


@pytest.mark.parametrize("value", ["\0", "9" * 5_000, "-1", "²", "٣", "99999999999999999999", "'"])
def test_no_filter_of_the_admin_crashes(owner, campaign, value):
    make_pledge(campaign)
    for name in ("pledges_fulfilment", "pledges_contributions", "pledges_money", "updates_mailings"):
        for field in ("campaign", "reward", "state", "payment", "q", "late", "p"):
            assert owner.get(reverse(name), {field: value}).status_code == 200, (name, field)
    for query in ({"to": value}, {"to": "sent", "item": value}, {"to": "sent", "all": "1", "campaign": value}):
        assert owner.get(reverse("pledges_fulfilment_mark"), query).status_code in {200, 302, 404}, query


@pytest.mark.parametrize("number", [0, 99999999999999999999])
def test_no_number_in_an_address_of_the_admin_crashes(owner, campaign, number):
    for name in ("pledges_contribution", "pledges_settlement", "updates_mailing", "updates_briefing"):
        assert owner.get(reverse(name, args=[number]), follow=True).status_code == 404, name


@pytest.mark.parametrize("field", ["campaign", "reward", "state"])
def test_marking_all_that_a_spoilt_filter_finds_marks_nothing(owner, campaign, field):
    pledge = make_pledge(campaign)
    address = reverse("pledges_fulfilment_mark") + f"?to=sent&all=1&{field}=99999"
    assert owner.get(address).status_code == 302
    assert owner.post(address, {"expected": "1"}).status_code == 302
    with within(campaign.cooperative):
        assert PledgeItem.objects.get(pledge=pledge).state == FulfilmentState.NOT_STARTED


@pytest.mark.parametrize("value", ["\0", "9" * 5_000, "-1", "<script>alert(1)</script>", "a\r\nBcc: c@d.example"])
def test_no_value_of_the_marking_form_crashes(owner, campaign, value):
    pledge = make_pledge(campaign)
    with within(campaign.cooperative):
        item = PledgeItem.objects.get(pledge=pledge)
    address = reverse("pledges_fulfilment_mark") + f"?to=sent&item={item.pk}"
    for field in ("expected", "carrier", "tracking_url", "note"):
        page = owner.post(address, {"expected": "0"} | {field: value})
        assert page.status_code in {200, 302}, field
        assert "<script>alert(1)" not in page.content.decode()


# Every other form, field by field: in the admin, and on one's own page


def today():
    return clock.now().astimezone(ZoneInfo("America/Toronto")).date().isoformat()


def admin_forms(campaign, tiers):
    """Address and valid content of each form of the team that is about money."""
    cooperative = campaign.cooperative
    register(cooperative, "gst")
    payment = payment_of(make_pledge(campaign))
    awaited, received = make_offline(campaign), make_offline(campaign)
    with within(cooperative):
        day = clock.now().date()
        offline.receive(payment_of(received), on=day, method="cash", reference="", by=None, tell=False)
        by_hand = make_refund(payment_of(received), commission=0, state=RefundState.DUE)
        registration = TaxRegistration.objects.get()
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    paid = {"received_on": today(), "method": "cheque", "reference": "1", "tell": ""}
    person = {
        "name": "Zoé",
        "email": "zoe@example.com",
        "language": "fr",
        "extra": "20",
        "method": "cash",
        "tell": "on",
    }
    parcel = {"line1": "1, rue X", "city": "X", "country": "CA", "zone": "quebec", "recipient": "", "region": ""}
    more = {"company_name": "", "company_numbers": "", "message": "", "line2": "", "postal_code": "", "reference": ""}
    tax = {"code": "gst", "number": "123456789RT0001", "starts_on": "2020-01-01", "ends_on": ""}
    codes = {f"{account}_{code}".rstrip("_"): "77" for account, code in known_accounts()}
    last_day = (campaign.deadline.date() + timedelta(days=5)).isoformat()
    return {
        "pledges_offline_enter": (
            [campaign.pk],
            person | parcel | more | {"received": "", "received_on": "", quantity_name(tiers[0]): "1", "attempt": "x"},
        ),
        "pledges_offline_received": ([awaited.pk], paid),
        "pledges_offline_given_back": ([by_hand.pk], {"given_on": today(), "reference": "2", "tell": ""}),
        "pledges_refund_ask": (
            [payment.pk],
            {"key": str(uuid.uuid4()), "amount": "1", "reason": "agreed", "note": "", "act": "refund"},
        ),
        "pledges_matching": (
            [campaign.pk],
            {"partner_fr": "A", "partner_en": "A", "amount": "9", "received_on": today(), "reference": "r"},
        ),
        "pledges_tax": ([registration.pk], tax),
        "pledges_taxes": ([], tax | {"code": "qst", "number": "1234567890TQ0009"}),
        "pledges_accounts": ([], codes),
        "campaign_extend": ([page.pk], {"last_day": last_day, "reason_fr": "x", "reason_en": "x"}),
        "pledges_settlement_pause": ([campaign.pk], {"act": "pause"}),
    }


ADMIN_FORMS = [
    *("pledges_offline_enter", "pledges_offline_received", "pledges_offline_given_back", "pledges_refund_ask"),
    *("pledges_matching", "pledges_tax", "pledges_taxes", "pledges_accounts", "campaign_extend"),
    "pledges_settlement_pause",
]


def spoilt_values(number):
    values = [*NASTY, "0001-01-01", "9999-12-31", "2026-02-30", ["1", "2"], None]
    return values if os.environ.get("WHOLE") == "1" else values[number % 6 :: 6]


def assert_spoilt(client, address, data, *, names=()):
    """Each field with each value, twice over, and left out: an answer, what was typed kept, and shown as text.

    Of the values a field is given a sixth, each field others; all of them with WHOLE=1 (`make soak`).
    """
    for number, name in enumerate(names or data):
        for value in spoilt_values(number):
            posted = {key: one for key, one in (data | {name: value}).items() if one is not None}
            page = client.post(address, posted)
            assert page.status_code in {200, 302, 303}, (name, value)
            if page.status_code != 200:
                continue
            assert "<script>alert(1)" not in page.content.decode(), name
            form = (page.context or {}).get("form")
            if form is not None and name in form.errors and isinstance(value, str):
                assert form[name].value() == value, name


@pytest.mark.long
@pytest.mark.parametrize("name", ADMIN_FORMS)
def test_no_value_of_a_form_about_money_crashes(owner, campaign, tiers, name):
    args, data = admin_forms(campaign, tiers)[name]
    assert_spoilt(owner, reverse(name, args=args), data)


@pytest.mark.parametrize("name", ADMIN_FORMS)
def test_a_form_about_money_with_nothing_in_it_does_nothing(owner, campaign, tiers, name):
    args, _data = admin_forms(campaign, tiers)[name]
    with within(campaign.cooperative):
        before = [model.objects.count() for model in (Pledge, Refund, Matching, TaxRegistration, LedgerGroup)]
    for posted in ({}, {"csrfmiddlewaretoken": "x"}):
        assert owner.post(reverse(name, args=args), posted).status_code in {200, 302}
    with within(campaign.cooperative):
        assert [model.objects.count() for model in (Pledge, Refund, Matching, TaxRegistration, LedgerGroup)] == before


BOOKS = {
    "pledges_tax_report": ("first", "last"),
    "pledges_journal": ("first", "last", "campaign"),
    "pledges_owed": ("on",),
    "pledges_lists": ("campaign", "reward"),
    "pledges_list_backers": ("campaign", "reward"),
    "pledges_list_labels": ("campaign", "reward"),
    "pledges_list_pick_up": ("campaign", "reward"),
    "pledges_list_pick_up_page": ("campaign", "reward"),
    "pledges_refunds": ("p",),
    "pledges_payouts": ("p",),
    "pledges_offline": ("p",),
}


@pytest.mark.long
@pytest.mark.parametrize("name", BOOKS)
def test_no_period_and_no_filter_of_the_books_crashes(owner, campaign, name):
    make_pledge(campaign, fee=100)
    for number, field in enumerate(BOOKS[name], list(BOOKS).index(name)):
        for value in [one for one in spoilt_values(number) if isinstance(one, str)]:
            asked = {other: "2026-10-01" for other in BOOKS[name] if other in {"first", "last"}} | {field: value}
            for more in ({}, {"as": "csv"}):
                page = owner.get(reverse(name), asked | more)
                assert page.status_code == 200, (field, value)
                assert "<script>alert(1)" not in page.getvalue().decode()


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_day_that_nothing_can_be_counted_to_is_said_at_its_field(owner, campaign, value, language):
    words = {"fr": "Vérifiez l’année de cette date.", "en": "Check the year of this date."}[language]
    owner.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    asked = {"first": value, "last": value, "on": value}
    for name in ("pledges_tax_report", "pledges_journal", "pledges_owed"):
        page = owner.get(reverse(name), asked)
        assert set(page.context["filter"].errors) == ({"on"} if name == "pledges_owed" else {"first", "last"})
        assert words in html.unescape(page.content.decode())
        assert f'value="{value}"' in page.content.decode()


@pytest.mark.parametrize("number", [0, 99999999999999999999])
def test_no_number_of_a_page_about_money_crashes(owner, campaign, number):
    names = ["pledges_rehearsal", "pledges_report", "pledges_payout", "pledges_refund", *ADMIN_FORMS]
    names += ["campaign_sharing", "campaigns_dossier", "pledges_offline_bounced", "pledges_offline_end"]
    for name in names:
        if name not in {"pledges_taxes", "pledges_accounts"}:
            address = reverse(name, args=[number])
            assert owner.post(address, follow=True).status_code in {404, 405}, name
            assert owner.get(address, follow=True).status_code in {404, 405}, name


@pytest.mark.long
@pytest.mark.parametrize("name", ["change", "address", "email", "settings", "erase", "data", "mend"])
@pytest.mark.parametrize("confirm", [False, True])
def test_no_value_of_a_form_of_one_s_own_page_crashes(visitor, campaign, tiers, name, confirm):
    pledge = make_pledge(campaign, paid=False)
    with within(campaign.cooperative):
        token = contribution_token(pledge)
    parcel = {"recipient": "Zoé", "line1": "1, rue X", "line2": "", "city": "X", "region": "QC"}
    data = {
        "change": {quantity_name(tiers[0]): "1", "extra": "5", "zone": "", "amount": "3500"},
        "address": parcel | {"postal_code": "G0L 0X0", "country": "CA"},
        "email": {"email": "zoe@nouveau.example"},
        "settings": {"wall": "name", "wall_name": "Zoé", "gift_for": "", "language": "en"},
    }.get(name, {"way": "card"})
    steps = {"confirm": "1", "consent": "1"} if confirm else {}
    assert_spoilt(visitor, url(f"contribution_{name}", token), data | steps, names=list(data))


@pytest.mark.long
def test_no_value_of_the_rest_of_the_form_crashes(visitor, campaign, tiers):
    """What came on top of tiers and people: amounts, the wall, gifts, businesses, notes, zones."""
    with within(campaign.cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(suggested_amounts=[2500, 5000])
    fields = ("suggested", "wall", "gift_for", "is_company", "company_name", "company_numbers", "message", "zone")
    fields += ("wanted", "late", "change", f"postage_{tiers[0].pk}", f"{quantity_name(tiers[0])}_99999")
    for steps in ({}, {"confirm": "1"}):
        data = typed(tiers[0]) | steps
        assert_spoilt(visitor, url("contribute_review", campaign.pk), data, names=fields)
    assert written(campaign.cooperative) == (0, 0, 0)


def test_a_key_of_another_payment_s_form_is_another_refund(owner, campaign):
    key = str(uuid.uuid4())
    for payment in (payment_of(make_pledge(campaign)), payment_of(make_pledge(campaign))):
        posted = {"key": key, "amount": "1", "reason": "agreed", "act": "refund"}
        for _click in range(2):
            assert owner.post(reverse("pledges_refund_ask", args=[payment.pk]), posted).status_code == 302
    with within(campaign.cooperative):
        assert Refund.objects.count() == 2


# Mail


def test_what_a_backer_typed_is_text_in_every_mail(campaign):
    name = "<img src=x onerror=alert(1)> {{ x }} & Zoé"
    pledge = make_pledge(campaign, backer_name=name)
    from home import outbox
    from home.mail.registry import all_kinds

    seen = []
    with within(campaign.cooperative):
        for kind in all_kinds():
            if kind.key not in {"pledge_confirmed", "link_renewed"}:
                continue
            mail = outbox.mail_for(
                kind, cooperative=campaign.cooperative, subject_key=pledge.key, to=pledge.backer, facts={}
            )
            message = composing.compose(mail)
            markup = message.alternatives[0][0]
            assert "<img src=x" not in markup, kind.key
            assert "&lt;" not in message.body + message.subject, kind.key
            assert "\n" not in message.subject
            seen.append(kind.key)
    assert seen == ["link_renewed", "pledge_confirmed"]


@pytest.mark.parametrize("name", ["Zoé\r\nBcc: c@d.example", "Zoé\nSubject: x"])
def test_a_name_with_a_line_break_adds_no_header(campaign, name):
    """No form lets one through; one that came another way breaks no mail."""
    pledge = make_pledge(campaign, backer_name=name)
    from home import outbox
    from home.mail.registry import kind_of

    with within(campaign.cooperative):
        mail = outbox.mail_for(
            kind_of("pledge_confirmed"),
            cooperative=campaign.cooperative,
            subject_key=pledge.key,
            to=pledge.backer,
            facts={},
        )
        message = composing.compose(mail)
    message.connection = django_mail.get_connection("django.core.mail.backends.locmem.EmailBackend")
    read = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert read["Bcc"] is None
    assert read["To"] == pledge.backer.email


@pytest.mark.parametrize("name", ["Zoé\r\nBcc: c@d.example", "Zoé\nX"])
def test_a_line_break_in_a_name_does_not_pass_the_form(visitor, campaign, tiers, name):
    page = visitor.post(url("contribute_review", campaign.pk), typed(tiers[0], name=name))
    form = page.context["form"]
    assert list(form.errors) == ["name"] or not re.search(r"[\r\n]", form.cleaned_data["name"])


def test_a_backer_s_name_is_text_on_their_pages(visitor, campaign):
    pledge = make_pledge(campaign, backer_name="<script>alert(1)</script>")
    with within(campaign.cooperative):
        token = contribution_token(pledge)
    for name in ("contribution", "contribution_cancel"):
        assert "<script>alert(1)" not in visitor.get(url(name, token)).content.decode()
