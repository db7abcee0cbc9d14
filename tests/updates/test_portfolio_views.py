"""« Mes dossiers »: each cooperative that invited the adviser, and no other; of backers counts, and no word."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign
from home import clock
from home.cooperatives.founding import welcome
from home.models import Cooperative, Membership, Role
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.pledges import make_pledge
from tests.leading import led_to
from tests.updates.busy import make_busy, make_in_review

URL = "/admin/portfolio/"


@pytest.fixture
def adviser(cooperative):
    return make_user(cooperative, Role.ADVISER, "lise@accompagnement.example")


def visit(user, cooperative, language="en"):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def rows_of(html):
    """(whose, sentence, action's address, path and cooperative of a POST) of every row."""
    found = []
    for row in re.findall(r'(?s)<li class="my-day__line.*?</li>', html):
        whose, sentence = re.search(r'portfolio__whose">(.*?)</span>\s*(.*?)</span>', row).groups()
        link = re.search(r'<a class="my-day__act" href="(.*?)"', row)
        posted = re.findall(r'name="(cooperative|path)" value="(.*?)"', row)
        found.append((unescape(whose), unescape(sentence).strip(), link[1] if link else "", dict(posted)))
    return found


def test_everything_of_each_cooperative_stands_on_one_page(cooperative, outsider, adviser):
    make_busy(cooperative, "Fuite")
    make_busy(outsider, "Secret")
    third = make_cooperative("tiers", name="Le Tiers")
    make_in_review(third, "Dossier du tiers")
    welcome(adviser, third, Role.EDITOR)
    welcome(adviser, third, Role.OWNER)
    welcome(adviser, outsider, Role.ADVISER)
    Cooperative.objects.filter(pk=outsider.pk).update(disconnected_at=outsider.created_at)
    client = visit(adviser, cooperative)
    html = client.get(URL).content.decode()
    rows = rows_of(html)
    for whose in ("La Meule commune", "Le Large"):
        said = " ".join(sentence for one, sentence, _link, _posted in rows if one == whose)
        for words in (
            "“Dossier à lire” has been waiting to be read since",
            "“Dossier à lire”: 1 answer to read.",
            "“Dossier à lire”: 1 question awaits the team’s answer, by",
            "”: promised for March 2020, which is over; 1 person is waiting.",
            "to 1 person.",
            "“Get the millstone turning”: news was promised by",
            "“Get the millstone turning”: 1 question awaits an answer, since",
            "is not verified yet; emails may be filtered.",
            "Payments are paused" if whose == "Le Large" else "The payment account takes payments.",
        ):
            assert words in said, (whose, words)
    for leak in ("Voisine", "voisine.example", "Fuite", "Secret", "Tiers", "Dossier du tiers", "sac percé", "quand?"):
        assert leak not in html, leak
    # Here a link, elsewhere a POST that names the cooperative and the place.
    assert {bool(link) for whose, _s, link, posted in rows if whose == "La Meule commune" and (link or posted)} == {
        True
    }
    away = [posted for whose, _s, link, posted in rows if whose == "Le Large" and not link]
    assert {posted["cooperative"] for posted in away if posted} == {str(outsider.pk)}
    there = next(posted for posted in away if posted and "/campaigns/" in posted["path"])
    answer = client.post(reverse("my_cooperatives"), there)
    assert led_to(answer).startswith(outsider.root_url)
    assert visit(adviser, outsider).get(there["path"]).status_code == 200

    Membership.objects.filter(user=adviser, cooperative=outsider, role=Role.ADVISER).delete()
    html = client.get(URL).content.decode()
    assert "Le Large" not in html and "La Meule commune" in html
    assert "Dossiers qui vous attendent" in visit(adviser, cooperative, "fr").get(URL).content.decode()


def test_only_for_those_who_advise_someone(cooperative, outsider):
    for role in (Role.EDITOR, Role.TREASURER, Role.OWNER):
        client = visit(make_user(cooperative, role), cooperative)
        assert client.get(URL).status_code == 302
        assert URL not in client.get(reverse("wagtailadmin_home")).content.decode()
    assert Client(HTTP_HOST=cooperative.site.hostname).get(URL).status_code == 302
    editor_here = make_user(cooperative, Role.EDITOR, "sam@meule.example")
    welcome(editor_here, outsider, Role.ADVISER)
    client = visit(editor_here, cooperative)
    assert f'"url": "{URL}"' in client.get(reverse("wagtailadmin_home")).content.decode()
    html = client.get(URL).content.decode()
    assert {whose for whose, *_rest in rows_of(html)} == {"Le Large"}
    assert "No dossier is waiting for you, and nothing is due this week." in html
    assert client.post(URL).status_code == 405
    Cooperative.objects.filter(pk=outsider.pk).update(archived_at=outsider.created_at)
    assert client.get(URL).status_code == 302


def test_launches_and_deadlines_of_the_week(cooperative, campaign, adviser):
    with within(cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(deadline=clock.now() + timedelta(days=2))
    first = rows_of(visit(adviser, cooperative).get(URL).content.decode())[0]
    assert first[1].startswith("“Get the millstone turning” ends on ")


def test_a_cooperative_costs_the_same_whatever_it_holds(cooperative, adviser):
    client = visit(adviser, cooperative)

    def queries():
        client.get(URL)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    make_busy(cooperative)
    counts = [queries()]
    for number in range(2):
        other = make_cooperative(f"autre{number}", name=f"Autre {number}")
        welcome(adviser, other, Role.ADVISER)
        make_busy(other)
        counts.append(queries())
    assert counts[2] - counts[1] == counts[1] - counts[0]
    assert counts[1] - counts[0] <= 20
    for number in range(2):
        make_in_review(cooperative, f"Dossier {number}")
        make_pledge(make_campaign(cooperative, title=f"Autre {number}"))
    assert queries() == counts[2]
