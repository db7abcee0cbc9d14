"""The discovery page of the platform, and the list of a cooperative's campaigns."""

import re
from datetime import date, timedelta

import pytest
from modelsearch.index import insert_or_update_object

from campaigns import lifecycle
from campaigns.enums import CampaignState, Theme
from campaigns.models import Campaign, CampaignPage
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import end_now, make_campaign, make_campaign_page
from tests.factories.pledges import make_pledge

CANARY = "Canari"


@pytest.fixture
def listed(cooperative):
    cooperative.listed = True
    cooperative.save()
    return cooperative


@pytest.fixture
def visit(client):
    """The platform's page as a visitor gets it."""

    def get(query="", language="fr"):
        return client.get(f"/{language}/{query}", headers={"host": "tremplin.localhost"})

    return get


def titles(response):
    return re.findall(r"<h3><a href=\"[^\"]+\"[^>]*>([^<]+)</a>", response.content.decode())


def add(cooperative, title, **fields):
    return make_campaign(cooperative, title=title, bilingual=False, **fields)


def give(campaign, amount):
    with within(campaign.cooperative):
        make_pledge(campaign, extra=amount, email=f"{amount}@x.example")


def test_the_platform_shows_the_campaigns_of_listed_cooperatives_alone(listed, outsider, visit):
    add(listed, "Ici")
    add(outsider, CANARY)
    response = visit()
    assert titles(response) == ["Ici"]
    assert CANARY not in response.content.decode()
    assert "La Meule commune" in response.content.decode()


def test_a_cooperative_shows_its_own_though_it_is_not_listed(cooperative, outsider, on_host):
    add(cooperative, "Ici")
    outsider.listed = True
    outsider.save()
    add(outsider, CANARY)
    response = on_host(cooperative).get("/fr/campagnes/")
    assert titles(response) == ["Ici"]
    assert CANARY not in response.content.decode()


def test_phases_are_told_apart(listed, visit):
    add(listed, "Loin", end_date=date.today() + timedelta(days=40))
    add(listed, "Proche", end_date=date.today() + timedelta(days=3))
    almost = add(listed, "Presque", end_date=date.today() + timedelta(days=20))
    give(almost, 85_000)
    reached = add(listed, "Atteint", end_date=date.today() + timedelta(days=30))
    give(reached, 120_000)
    make_campaign_page(listed, title="Bientôt", launch=False)
    ended = add(listed, "Finie")
    with within(listed):
        end_now(ended)
        lifecycle.close(ended)
        lifecycle.decide(ended, pledged=0, backers=0)
    assert titles(visit()) == ["Proche", "Presque", "Atteint", "Loin"]
    assert titles(visit("?show=ending")) == ["Proche"]
    assert titles(visit("?show=almost")) == ["Presque"]
    assert titles(visit("?show=announced")) == ["Bientôt"]
    assert titles(visit("?show=over")) == ["Finie"]


def test_a_search_keeps_what_was_asked(listed, visit):
    add(listed, "Le pain", theme=Theme.FOOD)
    add(listed, "Le bateau", theme=Theme.CULTURE)
    for page in CampaignPage.objects.all():
        insert_or_update_object(page)
    html = visit("?q=pain&theme=food").content.decode()
    assert titles(visit("?q=pain&theme=food")) == ["Le pain"]
    assert 'value="pain"' in html
    assert '<option value="food" selected>' in html
    assert 'href="/en/?q=pain&amp;theme=food"' in html


@pytest.mark.parametrize("query", ["?theme=%00", "?q=%00", "?page=zero", "?page=99", "?show=x&place=x&model=x",
                                   "?q=" + "a" * 5000, "?q=%22%27(*", "?q=AND", "?utm_source=x"])  # fmt: skip
def test_what_is_not_understood_is_left_out(listed, visit, query):
    add(listed, "Ici")
    assert visit(query).status_code == 200


def test_nothing_found_says_what_to_do(listed, visit):
    add(listed, "Ici")
    french, english = visit("?q=zzz").content.decode(), visit("?q=zzz", "en").content.decode()
    assert "Rien ne correspond" in french
    assert "Nothing matches" in english


def test_an_empty_platform_says_so(visit, db):
    assert "Aucune campagne n’est en cours" in visit().content.decode()


def test_pages_follow_one_another(listed, visit):
    for number in range(13):
        add(listed, f"Campagne {number:02}", end_date=date.today() + timedelta(days=number + 1))
    first, second = visit(), visit("?page=2")
    assert len(titles(first)) == 12
    assert titles(second) == ["Campagne 12"]
    assert 'href="/fr/?page=2"' in first.content.decode()
    assert 'rel="canonical" href="http://tremplin.localhost/fr/?page=2"' in second.content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_number_of_queries_does_not_grow(listed, outsider, visit, django_assert_max_num_queries, language):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    outsider.listed = True
    outsider.save()
    counts = []
    for number in range(3):
        make_campaign((listed, outsider)[number % 2], title=f"Campagne {number}")
        visit(language=language)
        with CaptureQueriesContext(connection) as queries:
            visit(language=language)
        counts.append(len(queries))
    assert counts[0] == counts[2]
    assert counts[2] <= 16


def test_the_platform_has_no_page_of_a_cooperative(listed, visit):
    add(listed, "Ici")
    assert visit("campagnes/").status_code == 404
    assert visit("../admin/").status_code == 404


def test_a_visitor_gets_no_cookie(listed, visit):
    add(listed, "Ici")
    response = visit()
    assert response.cookies == {}


def test_the_state_that_is_announced_shows_no_progress(listed, visit):
    make_campaign_page(listed, title="Bientôt", launch=False)
    html = visit("?show=announced").content.decode()
    assert "Ouverture prochaine" in html
    with across_cooperatives():
        assert Campaign.objects.get().state == CampaignState.ANNOUNCED
