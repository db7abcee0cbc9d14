"""The archive of a site: whole, in both languages, with no more in it than anyone may read."""

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from wagtail.documents import get_document_model
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction

from campaigns import lifecycle
from campaigns.models import Campaign, CampaignPage, FundingModel
from home.tenancy import within
from pledges import erasing
from pledges.enums import FulfilmentState, Wall
from pledges.models import Pledge
from tests.campaigns.composing import wall
from tests.campaigns.test_queries import block, described, picture
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, two_tiers
from tests.factories.pledges import make_pledge
from tests.updates import archives
from tests.updates.making import make_update, make_update_page, notice_block, text_block
from tests.updates.test_reading import make_secret
from tests.updates.test_summaries import decide, leave
from updates import questions
from updates.announcing import announce
from updates.archive import rewriting
from updates.archive.addresses import Extent, file_name, link_between
from updates.archive.writing import ArchiveRefused, write_site
from updates.enums import MissingLanguage

CANARY = "Zanzibar"


@dataclass
class House:
    """`campaign` has ended; `other` runs. `hidden`: words that no stranger may read."""

    cooperative: Any
    campaign: Campaign
    other: Campaign
    hidden: list[str]


def thank(campaign, name, choice, **fields):
    pledge = make_pledge(campaign, backer_name=name, **fields)
    shown = choice != Wall.NEITHER
    Pledge.objects.filter(pk=pledge.pk).update(wall=choice, wall_name=name if shown else "")
    return pledge


def document(title, collection=None):
    from django.core.files.base import ContentFile

    fields = {"collection": collection} if collection else {}
    return get_document_model().objects.create(
        title=title, file=ContentFile(f"Contenu de {title}".encode(), name=f"{title}.txt"), **fields
    )


def story(linked):
    image = picture("photo")
    links = "".join(f'<a linktype="document" id="{one.pk}">{one.title}</a> ' for one in linked)
    text = f'<p>{links}<a href="https://ailleurs.example/">ailleurs</a> <a href="/fr/rien/">un mot</a></p>'
    text += '<p><a href="/fr/campagnes/">toutes</a></p>'
    video = {"url": "https://vimeo.com/76979871", "title": "Le moulin", "duration": 130, "poster": image.pk}
    return [
        block("description", {"heading": "Un moulin", "text": text}),
        block("video", video | {"transcript": ""}),
        block("gallery", {"heading": "", "pictures": [
            {"type": "item", "id": str(uuid.uuid4()), "value": {"image": described(image), "caption": "Là"}}
        ]}),
        wall(),
    ]  # fmt: skip


@pytest.fixture
def house(cooperative):
    with within(cooperative):
        closed_to_all = Collection.get_first_root_node().add_child(name="Interne")
        CollectionViewRestriction.objects.create(collection=closed_to_all, restriction_type="login")
        extra = story([document("plan-du-moulin"), document("ledger-secret", closed_to_all)])
        campaign = make_campaign(
            cooperative, goal=9_000, body=body_of(two_tiers(), extra=extra), funding_model=FundingModel.FLEXIBLE
        )
        thank(campaign, "Rosalie Consentante", Wall.NAME)
        fields = {"email": "refus@courriel.example"}
        hidden = ["refus@courriel.example", "Renée Refusante", "Gérard Retiré", "Effacée Parti", "courriel.example"]
        thank(campaign, "Renée Refusante", Wall.NEITHER, **fields)
        taken_back = thank(campaign, "Gérard Retiré", Wall.AMOUNT)
        Pledge.objects.filter(pk=taken_back.pk).update(wall=Wall.NEITHER, wall_name="")
        erased = thank(campaign, "Effacée Parti", Wall.NAME)
        flour = campaign.rewards.order_by("position").first()
        update = make_update(campaign, text_block(), title="La pierre est là")
        asked = questions.ask(update, email="asker@courriel.example", text="Et le four?", language="fr")
        questions.answer(asked, by=None, text="En mai.", shown=True)
        make_secret(campaign, title="Pour vous seulement")
        make_update_page(campaign, text_block(), title="Brouillon caché", publish=False)
        late = make_update(campaign, notice_block([flour], month="2028-03"), title="Un retard")
        announce(late, by=None, missing_language=MissingLanguage.NONE)
        decide(campaign, then=[lifecycle.start_fulfilling])
        leave(erased, 2027, 9, 1, state=FulfilmentState.DELIVERED)
        assert erasing.erase(erased) == ""
        other = make_campaign(cooperative, title="Un four", body=body_of(two_tiers(), extra=[wall()]))
        make_campaign_page(cooperative, title="Projet secret", publish=False)
        private = make_campaign(cooperative, title="Page sous clé")
        for page in CampaignPage.objects.filter(translation_key=private.translation_key):
            PageViewRestriction.objects.create(page=page, restriction_type="password", password="x")
    hidden += [
        "Secret du",
        "Secret summary",
        "Brouillon caché",
        "Projet secret",
        "asker@",
        "Contenu de ledger",
    ]
    return House(cooperative, campaign, other, hidden)


@pytest.fixture
def canary(outsider):
    """The other cooperative, full of a word."""
    with within(outsider):
        campaign = make_campaign(outsider, title=CANARY, body=body_of(two_tiers(), tagline=CANARY, extra=[wall()]))
        thank(campaign, CANARY, Wall.NAME)
        make_update(campaign, text_block(f"<p>{CANARY}</p>"), title=CANARY)
    return campaign


def test_it_is_whole_and_holds_what_anyone_may_read_and_no_more(house, canary, tmp_path):
    to = tmp_path / "archive"
    written = write_site(house.cooperative, to)
    assert archives.faults_of(to) == []
    assert archives.with_words(to, CANARY, "large.localhost", "Le Large", *house.hidden) == []
    assert archives.with_words(to, "?via=", "csrf", "/admin/", "contribuer/", "meule.localhost/fr/contrib") == []
    pages = archives.pages_of(to)
    assert {page.language for page in pages.values()} == {"fr-CA", "en-CA"}
    pk = house.campaign.pk
    with within(house.cooperative):
        slug = CampaignPage.objects.get(translation_key=house.campaign.translation_key, locale__language_code="fr").slug
    for name in (
        "index.html", "404.html", "README.txt", "LISEZMOI.txt", "fr/index.html", "en/index.html",
        f"fr/{slug}/index.html", f"fr/{slug}/la-pierre-est-la/index.html", f"fr/campagnes/{pk}/bilan/index.html",
        f"en/campaigns/{pk}/summary/index.html", f"fr/campagnes/{pk}/nouvelles.rss", f"en/campaigns/{pk}/updates.atom",
        "static/css/base.css", "fr/campagnes/index.html", "en/campaigns/_show-over/index.html",
    ):  # fmt: skip
        assert (to / name).is_file(), (name, sorted(pages))
    shown = (to / f"fr/{slug}/index.html").read_text()
    assert "Cette page est une archive du" in shown
    assert "Rosalie Consentante" in shown
    assert 'href="https://ailleurs.example/"' in shown
    assert "un mot" in shown
    assert "Pour vous seulement" in shown, "its title stands in the feed, as in public"
    assert "Et le four?" in (to / f"fr/{slug}/la-pierre-est-la/index.html").read_text()
    assert list(to.glob("documents/*/plan-du-moulin*.txt"))
    running = next(path for path in to.glob("fr/un-four/index.html")).read_text()
    for gone in ("Choisir ma contribution", "Choisir cette contrepartie", "Partager"):
        assert gone not in running
    manifest = json.loads((to / "manifest.json").read_text())
    assert {row["path"] for row in manifest["files"]} | {"manifest.json"} == set(archives.tree(to))
    assert written.pages == sum(manifest["pages"].values()) == len(pages) - 2
    figures = {row["title_fr"]: (row["pledged"], row["collected"], row["backers"]) for row in manifest["campaigns"]}
    assert set(figures) == {"Remettre la meule en marche", "Un four"}, "not the one behind a password"
    assert not (to / "fr/page-sous-cle").exists()
    assert figures["Remettre la meule en marche"] == (12_000, 12_000, 4)


def test_twice_gives_the_same_files_and_one_that_stops_leaves_none(house, tmp_path, settings):
    settings.CLOCK_FILE = tmp_path / "clock"
    write_site(house.cooperative, tmp_path / "one")
    write_site(house.cooperative, tmp_path / "two")
    one, two = archives.tree(tmp_path / "one"), archives.tree(tmp_path / "two")
    changed = {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}
    assert changed <= {"manifest.json"}
    assert json.loads(one["manifest.json"])["files"] == json.loads(two["manifest.json"])["files"]

    def stop(address):
        raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        write_site(
            house.cooperative, tmp_path / "three", told=lambda one: seen.append(one) or (len(seen) > 5 and stop(one))
        )
    assert len(seen) == 6
    assert not (tmp_path / "three").exists()


def test_one_campaign_leads_to_nothing_else_of_the_house(house, tmp_path):
    with within(house.cooperative):
        page = CampaignPage.objects.get(translation_key=house.other.translation_key, locale__language_code="fr")
    to = tmp_path / "four"
    call_command("archive_site", "meule", "--campaign", page.slug, "--to", str(to), verbosity=0)
    assert archives.faults_of(to) == []
    assert archives.with_words(to, "Remettre la meule", "Rosalie", *house.hidden) == []
    assert not (to / "fr/index.html").exists()
    front = (to / "index.html").read_text()
    assert f'href="fr/{page.slug}/index.html"' in front
    assert re.search(r'href="en/[a-z-]+/index.html"', front)


def test_what_cannot_be_written_is_refused_in_words(house, canary, tmp_path, outsider):
    (tmp_path / "there").mkdir()
    refusals = [
        (["meule", "--to", tmp_path / "there"], "is there already"),
        (["meule", "--to", tmp_path / "no" / "folder"], "There is no folder"),
        (["moule", "--to", tmp_path / "new"], "There is no cooperative “moule”"),
        (
            ["meule", "--campaign", "zanzibar", "--to", tmp_path / "new"],
            "has no public campaign at the address “zanzibar”",
        ),
        (["meule", "--campaign", "projet-secret", "--to", tmp_path / "new"], "has no public campaign"),
    ]
    for arguments, words in refusals:
        with pytest.raises(CommandError, match=re.escape(words)):
            call_command("archive_site", *map(str, arguments))
    with within(outsider):
        for home in outsider.site.root_page.get_translations(inclusive=True):
            home.unpublish()
            home.get_descendants().update(live=False)
    with pytest.raises(ArchiveRefused, match="Nothing of it is public"):
        write_site(outsider, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "media") == ["there"]


@pytest.mark.parametrize(
    ("link", "address", "name"),
    [
        ("?after=300&via=lise", "/fr/contribuer/2/mur/?after=300", "fr/contribuer/2/mur/_after-300/index.html"),
        ("../../../?via=lise#rewards", "/fr/", "fr/index.html"),
        ("http://meule.localhost:8000/media/d%C3%A9j%C3%A0.png", "/media/d%C3%A9j%C3%A0.png", "media/déjà.png"),
        ("https://ailleurs.example/fr/", None, None),
        ("mailto:bonjour@meule.example", None, None),
    ],
)
def test_each_page_of_a_wall_is_a_file_of_its_own_and_what_only_says_who_shared_is_dropped(link, address, name):
    extent = Extent("http://meule.localhost:8000", ["/fr/"], frozenset())
    assert extent.address_of(link, "/fr/contribuer/2/mur/") == address
    if address:
        assert file_name(address) == name
    assert not extent.has_page("/fr/contribuer/2/")
    assert not extent.has_file("/fr/contribuer/mon/abc/recu/3.pdf")


def test_links_are_from_file_to_file_in_stylesheets_too():
    css = (
        'a { background: url("/static/img/x.svg") } b { fill: url(#hatch) } c { src: url(https://cdn.example/f.woff2) }'
    )
    assert [link for link, _shown in rewriting.links_of_css(css)] == [
        "/static/img/x.svg",
        "https://cdn.example/f.woff2",
    ]
    find = {"/static/img/x.svg": "../img/x.svg"}.get
    assert rewriting.relink_css(css, find, lambda link: link.startswith("/")) == css.replace("/static/", "../")
    assert link_between("fr/a/index.html", "media/à b.png") == "../../media/%C3%A0%20b.png"
    with pytest.raises(ValueError, match="Not a name"):
        file_name("/media/../../etc/passwd")


def test_a_form_that_sends_goes_and_one_that_filters_leaves_its_links():
    html = '<form method="post"><input name="csrfmiddlewaretoken"><button>Envoyer</button></form>'
    html += '<form class="filters" method="get"><div class="field"><label>Mots</label><input></div>'
    html += '<ul><li><a href="?show=over">Terminées</a></li></ul><button>Chercher</button></form><script>1</script>'
    assert str(rewriting.read(html)) == '<div><ul><li><a href="?show=over">Terminées</a></li></ul></div>'


@pytest.mark.parametrize(
    "link",
    [
        "http://[meule",
        "http://meule.localhost/media/%2e%2e/%2e%2e/manage.py",
        "http://meule.localhost/media/x/%2e%2e/images/a.png",
        "http://meule.localhost/media//images/a.png",
        "http://meule.localhost/media/%00.png",
        f"http://meule.localhost/media/{'a' * 300}.png",
        "http://meule.localhost/fr/campagnes/?page=../../../x",
        "http://meule.localhost/fr/campagnes/?page=%00",
        f"http://meule.localhost/fr/campagnes/?page={'1' * 300}",
    ],
)
def test_no_link_that_someone_wrote_keeps_an_archive_from_being_written(cooperative, tmp_path, link, settings):
    """Nor leads it out of its folder."""
    pictures = settings.MEDIA_ROOT / "images"
    pictures.mkdir(parents=True)
    (pictures / "a.png").write_bytes(b"PNG")
    text = {"heading": "Ici", "text": f'<p><a href="{link}">ici</a></p>'}
    make_campaign_page(cooperative, body=body_of(two_tiers(), extra=[block("description", text)]))
    write_site(cooperative, tmp_path / "archive")
    assert archives.faults_of(tmp_path / "archive") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "media"]
