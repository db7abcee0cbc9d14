"""What is kept and sent to whom: public pages, host by host, for who has no session; and what others may keep of it."""

import gzip
from datetime import UTC, datetime

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.models import PageViewRestriction

from campaigns.models import CampaignPage
from home.models import User
from home.page_cache import shelves, versions
from home.page_cache.shelves import shelf
from home.tasks import draw_pictures
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.home.test_speed import illustrated
from tests.updates.making import make_update, text_block


def path_of(campaign, language="fr"):
    with within(campaign.cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
        return f"/{language}/{page.slug}/"


def test_a_page_is_made_once_and_then_costs_no_query(campaign, visit, time_machine):
    time_machine.move_to(datetime(2026, 10, 1, 15, tzinfo=UTC), tick=False)
    path = path_of(campaign)
    first = visit(campaign.cooperative, path)
    with CaptureQueriesContext(connection) as captured:
        second = visit(campaign.cooperative, path)
    assert (first.how, second.how, len(captured)) == ("made", "kept", 0)
    assert first.content == second.content


@pytest.mark.parametrize("name", ["home", "list", "figures", "widget", "rss", "atom", "update", "tier"])
def test_every_public_page_is_kept_and_sets_no_cookie(campaign, visit, name):
    with within(campaign.cooperative):
        make_update(campaign, text_block(), title="Le moulin tourne")
        reward = campaign.rewards.order_by("position").first()
    paths = {
        "home": "/fr/",
        "list": reverse("campaign_index"),
        "figures": reverse("campaign_figures", args=[campaign.pk]),
        "widget": reverse("campaign_widget", args=[campaign.pk]),
        "rss": reverse("updates_rss", args=[campaign.pk]),
        "atom": reverse("updates_atom", args=[campaign.pk]),
        "update": f"{path_of(campaign)}le-moulin-tourne/",
        "tier": reverse("campaign_reward", args=[campaign.pk, reward.pk]),
    }
    first, second = (visit(campaign.cooperative, paths[name]) for _time in range(2))
    assert (first.status_code, first.how, second.how) == (200, "made", "kept"), paths[name]
    assert (dict(first.cookies), dict(second.cookies)) == ({}, {})
    assert "Cookie" not in second.headers["Vary"]


@pytest.mark.parametrize("cookie", ["sessionid=abc", "messages=abc"])
def test_who_has_a_session_gets_a_page_of_their_own(campaign, visit, cookie):
    visit(campaign.cooperative, path_of(campaign))
    assert visit(campaign.cooperative, path_of(campaign), cookie=cookie).how == ""


def test_the_cookie_of_a_form_does_not_switch_it_off(campaign, visit):
    path = path_of(campaign)
    assert visit(campaign.cooperative, path, cookie="csrftoken=abc; other=1").how == "made"
    assert visit(campaign.cooperative, path, cookie="csrftoken=def").how == "kept"


def test_an_editor_who_is_logged_in_is_not_answered_from_what_is_kept(campaign, visit, client):
    visit(campaign.cooperative, path_of(campaign))
    client.force_login(User.objects.create_user("ada@courriel.example", "x"))
    response = client.get(path_of(campaign), headers={"host": campaign.cooperative.site.hostname})
    assert (response.status_code, response.headers.get("Server-Timing")) == (200, None)


def test_pages_with_forms_and_pages_that_are_not_found_are_not_kept(campaign, visit):
    for path in (f"/fr/contribuer/{campaign.pk}/", "/fr/rien-ici/", reverse("contribution_link")):
        assert {visit(campaign.cooperative, path).how for _time in range(2)} == {""}, path


def test_a_page_behind_a_password_is_not_kept(campaign, visit):
    with within(campaign.cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    PageViewRestriction.objects.create(page=page, restriction_type="password", password="moulin")
    answers = [visit(campaign.cooperative, path_of(campaign)) for _time in range(2)]
    assert [(one.status_code, one.how) for one in answers] == [(200, ""), (200, "")]


def test_two_hosts_with_the_same_path_are_never_mixed(cooperative, outsider, visit):
    ours = make_campaign(cooperative, title="Notre four")
    theirs = make_campaign(outsider, title="Notre four")
    assert path_of(ours) == path_of(theirs)
    with within(outsider):
        CampaignPage.objects.filter(translation_key=theirs.translation_key).update(search_description="SECRET DU LARGE")
    for _time in range(2):
        assert b"SECRET DU LARGE" not in visit(cooperative, path_of(ours)).content
        assert b"SECRET DU LARGE" in visit(outsider, path_of(theirs)).content
    host = cooperative.site.hostname
    assert visit(cooperative, path_of(ours), host=f"{host}:81").how == "made"  # pages repeat the port
    assert visit(cooperative, path_of(ours), host=host.upper()).how == "kept"


def test_hosts_that_are_nobody_s_are_refused_as_before(campaign, visit):
    visit(campaign.cooperative, path_of(campaign))
    assert visit(campaign.cooperative, path_of(campaign), host="ailleurs.example").status_code == 404


def test_a_rehearsal_is_not_kept(campaign, visit):
    twin = campaign.cooperative
    twin.rehearses_id = twin.pk
    twin.save()
    assert {visit(twin, path_of(campaign)).how for _time in range(2)} == {""}


def test_unknown_query_strings_are_ignored_and_change_nothing(campaign, visit):
    plain = visit(campaign.cooperative, path_of(campaign))
    tracked = visit(campaign.cooperative, f"{path_of(campaign)}?utm_source=a&fbclid=b")
    assert (tracked.how, tracked.content) == ("kept", plain.content)
    fresh = visit(campaign.cooperative, "/fr/campagnes/?utm_source=rumeur")
    assert (fresh.how, b"rumeur" in fresh.content) == ("made", False)


def test_a_shared_link_keeps_its_code(campaign, visit):
    visit(campaign.cooperative, path_of(campaign))
    first = visit(campaign.cooperative, f"{path_of(campaign)}?via=rosalie")
    other = visit(campaign.cooperative, f"{path_of(campaign)}?utm=1&via=mireille")
    again = visit(campaign.cooperative, f"{path_of(campaign)}?via=rosalie&utm=2")
    assert [one.how for one in (first, other, again)] == ["made", "made", "kept"]
    assert (b"via=rosalie" in again.content, b"via=mireille" in again.content) == (True, False)


def test_each_page_of_a_list_is_its_own(campaign, visit):
    paths = ("/fr/campagnes/", "/fr/campagnes/?show=over", "/fr/campagnes/?q=meule", "/en/campaigns/")
    assert [visit(campaign.cooperative, path).how for path in paths] == ["made"] * 4
    assert [visit(campaign.cooperative, path).how for path in paths] == ["kept"] * 4
    assert visit(campaign.cooperative, f"/fr/campagnes/?q={'m' * 101}").how == ""


def test_gzip_is_kept_ready_and_others_get_it_plain(campaign, visit):
    for _time in range(2):
        plain = visit(campaign.cooperative, path_of(campaign))
        packed = visit(campaign.cooperative, path_of(campaign), accept_encoding="gzip, br")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert int(packed.headers["Content-Length"]) == len(packed.content)
        assert packed.headers["ETag"] == plain.headers["ETag"]
        assert packed.headers["Vary"] == "Accept-Encoding"


def test_who_has_it_is_told_so(campaign, visit):
    known = visit(campaign.cooperative, path_of(campaign)).headers["ETag"]
    for etag in (known, f'"other", {known}'):
        same = visit(campaign.cooperative, path_of(campaign), if_none_match=etag)
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", known)
    assert visit(campaign.cooperative, path_of(campaign), if_none_match='"other"').status_code == 200


def test_others_may_keep_it_for_a_second(campaign, visit):
    kept = visit(campaign.cooperative, path_of(campaign)).headers["Cache-Control"]
    assert kept == "public, max-age=0, s-maxage=1, stale-while-revalidate=1"
    figures = visit(campaign.cooperative, reverse("campaign_figures", args=[campaign.pk])).headers["Cache-Control"]
    assert "max-age=60" in figures


def test_what_stands_in_front_may_keep_pages_without_figures_longer(campaign, visit, settings):
    with within(campaign.cooperative):
        make_update(campaign, text_block(), title="Le moulin tourne")
    update = f"{path_of(campaign)}le-moulin-tourne/"
    assert "CDN-Cache-Control" not in visit(campaign.cooperative, update).headers
    shelf.clear()
    caches["pages"].clear()
    settings.FRONT_CACHE = "HTTPBackend"
    assert "max-age=60" in visit(campaign.cooperative, update).headers["CDN-Cache-Control"]
    for path in (f"{update}?via=rosalie", path_of(campaign)):
        assert "CDN-Cache-Control" not in visit(campaign.cooperative, path).headers, path


def test_head_says_what_get_would(campaign, client, visit):
    host = {"host": campaign.cooperative.site.hostname}
    assert client.head(path_of(campaign), headers=host).status_code == 200
    got = visit(campaign.cooperative, path_of(campaign))
    head = client.head(path_of(campaign), headers=host)
    assert (got.how, head.content) == ("made", b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_the_memory_keeps_to_its_limit_and_forgets_what_was_asked_for_longest_ago(campaign, visit, settings):
    visit(campaign.cooperative, path_of(campaign))
    settings.PAGE_CACHE_BYTES = 3 * shelf.weight
    for number in range(12):
        visit(campaign.cooperative, f"{path_of(campaign)}?via=code{number}")
    assert 0 < shelf.weight <= settings.PAGE_CACHE_BYTES
    assert visit(campaign.cooperative, f"{path_of(campaign)}?via=code11").how == "kept"
    assert visit(campaign.cooperative, f"{path_of(campaign)}?via=code0").how == "shared"


def test_without_the_shared_store_pages_are_made_each_time(campaign, visit, settings):
    settings.CACHES = settings.CACHES | {"pages": {"BACKEND": "tests.home.page_cache.broken.BrokenCache"}}
    assert [visit(campaign.cooperative, path_of(campaign)).status_code for _time in range(2)] == [200, 200]
    assert visit(campaign.cooperative, path_of(campaign)).how == ""


def test_it_may_be_switched_off(campaign, visit, settings):
    settings.PAGE_CACHE = False
    assert {visit(campaign.cooperative, path_of(campaign)).how for _time in range(2)} == {""}


def test_an_update_that_is_not_for_everyone_is_not_kept(campaign, visit):
    with within(campaign.cooperative):
        make_update(campaign, text_block(), title="Pour vous", audience="backers")
    answers = [visit(campaign.cooperative, f"{path_of(campaign)}pour-vous/") for _time in range(2)]
    assert [(one.status_code, one.how) for one in answers] == [(403, ""), (403, "")]


def test_a_preview_is_neither_kept_nor_answered_from_what_is(campaign, visit):
    with within(campaign.cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    page.search_description = "ENCORE UN BROUILLON"
    assert b"ENCORE UN BROUILLON" in page.make_preview_request().content
    public = visit(campaign.cooperative, path_of(campaign))
    assert (public.how, b"ENCORE UN BROUILLON" in public.content) == ("made", False)
    assert b"ENCORE UN BROUILLON" in page.make_preview_request().content


def test_pictures_are_drawn_where_the_page_is_kept_already(cooperative, visit):
    page = illustrated(cooperative)
    drawn = get_image_model().get_rendition_model().objects.filter(filter_spec__endswith="avif")
    first = visit(cooperative, f"/fr/{page.slug}/")
    assert (drawn.count(), b"image/avif" in first.content) == (0, False)
    draw_pictures.call(page.pk)
    again = visit(cooperative, f"/fr/{page.slug}/")
    assert (drawn.count() > 0, again.how, b"image/avif" in again.content) == (True, "made", True)


def test_what_was_just_judged_is_sent_without_asking_the_store_and_what_is_published_here_is_seen(
    campaign, visit, monkeypatch
):
    monkeypatch.setattr(shelves, "TRUSTED", 60)
    path = path_of(campaign)
    assert [visit(campaign.cooperative, path).how for _time in range(2)] == ["made", "kept"]
    caches["pages"].clear()
    assert visit(campaign.cooperative, path).how == "kept"
    versions.bump(campaign.cooperative.pk)
    assert visit(campaign.cooperative, path).how == "made"
