"""A draft shown by a signed link: to read, for a while, until it is revoked, and at home only."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from campaigns.models import Dossier
from campaigns.sharing import preview_links
from home import clock, links
from home.tenancy import within
from tests.factories.campaigns import make_campaign_page, translate


@pytest.fixture
def draft(cooperative):
    """A page that was never online, with a link out for it."""
    page = make_campaign_page(cooperative, publish=False)
    page.title = "Une meule, encore à écrire"
    with within(cooperative):
        page.save_revision()
        preview_links.make(page, cooperative)
    return page


def address(page, cooperative, language="fr"):
    with within(cooperative):
        return preview_links.urls_of(preview_links.dossier_of(page))[language].split("localhost", 1)[1]


def test_the_link_shows_the_latest_draft_and_is_kept_nowhere(draft, cooperative, on_host):
    response = on_host(cooperative).get(address(draft, cooperative))
    html = response.content.decode()
    assert "<h1>Une meule, encore à écrire</h1>" in html
    assert "Aperçu d’une ébauche." in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "og:url" not in html
    assert "data-copy" not in html


def test_looking_changes_nothing(draft, cooperative, on_host):
    client = on_host(cooperative)
    with within(cooperative):
        before = list(Dossier.objects.values()), draft.revisions.count()
    client.get(address(draft, cooperative))
    assert client.post(address(draft, cooperative)).status_code == 405
    with within(cooperative):
        assert (list(Dossier.objects.values()), draft.revisions.count()) == before


def test_each_language_shows_its_draft_and_leads_to_the_other(draft, cooperative, on_host):
    with within(cooperative):
        translate(draft, title="A millstone, still to be written", publish=False)
    client = on_host(cooperative)
    english = client.get(address(draft, cooperative, "en")).content.decode()
    assert "<h1>A millstone, still to be written</h1>" in english
    assert f'href="{address(draft, cooperative)}" lang="fr-CA"' in english


def test_a_language_without_a_page_leads_to_the_one_that_has_one(draft, cooperative, on_host):
    response = on_host(cooperative).get(address(draft, cooperative, "en"))
    assert (response.status_code, response["Location"]) == (302, address(draft, cooperative))


def test_the_draft_of_a_page_online_is_shown_not_the_page(cooperative, on_host):
    page = make_campaign_page(cooperative)
    page.title = "Un titre de travail"
    with within(cooperative):
        page.save_revision()
        preview_links.make(page, cooperative)
    assert "<h1>Un titre de travail</h1>" in on_host(cooperative).get(address(page, cooperative)).content.decode()


def test_another_cooperative_s_host_does_not_know_the_link(draft, cooperative, outsider, on_host):
    make_campaign_page(outsider, title="La leur")
    response = on_host(outsider).get(address(draft, cooperative))
    assert response.status_code == 404
    assert "encore à écrire" not in response.content.decode()


def test_a_revoked_link_opens_nothing_and_a_new_one_does(draft, cooperative, on_host):
    client, old = on_host(cooperative), address(draft, cooperative)
    with within(cooperative):
        preview_links.revoke(draft)
    assert client.get(old).status_code == 404
    with within(cooperative):
        preview_links.make(draft, cooperative)
    assert client.get(old).status_code == 404
    assert client.get(address(draft, cooperative)).status_code == 200


def test_making_twice_keeps_the_link_and_revoking_twice_is_once(draft, cooperative):
    with within(cooperative):
        preview_links.make(draft, cooperative)
        assert Dossier.objects.get().preview_generation == 1
        preview_links.revoke(draft)
        preview_links.revoke(draft)
        assert Dossier.objects.get().preview_generation == 2


def test_the_link_expires_after_fourteen_days(draft, cooperative, on_host):
    client, url, now = on_host(cooperative), address(draft, cooperative), clock.now()
    with time_machine.travel(now + timedelta(days=14), tick=False):
        assert client.get(url).status_code == 200
    with time_machine.travel(now + timedelta(days=15, minutes=1), tick=False):
        answer = client.get(url)
    assert answer.status_code == 404
    assert "Ce lien d’aperçu n’est plus valable" in answer.content.decode()


@pytest.mark.parametrize(
    ("purpose", "subject", "generation"),
    [("contribution", "1", 1), ("preview", "not-a-key", 1), ("preview", "", 0)],
)
@pytest.mark.usefixtures("draft")
def test_a_link_made_for_something_else_opens_nothing(cooperative, on_host, purpose, subject, generation):
    token = links.sign(purpose, subject, lasts=timedelta(days=1), generation=generation)
    with translation.override("fr"):
        assert on_host(cooperative).get(reverse("campaign_preview", args=[token])).status_code == 404


def test_a_signed_generation_that_was_never_out_opens_nothing(cooperative, on_host):
    """Generation 0 is what a dossier has before any link was made."""
    page = make_campaign_page(cooperative, publish=False)
    with within(cooperative):
        Dossier.objects.create(cooperative=cooperative, translation_key=page.translation_key, created_at=clock.now())
    token = links.sign("preview", str(page.translation_key), lasts=timedelta(days=1), generation=0)
    with translation.override("fr"):
        assert on_host(cooperative).get(reverse("campaign_preview", args=[token])).status_code == 404
