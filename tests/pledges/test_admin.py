"""The room's pages in the admin: who may open them, what they show, and that nothing crosses to another cooperative."""

import html
import re
from datetime import date
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home import clock
from home.cooperatives.founding import welcome
from home.models import OutgoingMail, Role, User
from home.tenancy import within
from pledges.enums import FulfilmentState, PaymentState, PledgeState, RefundState
from pledges.models import DatePromise, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge, make_refund, payment_of

LIST, MARK = "pledges_fulfilment", "pledges_fulfilment_mark"
EVERYONE = ["editor", "adviser", "treasurer", "owner", "outsider", "nobody", "superuser"]


@pytest.fixture
def campaign(cooperative):
    return make_campaign(
        cooperative,
        tiers=[
            tier("Farine", 3000, estimated_delivery="2020-03"),
            tier("Pain", 2000, estimated_delivery="2099-05", handover="pickup"),
        ],
    )


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


@pytest.fixture
def foreign(outsider):
    """A contribution to another cooperative: nothing of it may be seen or moved here."""
    campaign = make_campaign(outsider, title="Phare secret", tiers=[tier("Secret du phare", 1000)])
    return make_pledge(campaign, backer_name="Secrète Voisine", email="secrete@voisine.example", fee=1234)


@pytest.fixture
def login(client, cooperative, outsider):
    """Log someone in at our host, by role; `outsider` is an editor and owner of the other cooperative."""

    def as_role(role):
        client.defaults["HTTP_HOST"] = cooperative.site.hostname
        user = {
            "superuser": lambda: User.objects.create_superuser("root@tremplin.example", "secret"),
            "nobody": lambda: make_user(),
            "outsider": lambda: make_user(outsider, Role.OWNER),
        }.get(role, lambda: make_user(cooperative, Role(role)))()
        if role == "outsider":
            welcome(user, outsider, Role.EDITOR)
        client.force_login(user)
        return client

    return as_role


@pytest.fixture
def editor(login):
    return login("editor")


def english(client):
    """Pages are asserted in English: their French stands in the catalogue."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def text_of(response):
    body = re.sub(r"(?s)<(script|template|svg).*?</\1>", " ", response.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def rows_of(response):
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        " ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in re.findall(r"(?s)<tr>.*?</tr>", body)
    ]


def address(name, *args, **query):
    return reverse(name, args=args) + ("?" + urlencode(query, doseq=True) if query else "")


def items_of(*pledges):
    with within(pledges[0].cooperative):
        return list(PledgeItem.objects.filter(pledge__in=pledges).order_by("pk"))


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


MAY_OPEN = {
    LIST: {"editor", "owner", "superuser"},
    MARK: {"editor", "owner", "superuser"},
    "pledges_contributions": {"editor", "treasurer", "owner", "superuser"},
    "pledges_contribution": {"editor", "treasurer", "owner", "superuser"},
    "pledges_money": {"treasurer", "owner", "superuser"},
    "pledges_settlement": {"treasurer", "owner", "superuser"},
}


@pytest.mark.parametrize("role", EVERYONE)
def test_each_page_opens_for_its_roles_only(login, role, campaign):
    client = login(role)
    pledge = make_pledge(campaign)
    addresses = {
        LIST: address(LIST),
        MARK: address(MARK, to="sent", item=items_of(pledge)[0].pk),
        "pledges_contributions": address("pledges_contributions"),
        "pledges_contribution": address("pledges_contribution", pledge.pk),
        "pledges_money": address("pledges_money"),
        "pledges_settlement": address("pledges_settlement", campaign.pk),
    }
    opened = {name for name, url in addresses.items() if client.get(url).status_code == 200}
    assert opened == {name for name, roles in MAY_OPEN.items() if role in roles}


@pytest.mark.parametrize("role", ["adviser", "treasurer", "outsider"])
def test_a_role_that_may_not_fulfil_moves_nothing(login, role, campaign):
    (item,) = items_of(make_pledge(campaign))
    response = login(role).post(address(MARK, to="sent", item=item.pk), {"expected": 1, "carrier": "Postes"})
    assert response.status_code == 302
    assert items_of(item.pledge)[0].state == FulfilmentState.NOT_STARTED


@pytest.mark.parametrize("role", EVERYONE)
def test_the_menu_shows_what_opens(login, role, campaign):
    body = login(role).get(reverse("wagtailadmin_home")).content.decode()
    shown = {name for name in (LIST, "pledges_contributions", "pledges_money") if f'"url": "{reverse(name)}"' in body}
    assert shown == {name for name in (LIST, "pledges_contributions", "pledges_money") if role in MAY_OPEN[name]}


def test_nothing_of_another_cooperative_is_shown(login, campaign, foreign):
    client = login("superuser")
    ours = make_pledge(campaign)
    for url in (
        address(LIST),
        address(LIST, q="Secrète"),
        address(MARK, to="sent", item=[items_of(foreign)[0].pk, items_of(ours)[0].pk]),
        address("pledges_contributions"),
        address("pledges_contributions", q="secrete@"),
        address("pledges_contribution", ours.pk),
        address("pledges_money"),
        address("pledges_settlement", campaign.pk),
        reverse("wagtailadmin_home"),
    ):
        body = text_of(client.get(url))
        assert [word for word in ("Secr", "voisine", "Phare", "12.34", "12,34") if word in body] == [], url
    assert client.get(address("pledges_contribution", foreign.pk), follow=True).status_code == 404
    assert client.get(address("pledges_settlement", foreign.campaign_id), follow=True).status_code == 404


def test_the_list_says_who_is_owed_what_and_that_it_is_late(editor, campaign, rewards, foreign):
    soon = make_pledge(campaign, rewards=[(rewards[1], 2)], backer_name="Marc Roy", email="marc@courriel.example")
    late = make_pledge(campaign, backer_name="Zoé Gagnon", email="zoe@courriel.example")
    make_pledge(campaign, paid=False, backer_name="Pas payée")
    names = [(row.pledge.backer.name, row.quantity, row.late) for row in _rows(editor, LIST)]
    assert names == [("Zoé Gagnon", 1, True), ("Marc Roy", 2, False)]
    rows = rows_of(english(editor).get(address(LIST)))
    assert rows[0].endswith("March 2020 late By mail To come")
    assert rows[1].endswith("May 2099 To pick up To come")
    assert _pledges(editor, LIST, late="on") == [late.pk]
    assert _pledges(editor, LIST, reward=rewards[1].pk) == [soon.pk]
    assert _pledges(editor, LIST, q="gagnon") == [late.pk]
    assert _pledges(editor, LIST, campaign=foreign.campaign_id) == [late.pk, soon.pk]


def _rows(client, name, **query):
    return list(client.get(address(name, **query)).context_data["rows"])


def _pledges(client, name, **query):
    return [getattr(row, "pledge_id", row.pk) for row in _rows(client, name, **query)]


def test_fifty_a_page(editor, campaign):
    backer = make_backer(campaign.cooperative)
    pledges = [make_pledge(campaign, backer=backer) for _n in range(51)]
    assert len(_rows(editor, LIST)) == 50
    assert _pledges(editor, LIST, after=items_of(pledges[49])[0].pk) == [pledges[-1].pk]


def test_the_confirm_page_says_how_many_people_get_a_mail_and_what_cannot_move(editor, campaign, rewards):
    rosalie = make_backer(campaign.cooperative)
    posted = [
        make_pledge(campaign, backer=rosalie),
        make_pledge(campaign, backer=rosalie),
        make_pledge(campaign, language="en"),
    ]
    picked = make_pledge(campaign, rewards=[(rewards[1], 1)])
    unpaid = make_pledge(campaign, paid=False)
    ids = [item.pk for item in items_of(*posted, picked, unpaid)]
    body = text_of(english(editor).get(address(MARK, to="sent", item=ids)))
    assert "3 rewards will be marked." in body
    assert "2 people will get it: 1 in French, 1 in English." in body
    assert "1 reward cannot be moved: handed over in another way." in body
    assert "1 reward cannot be moved: the contribution is not paid, or was cancelled." in body
    assert "Mark as sent (3)" in body
    assert {item.state for item in items_of(*posted)} == {"not_started"}


def test_marking_moves_what_may_move_mails_those_concerned_and_says_the_rest(editor, campaign, rewards, foreign):
    first = make_pledge(campaign, email="rosalie@courriel.example")
    second = make_pledge(campaign, email="owen@courriel.example", language="en")
    picked = make_pledge(campaign, rewards=[(rewards[1], 1)])
    left = make_pledge(campaign)
    ids = [item.pk for item in items_of(first, second, picked)] + [items_of(foreign)[0].pk]
    url = address(MARK, to="sent", item=ids, q="courriel")
    english(editor)
    form = {"expected": 2, "carrier": "Canada Post", "tracking_url": "https://p.example/1", "note": "Merci!"}
    response = editor.post(url, form)
    assert (response.status_code, response.headers["Location"]) == (302, address(LIST, q="courriel"))
    assert said(response) == ["2 rewards marked: Sent.", "1 reward cannot be moved: handed over in another way."]
    assert [item.state for item in items_of(first, second, picked, left)] == [
        "sent",
        "sent",
        "not_started",
        "not_started",
    ]
    assert items_of(first)[0].state_by.email == "editor@meule.example"
    assert items_of(foreign)[0].state == "not_started"
    assert _mails(campaign) == [
        ("reward_sent", "rosalie@courriel.example", "fr", "Merci!"),
        ("reward_sent", "owen@courriel.example", "en", "Merci!"),
    ]
    editor.get(address(LIST))
    again = editor.post(url, form | {"expected": 0})
    assert [line.partition(":")[2] for line in said(again)] == [" already marked so.", " handed over in another way."]
    assert len(_mails(campaign)) == 2


def _mails(campaign):
    with within(campaign.cooperative):
        rows = OutgoingMail.objects.order_by("pk")
        return [(mail.kind, mail.address, mail.language, mail.facts["note"]) for mail in rows]


def test_all_that_the_filter_finds_is_marked_and_nothing_else(editor, campaign, rewards, foreign):
    picked = [make_pledge(campaign, rewards=[(rewards[1], 1)], backer_name=f"Zoé {n}") for n in range(3)]
    other = make_pledge(campaign, rewards=[(rewards[1], 1)], backer_name="Marc")
    url = address(MARK, to="ready", all=1, q="Zoé", item=items_of(other)[0].pk)
    assert editor.get(url).context_data["weighing"].movable == 3
    editor.post(url, {"expected": 3, "note": ""})
    assert [item.state for item in items_of(*picked, other)] == ["ready"] * 3 + ["not_started"]
    assert items_of(foreign)[0].state == "not_started"
    handed = address(MARK, to="delivered", all=1, state="ready")
    assert editor.get(handed).context_data["audience"] == ""
    editor.post(handed, {"expected": 3})
    assert [item.state for item in items_of(*picked, other)] == ["delivered"] * 3 + ["not_started"]


def test_a_list_that_changed_meanwhile_is_shown_again(editor, campaign):
    pledge = make_pledge(campaign)
    response = english(editor).post(
        address(MARK, to="sent", all=1), {"expected": 5, "carrier": "Postes", "note": "Mot"}
    )
    body = text_of(response)
    assert "The list has changed in the meantime. Check it, then confirm again." in body
    assert 'name="expected" value="1"' in response.content.decode()
    assert 'value="Postes"' in response.content.decode()
    assert (items_of(pledge)[0].state, _mails(campaign)) == ("not_started", [])


def test_a_tracking_link_that_is_none_is_said_at_its_field_and_kept(editor, campaign):
    pledge = make_pledge(campaign)
    url = address(MARK, to="sent", item=items_of(pledge)[0].pk)
    response = editor.post(url, {"expected": 1, "carrier": "Postes", "tracking_url": "javascript:alert(1)"})
    assert list(response.context_data["form"].errors) == ["tracking_url"]
    assert 'value="javascript:alert(1)"' in response.content.decode()
    assert items_of(pledge)[0].state == "not_started"


def test_choosing_nothing_is_said_and_another_step_is_not_found(editor, campaign):
    make_pledge(campaign)
    response = english(editor).get(address(MARK, to="sent", item=["x", "²"]))
    assert (response.headers["Location"], said(response)) == (address(LIST), ["Choose at least one reward."])
    assert editor.get(address(MARK, to="elsewhere", all=1), follow=True).status_code == 404


def test_contributions_are_narrowed(editor, campaign, foreign):
    paid = make_pledge(campaign, backer_name="Zoé Gagnon", via="infolettre")
    mend = make_pledge(campaign, payment_state=PaymentState.MEND)
    action = make_pledge(campaign, payment_state=PaymentState.ACTION)
    pending = make_pledge(campaign, state=PledgeState.PENDING)
    assert _pledges(editor, "pledges_contributions") == [pending.pk, action.pk, mend.pk, paid.pk]
    assert _pledges(editor, "pledges_contributions", state="pending") == [pending.pk]
    assert _pledges(editor, "pledges_contributions", payment="mend") == [mend.pk]
    assert _pledges(editor, "pledges_contributions", payment="waiting") == [action.pk, mend.pk]
    assert _pledges(editor, "pledges_contributions", q="zoé") == [paid.pk]
    assert _pledges(editor, "pledges_contributions", campaign=campaign.pk, state="lapsed") == []
    assert rows_of(english(editor).get(address("pledges_contributions")))[-1].endswith("français infolettre")


def test_a_contribution_shows_all_that_happened_to_it(editor, campaign, rewards):
    pledge = make_pledge(campaign, rewards=[(rewards[0], 2)], extra=500, email="zoe@courriel.example")
    other = make_pledge(campaign, backer=pledge.backer)
    make_refund(payment_of(pledge), amount=1000, commission=50, state=RefundState.DUE)
    with within(campaign.cooperative):
        (item,) = PledgeItem.objects.filter(pledge=pledge)
        DatePromise.objects.create(
            cooperative=campaign.cooperative, item=item, month=date(2031, 4, 1), made_at=clock.now()
        )
        for subject in (f"item:{item.pk}", other.key):
            OutgoingMail.objects.create(
                cooperative=campaign.cooperative,
                kind="reward_sent" if subject.startswith("item") else "goal_missed",
                subject_key=subject,
                reader_key=f"backer:{pledge.backer_id}",
                backer=pledge.backer,
                address=pledge.backer.email,
                language="fr",
                created_at=clock.now(),
            )
    body = text_of(english(editor).get(address("pledges_contribution", pledge.pk)))
    for words in (
        "zoe@courriel.example",
        "$65.00",
        "First expected in March 2020",
        ": April 2031",
        "Contribution without reward: $5.00",
        "Paid",
        "$10.00",
        "Refund in progress",
        "J’accepte que ma carte soit débitée si l’objectif est atteint.",
        "text 2026-11",
        "Reward sent",
        "Waiting",
    ):
        assert words in body
    assert "Goal not reached" not in body


def test_a_contribution_without_a_payment_opens(editor, campaign):
    pledge = make_pledge(campaign, state=PledgeState.PENDING, rewards=[], extra=1000)
    body = text_of(english(editor).get(address("pledges_contribution", pledge.pk)))
    assert "Nothing has been charged." in body


def test_the_settlement_page_says_what_the_ledger_says(login, campaign, foreign):
    make_pledge(campaign, fee=117)
    refunded = make_pledge(campaign, fee=100)
    make_refund(payment_of(refunded), amount=1000, commission=50)
    make_pledge(campaign, payment_state=PaymentState.MEND)
    client = english(login("treasurer"))
    page = client.get(address("pledges_settlement", campaign.pk))
    accounts = page.context_data["accounts"]
    assert (accounts.contributions, accounts.commission, accounts.processing_fees, accounts.balance) == (
        5000,
        250,
        217,
        4533,
    )
    lines = [(line.label, line.count, line.amount) for line in page.context_data["payments"]]
    assert lines == [("Another card is needed", 1, 3000), ("Paid", 2, 6000)]
    assert [(line.count, line.amount) for line in page.context_data["refunds"]] == [(1, 1000)]
    assert "$45.33" in text_of(page)
    assert rows_of(client.get(address("pledges_money"))) == ["Get the millstone turning Live $1,000.00 $90.00 $50.00"]


def test_the_first_page_has_progress_and_what_waits(editor, campaign, foreign):
    make_pledge(campaign)
    make_pledge(campaign, payment_state=PaymentState.MEND)
    body = text_of(english(editor).get(reverse("wagtailadmin_home")))
    for words in (
        "Get the millstone turning",
        "$60 pledged of $1,000 (6%)",
        "which is over; 1 person is waiting",
        "1 payment is waiting",
    ):
        assert words in body


@pytest.mark.parametrize("name", [LIST, "pledges_contributions", "pledges_money"])
def test_a_list_takes_the_same_queries_with_more_rows(login, campaign, cooperative, name):
    client = login("owner")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name)).status_code == 200
        return len(captured)

    def grow():
        if name == "pledges_money":
            make_campaign(cooperative, title="Autre", tiers=[tier("Sel", 1000)])
        make_pledge(campaign)

    grow()
    queries()
    before = queries()
    grow(), grow()
    assert queries() == before


def test_a_contribution_takes_the_same_queries_with_more_rows(editor, campaign, rewards):
    def queries(pledge):
        with CaptureQueriesContext(connection) as captured:
            assert editor.get(address("pledges_contribution", pledge.pk)).status_code == 200
        return len(captured)

    one = make_pledge(campaign)
    two = make_pledge(campaign, rewards=[(reward, 1) for reward in rewards])
    queries(one)
    assert queries(one) == queries(two)
