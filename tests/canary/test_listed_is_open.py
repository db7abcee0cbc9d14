"""For whatever memberships, trees and files: what a person finds in a list is what opens for them."""

import itertools
import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Locale
from wagtail.search.backends import get_search_backend

from home.cooperatives.founding import welcome
from home.models import HomePage, Role, TextPage
from tests.canary.asking import Asker, undone
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.long

#: Stands before the number of each thing in its title.
TOKEN = "jeton"
NUMBERED = re.compile(TOKEN + r" n(\d+)n")

API = "/admin/api/main/{}/?fields=title&limit=20&search=" + TOKEN
LISTS = {
    "page": lambda: [
        reverse("wagtailadmin_pages:search") + f"?q={TOKEN}",
        reverse("wagtailadmin_choose_page_search") + f"?q={TOKEN}",
        API.format("pages"),
    ],
    "image": lambda: [
        reverse("wagtailimages:index") + f"?q={TOKEN}",
        reverse("wagtailimages_chooser:choose_results") + f"?q={TOKEN}",
        API.format("images"),
    ],
    "document": lambda: [
        reverse("wagtaildocs:index") + f"?q={TOKEN}",
        reverse("wagtaildocs_chooser:choose_results") + f"?q={TOKEN}",
        API.format("documents"),
    ],
    "campaign": lambda: [reverse("campaigns_index")],
    "contribution": lambda: [reverse("pledges_contributions")],
}
OPENS = {
    "page": "wagtailadmin_pages:edit",
    "image": "wagtailimages:edit",
    "document": "wagtaildocs:edit",
    "campaign": "campaigns_dossier",
    "contribution": "pledges_contribution",
}

places = st.integers(0, 2)
memberships = st.sets(st.tuples(places, st.sampled_from(list(Role))), max_size=4)
things = st.lists(st.tuples(st.sampled_from(sorted(LISTS)), places, st.integers(0, 5)), min_size=3, max_size=8)


class World:
    """Three cooperatives, of which two have campaigns; each thing has a number of its own."""

    def __init__(self, cooperatives, campaigns):
        self.cooperatives, self.campaigns = cooperatives, campaigns
        self.numbers = itertools.count(1)
        self.pages = {one.pk: [HomePage.objects.get(pk=one.site.root_page_id)] for one in cooperatives}
        self.made = {kind: {} for kind in LISTS}

    def make(self, kind, place, above):
        cooperative, number = self.cooperatives[place], next(self.numbers)
        row = getattr(self, f"_{kind}")(cooperative, f"{TOKEN} n{number}n", above)
        if row is not None:
            self.made[kind][number] = row.pk

    def _page(self, cooperative, title, above):
        known = self.pages[cooperative.pk]
        parent = type(known[0]).objects.get(pk=known[0].pk)
        page = parent.add_child(
            instance=TextPage(title=title, live=bool(above % 2), locale=Locale.objects.get(language_code="fr"))
        )
        page.save_revision()
        get_search_backend().add(page)
        return page

    def _file(self, model, cooperative, title, file):
        collection = Collection.objects.get(name=cooperative.name)
        row = model.objects.create(title=title, file=file, collection=collection)
        get_search_backend().add(row)
        return row

    def _image(self, cooperative, title, above):
        return self._file(Image, cooperative, title, get_test_image_file())

    def _document(self, cooperative, title, above):
        return self._file(Document, cooperative, title, ContentFile(b"x", "x.txt"))

    def _campaign(self, cooperative, title, above):
        return make_campaign_page(cooperative, title=title, publish=False)

    def _contribution(self, cooperative, title, above):
        campaign = self.campaigns.get(cooperative.pk)
        return campaign and make_pledge(campaign, backer_name=title, rewards=[], extra=500)


def listed(asker, url):
    """The numbers of the things that a list names; none where it is refused."""
    answer = asker.get(url)
    return (
        {int(number) for number in NUMBERED.findall(answer.said.decode(errors="replace"))}
        if (answer.status == 200)
        else set()
    )


@pytest.fixture(scope="module")
def third(houses):
    return make_cooperative("trois", name="Trois")


def opened_by(memberships, things, houses, third):
    """What opens for someone of these cooperatives, at each host; every list there says the same."""
    cooperatives = [*(house.cooperative for house in houses), third]
    campaigns = {house.cooperative.pk: house.house.campaign for house in houses}
    opened = {}
    with undone():
        world = World(cooperatives, campaigns)
        for kind, place, above in things:
            world.make(kind, place, above)
        user = make_user(email="quelqu.un@ailleurs.example")
        for place, role in memberships:
            welcome(user, cooperatives[place], role)
        for cooperative in cooperatives:
            asker = Asker(cooperative.site.hostname, user)
            for kind, made in world.made.items():
                opens = {n for n, pk in made.items() if asker.get(reverse(OPENS[kind], args=[pk])).status == 200}
                found = {url: listed(asker, url) & set(made) for url in LISTS[kind]()}
                assert found == dict.fromkeys(found, opens), (cooperative.slug, kind)
                opened[(cooperative.slug, kind)] = opens
    return opened


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(memberships=memberships, things=things)
def test_what_is_listed_is_what_opens(houses, db, third, memberships, things):
    opened_by(memberships, things, houses, third)


def test_an_owner_finds_and_opens_what_is_of_the_house_and_nothing_else(houses, db, third):
    things = [(kind, place, 1) for place in (0, 1) for kind in sorted(LISTS)]
    own = {kind: {number} for number, kind in enumerate(sorted(LISTS), 1)}
    opened = opened_by({(0, Role.OWNER)}, things, houses, third)
    assert opened == {
        (one.slug, kind): own[kind] if one == houses[0].cooperative else set()
        for one in (*(house.cooperative for house in houses), third)
        for kind in sorted(LISTS)
    }
