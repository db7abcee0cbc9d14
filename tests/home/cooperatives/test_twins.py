"""The twin of a cooperative: founded once, looking like it, open to its people alone."""

import pytest
from django.core.files.images import ImageFile
from django.test import Client
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from home.cooperatives import founding, twins
from home.models import Brand, Cooperative, Membership, Role
from home.queries import roles_of
from home.tenancy import within
from pledges.links import contribution_url
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


@pytest.fixture
def sandbox(cooperative, editor):
    twin = twins.found_twin(cooperative)
    twins.enter(twin, editor)
    return twin


def at(cooperative, user=None):
    browser = Client(HTTP_HOST=cooperative.site.hostname)
    if user:
        browser.force_login(user)
    return browser


def test_it_is_founded_once_and_looks_like_the_cooperative(cooperative, settings):
    logo = get_image_model().objects.create(title="logo", file=get_test_image_file("logo.png"))
    Brand.objects.filter(site=cooperative.site).update(field="#123456", logo=logo)
    Cooperative.objects.filter(pk=cooperative.pk).update(listed=True, commission_basis_points=321)
    twin = twins.found_twin(cooperative)
    assert twins.found_twin(cooperative) == twin == twins.twin_of(cooperative)
    assert (twin.slug, twin.site.hostname, twin.name) == (
        "essai-meule",
        "essai-meule.localhost",
        "Essai · La Meule commune",
    )
    assert (twin.listed, twin.commission_basis_points, twin.stripe_account) == (False, 321, "")
    brand = Brand.for_site(twin.site)
    assert brand.field == "#123456" and brand.logo_id != logo.pk
    brand.logo.delete()
    with logo.file.open() as still_there:
        assert still_there.read(4)
    with pytest.raises(TypeError):
        twins.found_twin(twin)
    settings.REHEARSAL_HOST_SUFFIX = ""
    cooperative.site.hostname = "campagnes.meule.coop"
    assert twins.host_of(cooperative) == "essai-meule.meule.coop"


def test_only_its_people_find_anything_there(cooperative, sandbox, editor):
    campaign = make_campaign(sandbox)
    with within(sandbox):
        page = campaign.title
        url = f"/fr/{sandbox.site.root_page.get_children().get().slug}/"
        own = contribution_url(make_pledge(campaign)).removeprefix(sandbox.root_url)
    mine = at(sandbox, editor).get(url)
    assert mine.status_code == 200 and page in mine.content.decode()
    assert "Campagne d’essai" in mine.content.decode() and 'content="noindex, nofollow"' in mine.content.decode()
    assert mine["X-Robots-Tag"] == "noindex, nofollow" and mine["Cache-Control"] == "private, no-store"
    stranger = make_user(cooperative, Role.TREASURER)
    for browser in (at(sandbox), at(sandbox, stranger)):
        for path in (url, "/fr/", "/fr/campagnes/", "/fr/n-existe-pas/", "/sitemap.xml", "/n-existe-pas.txt"):
            refused = browser.get(path, follow=True)
            assert refused.status_code == 404, path
            assert "Meule" not in refused.content.decode()
        assert browser.get(own).status_code == 200
    assert at(sandbox).get("/robots.txt").content.decode() == "User-agent: *\nDisallow: /\n"
    assert at(sandbox).get("/sitemap.xml").status_code == at(sandbox, editor).get("/sitemap.xml").status_code == 404
    assert at(sandbox).get("/admin/login/").status_code == 200


def test_it_closes_to_who_no_longer_writes_for_the_cooperative(cooperative, sandbox, editor):
    assert roles_of(editor, sandbox) == set(twins.ROLES)
    Membership.objects.filter(user=editor, cooperative=cooperative).delete()
    founding.welcome(editor, cooperative, Role.TREASURER)
    assert roles_of(editor, sandbox) == set()
    assert at(sandbox, editor).get("/fr/").status_code == 404


def test_pictures_are_copied_with_files_of_their_own(sandbox):
    from campaigns.models import CampaignPage

    shelf = twins.shelf_of(sandbox)
    images = get_image_model().objects
    picture = images.create(title="four", file=ImageFile(get_test_image_file("four.png"), name="four.png"))
    block = CampaignPage._meta.get_field("body").stream_block
    raw = [
        {"type": "title", "id": "a", "value": {"place": "P", "image": {"image": picture.pk, "alt_text": "un four"}}},
        {"type": "gallery", "id": "b", "value": {"pictures": []}},
    ]
    done = shelf.with_copies(block, [raw[0]])
    copied = images.get(pk=done[0]["value"]["image"]["image"])
    assert done[0]["value"]["image"]["alt_text"] == "un four" and done[0]["value"]["place"] == "P"
    assert (copied.title, copied.collection.name) == ("four", sandbox.name)
    assert copied.pk != picture.pk and copied.file.name != picture.file.name
    assert shelf.with_copies(block, [raw[0]]) == done
    assert shelf.copy_of(get_image_model(), 999_999) is None
