"""The lists that a team works with: what is in each row, for whom, and at what cost."""

import csv
import tracemalloc
from datetime import date
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import Reward, RewardVariant
from home import clock
from home.csv_files import amount_cell, streamed
from home.models import Role
from home.tenancy import within
from pledges import exports
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.exports import Wanted
from pledges.models import DeliveryAddress, Pledge, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge
from tests.pledges.test_admin import english, text_of

FILES = ["pledges_list_backers", "pledges_list_labels", "pledges_list_pick_up"]
PAGES = ["pledges_lists", "pledges_list_pick_up_page", *FILES]


@pytest.fixture
def campaign(cooperative):
    tiers = [tier("Farine", 3000), tier("Pain", 2000, handover="pickup"), tier("Merci", 500, handover="nothing")]
    return make_campaign(cooperative, tiers=tiers)


@pytest.fixture
def rewards(campaign):
    with within(campaign.cooperative):
        return list(campaign.rewards.order_by("position"))


@pytest.fixture
def editor(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative))
    return english(client)


def with_address(pledge, **fields):
    address = {"recipient": pledge.backer.name, "line1": "4, rang 2", "city": "Saint-Aurèle", "region": "Québec"}
    address |= {"postal_code": "G0L 0X0", "country": "CA"}
    with within(pledge.cooperative):
        DeliveryAddress.objects.create(
            cooperative=pledge.cooperative, pledge=pledge, changed_at=clock.now(), **address | fields
        )
    return pledge


def download(client, name, **query):
    response = client.get(reverse(name), query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    delimiter = ";" if ";" in text.partition("\r\n")[0] else ","
    _header, *rows = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    return rows


def test_backers_by_tier_add_up_to_the_contributions(editor, campaign, rewards):
    flour, bread, _thanks = rewards
    with within(campaign.cooperative):
        rye = RewardVariant.objects.create(
            reward=flour, block_id="7d4a2a8c-3f7e-4a55-9a44-2a6d7b8f6b10", position=0, label_fr="Seigle", label_en="Rye"
        )
    first = make_offline(
        campaign,
        (bread, 1),
        (flour, 2, rye),
        extra=750,
        name="Aimé Pelletier",
        company_name="Ferme",
        company_numbers="123 RT",
        message="Sans noix.",
    )
    second = make_pledge(campaign, rewards=[(flour, 1)], backer_name="Zoé", email="zoe@courriel.example", language="en")
    make_pledge(campaign, state=PledgeState.LAPSED)
    make_pledge(campaign, state=PledgeState.PENDING)
    rows = download(editor, "pledges_list_backers")
    title, flour, bread = "Get the millstone turning", "The bag of flour", "The miller's box"
    about = ["Aimé Pelletier", "aime@courriel.example", "français", "Payment to complete"]
    about += ["", "Ferme", "123 RT", "Sans noix.", "Neither", str(first.pk), ""]
    zoe = ["Zoé", "zoe@courriel.example", "English", "Confirmed", "", "", "", "", "Neither", str(second.pk), ""]
    assert sorted(rows) == sorted(
        [
            [title, flour, "Rye", "2", "60.00", "CAD", *about],
            [title, flour, "", "1", "30.00", "CAD", *zoe],
            [title, bread, "", "1", "20.00", "CAD", *about],
            [title, "Contribution without reward", "", "", "7.50", "CAD", *about],
        ]
    )
    assert [row[1] for row in rows] == [flour, flour, bread, "Contribution without reward"]
    assert [row[4] for row in download(editor, "pledges_list_backers", reward=rewards[1].pk)] == ["20.00"]


def test_a_name_that_is_a_formula_stays_a_name(editor, campaign):
    make_pledge(campaign, backer_name='=HYPERLINK("http://x.example";"Ici")')
    with_address(make_pledge(campaign, backer_name="@SUM(A1)"))
    assert [row[6] for row in download(editor, "pledges_list_backers")] == [
        '\'=HYPERLINK("http://x.example";"Ici")',
        "'@SUM(A1)",
    ]
    assert [row[0] for row in download(editor, "pledges_list_labels")] == ["'@SUM(A1)"]


def test_one_label_a_parcel_of_what_is_paid_and_not_sent(editor, campaign, rewards):
    flour, bread, thanks = rewards
    parcel = with_address(
        make_pledge(
            campaign, rewards=[(flour, 2), (bread, 1), (thanks, 1)], backer_name="Rosalie", email="r@c.example"
        ),
        line2="App. 3",
    )
    abroad = with_address(make_pledge(campaign, rewards=[(flour, 1)], backer_name="Ana"), country="US", region="")
    with_address(make_pledge(campaign, rewards=[(flour, 1)], payment_state=PaymentState.MEND))
    with_address(make_pledge(campaign, rewards=[(bread, 1)]))
    sent = with_address(make_pledge(campaign, rewards=[(flour, 1)]))
    make_pledge(campaign, rewards=[(flour, 1)], backer_name="Sans Adresse")
    with within(campaign.cooperative):
        PledgeItem.objects.filter(pledge=sent).update(state=FulfilmentState.SENT)
    rows = download(editor, "pledges_list_labels")
    town, flour = "Saint-Aurèle (Québec)  G0L 0X0", "The bag of flour"
    away = ["Ana", "4, rang 2", "", "Saint-Aurèle  G0L 0X0", "United States"]
    assert rows == [
        ["Rosalie", "4, rang 2", "App. 3", town, "Canada", f"2 × {flour}", "r@c.example", str(parcel.pk)],
        [*away, f"1 × {flour}", abroad.backer.email, str(abroad.pk)],
    ]
    page = text_of(editor.get(reverse("pledges_lists")))
    assert "2 parcels are paid for, have an address and were not sent yet." in page
    assert "1 parcel has no address and is not among the labels. Sans Adresse" in page


def test_what_is_to_be_picked_up_by_place(editor, campaign, rewards):
    bread = rewards[1]
    make_pledge(campaign, rewards=[(bread, 1)], backer_name="Zoé")
    ready = make_pledge(campaign, rewards=[(bread, 3)], backer_name="Ana")
    gone = make_pledge(campaign, rewards=[(bread, 1)], backer_name="Déjà venue")
    make_pledge(campaign, rewards=[(rewards[0], 1)], backer_name="Par la poste")
    with within(campaign.cooperative):
        PledgeItem.objects.filter(pledge=ready).update(state=FulfilmentState.READY)
        PledgeItem.objects.filter(pledge=gone).update(state=FulfilmentState.DELIVERED)
    rows = download(editor, "pledges_list_pick_up")
    place = campaign.cooperative.address_line
    assert [(row[0], row[2], row[6], row[7], row[10]) for row in rows] == [
        (place, "Ana", "3", "Ready for pick-up", ""),
        (place, "Zoé", "1", "To come", ""),
    ]
    with within(campaign.cooperative):
        Reward.objects.filter(pk=bread.pk).update(pickup_place_fr="Au moulin", pickup_hours_fr="le samedi")
    page = text_of(editor.get(reverse("pledges_list_pick_up_page")))
    assert "Au moulin · le samedi" in page
    assert ("Ana" in page, "Déjà venue" in page, "Par la poste" in page) == (True, False, False)


def test_french_lists_are_french(client, cooperative, campaign, rewards):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative))
    make_pledge(campaign, rewards=[(rewards[0], 1)])
    (row,) = download(client, "pledges_list_backers")
    assert (row[1], row[4], row[9]) == ("Farine", "30,00", "Confirmée")


MAY = {
    "editor": set(PAGES),
    "owner": set(PAGES),
    "treasurer": {"pledges_lists", "pledges_list_backers"},
    "adviser": set(),
}


@pytest.mark.parametrize("role", MAY)
def test_each_list_opens_for_its_roles_only(client, cooperative, role):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative, Role(role)))
    assert {name for name in PAGES if client.get(reverse(name)).status_code == 200} == MAY[role]


def test_nothing_of_another_cooperative_is_in_a_list(editor, campaign, rewards, outsider):
    theirs = make_campaign(outsider, title="Phare secret", tiers=[tier("Secret", 1000), tier("S", handover="pickup")])
    with within(outsider):
        secret = list(theirs.rewards.order_by("position"))
    with_address(make_pledge(theirs, rewards=[(one, 1) for one in secret], backer_name="Secrète Voisine", extra=100))
    make_pledge(theirs, rewards=[(secret[0], 1)], backer_name="Secrète Voisine")
    for name in FILES:
        assert download(editor, name) == []
        assert download(editor, name, campaign=theirs.pk) == []
        assert download(editor, name, reward=secret[0].pk) == []
    for name in ("pledges_lists", "pledges_list_pick_up_page"):
        for query in ({}, {"campaign": theirs.pk}, {"reward": secret[0].pk}):
            assert "Secr" not in editor.get(reverse(name), query).content.decode()
    with_address(make_pledge(campaign, rewards=[(one, 1) for one in rewards[:2]]))
    for name in FILES:
        assert download(editor, name, campaign=theirs.pk) == [], "what is not one's own narrows to nothing"
        assert download(editor, name, campaign="x") == []
        assert len(download(editor, name, campaign=campaign.pk)) == (2 if name == "pledges_list_backers" else 1)


@pytest.mark.parametrize("name", PAGES)
def test_as_many_queries_for_three_as_for_one(editor, campaign, rewards, name):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = editor.get(reverse(name))
            if response.streaming:
                b"".join(response.streaming_content)
        return len(queries)

    def add():
        with_address(make_pledge(campaign, rewards=[(one, 1) for one in rewards], extra=100))
        make_pledge(campaign, rewards=[(rewards[0], 1)])

    add()
    cost()
    once = cost()
    for _more in range(2):
        add()
    assert cost() == once


def test_memory_stays_flat(campaign, rewards):
    """A hundred times as many rows, and no more of them at once."""
    pledge = make_pledge(campaign, rewards=[(rewards[0], 1)])
    with within(campaign.cooperative):
        row = pledge.items.get()
        Pledge.objects.bulk_create(_copies(pledge, 3000))
        others = Pledge.objects.exclude(pk=pledge.pk).order_by("pk")
        items = [PledgeItem(**_fields(row) | {"pledge": one}) for one in others]
        PledgeItem.objects.bulk_create(items, batch_size=500)
        del items
        tracemalloc.start()
        count = sum(1 for _row in exports.backers(campaign.cooperative, Wanted(), "fr"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (count, peak < 12_000_000) == (3001, True), peak


def _copies(pledge, count):
    names = ("cooperative", "campaign", "backer", "state", "currency", "amount", "language", "created_at")
    return [Pledge(**{name: getattr(pledge, name) for name in names}) for _one in range(count)]


def _fields(item):
    names = ("cooperative", "reward", "quantity", "unit_amount", "title_fr", "title_en", "handover")
    return {name: getattr(item, name) for name in names} | {"first_month": date(2027, 10, 1)}


def as_models(cooperative, language):
    """The list of backers as the rows themselves tell it, one after the other."""
    with within(cooperative):
        items = PledgeItem.objects.filter(quantity__gt=0).select_related(
            "pledge__backer", "pledge__campaign", "variant"
        )
        order = ("pledge__campaign_id", "reward__position", "reward_id", "variant__position", "pledge_id", "pk")
        told = [
            (one.pledge, [one.title, str(one.variant or ""), one.quantity], one.total + one.postage)
            for one in items.order_by(*order)
        ]
        extra = Pledge.objects.filter(extra__gt=0).select_related("backer", "campaign").order_by("campaign_id", "pk")
        told += [(one, [gettext("Contribution without reward"), "", ""], one.extra) for one in extra]
        return [
            [
                *(pledge.campaign.title, *tier, amount_cell(amount, language), pledge.currency, pledge.backer.name),
                *(pledge.backer.email, pledge.get_language_display(), pledge.get_state_display(), pledge.gift_for),
                *(
                    pledge.company_name,
                    pledge.company_numbers,
                    pledge.message,
                    pledge.get_wall_display(),
                    pledge.pk,
                    "",
                ),
            ]
            for pledge, tier, amount in told
        ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_read_as_columns_the_file_is_that_of_the_rows(campaign, rewards, cooperative, language):
    flour, bread, _thanks = rewards
    with within(cooperative):
        rye = RewardVariant.objects.create(
            reward=flour, block_id="7d4a2a8c-3f7e-4a55-9a44-2a6d7b8f6b11", position=0, label_en="Rye"
        )
    make_pledge(campaign, rewards=[(flour, 2), (bread, 1)], backer_name="=SOMME(A1)", extra=1250)
    make_offline(campaign, (flour, 1, rye))
    second = make_pledge(campaign, rewards=[(bread, 3)], language="en", state=PledgeState.CANCELLED)
    with within(cooperative):
        Pledge.objects.filter(pk=second.pk).update(message="\t-1\nÉtage «2»", gift_for="@Nina", wall="amount")
        Reward.objects.filter(pk=bread.pk).update(title_en="")
        with translation.override(language):
            rows = exports.backers(cooperative, Wanted(), language)
            written = b"".join(streamed(exports.backers_header(), rows, language))
            expected = b"".join(streamed(exports.backers_header(), as_models(cooperative, language), language))
    assert written == expected
    assert written.count(b"\r\n") == 6
