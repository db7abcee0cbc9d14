"""The wall of thanks: who is on it, who is not, and that nobody is who did not say so."""

import re
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns import queries
from home.tenancy import within
from pledges import pledging, walls
from pledges.enums import PledgeState, Wall
from pledges.models import Pledge
from pledges.templatetags import wall_tags
from pledges.views import wall as wall_views
from pledges.walls import Entry
from tests.campaigns.composing import wall
from tests.factories.campaigns import body_of, make_campaign, two_tiers
from tests.factories.pledges import make_backer, make_pledge, make_refund, payment_of
from tests.factories.requests import pledge_request


@pytest.fixture
def thanked(cooperative):
    """A live campaign of ours whose page has a wall."""
    return make_campaign(cooperative, body=body_of(two_tiers(), extra=[wall()]))


@pytest.fixture
def visit(on_host):
    """The page of a campaign as a visitor of its host gets it."""

    def get(campaign, language="en"):
        with within(campaign.cooperative):
            path = urlsplit(queries.url_in(campaign, language)).path
        return on_host(campaign.cooperative).get(path).content.decode()

    return get


def give(campaign, name, choice=Wall.NAME, **fields):
    pledge = make_pledge(campaign, backer_name=name, **{"rewards": [], "extra": 4_500} | fields)
    with within(campaign.cooperative):
        Pledge.objects.filter(pk=pledge.pk).update(wall=choice, wall_name="" if choice == Wall.NEITHER else name)
    return pledge


def shown(campaign):
    with within(campaign.cooperative):
        return [(entry.name, entry.amount) for entry in walls.page_of(campaign, size=100).entries]


def names(html):
    block = re.search(r'<ul class="wall">(.*?)</ul>', html, re.DOTALL)
    return re.findall("<li>(.*?)</li>", block[1]) if block else []


def test_in_order_of_arrival_with_what_each_chose(thanked):
    give(thanked, "Rosalie")
    give(thanked, "Anonyme", Wall.NEITHER)
    give(thanked, "Owen", Wall.AMOUNT)
    assert shown(thanked) == [("Rosalie", None), ("Owen", 4_500)]


@pytest.mark.parametrize("state", sorted(set(PledgeState) - {PledgeState.CONFIRMED}))
def test_only_contributions_that_hold_are_shown(thanked, state):
    give(thanked, "Rosalie", state=state)
    give(thanked, "Owen")
    assert shown(thanked) == [("Owen", None)]


def test_what_was_refunded_whole_vanishes_and_in_part_stays(thanked):
    make_refund(payment_of(give(thanked, "Rosalie")))
    make_refund(payment_of(give(thanked, "Owen")), amount=1_000)
    assert shown(thanked) == [("Owen", None)]


def test_nobody_of_another_campaign_or_cooperative(cooperative, outsider, thanked):
    give(make_campaign(cooperative, title="Le four"), "Du four", Wall.AMOUNT)
    give(make_campaign(outsider), "Du large", Wall.AMOUNT)
    give(thanked, "Rosalie")
    assert shown(thanked) == [("Rosalie", None)]


def test_how_many_show_no_name_counts_people(cooperative, thanked):
    with within(cooperative):
        twice, other = make_backer(cooperative, name="Deux"), make_backer(cooperative, name="Une")
    give(thanked, "Deux", Wall.NEITHER, backer=twice)
    give(thanked, "Deux", Wall.NAME, backer=twice)
    give(thanked, "Une", Wall.NEITHER, backer=other)
    give(thanked, "Une", Wall.NEITHER, backer=other)
    give(thanked, "Partie", Wall.NEITHER, state=PledgeState.CANCELLED)
    with within(cooperative):
        assert walls.page_of(thanked, size=1).hidden == 1


def test_pages_hold_everyone_once(thanked):
    for number in range(5):
        give(thanked, f"Nom {number}")
    with within(thanked.cooperative):
        first = walls.page_of(thanked, size=2)
        second = walls.page_of(thanked, size=2, after=first.after)
        third = walls.page_of(thanked, size=2, after=second.after)
    assert [[entry.name for entry in page.entries] for page in (first, second, third)] == [
        ["Nom 0", "Nom 1"],
        ["Nom 2", "Nom 3"],
        ["Nom 4"],
    ]
    assert third.after is None


def test_an_entry_in_words():
    with translation.override("fr"):
        words = wall_tags.entry_words(Entry(1, "Rosalie", 4_500), "CAD")
    assert words == 'Rosalie, <span class="said">45\u00a0$</span>'
    assert wall_tags.entry_words(Entry(1, "Rosalie"), "CAD") == "Rosalie"


def test_the_page_shows_names_escaped_and_how_many_are_hidden(thanked, visit):
    give(thanked, "<script>alert(1)</script>", Wall.AMOUNT)
    give(thanked, "Anonyme", Wall.NEITHER)
    html = visit(thanked)
    assert names(html) == ['&lt;script&gt;alert(1)&lt;/script&gt;, <span class="said">$45</span>']
    assert "1 person does not show a name" in html
    assert "Anonyme" not in html
    assert "See all the names" not in html


def test_an_empty_wall_says_so(thanked, visit):
    give(thanked, "Anonyme", Wall.NEITHER)
    html = visit(thanked, "fr")
    assert names(html) == []
    assert "Les premiers noms paraîtront ici." in html
    assert "Merci à toutes les personnes qui ont contribué" in html


def test_more_names_than_fit_are_one_click_away(thanked, visit, on_host, monkeypatch):
    monkeypatch.setattr(wall_tags, "FIRST", 2)
    monkeypatch.setattr(wall_views, "SIZE", 2)
    for number in range(3):
        give(thanked, f"Nom {number}")
    html = visit(thanked)
    assert names(html) == ["Nom 0", "Nom 1"]
    link = re.search(r'href="([^"]+)">See all the names', html)[1]
    client = on_host(thanked.cooperative)
    first = client.get(link).content.decode()
    assert names(first) == ["Nom 0", "Nom 1"]
    more = re.search(r'href="(\?after=\d+)">More names', first)[1]
    last = client.get(link + more).content.decode()
    assert names(last) == ["Nom 2"]
    assert "More names" not in last
    assert names(client.get(link + "?after=x").content.decode()) == ["Nom 0", "Nom 1"]
    assert names(client.get(link + "?after=9" + "9" * 30).content.decode()) == ["Nom 0", "Nom 1"]


def wall_url(campaign):
    with translation.override("fr"):
        return reverse("wall", args=[campaign.pk])


def test_no_wall_where_the_page_has_none_nor_at_another_host(campaign, outsider, thanked, on_host):
    assert on_host(campaign.cooperative).get(wall_url(campaign)).status_code == 404
    assert on_host(outsider).get(wall_url(thanked)).status_code == 404
    assert on_host(thanked.cooperative).get(wall_url(thanked)).status_code == 200


def count_queries(visit, campaign):
    visit(campaign)
    with CaptureQueriesContext(connection) as captured:
        visit(campaign)
    return len(captured)


def test_queries_do_not_grow_with_names(thanked, visit, on_host):
    client = on_host(thanked.cooperative)
    give(thanked, "Une", Wall.AMOUNT)
    one = count_queries(visit, thanked), count_queries(lambda campaign: client.get(wall_url(campaign)), thanked)
    give(thanked, "Deux", Wall.NAME)
    give(thanked, "Trois", Wall.NEITHER)
    assert (
        count_queries(visit, thanked),
        count_queries(lambda campaign: client.get(wall_url(campaign)), thanked),
    ) == one


@pytest.mark.parametrize(
    ("choice", "name"), [(Wall.AMOUNT, "Camille Rivard"), (Wall.NAME, "Camille Rivard"), (Wall.NEITHER, "")]
)
def test_a_pledge_keeps_what_was_chosen_and_the_name_that_was_typed(thanked, inside, choice, name):
    row = pledging.begin(thanked.cooperative, pledge_request(thanked, wall=choice))
    assert (row.pledge.wall, row.pledge.wall_name) == (choice, name)


def test_a_known_backer_shows_the_name_of_each_contribution(thanked, inside):
    make_pledge(thanked, email="camille@example.com", backer_name="Camille", rewards=[], extra=500)
    row = pledging.begin(thanked.cooperative, pledge_request(thanked, wall=Wall.NAME, name="La famille Rivard"))
    assert (row.pledge.backer.name, row.pledge.wall_name) == ("Camille", "La famille Rivard")
