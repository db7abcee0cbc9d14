"""Whatever is posted or asked for: never a crash, the error at its field, and what was typed shown as text."""

import html
import re
import uuid
from email import message_from_bytes, policy

import pytest
from django.core import mail as django_mail
from django.urls import reverse
from django.utils import translation

from home import composing
from home.models import Backer, OutgoingMail, Role
from home.referral import VIA_LENGTH
from home.tenancy import within
from pledges import emails  # noqa: F401 (registers the kinds of mail)
from pledges.enums import FulfilmentState
from pledges.forms import quantity_name
from pledges.links import contribution_token
from pledges.models import Pledge, PledgeItem
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge

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


# Mail


def test_what_a_backer_typed_is_text_in_every_mail(campaign):
    name = "<img src=x onerror=alert(1)> {{ x }} & Zoé"
    pledge = make_pledge(campaign, backer_name=name)
    from home import outbox
    from home.registry import all_kinds

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
    from home.registry import kind_of

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
