"""Visiting campaign pages."""

import pytest

from campaigns.models import CampaignPage
from home.tenancy import within


@pytest.fixture
def visit(on_host):
    """The page of a campaign as a visitor of its host gets it."""

    def get(campaign, language="en", query=""):
        with within(campaign.cooperative):
            page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
            path = page.get_url()
        path = "/" + path.split("/", 3)[3] if path.startswith("http") else path
        response = on_host(campaign.cooperative).get(path + query)
        assert response.status_code == 200
        return response.content.decode()

    return get
