"""Which campaigns are found, by words and by filters, on both databases."""

import pytest
from modelsearch.index import insert_or_update_object

from campaigns import discovery
from campaigns.discovery import Wanted
from campaigns.enums import CampaignState, FundingModel, Theme
from campaigns.models import Campaign, CampaignPage
from home.tenancy import across_cooperatives
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier, translate


def index_pages():
    """What the worker does after a page is saved."""
    for page in CampaignPage.objects.all():
        insert_or_update_object(page)


@pytest.fixture
def listed(cooperative):
    cooperative.listed = True
    cooperative.save()
    return cooperative


def titles(campaigns):
    return [campaign.title_fr for campaign in campaigns]


def found(words, **fields):
    index_pages()
    with across_cooperatives():
        return titles(discovery.narrowed(discovery.public_campaigns(None), Wanted(words, **fields)).order_by("pk"))


def grocery(cooperative):
    """A campaign whose words have accents, an apostrophe and a ligature."""
    body = body_of([tier()], tagline="L’épicerie du village rouvre à l’école, près de la forêt.")
    return make_campaign(cooperative, title="Rouvrir l’Épicerie", body=body, bilingual=False)


@pytest.mark.parametrize("words", ["epicerie", "ÉPICERIE", "ecole", "foret", "l'ecole", "rouvrir epicerie"])
@pytest.mark.django_db
def test_words_are_found_without_their_accents(listed, outsider, words):
    grocery(listed)
    make_campaign(outsider, title="Épicerie du Large à la forêt, école Rouvrir meule")
    make_campaign(listed, title="Un four banal", bilingual=False, body=body_of([tier()], tagline="Du pain."))
    assert found(words) == ["Rouvrir l’Épicerie"]


@pytest.mark.postgres
@pytest.mark.parametrize("words", ["epicerie", "ÉPICERIE", "ecole", "foret", "l'ecole", "rouvrir epicerie", "villages"])
@pytest.mark.django_db
def test_words_are_found_without_their_accents_on_postgresql(listed, outsider, words):
    """And by their stem."""
    grocery(listed)
    make_campaign(outsider, title="Épicerie du Large à la forêt, école Rouvrir villages")
    make_campaign(listed, title="Un four banal", bilingual=False, body=body_of([tier()], tagline="Du pain."))
    assert found(words) == ["Rouvrir l’Épicerie"]


def test_the_words_of_either_language_are_searched(listed):
    page = make_campaign_page(listed, title="Remettre la meule en marche")
    translate(page, title="Get the millstone turning")
    assert found("millstone") == ["Remettre la meule en marche"]


def test_a_cooperative_is_found_by_its_name(listed):
    make_campaign(listed, title="Un four banal", bilingual=False)
    assert found("la MEULE commune") == ["Un four banal"]
    assert found("inconnue") == []


def test_only_listed_cooperatives_that_are_not_archived_are_found(listed, outsider):
    make_campaign(listed, title="Ici", bilingual=False)
    make_campaign(outsider, title="Ailleurs", bilingual=False)
    with across_cooperatives():
        assert titles(discovery.public_campaigns(None)) == ["Ici"]
        assert titles(discovery.public_campaigns(outsider)) == ["Ailleurs"]
    listed.archived_at = "2026-01-01T00:00Z"
    listed.save()
    with across_cooperatives():
        assert titles(discovery.public_campaigns(None)) == []


def test_what_is_being_prepared_or_unpublished_is_not_found(listed):
    for number, state in enumerate([CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.APPROVED]):
        campaign = make_campaign(listed, title=f"Brouillon {number}", bilingual=False)
        with across_cooperatives():
            Campaign.objects.filter(pk=campaign.pk).update(state=state)
    hidden = make_campaign_page(listed, title="Dépubliée")
    hidden.unpublish()
    make_campaign(listed, title="Publique", bilingual=False)
    with across_cooperatives():
        assert titles(discovery.public_campaigns(None)) == ["Publique"]


def test_filters_narrow(listed):
    make_campaign(listed, title="Pain", bilingual=False, theme=Theme.FOOD)
    make_campaign(listed, title="Bateau", bilingual=False, theme=Theme.CULTURE, funding_model=FundingModel.FLEXIBLE)
    with across_cooperatives():
        public = discovery.public_campaigns(None)
        assert titles(discovery.narrowed(public, Wanted(theme=Theme.FOOD))) == ["Pain"]
        assert titles(discovery.narrowed(public, Wanted(funding_model=FundingModel.FLEXIBLE))) == ["Bateau"]
        assert titles(discovery.narrowed(public, Wanted(place="Saint-Aurèle")).order_by("pk")) == ["Pain", "Bateau"]
        assert titles(discovery.narrowed(public, Wanted(place="Gaspé"))) == []
        assert discovery.places(public, "fr") == ["Saint-Aurèle"]
