"""The home page, texts, the page that ends news, and what is shown where there is nothing."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from wagtail.models import Locale

from campaigns.models import Campaign, CampaignState
from home import clock, links
from home.mail import unsubscribing
from home.models import Brand, NewsConsent, TextPage
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_backer, make_pledge
from tests.updates.making import tell

MOST_QUERIES = 25


def html_of(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def posters(html, heading):
    """The titles of the posters below a heading of the home page."""
    section = html.split(f'aria-labelledby="{heading}"')
    if len(section) == 1:
        return []
    return re.findall(r'<h3><a href="[^"]+"[^>]*>([^<]+)</a></h3>', section[1].split("</section>")[0])


def end(campaign, state, days):
    with within(campaign.cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(
            state=state,
            outcome=state,
            deadline=clock.now() - timedelta(days=days),
            pledged_at_deadline=0,
            backers_at_deadline=0,
        )


def make_text_page(cooperative, title, *, publish=True):
    with within(cooperative):
        page = cooperative.site.root_page.add_child(
            instance=TextPage(
                title=title,
                locale=Locale.objects.get(language_code="fr"),
                live=False,
                body=[{"type": "text", "id": str(uuid.uuid4()), "value": {"text": "<p>Le texte, en entier.</p>"}}],
            )
        )
        revision = page.save_revision()
        if publish:
            revision.publish()
        return page


def test_the_home_page_names_the_cooperative_and_carries_its_brand(cooperative, on_host):
    html = html_of(on_host(cooperative).get("/fr/"))
    version = Brand.for_site(cooperative.site).version
    assert "<title>Le grain d’ici, moulu ici. · La Meule commune</title>" in html
    assert "<h1>La Meule commune</h1>" in html
    stylesheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    assert stylesheets == [
        "/static/css/tokens.css",
        f"/fr/brand/{version}.css",
        "/static/css/base.css",
        "/static/css/components.css",
    ]
    assert on_host(cooperative).get(stylesheets[1]).status_code == 200


def test_the_footer_says_who_is_answerable(cooperative, on_host):
    html = html_of(on_host(cooperative).get("/en/"))
    footer = html[html.index('<footer class="foot">') :]
    assert "La Meule commune, coopérative de solidarité" in footer
    assert "4, chemin du Moulin, Saint-Aurèle (Québec) G0L 0X0" in footer
    assert "NEQ 1100000000" in footer
    assert '<a href="tel:4185550142">418 555-0142</a>' in footer
    assert '<a href="mailto:bonjour@meule.example">' in footer


def test_live_campaigns_by_deadline_then_the_ended_ones(cooperative, on_host):
    later = make_campaign(cooperative, title="Plus tard", bilingual=False)
    make_campaign(cooperative, title="Bientôt", bilingual=False)
    with within(cooperative):
        Campaign.objects.filter(pk=later.pk).update(deadline=clock.now() + timedelta(days=60))
    end(make_campaign(cooperative, title="Jadis", bilingual=False), CampaignState.FUNDED, days=90)
    end(make_campaign(cooperative, title="Naguère", bilingual=False), CampaignState.MISSED, days=9)
    end(make_campaign(cooperative, title="Hier", bilingual=False), CampaignState.LIVE, days=1)
    html = html_of(on_host(cooperative).get("/fr/"))
    assert posters(html, "t-live") == ["Bientôt", "Plus tard"]
    assert posters(html, "t-ended") == ["Hier", "Naguère", "Jadis"]


def test_another_cooperatives_campaign_is_never_shown(cooperative, outsider, on_host):
    make_campaign(cooperative, title="La nôtre", bilingual=False)
    make_campaign(outsider, title="La leur", bilingual=False)
    make_text_page(outsider, "Leurs conditions")
    html = html_of(on_host(cooperative).get("/fr/"))
    assert posters(html, "t-live") == ["La nôtre"]
    assert "La leur" not in html
    assert "Leurs conditions" not in html
    assert posters(html_of(on_host(outsider).get("/fr/")), "t-live") == ["La leur"]


def test_a_poster_shows_progress_and_an_unpublished_campaign_has_none(cooperative, on_host):
    campaign = make_campaign(cooperative)
    make_pledge(campaign, rewards=[], extra=37_000, paid=False)
    hidden = make_campaign(cooperative, title="Retirée", bilingual=False)
    from campaigns.models import CampaignPage

    CampaignPage.objects.get(translation_key=hidden.translation_key).unpublish()
    html = html_of(on_host(cooperative).get("/en/"))
    assert posters(html, "t-live") == ["Get the millstone turning"]
    assert "<b>$370</b> pledged of $1,000 (37%)" in html
    assert "<b>30</b> days left" in html or "<b>29</b> days left" in html


def test_a_campaign_without_translation_is_shown_in_its_own_language(cooperative, on_host):
    make_campaign(cooperative, title="En français", bilingual=False)
    html = html_of(on_host(cooperative).get("/en/"))
    assert re.search(r'<a href="/fr/[^"]+" hreflang="fr-CA">En français</a>', html)


def test_queries_do_not_grow_with_campaigns(cooperative, on_host):
    client = on_host(cooperative)

    def count():
        client.get("/fr/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/fr/")
        return len(captured)

    make_campaign(cooperative, title="Une", bilingual=False)
    one = count()
    make_campaign(cooperative, title="Deux", bilingual=False)
    make_campaign(cooperative, title="Trois", bilingual=False)
    assert count() == one <= MOST_QUERIES


def test_a_text_page_and_the_links_to_it(cooperative, on_host):
    make_text_page(cooperative, "Conditions de la campagne")
    make_text_page(cooperative, "Brouillon", publish=False)
    html = html_of(on_host(cooperative).get("/fr/conditions-de-la-campagne/"))
    assert "<p>Le texte, en entier.</p>" in html
    home = html_of(on_host(cooperative).get("/fr/"))
    assert (
        re.findall(r'<ul class="small".*?</ul>', home, re.DOTALL)[0].count("<li>") == 2
    )  # what is kept about people, too
    assert '<a href="/fr/conditions-de-la-campagne/">Conditions de la campagne</a>' in home
    assert "Conditions de la campagne" not in html_of(on_host(cooperative).get("/en/"))


def test_an_address_without_page(cooperative, on_host):
    html = html_of(on_host(cooperative).get("/en/nothing/"), 404)
    assert "<h1>There is no page here.</h1>" in html
    assert '<a class="lang" href="/fr/" lang="fr-CA"' in html


def test_an_unknown_host_speaks_both_languages(cooperative, client):
    client.defaults["HTTP_HOST"] = "nobody.localhost"
    html = html_of(client.get("/fr/"), 404)
    assert "La Meule commune" not in html
    assert '<div lang="en-CA"><h2>There is no site at this address.</h2>' in html


@pytest.fixture
def subscribed(cooperative):
    """A backer who asked for a campaign's news, and the address that ends it."""
    campaign = make_campaign(cooperative, bilingual=False)
    backer = make_backer(cooperative, email="camille@courriel.example")
    tell(backer, campaign)
    token = links.sign(unsubscribing.PURPOSE, f"{backer.pk}:{campaign.translation_key}", lasts=unsubscribing.LASTS)
    with translation.override("en"):
        return reverse("unsubscribe", args=[token])


def standing(cooperative):
    with within(cooperative):
        return NewsConsent.objects.filter(withdrawn_at=None).count()


def test_opening_the_link_asks_and_changes_nothing(cooperative, on_host, subscribed):
    html = html_of(on_host(cooperative).get(subscribed))
    assert "camille@courriel.example" in html
    assert '<button class="btn btn--big" type="submit">Unsubscribe</button>' in html
    assert standing(cooperative) == 1


def test_the_button_ends_the_news(cooperative, on_host, subscribed):
    html = html_of(on_host(cooperative).post(subscribed))
    assert "You are unsubscribed." in html
    assert "<form" not in html
    assert standing(cooperative) == 0


def test_the_link_opens_nothing_at_another_cooperative(cooperative, outsider, on_host, subscribed):
    html_of(on_host(outsider).post(subscribed), 410)
    assert standing(cooperative) == 1


def test_the_other_language_of_a_view_is_the_same_view(cooperative, on_host, subscribed):
    html = html_of(on_host(cooperative).get(subscribed))
    token = subscribed.rstrip("/").rsplit("/", 1)[1]
    with translation.override("fr"):
        assert f'<a class="lang" href="{reverse("unsubscribe", args=[token])}" lang="fr-CA"' in html


def test_a_missing_file_is_not_found_on_any_host(cooperative, on_host, client):
    html_of(on_host(cooperative).get("/media/nothing.png"), 404)
    client.defaults["HTTP_HOST"] = "nobody.localhost"
    html_of(client.get("/media/nothing.png"), 404)
