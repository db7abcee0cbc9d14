"""What is shown where there is nothing, and where something broke: in both languages, in the brand of the host."""

import re
import sys
from types import ModuleType

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import path

from config import urls
from home.models import Brand
from tests.factories.campaigns import make_campaign

FRENCH, ENGLISH = "Cette page n’a pas pu être affichée.", "This page could not be shown."


def breaks(request):
    raise RuntimeError("broken on purpose")


@pytest.fixture
def broken(settings, monkeypatch):
    """The product's addresses, and one in each language that breaks."""
    module = ModuleType("broken_urls")
    module.urlpatterns = [path("fr/panne/", breaks), path("en/fault/", breaks), *urls.urlpatterns]
    module.handler500 = urls.handler500
    monkeypatch.setitem(sys.modules, "broken_urls", module)
    settings.ROOT_URLCONF = "broken_urls"


def ask(client, url, status):
    client.raise_request_exception = False
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize(
    ("url", "first", "second"),
    [
        ("/fr/panne/", FRENCH, ENGLISH),
        ("/en/fault/", ENGLISH, FRENCH),
    ],
)
def test_a_fault_speaks_both_languages_the_reader_s_first(broken, cooperative, on_host, url, first, second):
    html = ask(on_host(cooperative), url, 500)
    assert re.findall(r"<h1>(.+?)</h1>", html) == [first]
    assert re.findall(r"<h2>(.+?)</h2>", html) == [second]
    assert f"<title>{first} · La Meule commune</title>" in html
    tags = ["fr-CA", "en-CA"] if url.startswith("/fr") else ["en-CA", "fr-CA"]
    assert re.findall(r'lang="([^"]+)"', html) == [tags[0], *tags]
    assert html.count('href="mailto:bonjour@meule.example"') == 2


def test_a_fault_says_what_to_name_it_by(broken, cooperative, on_host):
    """The visitor reads what the lines of the log hold, and the answer too."""
    client = on_host(cooperative)
    client.raise_request_exception = False
    answer = client.get("/en/fault/")
    names = set(re.findall(r"(?:Reference|Référence)\W+([0-9a-f]{32})<", answer.content.decode()))
    assert names == {answer["X-Request-ID"]}


def test_a_fault_wears_the_brand_of_the_host(broken, cooperative, outsider, on_host):
    Brand.objects.filter(site=cooperative.site).update(field="#0f4a38")
    html = ask(on_host(cooperative), "/en/fault/", 500)
    stylesheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert stylesheets == [
        "/static/css/tokens.css",
        "/en/brand.css",
        "/static/css/base.css",
        "/static/css/components.css",
    ]
    answer = on_host(cooperative).get("/en/brand.css")
    assert "--brand: #0f4a38;" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "--brand: #0f4a38;" not in on_host(outsider).get("/en/brand.css").content.decode()


def test_the_page_of_a_fault_asks_the_database_for_nothing(broken, cooperative, on_host):
    client = on_host(cooperative)
    ask(client, "/en/fault/", 500)
    with CaptureQueriesContext(connection) as asked:
        ask(client, "/en/fault/", 500)
    tables = [re.search(r'FROM "(\w+)"', query["sql"])[1] for query in asked]
    assert set(tables) <= {"wagtailcore_site", "home_cooperative"}  # the middleware finds the host, before it breaks


def test_a_fault_of_the_database_itself_is_shown(cooperative, on_host, broken):
    def down(execute, sql, params, many, context):
        raise DatabaseError("the database is down")

    client = on_host(cooperative)
    with connection.execute_wrapper(down):
        html = ask(client, "/fr/", 500)
    assert re.findall(r"<h1>(.+?)</h1>", html) == [FRENCH]
    assert "brand.css" not in html


@pytest.mark.parametrize(
    ("url", "words", "heading", "button"),
    [
        ("/fr/nulle-part/", "Il n’y a pas de page ici.", "Campagnes en cours", "Aller à la page d’accueil"),
        ("/en/nowhere/", "There is no page here.", "Live campaigns", "Go to the home page"),
    ],
)
def test_where_there_is_no_page_the_way_on_is_shown(campaign, outsider, on_host, url, words, heading, button):
    make_campaign(outsider, title="Le phare")
    html = ask(on_host(campaign.cooperative), url, 404)
    home = url[:4]
    assert f"<h1>{words}</h1>" in html
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", html) == [heading]
    assert re.findall(r'<h3><a href="([^"]+)"', html) == [f"{home}remettre-la-meule-en-marche/"]
    assert re.findall(rf'<a class="btn btn--big" href="([^"]+)">{button}</a>', html) == [home]
    assert 'href="mailto:bonjour@meule.example"' in html.split("</main>")[0]
    assert "Le phare" not in html
    version = Brand.for_site(campaign.cooperative.site).version
    assert f'<link rel="stylesheet" href="{home}brand/{version}.css">' in html


def test_without_a_campaign_there_is_no_empty_list(cooperative, on_host):
    html = ask(on_host(cooperative), "/en/nowhere/", 404)
    assert "<h2" not in html
    assert 'class="posters"' not in html


def test_three_campaigns_are_shown_and_cost_no_more_queries_than_one(cooperative, on_host):
    client, counts = on_host(cooperative), []
    for number in range(1, 5):
        make_campaign(cooperative, title=f"Campagne {number}")
        ask(client, "/fr/rien/", 404)
        with CaptureQueriesContext(connection) as asked:
            html = ask(client, "/fr/rien/", 404)
        counts.append((len(asked), html.count('<li class="poster')))
    queries = counts[0][0]
    assert counts == [(queries, 1), (queries, 2), (queries, 3), (queries, 3)]
    assert queries <= 25
