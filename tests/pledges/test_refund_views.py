"""Refunds in the admin: who may, the second page, a second person, what came back; nothing of another's."""

import html
import re

import pytest
from django.urls import reverse

from home import clock
from home.models import Role, User
from home.tenancy import within
from pledges.enums import DisputeState, RefundState
from pledges.ledger import record_refund_failed
from pledges.models import Dispute, FraudWarning, Refund
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of


@pytest.fixture
def payment(cooperative):
    return payment_of(make_pledge(make_campaign(cooperative), fee=117))


@pytest.fixture
def login(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    def as_role(role, at=None, email=None):
        client.force_login(make_user(at or cooperative, role, **({"email": email} if email else {})))
        return client

    return as_role


def text_of(response):
    body = re.sub(r"(?s)<(script|template|svg|style).*?</\1>", " ", response.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def refunds(cooperative):
    with within(cooperative):
        return list(Refund.objects.order_by("pk"))


def fill(response):
    """What the form of a page holds."""
    return {field.name: field.value() for field in response.context["form"] if field.value() is not None}


@pytest.mark.parametrize(
    ("role", "opens"), [(Role.TREASURER, True), (Role.OWNER, True), (Role.EDITOR, False), (Role.ADVISER, False)]
)
def test_only_treasurers_and_owners_refund(login, cooperative, payment, role, opens):
    client = login(role)
    refund = make_refund(payment, amount=100, commission=5)
    for address in (
        reverse("pledges_refund_ask", args=[payment.pk]),
        reverse("pledges_refunds"),
        reverse("pledges_refund", args=[refund.pk]),
    ):
        assert (client.get(address).status_code == 200) == opens, address
    data = {"key": "9b2f4f0e-3f5e-4c5b-9d6e-111111111111", "amount": "10", "reason": "agreed", "act": "refund"}
    client.post(reverse("pledges_refund_ask", args=[payment.pk]), data)
    assert len(refunds(cooperative)) == (2 if opens else 1)


def test_two_pages_lead_to_a_refund_and_the_same_one_twice_asks_once(login, cooperative, payment):
    client = login(Role.TREASURER)
    address = reverse("pledges_refund_ask", args=[payment.pk])
    first = client.get(address)
    assert "may still be refunded" in text_of(first)
    data = fill(first) | {"amount": "12.50", "reason": "agreed", "note": "Par téléphone"}
    second = client.post(address, data | {"act": "check"})
    shown = text_of(second)
    for words in ("Refund $12.50 to Rosalie Tremblay?", "$0.63", "Processing fee, not returned $1.17", "Par téléphone"):
        assert words in shown
    assert refunds(cooperative) == []
    corrected = client.post(address, fill(second) | {"act": "correct"})
    assert corrected.context["form"]["amount"].value() == "12.50"
    for _click in range(2):
        client.post(address, fill(second) | {"act": "refund"})
    (refund,) = refunds(cooperative)
    assert (refund.state, refund.amount, refund.reason, refund.note) == (
        RefundState.DUE, 1250, "agreed", "Par téléphone",
    )  # fmt: skip
    assert refund.asked_by == User.objects.get()


@pytest.mark.parametrize("typed", ["", "0", "beaucoup", "30.01", "-5"])
def test_an_amount_that_cannot_be_is_said_at_its_field_and_kept(login, cooperative, payment, typed):
    client = login(Role.OWNER)
    address = reverse("pledges_refund_ask", args=[payment.pk])
    answer = client.post(
        address, fill(client.get(address)) | {"amount": typed, "reason": "agreed", "note": "gardée", "act": "refund"}
    )
    assert list(answer.context["form"].errors) == ["amount"]
    assert answer.context["form"]["note"].value() == "gardée"
    assert refunds(cooperative) == []


def test_a_second_person_decides_above_the_limit(login, cooperative, payment):
    cooperative.second_person_above = 1000
    cooperative.save()
    client = login(Role.TREASURER)
    address = reverse("pledges_refund_ask", args=[payment.pk])
    checked = client.post(address, fill(client.get(address)) | {"reason": "agreed", "amount": "30", "act": "check"})
    assert "Above $10, another treasurer or owner" in text_of(checked)
    client.post(address, fill(checked) | {"act": "refund"})
    (refund,) = refunds(cooperative)
    assert refund.state == RefundState.TO_APPROVE
    own = client.get(reverse("pledges_refund", args=[refund.pk]))
    assert ("Approve, and refund" in text_of(own), "You asked for this refund" in text_of(own)) == (False, True)
    client.post(reverse("pledges_refund", args=[refund.pk]), {"act": "approve"})
    assert refunds(cooperative)[0].state == RefundState.TO_APPROVE
    other = login(Role.OWNER, email="direction@meule.example")
    assert "Rosalie Tremblay" in text_of(other.get(reverse("pledges_refunds")))
    assert "Approve, and refund $30.00" in text_of(other.get(reverse("pledges_refund", args=[refund.pk])))
    other.get(reverse("pledges_refund", args=[refund.pk]) + "?act=approve")
    assert refunds(cooperative)[0].state == RefundState.TO_APPROVE
    other.post(reverse("pledges_refund", args=[refund.pk]), {"act": "approve"})
    assert refunds(cooperative)[0].state == RefundState.DUE


def test_what_came_back_is_marked_as_paid_by_other_means(login, cooperative, payment):
    refund = make_refund(payment)
    with within(cooperative):
        Refund.objects.update(state=RefundState.FAILED, failed_at=clock.now(), failure="lost_or_stolen_card")
        refund.refresh_from_db()
        record_refund_failed(refund, clock.now())
    client = login(Role.TREASURER)
    address = reverse("pledges_refund", args=[refund.pk])
    assert "The bank sent this refund back" in text_of(client.get(address))
    for _click in range(2):
        client.post(address, {"act": "settle"})
    assert refunds(cooperative)[0].settled_by == User.objects.get()
    assert "Mark as paid" not in text_of(client.get(address))


def test_what_was_refused_is_listed_until_it_is_asked_for_again(login, cooperative, payment):
    make_refund(payment, amount=1200, commission=60, state=RefundState.FAILED)
    (refund,) = refunds(cooperative)
    client = login(Role.TREASURER)
    address = reverse("pledges_refund", args=[refund.pk])
    assert "refused, and can be made now" in text_of(client.get(reverse("pledges_refunds")))
    shown = text_of(client.get(address))
    assert ("Ask again, and refund $12.00" in shown, "Let this refund go" in shown) == (True, False)
    client.get(address + "?act=again")
    assert refunds(cooperative)[0].state == RefundState.FAILED
    client.post(address, {"act": "again"})
    assert refunds(cooperative)[0].state == RefundState.DUE
    assert "refused, and can be made now" not in text_of(client.get(reverse("pledges_refunds")))


def test_disputes_and_warnings_stand_on_the_page_and_by_the_contribution(login, cooperative, payment):
    with within(cooperative):
        now = clock.now()
        Dispute.objects.create(
            cooperative=cooperative, payment=payment, stripe_dispute="dp_1", state=DisputeState.OPEN,
            reason="product_not_received", amount=3000, fee=1500, currency="CAD", opened_at=now, answer_by=now,
        )  # fmt: skip
        other = payment_of(make_pledge(payment.pledge.campaign, backer_name="Marc Roy"))
        FraudWarning.objects.create(
            cooperative=cooperative, payment=other, stripe_warning="iss_1", kind="misc", warned_at=now
        )
    client = login(Role.TREASURER)
    shown = text_of(client.get(reverse("pledges_refunds")))
    for words in ("$30.00, Rosalie Tremblay", "nothing was received", "Answer due by", "$30.00, Marc Roy · misc"):
        assert words in shown
    page = text_of(client.get(reverse("pledges_contribution", args=[payment.pledge_id])))
    assert ("Dispute (Open): $30.00." in page, "Refund the payment" in page) == (True, False)
    assert client.get(reverse("pledges_refund_ask", args=[payment.pk])).status_code == 302


def test_nothing_of_another_cooperative_is_shown_or_moved(login, cooperative, outsider, payment):
    foreign = payment_of(make_pledge(make_campaign(outsider, title="Phare secret"), backer_name="Secrète Voisine"))
    refund = make_refund(foreign, amount=1234, commission=0, state=RefundState.TO_APPROVE)
    client = login(Role.OWNER)
    make_refund(foreign, amount=100, commission=0, state=RefundState.FAILED)
    assert "Secrète" not in text_of(client.get(reverse("pledges_refunds")))
    for address in (reverse("pledges_refund_ask", args=[foreign.pk]), reverse("pledges_refund", args=[refund.pk])):
        assert client.get(address, follow=True).status_code == 404
        assert client.post(address, {"act": "approve"}, follow=True).status_code == 404
    assert refunds(outsider)[0].state == RefundState.TO_APPROVE


def test_codes_are_for_treasurers_and_not_for_editors(login, cooperative):
    campaign = make_campaign(cooperative, title="Autre")
    pledge = make_pledge(campaign, payment_state="mend")
    address = reverse("pledges_contribution", args=[pledge.pk])
    assert "card_declined" in text_of(login(Role.TREASURER).get(address))
    assert "card_declined" not in text_of(login(Role.EDITOR, email="redaction@meule.example").get(address))


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_whatever_waits(login, cooperative, payment, django_assert_max_num_queries, count):
    for _one in range(count):
        make_refund(payment, amount=100, commission=5)
        make_refund(payment, amount=100, commission=5, state=RefundState.FAILED)
    client = login(Role.TREASURER)
    client.get(reverse("pledges_refunds"))
    with django_assert_max_num_queries(30):
        client.get(reverse("pledges_refunds"))
